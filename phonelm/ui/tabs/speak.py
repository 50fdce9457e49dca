"""The Speak tab: text, voice and settings in; streamed sound, then the whole speech and its code grid."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import Any

import gradio as gr

from phonelm.tts import TTS, Turn, Turns, identity
from phonelm.ui import opening
from phonelm.ui.aside import Aside
from phonelm.ui.changed import changed_settings
from phonelm.ui.controls import Controls, controls, new_seed, seed_controls, settings_of, tempo_controls
from phonelm.ui.dictionary import applied
from phonelm.ui.edit import EditPanel, edit_panel
from phonelm.ui.events import QUICK
from phonelm.ui.examples import examples
from phonelm.ui.fold import fold
from phonelm.ui.html import progress
from phonelm.ui.link import share_link
from phonelm.ui.live import LiveSound
from phonelm.ui.phonemes import sentences
from phonelm.ui.remember import remember
from phonelm.ui.result import Made, Result, result_view
from phonelm.ui.retune import retune_at_once
from phonelm.ui.run import Job, Run, Running, Stopped, blame, first_turn, run_buttons
from phonelm.ui.take_along import recipe_input, recipe_of, with_edits
from phonelm.ui.text_input import TextInput, text_input
from phonelm.ui.voice import VoiceInput, chosen, voice_input

KEPT = "Stopped. The speech before it is still shown."


@dataclass(frozen=True, eq=False)
class Form:
    """The inputs, and the components that show errors of text and voice."""

    text: TextInput
    text_note: gr.HTML
    dictionary: gr.Textbox
    voice: VoiceInput
    voice_note: gr.HTML
    settings: Controls
    seed: gr.Number
    keep: gr.Checkbox
    loaded: gr.State


def speak_tab(tts: TTS, turns: Turns, aside: Aside, dictionary: gr.Textbox) -> VoiceInput:
    """Lay out the tab and wire it. It keeps nothing between runs but the last speech of each user's own session.

    Returns:
        Its voice, which another tab can set.
    """
    here = identity(tts)
    with gr.Row(elem_id="ask"):
        with gr.Column(scale=6, min_width=320) as text_column:
            text, text_note = text_input(tts, turns, aside, dictionary, start=opening.TEXT)
        with gr.Column(scale=7, min_width=320):
            voice, voice_note = voice_input(tts, aside)
    run = run_buttons("Generate")
    tempo = tempo_controls(tts)
    with gr.Column() as near:
        note = gr.HTML(elem_id="link-note", elem_classes="status")
    result = result_view(tts, turns, opening.load(tts, here))
    edit = edit_panel(tts, turns, result, run)
    with fold("More settings", "settings"):
        seed, keep = seed_controls("seed")
        settings = controls(tts, tempo=tempo)
    with near:
        changed_settings(settings, seed, keep)
    with fold("Links and files", "sharing"):
        loaded = recipe_input(tts, here, text, voice, settings, seed, keep)
        share_link(tts, aside, text, voice, settings, seed, keep, note)
    with text_column:
        examples(tts, text, voice, settings)
    remember({**text._asdict(), "voice": voice.kind, **settings._asdict(), "seed": seed, "keep": keep},
             {"phonemes": "by_hand"})  # fmt: skip
    form = Form(text, text_note, dictionary, voice, voice_note, settings, seed, keep, loaded)
    _wire(tts, turns, form, run, result, edit)
    return voice


def _wire(tts: TTS, turns: Turns, form: Form, run: Run, result: Result, edit: EditPanel) -> None:
    here = identity(tts)

    def speak(values: dict, running: Running, turn: Turn):
        """The speech, streamed; `values` by component."""
        new = values[form.seed] if values[form.keep] else new_seed()
        used, tuned = settings_of([values[part] for part in form.settings], new)
        typed, *by_hand = (values[part] for part in form.text)
        with blame(form.text_note):
            text = (applied(typed, values[form.dictionary]), *by_hand)
            phonemes = sentences(tts, *text)
        with blame(form.voice_note):
            prompt = chosen(*(values[part] for part in form.voice))
        yield from first_turn(running, turn, result.status)
        yield {result.status: "<p>Listening to the voice …</p>", form.seed: used.seed}
        with blame(form.voice_note), turn:
            voice = tts.voice(prompt)
        sound = LiveSound(secrets.token_hex(4), tts.codec.sample_rate)
        chunks = tts.stream(phonemes, voice, used, lambda _: running.stop.is_set(), controls=tuned)
        for chunk, speech in turn.share(chunks):
            yield {result.live: sound.message(chunk, speech), result.status: progress(speech, turn.others)}
        if running.stop.is_set() and values[result.made] is not None:
            raise Stopped(KEPT)
        yield {result.live: sound.message(None, speech)}
        with turn:
            speech = tts.decode(speech)
            recipe = recipe_of(speech, text, prompt, here)
            speech = with_edits(tts, speech, recipe, values[form.loaded], running.stop.is_set, turn)
        with result.shown(Made(speech, replace(recipe, edits=speech.edits))) as updates:
            yield updates | edit.cleared

    def open_take(event: gr.EventData):
        """A take that the user chose in the list; it can be edited if the server still has its speech."""
        for updates in result.shown_again(result.recent.get(getattr(event, "key", None))):
            yield updates | edit.cleared

    inputs = {*form.text, form.dictionary, *form.voice, *form.settings, form.seed, form.keep, form.loaded, result.made}
    outputs: list[Any] = [*result.parts, form.text_note, form.voice_note, form.seed, *edit.cleared]
    spoken = run.wire(Job(turns, speak, inputs, outputs, result.status, {result.live: None}, form.voice[1:]))
    retune_at_once(tts, turns, form.settings, run, spoken, result, edit)
    result.takes.choose(open_take, None, [*result.parts, *edit.cleared], **QUICK)
