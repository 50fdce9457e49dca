"""The choice of a voice: a bundled one or a clip, and a preview of the prompt that the model gets."""

from __future__ import annotations

import json
from html import escape
from typing import NamedTuple

import gradio as gr

from phonelm.audio import read_audio
from phonelm.tts import TTS, Clip, NamedVoice, SavedVoice, check_clip, is_voice_file, read_saved
from phonelm.ui.aside import Aside, LeftOut
from phonelm.ui.assets import asset
from phonelm.ui.events import QUICK, user_of, without_folder
from phonelm.ui.fold import fold
from phonelm.ui.html import problem
from phonelm.ui.sound import PLAIN, playable
from phonelm.ui.voice_file import voice_file_input

CLIP = "clip"  # value of `VoiceInput.kind` for a clip; the other values are names of voices
CLIP_NAME, CLIP_ABOUT = "Your own clip", "a few seconds of speech"
CONSENT = (
    "<p class=note>Use your own voice, or one whose owner has agreed. The server deletes the clip "
    "within two hours. Files made here say that they are synthetic.</p>"
)


class VoiceInput(NamedTuple):
    """What `chosen` takes, in its order."""

    kind: gr.Radio
    clip: gr.Audio
    file: gr.File


def chosen(kind: str, clip: str | None, file: str | None = None) -> Clip | SavedVoice | str:
    """The prompt for `TTS`: the name of a voice, a clip or a voice file; ValueError if there is none."""
    if kind != CLIP:
        return kind
    if file is not None:
        return read_saved(file)
    if clip is None:
        raise ValueError("there is no voice clip: upload or record one, load a voice file, or choose another voice")
    return read_clip(clip)


def read_clip(path: str) -> Clip:
    """A recording; ValueError if it cannot be read or is too large. Its size is checked before it is read."""
    return read_audio(path, check_clip)


def shown_name(name: str) -> str:
    """The display name of a bundled voice."""
    return name.replace("-", " ").capitalize()


def voice_input(tts: TTS, aside: Aside, prefix: str = "") -> tuple[VoiceInput, gr.HTML]:
    """Lay it out and wire it. A clip is prepared as soon as it is uploaded.

    Args:
        prefix: of the ids in the page.
    Returns:
        The inputs, and the note under the clip, which shows errors.
    """

    def prepare(*values):
        """The voice, and the sound of its codes."""
        voice = tts.voice(chosen(*values))
        return voice, tts.codec.waveform(voice.codes.T[None])

    async def preview(kind, clip, file, request: gr.Request):
        """The prompt as the model gets it, the same through the codec, and notes."""
        try:
            voice, sound = await aside.run((user_of(request), prefix, "voice"), prepare, kind, clip, file)
        except LeftOut:
            yield gr.skip(), gr.skip(), gr.skip()
            return
        except (ValueError, OSError) as error:
            yield None, None, problem(without_folder(error, clip, file)) if clip or file else ""
            return
        notes = "".join(f"<p class=note>{escape(note)}</p>" for note in voice.notes)
        with playable(tts, voice.wav, sound) as files:
            yield *files, notes

    kind = _cards(tts, prefix)
    with gr.Column(visible=False, elem_id=f"{prefix}own-clip") as own:
        clip = gr.Audio(
            label="Drop a file (WAV, FLAC, OGG, MP3, M4A or WebM), or record", type="filepath", buttons=[],
            sources=["upload", "microphone"], elem_id=f"{prefix}voice",
        )  # fmt: skip
        gr.HTML(CONSENT)
        file = voice_file_input(tts, aside, clip, prefix)
    note = gr.HTML(elem_id=f"{prefix}voice-note", elem_classes="voice-note")
    with fold("The voice as the model hears it", f"{prefix}heard") as head:
        options = {"interactive": False, "buttons": [], "waveform_options": PLAIN}
        used = gr.Audio(label="The clip that is used, trimmed", elem_id=f"{prefix}voice-used", **options)
        codec = gr.Audio(label="Through the codec: as good as it can get", elem_id=f"{prefix}voice-codec", **options)
    parts = VoiceInput(kind, clip, file)
    prepared = [used, codec, note]
    kind.change(lambda k: gr.update(visible=k == CLIP), kind, own, **QUICK).then(preview, [*parts], prepared, **QUICK)
    for component in (clip, file):
        component.change(preview, [*parts], prepared, **QUICK)
    head.expand(preview, [*parts], prepared, **QUICK)
    return parts, note


def _cards(tts: TTS, prefix: str) -> gr.Radio:
    """A card for each voice; `assets/cards.js` adds a description and a button that plays the voice."""
    names = list(tts.voices)
    kind = gr.Radio([(CLIP_NAME, CLIP), *((shown_name(name), name) for name in names)], value=names[0], label="Voice",
                    elem_id=f"{prefix}voice-kind", elem_classes="cards")  # fmt: skip
    gr.set_static_paths([voice.path for voice in tts.voices.values() if not is_voice_file(voice.path)])
    cards = {CLIP: {"about": CLIP_ABOUT}} | {name: _card(voice) for name, voice in tts.voices.items()}
    gr.HTML(json.dumps(cards), html_template="<span hidden></span>", js_on_load=asset("cards.js"),
            apply_default_css=False, radios=f"#{prefix}voice-kind", elem_classes="no-room")  # fmt: skip
    return kind


def _card(voice: NamedVoice) -> dict[str, str]:
    """What a card shows and plays; a voice file has no clip to play."""
    return {"about": voice.about} | ({} if is_voice_file(voice.path) else {"file": str(voice.path)})
