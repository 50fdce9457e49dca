"""The public endpoint `/compare`: what the Compare tab does, for programs. It keeps nothing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phonelm.config import SamplingConfig, from_dict
from phonelm.tts import TTS, Clip, DecodeControls, SavedVoice, Turns
from phonelm.ui.differences import differing
from phonelm.ui.events import MODEL, user_of, without_folder
from phonelm.ui.phonemes import sentences
from phonelm.ui.voice import CLIP, chosen


def compare_endpoint(tts: TTS, turns: Turns, **visibility: Any) -> None:
    """Add the endpoint, as hidden components, to the page that is being built.

    Args:
        visibility: options of Gradio's event that say how it is listed.
    """

    def compare(text, a=None, b=None, clip_a=None, clip_b=None, request: gr.Request = None):
        """Speak English twice, with the settings A and B: audio of A, audio of B, share of cells that differ.

        Settings are those of `SamplingConfig` and `DecodeControls`, and "voice", the name of a bundled voice. A
        missing setting has its default. A clip replaces the voice.
        """
        speeches = []
        try:
            phonemes = sentences(tts, text or "")
            both = [read_settings(tts, a, clip_a), read_settings(tts, b, clip_b)]
            with turns.request(user_of(request)) as turn:
                for _ in turn.queue():
                    yield {share: None}  # where Gradio ends the work if the client has gone
                for voice, settings, controls in both:
                    for _, so_far in turn.share(tts.stream(phonemes, voice, settings, controls=controls)):
                        speech = so_far
                        yield {share: None}
                    with turn:
                        speeches.append(tts.decode(speech))
        except (ValueError, OSError) as error:
            raise gr.Error(without_folder(error, clip_a, clip_b), print_exception=False) from None
        with TemporaryDirectory() as folder:  # Gradio copies the files into its cache
            paths = [Path(folder, f"phonelm-{name}.wav") for name in "ab"]
            for speech, path in zip(speeches, paths, strict=True):
                speech.save(path)
            yield {audio_a: str(paths[0]), audio_b: str(paths[1]), share: differing(*speeches)}

    with gr.Column(visible=False):
        inputs = [
            gr.Textbox(label="Text"), gr.JSON(label="Settings of A"), gr.JSON(label="Settings of B"),
            gr.Audio(label="Voice clip of A", type="filepath"), gr.Audio(label="Voice clip of B", type="filepath"),
        ]  # fmt: skip
        audio_a, audio_b = gr.Audio(label="A"), gr.Audio(label="B")
        share = gr.Number(label="Share of cells that differ")
        gr.Button().click(compare, inputs, [audio_a, audio_b, share], api_name="compare", **MODEL,
                          **visibility)  # fmt: skip


def read_settings(
    tts: TTS, values: Any, clip: str | None
) -> tuple[Clip | SavedVoice | str, SamplingConfig, DecodeControls]:
    """Voice, settings and controls from JSON; ValueError names what cannot be used."""
    if not isinstance(values or {}, dict):
        raise ValueError(f'the settings must be an object such as {{"temperature": 0.7}}, not {type(values).__name__}')
    settings = dict(values or {})
    voice = settings.pop("voice", next(iter(tts.voices)))
    if voice not in tuple(tts.voices):  # a path that a user names is never opened
        raise ValueError(f"voice must be one of {', '.join(tts.voices)}")
    controls = {f.name: settings.pop(f.name) for f in fields(DecodeControls) if f.name in settings}
    prompt = chosen(CLIP if clip else voice, clip)
    return prompt, from_dict(SamplingConfig, settings), from_dict(DecodeControls, controls)
