"""Saved voices in the page: a voice file is loaded in place of a clip, and a clip becomes a voice file."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phonelm.audio import read_audio
from phonelm.tts import TTS, VoiceCard, check_clip, read_card, save_voice
from phonelm.ui.aside import Aside, LeftOut
from phonelm.ui.events import QUICK, user_of, without_folder
from phonelm.ui.fold import fold
from phonelm.ui.html import card_lines, problem

CONSENT_LABEL = "I speak here myself, or whoever speaks has agreed"


def voice_file_input(tts: TTS, aside: Aside, clip: gr.Audio, prefix: str) -> gr.File:
    """Lay it out below the clip.

    Args:
        clip: the voice clip; it is emptied when a voice file is loaded, and the other way round.
        prefix: of the ids in the page.
    Returns:
        The voice file that is loaded.
    """
    file = gr.File(label="Or a voice file (.safetensors)", file_types=[".safetensors"], type="filepath", height=90,
                   elem_id=f"{prefix}voice-file")  # fmt: skip
    about = gr.HTML(elem_id=f"{prefix}voice-card")

    def loaded(path: str | None) -> tuple[Any, str]:
        """Empties the clip, and says what the file says about its voice."""
        if path is None:
            return gr.skip(), ""
        try:
            return None, card_lines(read_card(path))
        except (ValueError, OSError) as error:
            return gr.skip(), problem(without_folder(error, path))

    file.change(loaded, file, [clip, about], **QUICK)
    for change in (clip.upload, clip.stop_recording):
        change(lambda: None, None, file, **QUICK)
    _save(tts, aside, clip, prefix)
    return file


def _save(tts: TTS, aside: Aside, clip: gr.Audio, prefix: str) -> None:
    """A clip as a voice file, to download."""
    with fold("Save this clip as a voice", f"{prefix}save-voice"):
        gr.HTML("<p class=note>A voice file holds some seconds of the voice as the model hears it. Whoever has the "
                "file can speak in this voice: here, or by the command line.</p>")  # fmt: skip
        name = gr.Textbox(label="Name", placeholder="my-voice", max_length=40, elem_id=f"{prefix}save-name")
        about = gr.Textbox(label="What it sounds like", max_length=200, elem_id=f"{prefix}save-about")
        licence = gr.Textbox(label="Licence", placeholder="private use only", max_length=100,
                             elem_id=f"{prefix}save-licence")  # fmt: skip
        agreed = gr.Checkbox(label=CONSENT_LABEL, elem_id=f"{prefix}save-consent")
        make = gr.Button("Make the voice file", size="sm", elem_id=f"{prefix}save-make")
        note = gr.HTML(elem_id=f"{prefix}save-note")
        made = gr.File(label="Your voice file", interactive=False, visible=False, elem_id=f"{prefix}save-file")

    def card(values: tuple[str, str, str], agrees: bool) -> VoiceCard:
        if not agrees:
            raise ValueError("a voice file needs the consent of whoever speaks: tick the box")
        called, sound, terms = (value.strip() for value in values)
        return VoiceCard("-".join(called.lower().split()), sound, terms, consent=CONSENT_LABEL)

    async def save(path, name, about, licence, agrees, request: gr.Request) -> Any:
        """The voice file, or what is wrong."""

        def write(where: Path) -> None:
            if path is None:
                raise ValueError("there is no clip to save: upload or record one first")
            written = card((name, about, licence), agrees)
            voice = tts.voice(read_audio(path, check_clip))
            save_voice(where / f"{written.name}.safetensors", voice, written, tts.codec)

        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            try:
                await aside.run((user_of(request), prefix, "save voice"), write, Path(folder))
            except LeftOut:
                yield gr.skip(), gr.skip()
                return
            except (ValueError, OSError) as error:
                yield gr.update(visible=False), problem(without_folder(error, path))
                return
            [file] = Path(folder).iterdir()
            yield gr.update(value=str(file), visible=True), ""

    make.click(save, [clip, name, about, licence, agreed], [made, note], **QUICK)
