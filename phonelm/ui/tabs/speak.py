"""The Speak tab: text, voice and settings in; sound at once, then the whole speech and its code grid."""

from __future__ import annotations

from dataclasses import replace

import gradio as gr

from phonelm.tts import TTS, identity
from phonelm.ui.controls import Controls, controls, new_seed, sampling, seed_controls
from phonelm.ui.edit import edit_panel
from phonelm.ui.events import MODEL, QUICK, failed, run_buttons
from phonelm.ui.examples import examples
from phonelm.ui.html import problem, progress
from phonelm.ui.link import share_link
from phonelm.ui.live import LiveSound
from phonelm.ui.phonemes import sentences
from phonelm.ui.result import Made, result_view
from phonelm.ui.take_along import recipe_input, recipe_of, with_edits
from phonelm.ui.text_input import TextInput, text_input
from phonelm.ui.voice import VoiceInput, chosen, voice_input, without_folder

N_TEXT, N_VOICE, N_CONTROLS = (len(kind._fields) for kind in (TextInput, VoiceInput, Controls))


def speak_tab(tts: TTS) -> None:
    """Lay out the tab and wire it. It keeps nothing between runs but the last speech of each user's own session."""
    k, here = tts.model.config.n_codebooks, identity(tts)
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            text = text_input(tts)
            run = run_buttons("Generate")
            voice = voice_input(tts)
            seed, keep = seed_controls("seed")
            with gr.Accordion("Settings", open=False, elem_id="settings"):
                settings = controls(k)
            loaded = recipe_input(tts, here, text, voice, settings, seed, keep)
            share_link(tts, text, voice, settings, seed, keep)
            examples(tts, text, voice, settings)
        with gr.Column(scale=3, min_width=300):
            result = result_view(tts)
            edit_panel(tts, result, run.go)

    def speak(*values):
        written, picked, sampled = _split(values, N_TEXT, N_VOICE, N_CONTROLS)
        old_seed, is_kept, stop, loaded = values[-4:]
        try:
            if stop.is_set():
                raise ValueError("stopped before it began: press Generate to start again")
            used = sampling(*sampled, old_seed if is_kept else new_seed())
            said, prompt = sentences(tts, *written), chosen(*picked)
            yield {result.status: "<p>Listening to the voice …</p>", seed: used.seed}
            sound = LiveSound(str(id(stop)), tts.codec.sample_rate)
            for chunk, speech in tts.stream(said, prompt, used, lambda _: stop.is_set()):
                yield {result.live: sound.message(chunk), result.status: progress(speech)}
            yield {result.live: sound.message(None)}
            speech.wav = tts.codec.waveform(speech.codes)
            recipe = recipe_of(speech, written, prompt, here)
            speech = with_edits(tts, speech, recipe, loaded, stop.is_set)
        except (ValueError, OSError) as error:
            reason = without_folder(error, picked[1])
            yield {result.status: problem(reason), result.live: None}
            raise failed(reason) from None
        with result.shown(Made(speech, replace(recipe, edits=speech.edits))) as updates:
            yield updates

    begun = run.go.click(lambda: run.begun() | result.emptied(), None, [*run, *result.parts], **QUICK)
    spoken = begun.then(
        speak, [*text, *voice, *settings, seed, keep, run.flag, loaded], [*result.parts, seed],
        api_visibility="private", show_progress="hidden", **MODEL,
    )  # fmt: skip
    run.ended_by(spoken)
    result.ready_after(spoken)


def _split(values: tuple, *sizes: int) -> list[tuple]:
    """The first values in groups of these sizes."""
    groups, start = [], 0
    for size in sizes:
        groups.append(values[start : start + size])
        start += size
    return groups
