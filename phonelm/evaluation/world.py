"""Pitch tracking and copy synthesis by WORLD (Morise et al., IEICE 2016), with the package pyworld."""

from __future__ import annotations

import warnings
from types import ModuleType

import numpy as np

from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.evaluation.errors import JudgeError

F0_RANGE_HZ = (55.0, 520.0)  # lowest and highest tracked pitch
PERIOD_MS = 5.0  # time between two values of the tracker
MIN_VOICED_MS = 30.0  # shorter voiced spans are errors of the tracker


def pyworld() -> ModuleType:
    """The package pyworld.

    Raises:
        JudgeError: it is not installed, or setuptools is too new for it.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources, which is deprecated
        try:
            import pyworld
        except ModuleNotFoundError as error:
            raise JudgeError(f'no {error.name}: pip install pyworld "setuptools<81"') from None
    return pyworld


def track_pitch(wav: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pitch by DIO and StoneMask, without voiced spans shorter than `MIN_VOICED_MS`.

    Args:
        wav: (S,) float at `SAMPLE_RATE`.
    Returns:
        (N,) seconds and (N,) Hz, one value per `PERIOD_MS`; 0 where unvoiced.
    Raises:
        JudgeError: see `pyworld`.
    """
    world, wav = pyworld(), np.ascontiguousarray(wav, np.float64)
    low, high = F0_RANGE_HZ
    f0, times = world.dio(wav, SAMPLE_RATE, f0_floor=low, f0_ceil=high, frame_period=PERIOD_MS)
    f0 = world.stonemask(wav, f0, times, SAMPLE_RATE)
    edges = np.diff(np.concatenate([[0], (f0 > 0).astype(int), [0]]))
    for start, end in zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)):
        if (end - start) * PERIOD_MS < MIN_VOICED_MS:
            f0[start:end] = 0
    return times, f0


def frame_pitch(wav: np.ndarray) -> np.ndarray:
    """(S,) float at `SAMPLE_RATE` -> (T,) float32 Hz at the centres of the codec's frames, 0 where unvoiced.

    T is ceil(S / HOP_LENGTH).
    """
    _, f0 = track_pitch(wav)
    centres = np.arange(-(-len(wav) // HOP_LENGTH)) * HOP_LENGTH + HOP_LENGTH // 2
    nearest = np.round(centres / SAMPLE_RATE * 1000 / PERIOD_MS).astype(int)
    return f0[nearest.clip(max=len(f0) - 1)].astype(np.float32)


def copy_synthesis(wav: np.ndarray) -> np.ndarray:
    """Analyse and resynthesise a recording by WORLD (Harvest, StoneMask, CheapTrick, D4C). Nothing is learned or coded.

    Args:
        wav: (S,) float at `SAMPLE_RATE`.
    Returns:
        (S,) float32.
    """
    world, wav = pyworld(), np.ascontiguousarray(wav, np.float64)
    low, high = F0_RANGE_HZ
    f0, times = world.harvest(wav, SAMPLE_RATE, f0_floor=low, f0_ceil=high)
    f0 = world.stonemask(wav, f0, times, SAMPLE_RATE)
    envelope, aperiodicity = world.cheaptrick(wav, f0, times, SAMPLE_RATE), world.d4c(wav, f0, times, SAMPLE_RATE)
    copy = world.synthesize(f0, envelope, aperiodicity, SAMPLE_RATE)[: len(wav)]
    return np.pad(copy, (0, len(wav) - len(copy))).astype(np.float32)
