"""A run: what a user starts and stops with two buttons, and what the page says meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from phonelm.tts import Turn, Turns
from phonelm.ui.events import MODEL, QUICK, failed, user_of, without_folder
from phonelm.ui.html import problem, waiting

STOPPED = "Stopped before it began."
HUSH = "document.dispatchEvent(new CustomEvent('phonelm:hush'))"


class Running:
    """One run of a user.

    Attributes:
        stop: set when the user wants it to end.
        began: it waits for its turn, or has had one.
        ended: its user can start another.
    """

    def __init__(self) -> None:
        self.stop, self.began, self.ended = threading.Event(), False, False


class Stopped(Exception):
    """A run was stopped before there was anything to show; `args[0]` is what the page says."""


Work = Callable[[dict, Running, Turn], Iterator[dict[Any, Any]]]


class Run(NamedTuple):
    """What a user starts and stops; `flag` holds the user's last `Running`."""

    go: gr.Button
    halt: gr.Button
    flag: gr.State

    def wire(
        self, turns: Turns, work: Work, inputs: set[Component], outputs: list[Component], status: gr.HTML,
        failed_too: dict[Any, Any] | None = None, clips: Sequence[Component] = (),
    ) -> Dependency:  # fmt: skip
        """Make the buttons start and stop some work. What the page shows stays until the work changes it.

        Args:
            turns: the work waits there before its first turn.
            work: called with the values of `inputs` by component, the run, and its turns; yields updates. Whatever it
                does before its first update is done before it waits.
            outputs: what the work updates, `status` among it.
            status: says how it goes.
            failed_too: updates after an error or a stop.
            clips: of the inputs those with files of users, which an error names without their place on the server.
        Returns:
            The event of the work.
        """
        buttons, after = [self.go, self.halt], failed_too or {}

        def begin():
            return {self.flag: Running(), self.go: gr.update(interactive=False), self.halt: gr.update(interactive=True),
                    status: waiting(0)}  # fmt: skip

        def start(values: dict, request: gr.Request):
            running = values[self.flag]
            if running.stop.is_set():
                return
            running.began = True
            try:
                with turns.request(user_of(request)) as turn:
                    yield from work(values, running, turn)
            except Stopped as stopped:
                yield {status: f"<p>{stopped.args[0]}</p>"} | after
            except (ValueError, OSError) as error:
                reason = without_folder(error, *(values[clip] for clip in clips))
                yield {status: problem(reason)} | after
                raise failed(reason) from None
            finally:
                running.ended = True

        def stop(running: Running | None):
            """A run that has not begun, because too many are before it, gives the page back at once."""
            if running is None:
                return gr.skip(), gr.skip(), gr.skip()
            running.stop.set()
            if running.began:
                return gr.skip(), gr.skip(), gr.skip()
            running.ended = True
            return *free(running), f"<p>{STOPPED}</p>"

        def free(running: Running | None):
            """Go instead of Stop, unless another run has begun since."""
            if running is None or not running.ended:
                return gr.skip(), gr.skip()
            return gr.update(interactive=True), gr.update(interactive=False)

        begun = self.go.click(begin, None, [self.flag, *buttons, status], js=f"() => {{ {HUSH}; return []; }}", **QUICK)
        event = begun.then(start, inputs | {self.flag}, outputs, api_visibility="private", show_progress="hidden",
                           **MODEL)  # fmt: skip
        for when in (event.then, event.failure):  # Gradio 6.31 leaves out `then` after a failure
            when(free, self.flag, buttons, **QUICK)
        self.halt.click(stop, self.flag, [*buttons, status], js=f"(flag) => {{ {HUSH}; return flag; }}", **QUICK)
        return event


def first_turn(running: Running, turn: Turn, status: gr.HTML) -> Iterator[dict[Any, Any]]:
    """Wait for the first turn of a run; yields what the page says meanwhile. `Stopped` if it was."""
    for ahead in turn.queue(running.stop.is_set):
        yield {status: waiting(ahead)}
    if running.stop.is_set():
        raise Stopped(STOPPED)


def run_buttons(go: str, prefix: str = "") -> Run:
    """Lay them out; `go` is the label of what starts the run."""
    with gr.Row():
        start = gr.Button(go, variant="primary", elem_id=f"{prefix}generate")
        halt = gr.Button("Stop", variant="stop", interactive=False, elem_id=f"{prefix}stop")
    return Run(start, halt, gr.State())
