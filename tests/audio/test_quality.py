"""The quality of a recording: what cannot be used, and what would make it better."""

import numpy as np
import pytest

from phonelm.audio import measure_quality
from phonelm.config import SAMPLE_RATE


def speech_like(seconds, noise=0.0):
    """A buzz with syllables and a pause at its end."""
    t = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    sound = 0.3 * np.sin(2 * np.pi * 150 * t) ** 3 * np.clip(np.sin(2 * np.pi * 2 * t), 0, 1)
    sound[-round(0.3 * SAMPLE_RATE) :] = 0
    return sound + np.random.default_rng(0).normal(0, noise, len(t))


def test_a_good_recording_has_neither_problems_nor_advice():
    found = measure_quality(speech_like(5, noise=1e-4))
    assert found.problems == found.advice == () and found.snr_db > 40
    assert 2 < found.speech_s < 5 and found.clipped == 0


def test_noise_is_advice_and_its_level_is_measured():
    clean, noisy = (measure_quality(speech_like(5, noise=n)) for n in (1e-3, 3e-2))
    assert noisy.advice and "noisy" in noisy.advice[0] and not noisy.problems
    assert clean.snr_db - noisy.snr_db == pytest.approx(20 * np.log10(30), abs=3)


def test_clipping_is_a_problem_with_its_second():
    wav = speech_like(4)
    wav[2 * SAMPLE_RATE :] = np.clip(30 * wav[2 * SAMPLE_RATE :], -1, 1)
    [problem] = measure_quality(wav).problems
    assert problem.startswith("clipped from 2.0 s on")


def test_noise_alone_and_too_little_speech():
    assert "no quiet moments" in measure_quality(np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE)).problems[0]
    assert "say more" in measure_quality(speech_like(0.8)).advice[0]
