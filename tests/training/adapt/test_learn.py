"""Adaptation: it learns the person, goes on where it was left, keeps the best, and ends when nothing gets better."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from phonelm.codec import Codec
from phonelm.config import PRESETS
from phonelm.model import PhoneLM, merge_low_rank
from phonelm.training.adapt.learn import STATE, Adaptation, AdaptConfig, InMemory, Measured
from phonelm.training.adapt.prior import choose, load_prior, save_prior
from phonelm.training.batches import BatchMaker
from phonelm.training.config import AlignerConfig, TrainConfig
from phonelm.training.data.align import save_aligner
from phonelm.training.data.aligner import Aligner
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.loss import losses

CONFIG = AdaptConfig(rank=4, lr=5e-3, max_steps=40, batch_frames=200, evaluate_every_minutes=0.01, patience=100)


@pytest.fixture(scope="module")
def dataset(training_cache):
    return CodesDataset(training_cache)


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    sizes = replace(PRESETS["tiny"], text_dim=32, global_dim=48, local_dim=32, global_layers=1, speaker_dim=16)
    return PhoneLM(sizes, Codec.load().codebooks[: sizes.n_codebooks]).eval()


def judge(low_rank, step, seconds):
    """Likeness that grows with the steps."""
    return Measured(step, seconds, 0.0, step / 1000)


def loss_on(model, utterances):
    config = TrainConfig()
    batch = BatchMaker(InMemory(utterances), range(len(utterances)), model.config, config)(
        range(len(utterances)), [0], augment=False
    )
    with torch.no_grad():
        return float(losses(model, batch, config)[0])


def parts(dataset):
    return [dataset[i] for i in range(4)], [dataset[i] for i in range(8, 16)]


def test_it_learns_the_person(model, dataset, tmp_path):
    mine, prior = parts(dataset)
    low_rank = Adaptation(model, mine, prior, tmp_path, judge, CONFIG).run()
    assert loss_on(merge_low_rank(model, low_rank), mine) < loss_on(model, mine) - 0.1


def test_it_goes_on_where_it_was_left(model, dataset, tmp_path):
    mine, prior = parts(dataset)
    half, whole = replace(CONFIG, max_steps=20), CONFIG
    (tmp_path / "a").mkdir(), (tmp_path / "b").mkdir()

    def left_after(steps, folder):
        """A run that is stopped; the learning rate is that of the whole run."""
        run = Adaptation(model, mine, prior, folder, judge, whole)

        def stop(state):
            if state.progress.step == steps:
                state._save()
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run.run(stop)

    left_after(half.max_steps, tmp_path / "a")
    again = Adaptation(model, mine, prior, tmp_path / "a", judge, whole)
    assert again.progress.step == half.max_steps
    again.run()
    at_once = Adaptation(model, mine, prior, tmp_path / "b", judge, whole)
    at_once.run()
    for name, value in at_once.average.items():
        torch.testing.assert_close(again.average[name], value)
    with pytest.raises(ValueError, match="other settings"):
        Adaptation(model, mine, prior, tmp_path / "a", judge, replace(whole, rank=5))


def test_it_keeps_the_best_and_ends_when_nothing_gets_better(model, dataset, tmp_path):
    def worse(low_rank, step, seconds):
        return Measured(step, seconds, 0.05 if low_rank else 0.0, 0.5)

    config = replace(CONFIG, max_steps=100_000, evaluate_every_minutes=0.01, patience=2)
    run = Adaptation(model, *parts(dataset), tmp_path, worse, config)
    assert run.run() == {}
    assert len(run.history) == 3 and run.exhausted
    assert (tmp_path / STATE).is_file()


def test_words_count_twice_beyond_a_point():
    start = Measured(0, 0, 0.02, 0.7)
    assert Measured(1, 1, 0.03, 0.8).score(start) == pytest.approx(0.8)
    assert Measured(1, 1, 0.06, 0.8).score(start) == pytest.approx(0.74)


def test_the_prior_comes_back_as_it_was(dataset, tmp_path):
    torch.manual_seed(0)
    aligner = Aligner(AlignerConfig(width=8, n_mels=4))
    save_aligner(aligner, tmp_path / "aligner.safetensors")
    records = dataset.records
    chosen = [0, 5, 7]
    save_prior(tmp_path / "prior.safetensors", tmp_path / "aligner.safetensors", dataset, chosen)
    found = load_prior(Codec.load(), tmp_path / "prior.safetensors")
    for i, utterance in zip(chosen, found.utterances, strict=True):
        assert utterance.id == records[i]["id"] and torch.equal(utterance.codes, dataset[i].codes[:4])
        assert torch.equal(utterance.durations, dataset[i].durations)
        assert torch.equal(utterance.symbols, dataset[i].symbols)
    for name, value in found.aligner.state_dict().items():
        torch.testing.assert_close(value, aligner.state_dict()[name], rtol=1e-3, atol=1e-3)


def test_the_prior_has_many_speakers():
    from types import SimpleNamespace

    records = [{"id": f"set/{i}", "speaker": f"set/{i % 5}", "frames": 300} for i in range(50)]
    records += [{"id": f"set/{i}@0.9", "speaker": f"set/{i}@0.9", "frames": 300} for i in range(50)]
    chosen = choose(SimpleNamespace(records=records), ["set"], minutes=10 * 300 / 75 / 60)
    assert len(chosen) == 10 and all("@" not in records[i]["id"] for i in chosen)
    assert sorted(records[i]["speaker"] for i in chosen) == sorted(2 * [f"set/{i}" for i in range(5)])


def test_settings_out_of_range_are_named():
    with pytest.raises(ValueError, match="rank must be from 1 to 64, not 0"):
        AdaptConfig(rank=0)
    assert Path(STATE).suffix == ".safetensors"
