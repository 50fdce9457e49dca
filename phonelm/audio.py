"""Audio files, resampling, and making a clean voice prompt from a recording."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from phonelm.bandwidth import fill_band
from phonelm.config import SAMPLE_RATE
from phonelm.files import atomic_write

SILENCE_DBFS = -60.0  # a recording that never gets louder is silent
ACTIVE_DB = -40.0  # a frame this far below the loudest one is a pause
FRAME_S = 0.02  # energies are measured on frames of this length
EDGE_S = 0.05  # silence kept before and after a prompt
CLIP_HZ = (4_000, 192_000)  # rates of a recording to make a prompt of
MIN_PROMPT_S = 0.5  # of sound, pauses not counted
MIN_CUT_S, MAX_PROMPT_S = 6.0, 10.0  # a longer prompt is cut between the two
QUIET_S = 0.1  # the cut is in the middle of the quietest window of this length
PROMPT_DBFS = -23.0  # RMS of the active parts of a prompt
PROMPT_PEAK = 0.95  # and the highest peak that this may lead to


class AudioError(ValueError):
    """Audio that cannot be used; the message says why."""


@dataclass(frozen=True)
class Prompt:
    """A voice prompt, ready to be encoded.

    Attributes:
        wav: (S,) float32 at `config.SAMPLE_RATE`.
        start_s, end_s: the part of the recording it is, seconds.
        notes: what was done that the user should know, one line each.
    """

    wav: np.ndarray
    start_s: float
    end_s: float
    notes: tuple[str, ...]


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


def prepare_prompt(wav: np.ndarray, sample_rate: int, max_s: float = MAX_PROMPT_S) -> Prompt:
    """Make a voice prompt: offset removed, silent edges trimmed, cut at a pause if long, a narrow band filled up,
    loudness normalised.

    Args:
        wav: (S,) float.
        sample_rate: of `wav`, Hz.
        max_s: a longer recording is cut at its quietest place between 60 % of this and this.
    Raises:
        AudioError: not one channel, a strange rate, empty or silent, NaN or infinite samples, under 0.5 s of sound.
    """
    wav = np.asarray(wav, np.float32)
    if wav.ndim != 1:
        raise AudioError(f"a voice prompt must be one channel (S,), got shape {wav.shape}")
    low, high = CLIP_HZ
    if not low <= sample_rate <= high:
        raise AudioError(f"the voice prompt has {sample_rate} samples a second; {low} to {high} are taken")
    wav = _checked(wav, "the voice prompt")
    wav = resample(wav - wav.mean(), sample_rate, SAMPLE_RATE)  # an offset would ring at the edges
    notes = []
    start, end = _sounding(wav)
    if end - start > max_s * SAMPLE_RATE:
        end = start + _quietest(wav[start:end], max_s)
        start, end = (start + edge for edge in _sounding(wav[start:end]))
        notes.append(
            f"the voice prompt is {len(wav) / SAMPLE_RATE:.1f} s long; of it, {start / SAMPLE_RATE:.1f} s to "
            f"{end / SAMPLE_RATE:.1f} s are used"
        )
    wav = wav[start:end]
    active = _active(wav)
    if active.sum() * FRAME_S < MIN_PROMPT_S:
        raise AudioError(
            f"the voice prompt has only {active.sum() * FRAME_S:.2f} s of sound; at least {MIN_PROMPT_S} s are needed"
        )
    wav, width_hz = fill_band(wav)
    if width_hz is not None:
        notes.append(f"the voice prompt has nothing above {width_hz / 1000:.1f} kHz: high frequencies were filled in")
    return Prompt(normalise(wav), start / SAMPLE_RATE, end / SAMPLE_RATE, tuple(notes))


def active_rms(wav: np.ndarray) -> float:
    """RMS of the parts of a waveform (S,) at `SAMPLE_RATE` that are no pause."""
    return float(np.sqrt(_energies(wav)[_active(wav)].mean()))


def normalise(wav: np.ndarray) -> np.ndarray:
    """(S,) float32 with some sound in it -> the same at `PROMPT_DBFS`, or quieter where a peak would be too high."""
    return wav * np.float32(min(10 ** (PROMPT_DBFS / 20) / active_rms(wav), PROMPT_PEAK / np.abs(wav).max()))


def match_loudness(wavs: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Waveforms (S,) float at `SAMPLE_RATE`, all as loud as the quietest after `normalise`; silence as it is."""
    sounding = [bool(_active(wav).any()) for wav in wavs]
    level = min((active_rms(normalise(wav)) for wav, sounds in zip(wavs, sounding) if sounds), default=0.0)
    return [wav * np.float32(level / active_rms(wav)) if sounds else wav for wav, sounds in zip(wavs, sounding)]


def _checked(wav: np.ndarray, name: str) -> np.ndarray:
    """The waveform itself, or AudioError if it holds no sound."""
    if wav.size == 0:
        raise AudioError(f"{name} is empty")
    if not np.isfinite(wav).all():
        raise AudioError(f"{name} holds NaN or infinite samples")
    if np.abs(wav - wav.mean()).max() < 10 ** (SILENCE_DBFS / 20):
        raise AudioError(f"{name} is silent (never above {SILENCE_DBFS:.0f} dBFS)")
    return wav


def _energies(wav: np.ndarray) -> np.ndarray:
    """(S,) -> (F,) mean squares of frames of FRAME_S, the last one filled up with zeros."""
    size = round(FRAME_S * SAMPLE_RATE)
    padded = np.pad(wav, (0, -len(wav) % size))
    return np.mean(padded.reshape(-1, size) ** 2, axis=1)


def _active(wav: np.ndarray) -> np.ndarray:
    """(S,) -> (F,) bool: which frames hold sound rather than a pause."""
    energies = _energies(wav)
    return energies > max(energies.max() * 10 ** (ACTIVE_DB / 10), 10 ** (SILENCE_DBFS / 10))


def _sounding(wav: np.ndarray) -> tuple[int, int]:
    """First and last sample of the part between the silent edges, EDGE_S of which are kept; AudioError if none."""
    frames = np.flatnonzero(_active(wav))
    if frames.size == 0:
        raise AudioError(f"the voice prompt is silent (never above {SILENCE_DBFS:.0f} dBFS)")
    size, edge = round(FRAME_S * SAMPLE_RATE), round(EDGE_S * SAMPLE_RATE)
    return max(0, frames[0] * size - edge), min(len(wav), (frames[-1] + 1) * size + edge)


def _quietest(wav: np.ndarray, max_s: float) -> int:
    """The sample, between MIN_CUT_S / MAX_PROMPT_S of `max_s` and `max_s`, in the middle of the quietest QUIET_S."""
    window = round(QUIET_S * SAMPLE_RATE)
    first = round(max_s * MIN_CUT_S / MAX_PROMPT_S * SAMPLE_RATE)
    part = wav[first : round(max_s * SAMPLE_RATE)].astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(part**2)])
    return first + int(np.argmin(total[window:] - total[:-window])) + window // 2
