"""Under the code grid: say the chosen phonemes again, with another seed or as other phonemes."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from phonelm.tts import TTS, Edit, Speech, Turns
from phonelm.ui.controls import new_seed, seed_controls
from phonelm.ui.events import KEEP_S, MODEL, QUICK, failed, user_of
from phonelm.ui.html import problem, waiting
from phonelm.ui.phonemes import say_again, span_notation
from phonelm.ui.result import PLAY, Made, Result, retuned
from phonelm.ui.run import Run, Running

HINT = (
    "<p class=note>Say a part again: click a word in the grid, or drag over phonemes; by keys, Shift with the arrows. "
    "The rest stays as it is.</p>"
)
BUSY = "another speech is being made; wait for its end, or stop it"
SHARED = {"show_progress": "hidden", "api_visibility": "private", **MODEL}  # of the events that edit
GONE = "this speech is no longer kept: generate it again"


class EditPanel(NamedTuple):
    """The components; `span` holds the chosen phonemes, the first and the one after the last, or None."""

    about: gr.HTML
    panel: gr.Column
    phonemes: gr.Textbox
    seed: gr.Number
    keep: gr.Checkbox
    again: gr.Button
    undo: gr.Button
    span: gr.State

    @property
    def nothing(self) -> dict[Any, Any]:
        """Updates when no phoneme is chosen."""
        return {self.about: HINT, self.panel: gr.update(visible=False), self.again: gr.update(interactive=False),
                self.span: None}  # fmt: skip

    @property
    def cleared(self) -> dict[Any, Any]:
        """Updates for another speech: no phoneme is chosen, there is nothing to undo."""
        return self.nothing | {self.undo: gr.update(interactive=False)}

    @property
    def choice_parts(self) -> list[Component]:
        """What a choice in the grid updates."""
        return [self.about, self.panel, self.phonemes, self.again, self.span]

    def choice(self, speech: Speech, start: int, end: int) -> dict[Any, Any]:
        """Updates when these phonemes are chosen.

        Raises:
            ValueError: they are no span of one sentence.
        """
        return {
            self.about: _about(speech, start, end), self.span: (start, end),
            self.phonemes: span_notation(speech, start, end), self.panel: gr.update(visible=True),
            self.again: gr.update(interactive=True),
        }  # fmt: skip


def edit_panel(tts: TTS, turns: Turns, result: Result, run: Run) -> EditPanel:
    """Lay it out under a result and wire it; while `run` makes another speech, nothing can be edited."""
    edit = _lay_out(result)

    def choose(made: Made | None, event: gr.EventData):
        """The phonemes that are chosen in the grid, or none."""
        if made is None or not event.chosen:
            return edit.nothing
        try:
            start, end = map(int, event.chosen)
            return edit.choice(made.speech, start, end)
        except (TypeError, ValueError) as error:
            return edit.nothing | {edit.about: problem(str(error))}

    result.grid.choose(choose, result.made, edit.choice_parts, trigger_mode="multiple", **QUICK)
    _wire_again(tts, turns, result, run, edit)
    _wire_undo(tts, result, run, edit)
    return edit


def _lay_out(result: Result) -> EditPanel:
    with result.below_grid:
        about = gr.HTML(HINT, elem_id="edit-about")
        with gr.Column(visible=False, elem_id="edit") as panel:
            phonemes = gr.Textbox(label="Say again as", info="ARPAbet with stress, words apart by |",
                                  elem_id="edit-phonemes")  # fmt: skip
            seed, keep = seed_controls("edit-seed")
        with gr.Row():
            small: dict[str, Any] = {"interactive": False, "size": "sm", "scale": 0, "min_width": 150}
            again = gr.Button("Say it again", elem_id="edit-again", **small)
            undo = gr.Button("Undo", elem_id="edit-undo", **small)
    return EditPanel(about, panel, phonemes, seed, keep, again, undo, gr.State(time_to_live=KEEP_S))


def _wire_again(tts: TTS, turns: Turns, result: Result, run: Run, edit: EditPanel) -> None:
    """Make the button generate the chosen phonemes again."""

    def regenerate(made: Made | None, chosen: tuple[int, int] | None, typed: str, old_seed: int, is_kept: bool,
                   running: Running | None, request: gr.Request):  # fmt: skip
        _check(running)
        if made is None or chosen is None:
            raise failed(GONE)
        old = made.speech
        try:
            symbols = None if typed.split() == span_notation(old, *chosen).split() else typed
            with turns.request(user_of(request)) as turn:
                for ahead in turn.queue():
                    yield {edit.about: waiting(ahead)}
                with turn:
                    change = Edit(*chosen, old_seed if is_kept else new_seed(), symbols)
                    speech = say_again(tts, old, change, turn)
        except ValueError as error:
            yield {edit.about: problem(str(error))}
            return
        longer = sum(map(len, speech.phonemes)) - sum(map(len, old.phonemes))
        span = (chosen[0], chosen[1] + longer)
        now = Made(speech, replace(made.recipe, edits=speech.edits), before=made)
        with result.shown(now, span) as updates:
            yield updates | {edit.about: _about(speech, *span), edit.span: span, edit.seed: speech.edits[-1].seed,
                             edit.undo: gr.update(interactive=True)}  # fmt: skip

    pressed = edit.again.click(lambda: gr.update(interactive=False), None, edit.again, **QUICK)
    done = pressed.then(regenerate, [result.made, edit.span, edit.phonemes, edit.seed, edit.keep, run.flag],
                        [*result.parts, edit.about, edit.span, edit.seed, edit.undo], **SHARED)  # fmt: skip
    done.success(None, js=PLAY)
    for after in (done.then, done.failure):  # Gradio 6.31 leaves out `then` after a failure
        after(lambda chosen: gr.update(interactive=chosen is not None), edit.span, edit.again, **QUICK)


def _wire_undo(tts: TTS, result: Result, run: Run, edit: EditPanel) -> None:
    """Make the button take the last edit back."""

    def back(made: Made | None, running: Running | None):
        _check(running)
        if made is None or made.before is None:
            raise failed(GONE)
        last, old = made.speech.edits[-1], retuned(tts, made.before, made.recipe.controls)
        with result.shown(old, (last.start, last.end)) as updates:
            yield updates | edit.choice(old.speech, last.start, last.end) | {
                edit.undo: gr.update(interactive=old.before is not None),
            }  # fmt: skip

    edit.undo.click(back, [result.made, run.flag], [*result.parts, *edit.choice_parts, edit.undo],
                    **SHARED).success(None, js=PLAY)  # fmt: skip


def _check(running: Running | None) -> None:
    """Refuse an edit while another speech is made, which would take its place in the page."""
    if running is not None and not running.ended:
        raise failed(BUSY)


def _about(speech: Speech, start: int, end: int) -> str:
    """Which phonemes are chosen."""
    spans = speech.timeline[start:end]
    words = " ".join(dict.fromkeys(p.word for p in spans if p.word))
    phonemes = " ".join(p.symbol.strip("<>") for p in spans)
    quoted = f"“{escape(words)}”: " if words else ""
    times = f"{spans[0].start_s:.2f} to {spans[-1].end_s:.2f} s"
    return f"<p role=status>{quoted}<code>{escape(phonemes)}</code>, {times}</p>"
