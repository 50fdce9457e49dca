"""The Compare tab's pure parts: which cells differ, equal loudness, places to swap to, votes."""

import csv
import io
import json

import numpy as np
import pytest

from phonelm.audio.loudness import active_rms, match_loudness
from phonelm.codec.parameters import DecodeControls
from phonelm.config import SAMPLE_RATE, SamplingConfig
from phonelm.ui.differences import NONE, counterparts, differing
from phonelm.ui.grid import grid_data
from phonelm.ui.swap import swap_value
from phonelm.ui.votes import NEITHER, Vote, tally, votes_csv

TEXT = "I read it. Do you?"


@pytest.fixture(scope="module")
def pair(app_tts):
    return [app_tts.speak(TEXT, None, SamplingConfig(seed=seed, n_codebooks=k)) for seed, k in ((3, 4), (8, 3))]


def test_each_cell_is_beside_that_of_the_same_place_in_its_phoneme(pair):
    a, b = pair
    found = counterparts(a, b)
    assert found.shape == a.codes.shape[1:] and (found[3] == NONE).all()
    seen = 0
    for s, p in {(s, f.pointer) for s, f in zip(a.sentence, a.frames)}:
        here, there = ([t for t, f in enumerate(x.frames) if (x.sentence[t], f.pointer) == (s, p)] for x in (a, b))
        for i, t in enumerate(here):
            expected = b.codes[0, :3, there[i]].tolist() if i < len(there) else [NONE] * 3
            assert found[:3, t].tolist() == expected
            seen += i < len(there)
    assert 0 < seen < len(a.frames)
    assert grid_data(a, b)["other"] == found.ravel().tolist() and grid_data(a)["other"] is None


def test_the_share_of_differing_cells(app_tts, pair):
    a, b = pair
    assert differing(a, a) == 0 and differing(a, b) == differing(b, a)
    durations = [[round((p.end_s - p.start_s) * 75) for p in speech.timeline] for speech in pair]
    cells = 4 * sum(map(max, zip(*durations)))
    same = (counterparts(a, b) == a.codes[0].numpy()).sum()
    assert differing(a, b) == pytest.approx(1 - same / cells) and differing(a, b) > 0.5


def test_both_are_equally_loud_and_nothing_clips():
    t = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = np.sin(2 * np.pi * 200 * t).astype(np.float32)
    clicks = 0.02 * tone
    clicks[::4000] = 0.9  # a high peak keeps it from being loud
    loud = match_loudness([0.9 * tone, clicks, 0.03 * tone])
    levels = [active_rms(wav) for wav in loud]
    assert levels == pytest.approx([levels[0]] * 3, rel=0.01) and max(np.abs(w).max() for w in loud) <= 0.951
    silence = np.zeros(SAMPLE_RATE, np.float32)
    assert not match_loudness([silence, tone])[0].any() and not match_loudness([silence])[0].any()


def test_places_to_swap_to(pair):
    first, second = json.loads(swap_value(*pair))
    assert len(first) == len(second) == len(pair[0].timeline) + 1
    assert first == sorted(first) and first[-1] == pytest.approx(pair[0].duration_s, abs=1e-3)


def test_votes_are_counted_and_tabled():
    settings = SamplingConfig(seed=1), SamplingConfig(seed=2, temperature=0.8)
    tuned = DecodeControls(), DecodeControls(speed=1.5)
    same = ('He said, "no".', 0.25, ("hibari", "clip"), settings, tuned)
    votes = [Vote(better, *same) for better in ("A", NEITHER, "A")]
    assert tally([]) == "" and "A: <b>2</b>" in tally(votes) and "B: <b>0</b>" in tally(votes)
    rows = list(csv.DictReader(io.StringIO(votes_csv(votes))))
    assert [row["better"] for row in rows] == ["A", NEITHER, "A"] and rows[0]["text"] == 'He said, "no".'
    assert (rows[0]["voice_B"], rows[0]["temperature_B"], rows[0]["seed_A"]) == ("clip", "0.8", "1")
    assert (rows[0]["speed_B"], rows[0]["pitch_semitones_A"]) == ("1.5", "0.0")
