"""Bundled voices: short clips with names, licences and provenance, as `voices/voices.json` lists them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from phonelm import checkpoint
from phonelm.config import from_dict
from phonelm.text import Phonemes

FOLDER = "voices"  # in `checkpoint.default_dir()`
LIST = "voices.json"
NAME = re.compile(r"[a-z0-9-]{1,40}")  # of a voice


@dataclass(frozen=True)
class NamedVoice:
    """A voice that can be named: a clip that comes with the weights, or a voice file.

    Attributes:
        name: as `NAME` has it.
        about: what it sounds like, a few words.
        licence: SPDX identifier.
        source: who or what spoke, and where it is from.
        path: of the clip or the voice file.
    """

    name: str
    about: str
    licence: str
    source: str
    path: Path


def bundled_voices(folder: Path | None = None) -> dict[str, NamedVoice]:
    """The bundled voices by name, the default one first; none if there is no list.

    Args:
        folder: where they lie; default `voices/` in `checkpoint.default_dir()`.
    Raises:
        CheckpointError: the list is damaged, or a clip is missing.
    """
    folder = folder or checkpoint.default_dir() / FOLDER
    listed = folder / LIST
    if not listed.exists():
        return {}
    try:
        entries = json.loads(listed.read_text(encoding="utf-8"))
        voices = [from_dict(NamedVoice, {**entry, "path": folder / f"{entry['name']}.flac"}) for entry in entries]
    except (ValueError, TypeError, KeyError) as error:
        raise checkpoint.CheckpointError(f"{listed} is damaged: {error}") from None
    for voice in voices:
        if not NAME.fullmatch(voice.name):
            raise checkpoint.CheckpointError(f"{listed}: {voice.name!r} is no name: a-z, 0-9 and - only")
        if not voice.path.is_file():
            raise checkpoint.CheckpointError(f"{listed} names {voice.path.name}, which is not there")
    return {voice.name: voice for voice in voices}


def check_speakers(spoken: Iterable[Phonemes], voices: Mapping[str, NamedVoice]) -> None:
    """Whether there is a voice for every speaker that a text names.

    Raises:
        ValueError: there is none of that name; the message lists those that there are.
    """
    for name in dict.fromkeys(p.speaker for p in spoken if p.speaker):
        if name not in voices:
            known = ", ".join(voices)
            raise ValueError(f"a line begins with [{name}], but there is no voice of that name; there are {known}")
