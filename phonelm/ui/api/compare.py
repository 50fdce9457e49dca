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
    """Add the endpoint to the page that is being built; nothing of it is seen there.

    Args:
        visibility: how Gradio lists it, for its events.
    """

    def compare(text, a=None, b=None, clip_a=None, clip_b=None, request: gr.Request = None):
        """Speak English twice, with the settings A and B: audio of A, audio of B, share of cells that differ.

        Settings are those of `SamplingConfig` and `DecodeControls`, and "voice", a bundled one; those that are not
        named have their default.
        A clip takes the place of the voice.
        """
        speeches = []
        try:
            said = sentences(tts, text or "")
            both = [asked(tts, a, clip_a), asked(tts, b, clip_b)]
            with turns.request(user_of(request)) as turn:
                for _ in turn.queue():
                    yield {share: None}  # where Gradio ends the work if the client has gone
                for voice, settings, controls in both:
                    for _, so_far in turn.share(tts.stream(said, voice, settings, controls=controls)):
                        speech = so_far
                        yield {share: None}
                    with turn:
                        speeches.append(tts.decode(speech))
        except (ValueError, OSError) as error:
            raise gr.Error(without_folder(error, clip_a, clip_b), print_exception=False) from None
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
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


def asked(tts: TTS, values: Any, clip: str | None) -> tuple[Clip | SavedVoice | str, SamplingConfig, DecodeControls]:
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
