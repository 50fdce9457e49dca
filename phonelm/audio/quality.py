"""How good a recording is to learn a voice from: its length, clipping and noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phonelm.audio.loudness import MIN_QUIET_SHARE, _energies, active_rms, active_s, quiet_share
from phonelm.config import SAMPLE_RATE

CLIPPED = 0.999  # of full scale
MAX_CLIPPED = 1e-3  # share of the samples
NOISE_PERCENTILE = 5  # of the frames' energies
MIN_SNR_DB = 18.0
MIN_SPEECH_S = 1.0


@dataclass(frozen=True)
class Quality:
    """What is measured of a recording, and what is wrong with it.

    Attributes:
        speech_s: seconds that are no pause.
        clipped: share of the samples at full scale.
        snr_db: level of the speech above that of the quietest moments.
        problems: why it cannot be used, one line each, with what to do.
        advice: what would make it better, likewise.
    """

    speech_s: float
    clipped: float
    snr_db: float
    problems: tuple[str, ...]
    advice: tuple[str, ...]


def measure_quality(wav: np.ndarray) -> Quality:
    """The quality of a waveform (S,) float at `SAMPLE_RATE` that is not silent."""
    clipped = float(np.mean(np.abs(wav) >= CLIPPED))
    noise = np.sqrt(np.percentile(_energies(wav), NOISE_PERCENTILE)) + 1e-6
    speech_s, snr_db = active_s(wav), float(20 * np.log10(active_rms(wav) / noise))
    problems, advice = [], []
    if speech_s < MIN_SPEECH_S:
        advice.append(f"only {speech_s:.1f} s of speech: say more")
    if clipped > MAX_CLIPPED:
        first = np.argmax(np.abs(wav) >= CLIPPED) / SAMPLE_RATE
        problems.append(f"clipped from {first:.1f} s on ({clipped:.1%} of it): record again with less gain")
    if quiet_share(wav) < MIN_QUIET_SHARE:
        problems.append("it has no quiet moments, as speech has: is it music, or very noisy?")
    elif snr_db < MIN_SNR_DB:
        advice.append(f"noisy: the speech is only {snr_db:.0f} dB above the noise; go nearer to the microphone")
    return Quality(speech_s, clipped, snr_db, tuple(problems), tuple(advice))
