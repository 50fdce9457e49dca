"""The aligner: paths are right, a known alignment is learned, and silence belongs to <sil>."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
import torch

from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.training.config import AlignerConfig
from phonelm.training.data.aligner import align_batch, diagonal_prior, silence_bias, train_aligner, viterbi
from phonelm.training.data.mel import N_MELS, log_mel, to_log

SIL = 1
CONFIG = AlignerConfig(n_symbols=24, width=48, steps=240, batch_frames=2000)


def speak(rng: np.random.Generator, spectra: np.ndarray, lead: int | None = None):
    """(ids, mel, durations) of a random utterance in which every phoneme has its own spectrum."""
    n = int(rng.integers(8, 16))
    steps = rng.integers(1, 14, n)  # never 0: where a phoneme is said twice, no boundary can be heard
    ids = np.concatenate([[SIL], 10 + np.cumsum(steps) % 14, [SIL]])
    if n > 11:
        ids[6] = 2  # a comma, in the middle
    durations = rng.integers(4, 12, len(ids))
    durations[0] = rng.integers(8, 30) if lead is None else lead
    clean = np.repeat(spectra[ids], durations, axis=0)
    return ids, np.clip(clean + rng.normal(0, 6, clean.shape), 0, 255).astype(np.uint8), durations


@pytest.fixture(scope="module")
def spectra() -> np.ndarray:
    values = np.random.default_rng(1).uniform(60, 200, (24, N_MELS))
    values[:10] = 8  # <sil> and pauses
    return values


@pytest.fixture(scope="module")
def aligner(spectra):
    rng = np.random.default_rng(2)
    items = [speak(rng, spectra)[:2] for _ in range(120)]
    return train_aligner(items, CONFIG)


def boundaries(durations: np.ndarray) -> np.ndarray:
    return np.cumsum(durations)[:-1]


def test_learns_a_known_alignment(aligner, spectra):
    rng = np.random.default_rng(3)
    for _ in range(20):
        ids, mel, truth = speak(rng, spectra)
        durations, score = align_batch(aligner, [(ids, mel)])[0]
        assert np.abs(boundaries(durations) - boundaries(truth)).max() <= 1
        assert -2 < score <= 0


@pytest.mark.parametrize("lead", [2, 15, 60])
def test_leading_silence_goes_to_sil(aligner, spectra, lead):
    ids, mel, _ = speak(np.random.default_rng(4), spectra, lead)
    durations, _ = align_batch(aligner, [(ids, mel)])[0]
    assert abs(durations[0] - lead) <= 1


def test_score_falls_for_the_wrong_text(aligner, spectra):
    rng = np.random.default_rng(5)
    ids, mel, _ = speak(rng, spectra)
    wrong = np.concatenate([[SIL], rng.integers(10, 24, len(ids) - 2), [SIL]])
    (_, right), (_, other) = align_batch(aligner, [(ids, mel), (wrong, mel)])
    assert other < right - 1


def test_batched_equals_single(aligner, spectra):
    rng = np.random.default_rng(6)
    items = [speak(rng, spectra)[:2] for _ in range(5)]
    for item, (durations, score) in zip(items, align_batch(aligner, items), strict=True):
        alone, score_alone = align_batch(aligner, [item])[0]
        assert (durations == alone).all()
        assert score == pytest.approx(score_alone, abs=1e-3)


def test_same_seed_gives_the_same_weights_and_leaves_the_global_one(spectra):
    rng = np.random.default_rng(7)
    items = [speak(rng, spectra)[:2] for _ in range(6)]
    config = AlignerConfig(n_symbols=24, width=16, steps=6, batch_frames=500)
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    first, second = (train_aligner(items, config).state_dict() for _ in range(2))
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert torch.equal(state, torch.random.get_rng_state())
    assert threads == torch.get_num_threads()


def test_nothing_to_train_on():
    with pytest.raises(ValueError, match="no utterance"):
        train_aligner([(np.array([1, 10, 11, 1]), np.zeros((3, N_MELS), np.uint8))], CONFIG)


def brute_force(log_p: np.ndarray) -> float:
    frames, phonemes = log_p.shape
    return max(
        log_p[np.arange(frames), np.searchsorted(np.array(cuts, dtype=int), np.arange(frames), side="right")].sum()
        for cuts in combinations(range(1, frames), phonemes - 1)
    )


@pytest.mark.parametrize("seed", range(8))
def test_viterbi_finds_the_best_of_all_paths(seed):
    rng = np.random.default_rng(seed)
    n_frames, n_phonemes = np.array([7, 4, 6, 1]), np.array([3, 4, 1, 1])
    log_p = rng.normal(size=(4, 7, 4))
    durations = viterbi(log_p, n_frames, n_phonemes)
    for b, (t, n) in enumerate(zip(n_frames, n_phonemes, strict=True)):
        assert durations[b, :n].min() >= 1
        assert durations[b].sum() == t
        assert (durations[b, n:] == 0).all()
        path = np.repeat(np.arange(n), durations[b, :n])
        assert log_p[b, np.arange(t), path].sum() == pytest.approx(brute_force(log_p[b, :t, :n]))


def test_viterbi_refuses_too_few_frames():
    with pytest.raises(ValueError, match="3 frames are fewer than 4 phonemes"):
        viterbi(np.zeros((1, 3, 4)), np.array([3]), np.array([4]))


def test_silence_bias_signs():
    mel = torch.full((1, 40, N_MELS), 150, dtype=torch.uint8)
    mel[0, :10] = 5
    bias = silence_bias(torch.tensor([[SIL, 12, 2, 0]]), mel, torch.tensor([40]))
    assert (bias[0, :10, [0, 2]] > 0).all()
    assert (bias[0, 10:, [0, 2]] < 0).all()
    assert (bias[0, :, [1, 3]] == 0).all()


def test_prior_is_a_distribution_along_the_diagonal():
    prior = diagonal_prior(torch.tensor([30, 12]), torch.tensor([7, 5]))
    assert torch.allclose(prior[0].exp().sum(1), torch.ones(30), atol=1e-3)
    assert torch.allclose(prior[1, :12, :5].exp().sum(1), torch.ones(12), atol=1e-3)
    assert prior[0, 0].argmax() == 0 and prior[0, -1].argmax() == 6


@pytest.mark.parametrize("samples", [1, HOP_LENGTH, HOP_LENGTH + 1, 10 * HOP_LENGTH - 1])
def test_mel_has_the_codecs_frames(samples):
    assert log_mel(np.zeros(samples, np.float32)).shape == (-(-samples // HOP_LENGTH), N_MELS)


def test_mel_is_where_the_sound_is():
    wav = np.zeros(20 * HOP_LENGTH, np.float32)
    middle = np.arange(10 * HOP_LENGTH, 11 * HOP_LENGTH)
    wav[middle] = 0.1 * np.sin(2 * np.pi * 1000 * middle / SAMPLE_RATE)
    mel = log_mel(wav)
    assert mel.max(1).argmax() == 10
    assert 9 <= mel[10].argmax() <= 16  # 1 kHz
    assert (mel[:7] == 0).all()
    assert to_log(torch.from_numpy(mel)).max() < np.log(512)
