"""Audio files, resampling, and making a clean voice prompt from a recording."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
import soxr

from phonelm.files import atomic_write

SILENCE_DBFS = -60.0  # a recording that never gets louder is silent


class AudioError(ValueError):
    """Audio that cannot be used; the message says why."""


def read_audio(path: str | Path) -> tuple[np.ndarray, int]:
    """Read an audio file (WAV, FLAC, OGG, MP3) with libsndfile; channels are averaged.

    Returns:
        (S,) float32 and its sample rate in Hz.
    Raises:
        AudioError: missing, unreadable, empty or silent file, NaN or infinite samples.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"no audio file at {path}")
    try:
        wav, sample_rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # TypeError: headerless .raw
        raise AudioError(f"{path} cannot be read as audio ({error}): use WAV, FLAC, OGG or MP3") from None
    return _checked(wav.mean(axis=1), str(path)), sample_rate


def resample(wav: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """Change the sample rate with soxr (HQ).

    Args:
        wav: (S,) or (S, C) float.
        from_hz, to_hz: sample rates.
    Returns:
        The same layout and dtype, about S * to_hz / from_hz samples.
    Raises:
        ValueError: a rate that is not positive.
    """
    if not (from_hz > 0 and to_hz > 0):
        raise ValueError(f"sample rates must be positive, not {from_hz} and {to_hz}")
    return wav if from_hz == to_hz else soxr.resample(wav, from_hz, to_hz)


def to_int16(wav: np.ndarray) -> np.ndarray:
    """Float in [-1, 1], any shape, to int16: clipped, rounded, no dither."""
    return np.clip(np.rint(np.asarray(wav, np.float32) * 32768), -32768, 32767).astype(np.int16)


def audio_bytes(
    wav: np.ndarray, sample_rate: int, kind: str, subtype: str, tags: Mapping[str, str] | None = None
) -> bytes:
    """(S,) samples as a file.

    Args:
        wav: int16, or float32 for a subtype of floats.
        sample_rate: Hz.
        kind, subtype: as libsndfile calls them, say "WAV" and "PCM_16".
        tags: what the file says about itself, by libsndfile's names, say "title".
    """
    buffer = io.BytesIO()
    with soundfile.SoundFile(buffer, "w", sample_rate, 1, subtype, format=kind) as file:
        for name, value in (tags or {}).items():
            setattr(file, name, value)
        file.write(wav)
    return buffer.getvalue()


def write_wav(path: str | Path, wav: np.ndarray, sample_rate: int, tags: Mapping[str, str] | None = None) -> None:
    """Write a 16-bit mono WAV file, whole or not at all.

    Args:
        path: the file; its folder must exist.
        wav: (S,) float in [-1, 1], clipped beyond.
        sample_rate: Hz.
        tags: as for `audio_bytes`.
    Raises:
        AudioError: the file cannot be written, or `wav` is not one channel of finite numbers.
    """
    wav = np.asarray(wav)
    if wav.ndim != 1 or not np.isfinite(wav).all():
        raise AudioError(f"cannot write {path}: audio must be (S,) finite numbers, got shape {wav.shape}")
    content = audio_bytes(to_int16(wav), sample_rate, "WAV", "PCM_16", tags)
    try:
        with atomic_write(path) as file:
            file.write(content)
    except (OSError, ValueError) as error:  # ValueError: an empty name
        raise AudioError(f"cannot write {path}: {getattr(error, 'strerror', None) or error}") from None


def _checked(wav: np.ndarray, name: str) -> np.ndarray:
    """The waveform itself, or AudioError if it holds no sound."""
    if wav.size == 0:
        raise AudioError(f"{name} is empty")
    if not np.isfinite(wav).all():
        raise AudioError(f"{name} holds NaN or infinite samples")
    if np.abs(wav - wav.mean()).max() < 10 ** (SILENCE_DBFS / 20):
        raise AudioError(f"{name} is silent (never above {SILENCE_DBFS:.0f} dBFS)")
    return wav


