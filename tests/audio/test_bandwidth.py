"""Narrow recordings made wide: what is narrow is found, and filled up at the level that speech has there."""

import numpy as np
import pytest
import soxr

from phonelm.audio.bandwidth import fill_band
from phonelm.audio.files import read_audio
from phonelm.audio.prompt import prepare_prompt
from phonelm.checkpoint import default_dir
from phonelm.config import SAMPLE_RATE
from phonelm.tts.voices import bundled_voices


@pytest.fixture(scope="module")
def speech():
    """Clean speech, the default voice."""
    wav, sample_rate = read_audio(next(iter(bundled_voices(default_dir() / "voices").values())).path)
    assert sample_rate == SAMPLE_RATE
    return wav


def narrow(wav, sample_rate):
    """As recorded at another rate."""
    return soxr.resample(soxr.resample(wav, SAMPLE_RATE, sample_rate), sample_rate, SAMPLE_RATE)


def level_db(wav, low, high):
    power = np.abs(np.fft.rfft(wav)) ** 2
    hz = np.fft.rfftfreq(len(wav), 1 / SAMPLE_RATE)
    return 10 * np.log10(power[(hz >= low) & (hz < high)].mean())


def test_wide_speech_stays_as_it_is(speech):
    wav, width_hz = fill_band(speech)
    assert width_hz is None and wav is speech


@pytest.mark.parametrize(("sample_rate", "expected_hz"), [(16_000, 7750), (11_025, 5250), (8_000, 3750)])
def test_narrow_speech_is_filled_up(speech, sample_rate, expected_hz):
    muffled = narrow(speech, sample_rate)
    wav, width_hz = fill_band(muffled)
    assert width_hz == pytest.approx(expected_hz, abs=300)
    assert wav.shape == muffled.shape and wav.dtype == np.float32
    assert level_db(wav, 300, 3000) == pytest.approx(level_db(muffled, 300, 3000), abs=0.1)
    for low in range(int(width_hz) + 250, 10_000, 1000):
        missing = level_db(speech, low, low + 1000) - level_db(muffled, low, low + 1000)
        wrong = abs(level_db(wav, low, low + 1000) - level_db(speech, low, low + 1000))
        assert wrong < 16 < missing / 4, low
    assert fill_band(wav)[1] is None


def test_what_is_hardly_speech_is_left_alone():
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    for wav in (np.sin(2 * np.pi * 200 * t), np.zeros(SAMPLE_RATE), np.sin(2 * np.pi * 2000 * t)):
        assert fill_band(wav.astype(np.float32))[1] is None


def test_a_narrow_prompt_is_reported(speech):
    prompt = prepare_prompt(narrow(speech, 16_000), SAMPLE_RATE)
    (note,) = [n for n in prompt.notes if "kHz" in n]
    assert "nothing above 7.8 kHz" in note and "were filled in" in note
    assert not any("kHz" in n for n in prepare_prompt(speech, SAMPLE_RATE).notes)
    assert level_db(prompt.wav, 8000, 9000) > level_db(prompt.wav, 1000, 3000) - 30
