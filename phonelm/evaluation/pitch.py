"""How well a version of a recording keeps its pitch and its voicing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from phonelm.evaluation.world import track_pitch


class PitchErrors(NamedTuple):
    """Errors of pitch where both are voiced, NaN where that is nowhere, and of voicing."""

    cents: float  # median of the absolute error; 100 are a semitone
    over_50: float  # share of errors above 50 cents
    over_600: float  # above 600: mostly octave errors
    voicing: float  # share of all values where both are voiced or both are not


def pitch_errors(wav: np.ndarray, other: np.ndarray) -> PitchErrors:
    """Compare the tracked pitch (`world.track_pitch`) of a recording and of a version of it, in time with it.

    Args:
        wav, other: (S,) float at `SAMPLE_RATE`; the shorter length counts.
    """
    size = min(len(wav), len(other))
    (_, true), (_, said) = track_pitch(wav[:size]), track_pitch(other[:size])
    voicing = float(np.mean((true > 0) == (said > 0)))
    both = (true > 0) & (said > 0)
    if not both.any():
        return PitchErrors(float("nan"), float("nan"), float("nan"), voicing)
    cents = np.abs(1200 * np.log2(said[both] / true[both]))
    return PitchErrors(float(np.median(cents)), float(np.mean(cents > 50)), float(np.mean(cents > 600)), voicing)
