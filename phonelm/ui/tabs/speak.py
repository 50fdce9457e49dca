"""The Speak tab: text, voice and settings in; sound at once, then the whole speech and its code grid."""

from __future__ import annotations

import secrets
from dataclasses import replace

import gradio as gr

from phonelm.tts import TTS, Turn, Turns, identity
from phonelm.ui.aside import Aside
from phonelm.ui.controls import controls, new_seed, sampling, seed_controls
from phonelm.ui.edit import edit_panel
from phonelm.ui.examples import examples
from phonelm.ui.html import progress
from phonelm.ui.link import share_link
from phonelm.ui.live import LiveSound
from phonelm.ui.phonemes import sentences
from phonelm.ui.remember import remember
from phonelm.ui.result import Made, result_view
from phonelm.ui.run import Running, Stopped, first_turn, run_buttons
from phonelm.ui.take_along import recipe_input, recipe_of, with_edits
from phonelm.ui.text_input import text_input
from phonelm.ui.voice import chosen, voice_input

KEPT = "Stopped. The speech before it is still here."


def speak_tab(tts: TTS, turns: Turns, aside: Aside) -> None:
    """Lay out the tab and wire it. It keeps nothing between runs but the last speech of each user's own session."""
    k, here = tts.model.config.n_codebooks, identity(tts)
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            text = text_input(tts, aside)
            run = run_buttons("Generate")
            voice = voice_input(tts, aside)
            seed, keep = seed_controls("seed")
            with gr.Accordion("Settings", open=False, elem_id="settings"):
                settings = controls(k)
            loaded = recipe_input(tts, here, text, voice, settings, seed, keep)
            share_link(tts, aside, text, voice, settings, seed, keep)
            examples(tts, text, voice, settings)
            remember({**text._asdict(), "voice": voice.kind, **settings._asdict(), "seed": seed, "keep": keep},
                     {"phonemes": "by_hand"})  # fmt: skip
        with gr.Column(scale=3, min_width=300):
            result = result_view(tts, turns)
            edit = edit_panel(tts, turns, result, run)

    def speak(values: dict, running: Running, turn: Turn):
        """The speech, streamed; `values` by component."""
        used = sampling(*[*(values[part] for part in settings), values[seed] if values[keep] else new_seed()])
        written = tuple(values[part] for part in text)
        said, prompt = sentences(tts, *written), chosen(*(values[part] for part in voice))
        yield from first_turn(running, turn, result.status)
        yield {result.status: "<p>Listening to the voice …</p>", seed: used.seed}
        sound = LiveSound(secrets.token_hex(4), tts.codec.sample_rate)
        for chunk, speech in turn.share(tts.stream(said, prompt, used, lambda _: running.stop.is_set())):
            yield {result.live: sound.message(chunk), result.status: progress(speech, turn.others)}
        if running.stop.is_set() and values[result.made] is not None:
            raise Stopped(KEPT)
        yield {result.live: sound.message(None)}
        with turn:
            speech.wav = tts.codec.waveform(speech.codes)
            recipe = recipe_of(speech, written, prompt, here)
            speech = with_edits(tts, speech, recipe, values[loaded], running.stop.is_set, turn)
        with result.shown(Made(speech, replace(recipe, edits=speech.edits))) as updates:
            yield updates | edit.cleared

    inputs = {*text, *voice, *settings, seed, keep, loaded, result.made}
    spoken = run.wire(turns, speak, inputs, [*result.parts, seed, *edit.cleared], result.status,
                      {result.live: None}, [voice.clip])  # fmt: skip
    result.ready_after(spoken)
