"""The public endpoints `/generate` and `/edit` for programs. They do not depend on the layout of the page.

Voices are named, settings have the names of `SamplingConfig`, results are files and JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from phonelm.config import CARD, CLAMPS, SamplingConfig
from phonelm.tts import TTS, DecodeControls, Edit, Speech, Turns, save_grid
from phonelm.ui.controls import new_seed as draw_seed
from phonelm.ui.controls import sampling
from phonelm.ui.downloads import save_speech
from phonelm.ui.events import KEEP_S, MODEL, user_of, without_folder
from phonelm.ui.phonemes import say_again, sentences
from phonelm.ui.voice import CLIP, chosen


class Results(NamedTuple):
    """The results of both endpoints; `kept` holds the speech for `/edit` and is not sent."""

    audio: gr.Audio
    grid: gr.Image
    info: gr.JSON
    kept: gr.State

    def of(self, speech: Speech) -> Iterator[dict[Component, Any]]:
        """The updates. The files exist until the next step; Gradio copies them."""
        with TemporaryDirectory() as folder:
            wav, _ = save_speech(speech, Path(folder))
            png = str(Path(folder, f"phonelm-{speech.settings.seed}.png"))
            save_grid(speech, png)
            yield {self.audio: wav, self.grid: png, self.info: described(speech), self.kept: speech}


def described(speech: Speech) -> dict[str, Any]:
    """A speech as JSON: `Speech.info` and the voice."""
    return {"voice": speech.voice.name or CLIP, **speech.info()}


def endpoints(tts: TTS, turns: Turns, **visibility: Any) -> None:
    """Add the endpoints, as hidden components, to the page that is being built.

    Args:
        visibility: options of Gradio's events that say how they are listed.
    """
    with gr.Column(visible=False):
        kept = gr.State(time_to_live=KEEP_S)
        results = Results(gr.Audio(label="Speech"), gr.Image(label="Code grid"), gr.JSON(label="How it was made"), kept)
        _generate(tts, turns, results, visibility)
        _edit(tts, turns, results, visibility)


def _generate(tts: TTS, turns: Turns, results: Results, visibility: dict[str, Any]) -> None:
    default, k, names = SamplingConfig(), tts.model.config.n_codebooks, list(tts.voices)

    def generate(
        text, voice=names[0], clip=None, temperature=default.temperature, top_k=default.top_k, top_p=default.top_p,
        codebooks=k, clamp=default.clamp, speed=1.0, guidance=default.guidance, seed=default.seed, new_seed=True,
        pitch=0.0, intonation=1.0, request: gr.Request = None,
    ):  # fmt: skip
        """Speak English in a bundled voice, or in that of a clip: a WAV file, a picture, and how it was made."""
        try:
            seed = draw_seed() if new_seed else seed
            settings = sampling(temperature, top_k, top_p, codebooks, clamp, guidance, seed)
            controls = DecodeControls(speed, pitch, intonation)
            prompt, phonemes = chosen(CLIP if clip else voice, clip), sentences(tts, text or "")
            with turns.request(user_of(request)) as turn:
                for ahead in turn.queue():
                    yield {results.info: {"waiting_for": ahead}}
                for _, speech in turn.share(tts.stream(phonemes, prompt, settings, controls=controls)):
                    yield {results.info: {"frames": len(speech.frames), "sentence": speech.sentence[-1]}}
                with turn:
                    speech = tts.decode(speech)
        except (ValueError, OSError) as error:
            raise gr.Error(without_folder(error, clip), print_exception=False) from None
        yield from results.of(speech)

    inputs = [
        gr.Textbox(label="Text"), gr.Dropdown(names, value=names[0], label="Voice"),
        gr.Audio(label="Clip", type="filepath"), gr.Slider(0, 2, default.temperature, label="Temperature"),
        gr.Slider(0, CARD, default.top_k, step=1, label="Top-k"), gr.Slider(0, 1, default.top_p, label="Top-p"),
        gr.Slider(1, k, k, step=1, label="Codebooks"), gr.Radio(list(CLAMPS), value=default.clamp, label="Clamp"),
        gr.Slider(0.5, 2, 1, label="Speed"), gr.Slider(1, 5, default.guidance, label="Guidance"),
        gr.Number(default.seed, precision=0, label="Seed"), gr.Checkbox(True, label="New seed each time"),
        gr.Slider(-6, 6, 0, label="Pitch in semitones"), gr.Slider(0, 2, 1, label="Intonation"),
    ]  # fmt: skip
    gr.Button().click(generate, inputs, list(results), api_name="generate", **MODEL, **visibility)


def _edit(tts: TTS, turns: Turns, results: Results, visibility: dict[str, Any]) -> None:
    seed = SamplingConfig().seed

    def edit(start, end, phonemes=None, seed=seed, speech=None, request: gr.Request = None):
        """Say a span of the phonemes of this client's last speech again, with another seed or as other phonemes.

        The span is counted as in the timeline of how it was made; results are those of `/generate`.
        """
        if speech is None:
            raise gr.Error("there is no speech to edit: call /generate first", print_exception=False)
        try:
            with turns.once(user_of(request)) as turn:
                edited = say_again(tts, speech, Edit(start, end, seed, phonemes or None), turn)
        except ValueError as error:
            raise gr.Error(str(error), print_exception=False) from None
        yield from results.of(edited)

    inputs = [gr.Number(label="First phoneme", precision=0), gr.Number(label="Phoneme after the last", precision=0),
              gr.Textbox(label="Other phonemes"), gr.Number(seed, precision=0, label="Seed"), results.kept]  # fmt: skip
    gr.Button().click(edit, inputs, list(results), api_name="edit", **MODEL, **visibility)
