"""What a speech was made from: all that is needed to make it again, and whether that is possible here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from phonelm import __version__
from phonelm.audio import CLIP_HZ
from phonelm.checkpoint import fingerprint
from phonelm.codec import DecodeControls
from phonelm.config import SamplingConfig
from phonelm.tts.speech import Edit, Voice
from phonelm.tts.system import TTS
from phonelm.tts.voice_file import SavedVoice

MAX_CLIP_SAMPLES = 4_000_000  # 83 s at 48 kHz
MAX_EDITS = 50
MAX_CHANNELS = 8
MADE_WITH = ("phonelm", "torch", "device", "precision", "model", "codec", "voice")

Clip = tuple[np.ndarray, int]  # (S,) float32 samples and their rate in Hz


class RecipeError(ValueError):
    """A file that holds no recipe, or a recipe that cannot be followed; the message says why in one line."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """All that a speech was made from.

    Attributes:
        text: as it was written.
        by_hand: the phonemes were taken, not the text.
        phonemes: as written by hand, "" if they were not.
        settings: with the seed.
        voice: the voice clip before it was trimmed, a voice file, or the name of a voice.
        complete: False if it was stopped before the end of its text.
        made_with: `MADE_WITH`, each a version, a name or a fingerprint.
        edits: spans that were said again, in order.
        controls: speed, pitch and intonation, without `mean_hz`: the mean is that of the voice prompt.
    """

    text: str
    by_hand: bool
    phonemes: str
    settings: SamplingConfig
    voice: Clip | SavedVoice | str
    complete: bool
    made_with: dict[str, str]
    edits: tuple[Edit, ...] = ()
    controls: DecodeControls = DecodeControls()


def identity(tts: TTS) -> dict[str, str]:
    """Versions and weights that decide how a speech sounds; weights as 16 hex digits of their SHA-256."""
    return {
        "phonelm": __version__,
        "torch": torch.__version__,
        "device": tts.codec.device.type + (", one thread" if tts.deterministic else ""),
        "precision": tts.engine.precision,
        "model": tts.fingerprint,
        "codec": f"{tts.codec.name} {fingerprint(tts.codec.model.state_dict().values())}",
    }


def voice_identity(voice: Voice) -> str:
    """16 hex digits that identify a voice as the model hears it."""
    return fingerprint([voice.codes, *voice.low_rank.values()])


def differences(recipe: Recipe, here: dict[str, str]) -> list[str]:
    """In what this system differs from the one of the recipe, a few words each; if in nothing, it repeats the speech.

    Args:
        here: `identity`, and `voice` by `voice_identity`.
    """
    return [name for name in MADE_WITH if recipe.made_with[name] != here[name]]


def source(recipe: Recipe) -> tuple:
    """What decides the codes of a speech before it is edited; can be compared."""
    return recipe.text, recipe.by_hand, recipe.phonemes, recipe.settings, recipe.made_with


def check_clip(samples: int, sample_rate: int, channels: int = 1) -> None:
    """Whether a recording may be a voice clip; RecipeError if it is too long, or of a strange rate."""
    low, high = CLIP_HZ
    if not low <= sample_rate <= high:
        raise RecipeError(f"the voice clip has {sample_rate} samples a second; {low} to {high} are taken")
    if samples > MAX_CLIP_SAMPLES:
        longest = f"at most {MAX_CLIP_SAMPLES / sample_rate:.0f} s are taken at {sample_rate} Hz"
        raise RecipeError(f"the voice clip is {samples / sample_rate:.0f} s long; {longest}: cut it")
    if channels > MAX_CHANNELS:
        raise RecipeError(f"the voice clip has {channels} channels; at most {MAX_CHANNELS} are taken")
