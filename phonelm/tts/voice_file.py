"""Saved voices: a voice prompt as codes, with its name, licence and consent, in one `.safetensors` file.

An adapted voice also holds low-rank updates of the model (`phonelm adapt`). Files that are read are untrusted: sizes,
shapes and values are checked, and nothing is unpickled.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor

from phonelm import checkpoint
from phonelm.codec import Codec
from phonelm.config import FRAME_RATE, from_dict
from phonelm.model import PhoneLM, check_low_rank
from phonelm.tts.speech import Voice
from phonelm.tts.voices import NAME, NamedVoice, bundled_voices

KIND = "voice"
FOLDER_VARIABLE = "PHONELM_VOICES"
SUFFIX = ".safetensors"
MAX_BYTES = 8 * 2**20
MAX_PROMPT_FRAMES = round(20 * FRAME_RATE)
MAX_TEXT = 1000  # characters of a line of the card
CODES, LOW_RANK = "codes", "low_rank."


@dataclass(frozen=True)
class SavedVoice:
    """A voice file in memory, as a user hands it in: the bytes of the file."""

    data: bytes


@dataclass(frozen=True)
class VoiceCard:
    """What a voice file says about its voice, one line each.

    Attributes:
        name: lower-case letters, digits and hyphens.
        about: what it sounds like.
        licence: SPDX identifier, or other terms of use.
        source: who spoke, and where the recording is from.
        consent: that the speaker agrees to this use; in whose words, and when.
        figures: measured when the voice was adapted, by name.
    """

    name: str
    about: str = ""
    licence: str = ""
    source: str = ""
    consent: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.name, str) or not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} cannot be the name of a voice: use a-z, 0-9 and -, at most 40 characters")
        for line in fields(self):
            value = getattr(self, line.name)
            if line.name == "figures":
                if not isinstance(value, Mapping) or not all(type(v) in (int, float) for v in value.values()):
                    raise ValueError("the figures of a voice must be numbers by name")
            elif not isinstance(value, str) or len(value) > MAX_TEXT or not value.isprintable():
                raise ValueError(f"{line.name!r} of a voice must be one line of at most {MAX_TEXT} characters")


def is_voice_file(path: str | Path) -> bool:
    """Whether a path has the suffix of a voice file."""
    return Path(path).suffix.lower() == SUFFIX


def named_voices() -> dict[str, NamedVoice]:
    """The bundled voices, then those of the folder that `PHONELM_VOICES` names, by name.

    Raises:
        CheckpointError: a list or a voice file is damaged; a voice file has the name of another voice.
    """
    voices = bundled_voices()
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder and not Path(folder).is_dir():
        raise checkpoint.CheckpointError(f"{FOLDER_VARIABLE} names {folder}, which is no folder")
    for path in sorted(Path(folder).glob(f"*{SUFFIX}")) if folder else ():
        card = read_card(path)
        if card.name in voices:
            raise checkpoint.CheckpointError(
                f"{path} has the name {card.name!r}, which {voices[card.name].path.name} has too: rename one of them"
            )
        voices[card.name] = NamedVoice(card.name, card.about, card.licence, card.source, path)
    return voices


def save_voice(path: str | Path, voice: Voice, card: VoiceCard, codec: Codec, model: str = "") -> None:
    """Write a voice file, whole or not at all.

    Args:
        path: must end in `.safetensors`.
        voice: its prompt, and its update of the model if it is adapted.
        codec: the one whose codes the prompt has.
        model: fingerprint of the model that the voice is adapted to, see `TTS.fingerprint`.
    Raises:
        ValueError: another suffix; an adapted voice without `model`.
        OSError: the file cannot be written.
    """
    path = Path(path)
    if path.suffix != SUFFIX:
        raise ValueError(f"a voice file must end in {SUFFIX}: {path.name}")
    if voice.low_rank and not model:
        raise ValueError("an adapted voice needs the fingerprint of its model")
    tensors = {CODES: voice.codes.to(torch.int16)} | {LOW_RANK + k: v for k, v in voice.low_rank.items()}
    metadata = {
        "kind": KIND,
        "config": {"codec": codec.name},
        "codec_fingerprint": codec.fingerprint,
        "model_fingerprint": model if voice.low_rank else "",
        "card": asdict(card),
    }
    checkpoint.save(path, tensors, metadata, half=True)


def read_card(path: str | Path) -> VoiceCard:
    """The card of a voice file, without its tensors; raises as `load_voice`."""
    return _card(Path(path), checkpoint.metadata(_checked(path), KIND))


def load_voice(path: str | Path, codec: Codec, model: PhoneLM, fingerprint: str) -> Voice:
    """Read a voice file.

    Args:
        codec: the one of this system.
        model: the one of this system, and its fingerprint.
    Raises:
        CheckpointError: no voice file, a damaged one, or one for another codec or model; the message says what to do.
    """
    tensors, metadata = checkpoint.load(_checked(path), KIND)
    card = _card(Path(path), metadata)
    if metadata.get("codec_fingerprint") != codec.fingerprint:
        raise checkpoint.CheckpointError(f"{path} was made with another codec: make the voice again from its recording")
    codes, low_rank = tensors.pop(CODES, None), {k.removeprefix(LOW_RANK): v for k, v in tensors.items()}
    if codes is None or not all(k.startswith(LOW_RANK) for k in tensors):
        found = ", ".join(sorted(tensors)[:3]) or "nothing"
        raise checkpoint.CheckpointError(f"{path} is no voice file: it holds {found}")
    _check_codes(path, codes, codec)
    if low_rank:
        if metadata.get("model_fingerprint") != fingerprint:
            raise checkpoint.CheckpointError(f"{path} was adapted to another model: run `phonelm adapt` again")
        try:
            check_low_rank(model, low_rank)
        except ValueError as error:
            raise checkpoint.CheckpointError(f"{path} is damaged: {error}") from None
    codes = codes.long()
    return Voice(codes, codec.waveform(codes.T[None]), name=card.name, low_rank=low_rank)


def load_saved(saved: SavedVoice, codec: Codec, model: PhoneLM, fingerprint: str) -> Voice:
    """`load_voice` of a voice file in memory."""
    with TemporaryDirectory() as folder:
        path = Path(folder, f"voice{SUFFIX}")
        path.write_bytes(saved.data)
        try:
            return load_voice(path, codec, model, fingerprint)
        except checkpoint.CheckpointError as error:
            raise checkpoint.CheckpointError(str(error).replace(str(path), "the voice file")) from None


def read_saved(path: str | Path) -> SavedVoice:
    """The bytes of a voice file; CheckpointError if they are too many."""
    return SavedVoice(_checked(path).read_bytes())


def _checked(path: str | Path) -> Path:
    path = Path(path)
    if path.is_file() and path.stat().st_size > MAX_BYTES:
        raise checkpoint.CheckpointError(f"{path} has more than {MAX_BYTES >> 20} MiB: no voice file is that large")
    return path


def _card(path: Path, metadata: dict[str, Any]) -> VoiceCard:
    try:
        return from_dict(VoiceCard, metadata["card"])
    except (ValueError, TypeError, KeyError) as error:
        raise checkpoint.CheckpointError(f"{path} is no voice file: {error}") from None


def _check_codes(path: str | Path, codes: Tensor, codec: Codec) -> None:
    integer = codes.dtype in (torch.int16, torch.int32, torch.int64)
    fits = codes.dim() == 2 and codes.shape[1] == codec.n_q and 1 <= codes.shape[0] <= MAX_PROMPT_FRAMES
    if not integer or not fits or codes.min() < 0 or codes.max() >= codec.card:
        raise checkpoint.CheckpointError(f"{path} is damaged: its codes are not those of a voice prompt")
