"""The voice: a bundled one or a clip, and what of it the model will hear."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

import gradio as gr

from phonelm.audio import read_audio
from phonelm.tts import TTS, Clip, check_clip
from phonelm.ui.aside import Aside, LeftOut
from phonelm.ui.events import QUICK, user_of, without_folder
from phonelm.ui.html import problem
from phonelm.ui.sound import PLAIN, playable

CLIP = "clip"  # what `VoiceInput.kind` holds beside the names of the bundled voices


class VoiceInput(NamedTuple):
    """What `chosen` takes, in its order."""

    kind: gr.Radio
    clip: gr.Audio


def chosen(kind: str, clip: str | None) -> Clip | str:
    """The prompt for `TTS`: the name of a bundled voice, or what is in the file; ValueError if there is no clip."""
    if kind != CLIP:
        return kind
    if clip is None:
        raise ValueError("there is no voice clip: upload or record one, or choose a bundled voice")
    return read_clip(clip)


def read_clip(path: str) -> Clip:
    """A recording; ValueError if it cannot be read, or is larger than one may be, which is known before it is read."""
    return read_audio(path, check_clip)


def voice_input(tts: TTS, aside: Aside, prefix: str = "") -> VoiceInput:
    """Lay it out; the clip is prepared as soon as it is there. `prefix` is that of the ids in the page."""

    def prepare(kind, clip):
        """The voice, and the sound of its codes."""
        voice = tts.voice(chosen(kind, clip))
        return voice, tts.codec.waveform(voice.codes.T[None])

    async def heard(kind, clip, request: gr.Request):
        """The clip as it will be used, the same through the codec, and what was done to it."""
        try:
            voice, sound = await aside.run((user_of(request), prefix, "voice"), prepare, kind, clip)
        except LeftOut:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        except (ValueError, OSError) as error:
            yield None, None, problem(without_folder(error, clip)) if clip else ""
            return
        notes = "".join(f"<p class=note>{escape(note)}</p>" for note in voice.notes)
        with playable(tts, voice.wav, sound) as files:
            yield *files, notes

    names = list(tts.voices)
    kind = gr.Radio([*names, ("from a clip", CLIP)], value=names[0], label="Voice", elem_id=f"{prefix}voice-kind")
    clip = gr.Audio(
        label="A few seconds of speech: WAV, FLAC, OGG, MP3, M4A or WebM", type="filepath", visible=False, buttons=[],
        sources=["upload", "microphone"], elem_id=f"{prefix}voice",
    )  # fmt: skip
    with gr.Accordion("Listen to the voice as the model gets it", open=False, elem_id=f"{prefix}heard") as accordion:
        note = gr.HTML(elem_id=f"{prefix}voice-note")
        options = {"interactive": False, "buttons": [], "waveform_options": PLAIN}
        used = gr.Audio(label="The clip that is used, trimmed", elem_id=f"{prefix}voice-used", **options)
        codec = gr.Audio(label="Through the codec: as good as it can get", elem_id=f"{prefix}voice-codec", **options)
    parts = VoiceInput(kind, clip)
    prepared = [used, codec, note]
    kind.change(lambda k: gr.update(visible=k == CLIP), kind, clip, **QUICK).then(heard, [*parts], prepared, **QUICK)
    clip.change(heard, [*parts], prepared, **QUICK).then(
        lambda c: gr.update(open=c is not None), clip, accordion, **QUICK
    )
    accordion.expand(heard, [*parts], prepared, **QUICK)
    return parts
