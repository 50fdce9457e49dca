"""Training targets of the source-filter decoder: codes, and pitch, pulses and noise from an analysis by WORLD."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple, Protocol

import numpy as np

from phonelm.audio import fill_band, normalise
from phonelm.codec import Codec, mel_points
from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.evaluation import frame_pitch, pyworld, track_pitch
from phonelm.training.codec.source_filter.alignment import align

MAX_S, MIN_S = 14.0, 0.5  # length of an utterance; a longer one is cut
WORLD_FFT = 1024
LEAST_POWER, LEAST_APERIODICITY = 1e-12, 1e-4


class Targets(NamedTuple):
    """An utterance of T frames."""

    wav: np.ndarray  # (T * HOP_LENGTH,) int16, at the level of a voice prompt
    codes: np.ndarray  # (T, n_q) int16
    f0_hz: np.ndarray  # (T,) float32, 0 where unvoiced
    phase: np.ndarray  # (2, G) float64, see `alignment.Aligned`
    coherence: np.ndarray  # (2,)
    noise: np.ndarray  # (T, noise_points) float16, log magnitude, at the decoder's mel points


def make_targets(wav: np.ndarray, codec: Codec, noise_points: int) -> Targets:
    """Prepare a recording as `prepare` does (fill a narrow band, set the level of a voice prompt) and analyse it.

    Args:
        wav: (S,) float32 at `SAMPLE_RATE`.
    Raises:
        ValueError: it is shorter than `MIN_S`, or silent.
    """
    wav = wav[: round(MAX_S * SAMPLE_RATE)]
    wav = wav[: len(wav) // HOP_LENGTH * HOP_LENGTH]
    if len(wav) < MIN_S * SAMPLE_RATE:
        raise ValueError(f"shorter than {MIN_S} s")
    wav = normalise(fill_band(wav)[0])
    if not np.isfinite(wav).all():
        raise ValueError("silent")
    times, tracked = track_pitch(wav)
    f0_hz = frame_pitch(wav)
    aligned = align(wav, times, tracked, f0_hz)
    return Targets(
        wav=np.clip(np.rint(wav * 32767), -32767, 32767).astype(np.int16),
        codes=codec.encode(wav, SAMPLE_RATE)[0].T.cpu().numpy().astype(np.int16),
        f0_hz=f0_hz,
        phase=aligned.phase,
        coherence=aligned.coherence,
        noise=noise_level(wav, f0_hz, noise_points).astype(np.float16),
    )


def noise_level(wav: np.ndarray, f0_hz: np.ndarray, points: int) -> np.ndarray:
    """Log magnitude of the noise: WORLD's envelope (CheapTrick) times its aperiodicity (D4C).

    Args:
        wav: (T * HOP_LENGTH,) float.
        f0_hz: (T,), 0 where unvoiced.
        points: number of points on the decoder's mel scale.
    Returns:
        (T, points) float64. White noise of unit variance has 0.
    """
    world, wav = pyworld(), np.ascontiguousarray(wav, np.float64)
    f0, times = f0_hz.astype(np.float64), (np.arange(len(f0_hz)) * HOP_LENGTH + HOP_LENGTH // 2) / SAMPLE_RATE
    power = world.cheaptrick(wav, f0, times, SAMPLE_RATE, fft_size=WORLD_FFT)
    aperiodicity = world.d4c(wav, f0, times, SAMPLE_RATE, fft_size=WORLD_FFT)
    level = 0.5 * np.log(power + LEAST_POWER) + np.log(aperiodicity.clip(LEAST_APERIODICITY, 1))
    hz = np.linspace(0, SAMPLE_RATE / 2, WORLD_FFT // 2 + 1)
    return np.stack([np.interp(mel_points(points, SAMPLE_RATE).numpy(), hz, row) for row in level])


class HasPolarity(Protocol):
    """The fields of an utterance that `polarities` needs."""

    @property
    def speaker(self) -> str: ...

    @property
    def frames(self) -> int: ...

    @property
    def coherence(self) -> np.ndarray: ...


def polarities(utterances: Iterable[HasPolarity]) -> dict[str, int]:
    """1 or -1 for each speaker, by majority. A microphone can invert the polarity, but always does the same."""
    votes: dict[str, float] = defaultdict(float)
    for one in utterances:
        votes[one.speaker] += one.frames * float(one.coherence[0] - one.coherence[1])
    return {speaker: 1 if vote >= 0 else -1 for speaker, vote in votes.items()}
