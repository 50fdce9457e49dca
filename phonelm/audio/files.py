"""Audio files: reading any usual kind as one channel, and writing WAV, FLAC, MP3 and Opus."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import soundfile
import soxr

from phonelm.audio.decode import AudioError, Check, decode
from phonelm.files import atomic_write, check_writable, written_in_place

SILENCE_DBFS = -60.0  # a recording that never gets louder is silent
CANCELLED = 1 / 4  # of the energy that the mean of independent channels has; below, the channels cancel each other out
FORMATS = {  # what can be written, by suffix: libsndfile's format and subtype
    ".wav": ("WAV", "PCM_16"),
    ".flac": ("FLAC", "PCM_16"),
    ".mp3": ("MP3", "MPEG_LAYER_III"),
    ".opus": ("OGG", "OPUS"),
    ".ogg": ("OGG", "OPUS"),
}


def read_audio(path: str | Path, check: Check | None = None) -> tuple[np.ndarray, int]:
    """Read an audio file (WAV, FLAC, OGG, Opus, MP3, M4A, WebM), or the sound of a video, as one channel.

    Args:
        path: the file.
        check: see `decode`.
    Returns:
        (S,) float32 and its sample rate in Hz.
    Raises:
        AudioError: missing, unreadable, empty or silent file, NaN or infinite samples.
    """
    path = Path(path)
    if not path.is_file():
        raise AudioError(f"no audio file at {path}")
    wav, sample_rate = decode(path, check)
    return _checked(mono(wav), str(path)), sample_rate


def mono(wav: np.ndarray) -> np.ndarray:
    """(S, C) float -> (S,): the mean of the channels, or the loudest one if they cancel each other out."""
    mean = wav.mean(axis=1)
    if wav.shape[1] == 1 or not len(wav) or not np.isfinite(wav).all():
        return mean
    energy = np.var(wav, axis=0, dtype=np.float64)
    independent = energy.mean() / wav.shape[1]  # energy of the mean of independent channels
    return wav[:, energy.argmax()] if np.var(mean, dtype=np.float64) < CANCELLED * independent else mean


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


def output_format(path: str | Path) -> tuple[str, str]:
    """libsndfile's format and subtype for an output file: by its suffix; WAV for a device or pipe without one.

    Raises:
        AudioError: another suffix, or none; a format that the libsndfile here cannot write.
    """
    suffix = Path(path).suffix.lower()
    if not suffix and Path(path).name and written_in_place(path):
        suffix = ".wav"
    if suffix not in FORMATS:
        raise AudioError(f"cannot write {path}: the name must end in {', '.join(FORMATS)}, which decides the format")
    if FORMATS[suffix][1] not in soundfile.available_subtypes(FORMATS[suffix][0]):
        raise AudioError(f"cannot write {path}: the libsndfile here cannot write {suffix}; name a .wav file")
    return FORMATS[suffix]


def check_output(path: str | Path) -> None:
    """Refuse an audio file that cannot be written, before any work is done for it.

    Raises:
        AudioError: as for `output_format`.
        OSError: as for `files.check_writable`.
    """
    check_writable(path)
    output_format(path)


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


def write_audio(path: str | Path, wav: np.ndarray, sample_rate: int, tags: Mapping[str, str] | None = None) -> None:
    """Write a mono file of the format that its suffix says (WAV and FLAC with 16 bits), whole or not at all.

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
    content = audio_bytes(to_int16(wav), sample_rate, *output_format(path), tags)
    try:
        with atomic_write(path) as file:
            file.write(content)
    except BrokenPipeError:  # not an error of the path: the reader has closed the pipe
        raise
    except OSError as error:
        raise AudioError(f"cannot write {path}: {error.strerror or error}") from None


def _checked(wav: np.ndarray, name: str) -> np.ndarray:
    """The waveform itself, or AudioError if it holds no sound."""
    if wav.size == 0:
        raise AudioError(f"{name} is empty")
    if not np.isfinite(wav).all():
        raise AudioError(f"{name} holds NaN or infinite samples")
    if np.abs(wav - wav.mean()).max() < 10 ** (SILENCE_DBFS / 20):
        raise AudioError(f"{name} is silent (never above {SILENCE_DBFS:.0f} dBFS)")
    return wav
