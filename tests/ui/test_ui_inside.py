"""The Inside tab's pure parts: what is kept of a clip, and the pictures."""

import numpy as np
import pytest
import torch

from phonelm.audio.files import write_audio
from phonelm.config import CARD, SAMPLE_RATE
from phonelm.ui.spectra import HOP, WINDOW, draw_codes, draw_spectrogram, spectrogram
from phonelm.ui.tabs.inside import MAX_S, encoded


def tone(hz, seconds, rate=SAMPLE_RATE):
    return (0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def test_a_tone_is_a_line_in_the_spectrogram():
    db = spectrogram(tone(3000, 1))
    assert db.shape == (WINDOW // 2 + 1, SAMPLE_RATE // HOP + 1) and db.dtype == np.float32
    line = 3000 * WINDOW // SAMPLE_RATE
    assert (db[:, 10:-10].argmax(0) == line).all()
    assert db[line, 50] - db[2 * line, 50] > 60
    louder = spectrogram(2 * tone(3000, 1))
    assert louder[line, 50] - db[line, 50] == pytest.approx(6.02, abs=0.01)
    assert np.isfinite(spectrogram(np.zeros(SAMPLE_RATE, np.float32))).all()


def test_spectrograms_on_one_scale():
    db = spectrogram(tone(3000, 1))
    bright, same, dark = (draw_spectrogram(d, float(db.max())) for d in (db, db, db - 100))
    assert bright.dtype == np.uint8 and bright.ndim == 3 and bright.shape[1] > 600 and (bright[:2] == 255).all()
    assert np.array_equal(bright, same)
    assert dark.shape == bright.shape and dark.mean() < bright.mean()


def test_codebooks_that_are_not_heard_are_pale():
    codes = torch.randint(0, CARD, (1, 8, 40), generator=torch.Generator().manual_seed(0))
    means = [draw_codes(codes, n).mean() for n in (8, 4, 1)]
    assert means == sorted(means) and means[0] < means[1] < means[2]


def test_the_pitch_of_voiced_frames_is_above_the_codes():
    codes = torch.randint(0, CARD, (1, 8, 80), generator=torch.Generator().manual_seed(0))
    plain, unvoiced, low, high = (
        draw_codes(codes, 8, None if hz is None else np.full(80, hz, np.float32)) for hz in (None, 0, 80, 320)
    )
    assert unvoiced.shape == low.shape and low.shape[0] > plain.shape[0] and low.shape[1] == plain.shape[1]
    rows = [np.flatnonzero((picture != unvoiced).any(axis=(1, 2))) for picture in (low, high)]
    assert len(rows[0]) and len(rows[1]) and rows[1].max() < rows[0].min() < low.shape[0] / 2


def test_a_clip_is_cut_resampled_and_encoded(app_tts, tmp_path):
    write_audio(tmp_path / "long.wav", tone(200, MAX_S + 3, 16_000), 16_000)
    found = encoded(app_tts, str(tmp_path / "long.wav"))
    assert len(found.wav) == pytest.approx(MAX_S * SAMPLE_RATE, abs=2)
    assert found.codes.shape[:2] == (1, app_tts.codec.n_q)
    write_audio(tmp_path / "short.wav", tone(200, 0.03), SAMPLE_RATE)
    with pytest.raises(ValueError, match="the clip is too short: 720 samples"):
        encoded(app_tts, str(tmp_path / "short.wav"))
