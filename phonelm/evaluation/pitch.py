"""Errors of pitch and voicing of a version of a recording."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from phonelm.evaluation.world import track_pitch


class PitchErrors(NamedTuple):
    """Pitch errors are taken where both are voiced, and are NaN if that is nowhere."""

    cents: float  # median absolute error; 100 cents are a semitone
    over_50: float  # share of errors above 50 cents
    over_600: float  # share of errors above 600 cents, mostly octave errors
    voicing: float  # share of values at which both are voiced or both are unvoiced


def pitch_errors(wav: np.ndarray, other: np.ndarray) -> PitchErrors:
    """Compare the pitch (`world.track_pitch`) of a recording and of a version of it that is aligned in time.

    Args:
        wav: (S,) float at `SAMPLE_RATE`, the recording.
        other: (S,) float at `SAMPLE_RATE`, the version. The longer one is cut.
    """
    size = min(len(wav), len(other))
    (_, reference), (_, f0) = track_pitch(wav[:size]), track_pitch(other[:size])
    voicing = float(np.mean((reference > 0) == (f0 > 0)))
    both = (reference > 0) & (f0 > 0)
    if not both.any():
        return PitchErrors(float("nan"), float("nan"), float("nan"), voicing)
    cents = np.abs(1200 * np.log2(f0[both] / reference[both]))
    return PitchErrors(float(np.median(cents)), float(np.mean(cents > 50)), float(np.mean(cents > 600)), voicing)
