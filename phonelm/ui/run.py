"""A run: the work that a user starts and stops with two buttons, and the messages about it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from phonelm.tts import Turn, Turns
from phonelm.ui.events import MODEL, QUICK, user_of, without_folder
from phonelm.ui.html import problem, waiting

STOPPED = "Stopped before it began."
QUIET = "document.dispatchEvent(new CustomEvent('phonelm:stop'))"


class Running:
    """One run of a user.

    Attributes:
        stop: set when the user wants it to end.
        began: the work has started or waits for its turn.
        ended: the user can start another run.
        detail: data of the event that started it.
    """

    def __init__(self, detail: Mapping[str, Any] | None) -> None:
        self.stop, self.began, self.ended = threading.Event(), False, False
        self.detail = dict(detail or {})


class Stopped(Exception):
    """A run was stopped before there was anything to show; `args[0]` is what the page says."""


class Blamed(Exception):
    """An input that cannot be used.

    Attributes:
        place: the component next to that input; it shows the error.
        error: says what is wrong.
    """

    def __init__(self, place: gr.HTML, error: Exception) -> None:
        super().__init__(str(error))
        self.place, self.error = place, error


@contextmanager
def blame(place: gr.HTML) -> Iterator[None]:
    """Errors inside the block are shown at `place`, which is among the outputs of the run."""
    try:
        yield
    except (ValueError, OSError) as error:
        raise Blamed(place, error) from error


Work = Callable[[dict, Running, Turn], Iterator[dict[Any, Any]]]


@dataclass(frozen=True)
class Job:
    """What a run does.

    Attributes:
        turns: the work waits there before its first turn.
        work: called with the values of `inputs` by component, the run, and its turns; yields updates. Whatever it does
            before its first update is done before it waits.
        outputs: what the work updates, `status` among it.
        status: shows the progress.
        failed_too: updates after an error or a stop.
        clips: the inputs with uploaded files; errors name these files without their paths.
        also: other events that start it.
        limits: how many such runs there may be at a time, as options of a Gradio event.
    """

    turns: Turns
    work: Work
    inputs: set[Component]
    outputs: list[Component]
    status: gr.HTML
    failed_too: dict[Any, Any] = field(default_factory=dict)
    clips: Sequence[Component] = ()
    also: Sequence[Callable] = ()
    limits: Mapping[str, Any] = field(default_factory=lambda: MODEL)


class Run(NamedTuple):
    """The buttons that start and stop; `flag` holds the user's last `Running`."""

    go: gr.Button
    halt: gr.Button
    flag: gr.State

    def wire(self, job: Job) -> Dependency:
        """Make the buttons start and stop the work of a job. The last result stays until the work changes it.

        Returns:
            The event of the work.
        """
        buttons = [self.go, self.halt]

        def begin(event: gr.EventData):
            return {
                self.flag: Running(event._data), self.go: gr.update(interactive=False),
                self.halt: gr.update(interactive=True), job.status: waiting(0),
            }  # fmt: skip

        def start(values: dict, request: gr.Request):
            yield from _done(job, values, values[self.flag], user_of(request))

        def start_at(trigger: Callable) -> Dependency:
            begun = trigger(begin, None, [self.flag, *buttons, job.status], js=f"() => {{ {QUIET}; return []; }}",
                            **QUICK)  # fmt: skip
            event = begun.then(start, job.inputs | {self.flag}, job.outputs, api_visibility="private",
                               show_progress="hidden", **job.limits)  # fmt: skip
            for when in (event.then, event.failure):  # Gradio 6.31 leaves out `then` after a failure
                when(_free, self.flag, buttons, **QUICK)
            return event

        event, *_ = [start_at(trigger) for trigger in (self.go.click, *job.also)]
        self.halt.click(_halt, self.flag, [*buttons, job.status], js=f"(flag) => {{ {QUIET}; return flag; }}", **QUICK)
        return event


def _done(job: Job, values: dict, running: Running, user: str) -> Iterator[dict[Any, Any]]:
    """Do the work of a run and yield its updates; after an error or a stop, updates that say so."""
    if running.stop.is_set():
        return
    running.began = True
    try:
        with job.turns.request(user) as turn:
            yield from job.work(values, running, turn)
    except Stopped as stopped:
        yield {job.status: f"<p>{stopped.args[0]}</p>"} | job.failed_too
    except (Blamed, ValueError, OSError) as error:
        place, cause = (error.place, error.error) if isinstance(error, Blamed) else (job.status, error)
        reason = without_folder(cause, *(values[clip] for clip in job.clips))
        yield {job.status: ""} | job.failed_too | {place: problem(reason)}
    finally:
        running.ended = True


def _halt(running: Running | None):
    """Stop a run. If it has not begun, the buttons can be used again right away."""
    if running is None:
        return gr.skip(), gr.skip(), gr.skip()
    running.stop.set()
    if running.began:
        return gr.skip(), gr.skip(), gr.skip()
    running.ended = True
    return *_free(running), f"<p>{STOPPED}</p>"


def _free(running: Running | None):
    """Enable the start button and disable Stop, unless another run has begun since."""
    if running is None or not running.ended:
        return gr.skip(), gr.skip()
    return gr.update(interactive=True), gr.update(interactive=False)


def first_turn(running: Running, turn: Turn, status: gr.HTML) -> Iterator[dict[Any, Any]]:
    """Wait for the first turn of a run; yields what the page says meanwhile. `Stopped` if it was."""
    for ahead in turn.queue(running.stop.is_set):
        yield {status: waiting(ahead)}
    if running.stop.is_set():
        raise Stopped(STOPPED)


def run_buttons(go: str, prefix: str = "") -> Run:
    """Lay them out; `go` is the label of what starts the run."""
    with gr.Row(elem_classes="run"):
        start = gr.Button(go, variant="primary", size="lg", scale=4, min_width=160, elem_id=f"{prefix}generate")
        halt = gr.Button("Stop", variant="stop", size="lg", scale=1, min_width=90, interactive=False,
                         elem_id=f"{prefix}stop")  # fmt: skip
    return Run(start, halt, gr.State())
