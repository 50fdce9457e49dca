"""Recordings are cut at pauses; what cannot be used is named with its file and second."""

import numpy as np
import pytest

from phonelm.audio import AudioError, write_audio
from phonelm.config import SAMPLE_RATE
from phonelm.training.adapt.recordings import EDGE_S, MAX_S, check_length, cut, find_recordings

RATE = 16_000


def voiced(seconds, rate=RATE):
    """A buzz with syllables: loud and quiet four times a second."""
    t = np.arange(round(seconds * rate)) / rate
    return 0.3 * np.sin(2 * np.pi * 150 * t) ** 3 * np.clip(np.sin(2 * np.pi * 4 * t), 0.02, 1)


def silence(seconds, rate=RATE):
    return np.zeros(round(seconds * rate))


def write(path, *parts):
    write_audio(path, np.concatenate(parts).astype(np.float32), RATE)
    return path


def test_utterances_end_at_pauses(tmp_path):
    path = write(tmp_path / "a.wav", voiced(6), silence(1), voiced(2), silence(0.5), voiced(4), silence(1))
    first, second = cut(path)
    assert first.start_s == pytest.approx(0, abs=0.1) and first.end_s == pytest.approx(6 + EDGE_S, abs=0.2)
    assert second.start_s == pytest.approx(7 - EDGE_S, abs=0.2) and second.end_s == pytest.approx(13.5, abs=0.2)
    assert len(second.wav) == pytest.approx((second.end_s - second.start_s) * SAMPLE_RATE, abs=2)


def test_speech_without_a_pause_is_cut_where_it_is_quiet(tmp_path):
    segments = cut(write(tmp_path / "a.wav", voiced(30)))
    assert len(segments) >= 3 and all(s.end_s - s.start_s <= MAX_S for s in segments)
    assert sum(s.end_s - s.start_s for s in segments) == pytest.approx(30, abs=0.3)
    for segment in segments[:-1]:  # in the middle of the quiet half of a syllable
        assert segment.end_s % 0.25 == pytest.approx(0.1875, abs=0.06)


def test_a_folder_gives_all_its_recordings(tmp_path):
    (tmp_path / "more").mkdir()
    paths = [write(tmp_path / "b.wav", voiced(1)), write(tmp_path / "more" / "a.flac", voiced(1))]
    (tmp_path / "b.txt").write_text("b")
    assert find_recordings(tmp_path) == paths
    assert find_recordings(paths[1]) == [paths[1]]
    with pytest.raises(AudioError, match="holds no recording"):
        find_recordings(write(tmp_path / "more" / "a.flac", voiced(1)).parent / "nothing")


def test_clipping_is_refused_with_its_second(tmp_path):
    loud = np.clip(voiced(4) * 20, -1, 1)
    with pytest.raises(AudioError, match=r"loud.wav: clipped from 3\.\d s on"):
        cut(write(tmp_path / "loud.wav", voiced(3), loud))


def test_noise_is_no_speech(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 5 * RATE)
    with pytest.raises(AudioError, match="noise.wav: it has no quiet moments"):
        cut(write(tmp_path / "noise.wav", noise))


def test_less_than_ten_seconds_are_too_few(tmp_path):
    segments = cut(write(tmp_path / "a.wav", voiced(6)))
    with pytest.raises(AudioError, match=r"6\.\d s of speech; at least 10 s"):
        check_length(segments)
    check_length(2 * segments)
