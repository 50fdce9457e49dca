"""The instruments: intervals, pitch, WORLD's copy, naturalness."""

from importlib.util import find_spec

import numpy as np
import pytest

from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.evaluation.intervals import mean_interval, ratio_interval
from tests.codec_cases import VECTORS


def voice(f0_hz: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(S,) Hz, 0 where silent -> (S,) float32: harmonics below 4 kHz, and a little noise."""
    phase = 2 * np.pi * np.cumsum(f0_hz) / SAMPLE_RATE
    harmonics = sum(np.cos(k * phase) / k * (k * f0_hz < 4000) for k in range(1, 40))
    return (0.1 * harmonics * (f0_hz > 0) + 1e-4 * rng.standard_normal(len(f0_hz))).astype(np.float32)


@pytest.fixture(scope="module")
def pitch() -> np.ndarray:
    """(S,) Hz: .8 s of a rising pitch, .4 s of silence, .8 s of a falling one."""
    rising = np.linspace(120, 180, round(0.8 * SAMPLE_RATE))
    return np.concatenate([rising, np.zeros(round(0.4 * SAMPLE_RATE)), rising[::-1]])


def test_interval_holds_the_mean_and_narrows_with_more_values():
    rng = np.random.default_rng(0)
    few, many = (mean_interval(list(3 + rng.standard_normal(n))) for n in (10, 1000))
    assert few.low < few.mean < few.high and many.low < 3.05 and many.high > 2.95
    assert many.high - many.low < 0.25 * (few.high - few.low)


def test_interval_counts_speakers_and_not_utterances():
    values, speakers = [1.0] * 90 + [2.0, 3.0], ["a"] * 90 + ["b", "c"]
    assert mean_interval(values, speakers).mean == pytest.approx(2.0)
    assert mean_interval(values).mean < 1.1
    assert mean_interval([1.0, float("nan"), 3.0]).mean == 2.0
    assert np.isnan(mean_interval([float("nan")]).mean)


def test_error_rate_weighs_sentences_by_their_words():
    found = ratio_interval([1, 0, 0], [2, 10, 8])
    assert found.mean == pytest.approx(0.05) and found.low == 0 and 0.05 < found.high <= 0.5


def test_difference_is_paired():
    """Two versions that differ by the same amount on very different recordings: the interval is narrow."""
    from phonelm.evaluation import Score, difference, summary

    rng = np.random.default_rng(0)
    levels = rng.uniform(2, 4.5, 12)
    base, better = (
        [Score(f"s{i // 2}", level + gain, 3, 0.9, 2, 0.9, 40, 0.4, 0.01, 0.9, 1, 10) for i, level in enumerate(levels)]
        for gain in (0.0, 0.3)
    )
    found = difference(better, base, "distillmos")
    assert found.mean == pytest.approx(0.3) and found.high - found.low < 1e-6
    alone = summary(base)
    assert alone["distillmos"].high - alone["distillmos"].low > 0.3 and alone["wer"].mean == pytest.approx(0.1)


def test_pitch_errors_are_in_cents(pitch):
    pytest.importorskip("pyworld")
    from phonelm.evaluation.pitch import pitch_errors
    from phonelm.evaluation.world import frame_pitch

    rng = np.random.default_rng(0)
    recording = voice(pitch, rng)
    tracked = frame_pitch(recording)
    centres = pitch[HOP_LENGTH // 2 :: HOP_LENGTH]
    both = (tracked > 0) & (centres > 0)
    assert len(tracked) == len(centres) and both.mean() > 0.7
    assert np.abs(1200 * np.log2(tracked[both] / centres[both])).mean() < 15
    near = pitch_errors(recording, voice(pitch * 2 ** (30 / 1200), rng))
    assert near.cents == pytest.approx(30, abs=6) and near.over_50 < 0.1 and near.over_600 == 0 and near.voicing > 0.95
    octave = pitch_errors(recording, voice(2 * pitch, rng))
    assert octave.cents == pytest.approx(1200, abs=10) and octave.over_600 > 0.95
    late = pitch.copy()
    late[: SAMPLE_RATE // 2] = 0
    assert pitch_errors(recording, voice(late, rng)).voicing == pytest.approx(1 - 0.5 / 2.0, abs=0.03)
    silent = pitch_errors(recording, np.zeros_like(recording))
    assert np.isnan(silent.cents) and silent.voicing < 0.4


def test_copy_synthesis_keeps_length_and_pitch(pitch):
    pytest.importorskip("pyworld")
    from phonelm.evaluation.pitch import pitch_errors
    from phonelm.evaluation.world import copy_synthesis

    recording = voice(pitch, np.random.default_rng(0))[:-77]
    copy = copy_synthesis(recording)
    assert copy.shape == recording.shape and copy.dtype == np.float32 and not np.array_equal(copy, recording)
    assert pitch_errors(recording, copy).cents < 20


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distillmos") is None, reason="needs requirements-eval.txt")
def test_naturalness_hears_noise_and_not_level():
    from phonelm.evaluation.distillmos import DistillMOS, resample_as_trained

    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    levels = [np.std(resample_as_trained(np.sin(2 * np.pi * hz * time), SAMPLE_RATE)[100:-100]) for hz in (1e3, 9e3)]
    assert levels[0] == pytest.approx(0.5**0.5, rel=0.01) and levels[1] < 0.2
    with np.load(VECTORS) as vectors:
        wav = next(vectors[name] for name in vectors if name.endswith("_wav"))
    judge, noise = DistillMOS(), np.random.default_rng(0).standard_normal(len(wav))
    clean = judge(wav, SAMPLE_RATE)
    assert 1 < judge(wav + 0.3 * wav.std() * noise, SAMPLE_RATE) < clean - 0.3
    assert judge(0.3 * wav, SAMPLE_RATE) == pytest.approx(clean, abs=1e-3)
