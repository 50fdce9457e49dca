"""Speakers drawn from a voice space."""

import numpy as np
import pytest

from phonelm.training.data.voice_space import LIMIT, PROSODY, TIMBRE, VoiceSpace


@pytest.fixture(scope="module")
def tables():
    """Voices that differ along three directions, more or less for long texts than for short ones."""
    rng = np.random.default_rng(0)
    directions, mean = rng.normal(size=(3, 256)), rng.normal(size=256)
    growth = np.linspace(0.5, 1.5, 510)[:, None]
    names = [f"{language}f_{i}" for language in "abz" for i in range(8)]
    return {name: mean + growth * (rng.normal(size=3) * [3, 2, 1] @ directions) for name in names}


def test_a_seed_is_one_speaker_for_every_length(tables):
    space = VoiceSpace(tables)
    one, same, other = space.draw(5), space.draw(5), space.draw(6)
    assert np.array_equal(space.style(one, 30), space.style(same, 30))
    assert np.abs(space.style(one, 30) - space.style(other, 30)).max() > 0.1
    deviation = [space.style(one, n) - np.stack(list(tables.values()))[:, n - 1].mean(0) for n in (100, 300)]
    timbre = [d[TIMBRE] / np.linalg.norm(d[TIMBRE]) for d in deviation]
    assert timbre[0] @ timbre[1] == pytest.approx(1, abs=1e-6)  # further from the mean, in the same direction
    assert space.style(one, 10_000).shape == (256,)


def test_speakers_spread_as_the_voices_do_and_stay_within_the_limit(tables):
    space = VoiceSpace(tables)
    voices = np.stack(list(tables.values()))[:, 99]
    drawn = np.stack([space.style(space.draw(seed), 100) for seed in range(400)])
    for half, names in ((TIMBRE, "abz"), (PROSODY, "ab")):
        chosen = np.stack([v for name, v in zip(tables, voices) if name[0] in names])[:, half]
        _, _, axes = np.linalg.svd(chosen - chosen.mean(0), full_matrices=False)
        known, found = (chosen - chosen.mean(0)) @ axes[:3].T, (drawn[:, half] - chosen.mean(0)) @ axes[:3].T
        assert np.abs(found / known.std(0)).max() < LIMIT + 1e-6
        assert found.std(0) == pytest.approx(0.74 * known.std(0), rel=0.15)  # of a normal one cut off at 1.5
