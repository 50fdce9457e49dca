"""Loudness: which parts of a waveform are sound, how loud they are, and making several equally loud."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from phonelm.audio.files import SILENCE_DBFS
from phonelm.config import SAMPLE_RATE

ACTIVE_DB = -40.0  # a frame this far below the loudest one is a pause
FRAME_S = 0.02  # energies are measured on frames of this length
MIN_QUIET_SHARE = 0.15  # of speech; measured in docs/RELIABILITY.md
PROMPT_DBFS = -23.0  # RMS of the active parts of a prompt
PROMPT_PEAK = 0.95  # and the highest peak that this may lead to


def active_rms(wav: np.ndarray) -> float:
    """RMS of the parts of a waveform (S,) at `SAMPLE_RATE` that are no pause."""
    return float(np.sqrt(_energies(wav)[_active(wav)].mean()))


def active_s(wav: np.ndarray) -> float:
    """Seconds of a waveform (S,) at `SAMPLE_RATE` that are no pause; the last frame counts as far as it is filled."""
    size, active = round(FRAME_S * SAMPLE_RATE), _active(wav)
    return float(np.minimum(len(wav) - size * np.flatnonzero(active), size).sum() / SAMPLE_RATE)


def quiet_share(wav: np.ndarray) -> float:
    """Share of the frames of a waveform (S,) at `SAMPLE_RATE` that are less than half as loud as the mean frame.

    Syllables, consonants and pauses make many such frames in speech; noise has none, and music often few (Scheirer and
    Slaney, ICASSP 1997: "percentage of low-energy frames").
    """
    rms = np.sqrt(_energies(wav))
    return float(np.mean(rms < rms.mean() / 2))


def sounding(wav: np.ndarray, pause_s: float) -> list[tuple[int, int]]:
    """First sample and end of every stretch of sound of a waveform (S,) at `SAMPLE_RATE`.

    Args:
        pause_s: a shorter pause is a part of its stretch.
    """
    size, frames = round(FRAME_S * SAMPLE_RATE), np.flatnonzero(_active(wav))
    if not len(frames):
        return []
    breaks = np.flatnonzero(np.diff(frames) > pause_s / FRAME_S)
    starts, ends = frames[np.r_[0, breaks + 1]], frames[np.r_[breaks, len(frames) - 1]]
    return [(int(a) * size, min(len(wav), (int(b) + 1) * size)) for a, b in zip(starts, ends)]


def normalise(wav: np.ndarray) -> np.ndarray:
    """(S,) float32 with some sound in it -> the same at `PROMPT_DBFS`, or quieter where a peak would be too high."""
    return wav * np.float32(min(10 ** (PROMPT_DBFS / 20) / active_rms(wav), PROMPT_PEAK / np.abs(wav).max()))


def match_loudness(wavs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Waveforms (S,) float at `SAMPLE_RATE`, all as loud as the quietest after `normalise`; silence as it is."""
    sounding = [bool(_active(wav).any()) for wav in wavs]
    level = min((active_rms(normalise(wav)) for wav, sounds in zip(wavs, sounding) if sounds), default=0.0)
    return [wav * np.float32(level / active_rms(wav)) if sounds else wav for wav, sounds in zip(wavs, sounding)]


def _energies(wav: np.ndarray) -> np.ndarray:
    """(S,) -> (F,) mean squares of frames of FRAME_S, the last one filled up with zeros."""
    size = round(FRAME_S * SAMPLE_RATE)
    padded = np.pad(wav, (0, -len(wav) % size))
    return np.mean(padded.reshape(-1, size) ** 2, axis=1)


def _active(wav: np.ndarray) -> np.ndarray:
    """(S,) -> (F,) bool: which frames hold sound rather than a pause."""
    energies = _energies(wav)
    return energies > max(energies.max() * 10 ** (ACTIVE_DB / 10), 10 ** (SILENCE_DBFS / 10))
