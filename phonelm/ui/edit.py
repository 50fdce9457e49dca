"""Under the code grid: the phonemes that are chosen there, to be said again with another seed or as others."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any, NamedTuple

import gradio as gr

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
GONE = "this speech is no longer kept: generate it again"


class EditPanel(NamedTuple):
    """`cleared`: updates for another speech, of which nothing is chosen; `undo` is among them."""

    cleared: dict[Any, Any]
    undo: gr.Button


def edit_panel(tts: TTS, turns: Turns, result: Result, run: Run) -> EditPanel:
    """Lay it out under a result and wire it; while `run` makes another, nothing is said again."""
    with result.under:
        about = gr.HTML(HINT, elem_id="edit-about")
        with gr.Column(visible=False, elem_id="edit") as panel:
            phonemes = gr.Textbox(label="Say again as", info="ARPAbet with stress, words apart by |",
                                  elem_id="edit-phonemes")  # fmt: skip
            seed, keep = seed_controls("edit-seed")
        with gr.Row():
            small: dict[str, Any] = {"interactive": False, "size": "sm", "scale": 0, "min_width": 150}
            again = gr.Button("Say it again", elem_id="edit-again", **small)
            undo = gr.Button("Undo", elem_id="edit-undo", **small)
    span = gr.State(time_to_live=KEEP_S)  # the phonemes that are chosen, the first and the one after the last
    nothing = {about: HINT, panel: gr.update(visible=False), again: gr.update(interactive=False), span: None}

    def check(running: Running | None) -> None:
        """Another speech that is being made would take the place of this one."""
        if running is not None and not running.ended:
            raise failed(BUSY)

    def choose(made: Made | None, event: gr.EventData):
        """What was chosen in the grid, or that nothing is any more."""
        if made is None or not event.chosen:
            return nothing
        try:
            start, end = map(int, event.chosen)
            return {
                about: _about(made.speech, start, end), panel: gr.update(visible=True), span: (start, end),
                phonemes: span_notation(made.speech, start, end), again: gr.update(interactive=True),
            }  # fmt: skip
        except (TypeError, ValueError) as error:
            return nothing | {about: problem(str(error))}

    def regenerate(made: Made | None, chosen: tuple[int, int] | None, typed: str, old_seed: int, is_kept: bool,
                   running: Running | None, request: gr.Request):  # fmt: skip
        check(running)
        if made is None or chosen is None:
            raise failed(GONE)
        old = made.speech
        try:
            symbols = None if typed.split() == span_notation(old, *chosen).split() else typed
            with turns.request(user_of(request)) as turn:
                for ahead in turn.queue():
                    yield {about: waiting(ahead)}
                with turn:
                    edit = Edit(*chosen, old_seed if is_kept else new_seed(), symbols)
                    speech = say_again(tts, old, edit, turn)
        except ValueError as error:
            yield {about: problem(str(error))}
            return
        longer = sum(map(len, speech.phonemes)) - sum(map(len, old.phonemes))
        end = chosen[1] + longer
        now = Made(speech, replace(made.recipe, edits=speech.edits), before=made)
        with result.shown(now, (chosen[0], end)) as updates:
            yield updates | {about: _about(speech, chosen[0], end), span: (chosen[0], end), seed: speech.edits[-1].seed,
                             undo: gr.update(interactive=True)}  # fmt: skip

    def back(made: Made | None, running: Running | None):
        check(running)
        if made is None or made.before is None:
            raise failed(GONE)
        edit, old = made.speech.edits[-1], retuned(tts, made.before, made.recipe.controls)
        with result.shown(old, (edit.start, edit.end)) as updates:
            yield updates | {
                about: _about(old.speech, edit.start, edit.end), span: (edit.start, edit.end),
                phonemes: span_notation(old.speech, edit.start, edit.end), panel: gr.update(visible=True),
                undo: gr.update(interactive=old.before is not None), again: gr.update(interactive=True),
            }  # fmt: skip

    parts = [about, panel, phonemes, again, span]
    shared = {"show_progress": "hidden", "api_visibility": "private", **MODEL}
    result.grid.choose(choose, result.made, parts, trigger_mode="multiple", **QUICK)
    pressed = again.click(lambda: gr.update(interactive=False), None, again, **QUICK)
    said = pressed.then(regenerate, [result.made, span, phonemes, seed, keep, run.flag],
                        [*result.parts, about, span, seed, undo], **shared)  # fmt: skip
    said.success(None, js=PLAY)
    for after in (said.then, said.failure):  # Gradio 6.31 leaves out `then` after a failure
        after(lambda chosen: gr.update(interactive=chosen is not None), span, again, **QUICK)
    undo.click(back, [result.made, run.flag], [*result.parts, *parts, undo], **shared).success(None, js=PLAY)
    return EditPanel(nothing | {undo: gr.update(interactive=False)}, undo)


def _about(speech: Speech, start: int, end: int) -> str:
    """Which phonemes are chosen."""
    spans = speech.timeline[start:end]
    words = " ".join(dict.fromkeys(p.word for p in spans if p.word))
    said = " ".join(p.symbol.strip("<>") for p in spans)
    named = f"“{escape(words)}”: " if words else ""
    return f"<p role=status>{named}<code>{escape(said)}</code>, {spans[0].start_s:.2f} to {spans[-1].end_s:.2f} s</p>"
