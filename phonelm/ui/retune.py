"""A new speed, pitch or intonation of the finished take: its codes are decoded again, nothing is generated."""

from __future__ import annotations

import gradio as gr
from gradio.events import Dependency

from phonelm.tts import TTS, DecodeControls, Turns
from phonelm.ui.controls import Controls
from phonelm.ui.edit import EditPanel
from phonelm.ui.events import MODEL, failed, user_of
from phonelm.ui.result import PLAY, Made, Result, retuned
from phonelm.ui.run import Run, Running


def retune_at_once(
    tts: TTS, turns: Turns, settings: Controls, run: Run, made_by_run: Dependency, result: Result, edit: EditPanel
) -> None:
    """Change the take when a slider is released. A slider that moved during a run counts when the run ends."""
    fresh = gr.Textbox(visible=False)  # key of the take to play now, or ""

    def retune(made: Made | None, speed, pitch, intonation, running: Running | None, request: gr.Request):
        if made is None or (running is not None and not running.ended):
            yield {fresh: ""}
            return
        try:
            with turns.once(user_of(request)):
                now = retuned(tts, made, DecodeControls(speed, pitch, intonation))
        except ValueError as error:
            raise failed(str(error)) from None
        if now is made:
            yield {fresh: ""}
            return
        with result.shown(now) as updates:
            undo = {edit.undo: gr.update(interactive=now.before is not None)}
            yield updates | edit.cleared | undo | {fresh: now.key}

    inputs = [result.made, *settings.decoding, run.flag]
    outputs = [*result.parts, *edit.cleared, fresh]
    for event in (*(slider.release for slider in settings.decoding), made_by_run.success):
        done = event(retune, inputs, outputs, show_progress="hidden", api_visibility="private", **MODEL)
        done.success(None, fresh, None, js=f"(take) => {{ if (take) ({PLAY})(); }}", api_visibility="private")
