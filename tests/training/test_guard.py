"""Losses that are not finite are left out and end a run in time; weights that are not are never saved."""

from dataclasses import replace

import pytest
import torch
from accelerate import Accelerator

from phonelm import checkpoint
from phonelm.training.codec.train import Run as CodecRun
from phonelm.training.config import TrainConfig
from phonelm.training.guard import MOST_IN_A_ROW, DivergedError, StepGuard, check_finite
from phonelm.training.train import KIND, Run
from tests.training.test_codec_training import CONFIG as CODEC_CONFIG
from tests.training.test_codec_training import TINY as TINY_CODEC
from tests.training.test_codec_training import data  # noqa: F401
from tests.training.test_train import CONFIG, TINY


def test_steps_are_accepted_until_too_many_in_a_row_are_not_finite():
    guard, good = StepGuard(), torch.tensor(1.0)
    for bad in (torch.nan, torch.inf, -torch.inf):
        for _ in range(MOST_IN_A_ROW - 1):
            assert not guard.accepts(good, torch.tensor(bad))
        assert guard.accepts(good, good)
    assert guard.skipped == 3 * (MOST_IN_A_ROW - 1) and guard.in_a_row == 0
    with pytest.raises(DivergedError, match="10 steps in a row"):
        for _ in range(MOST_IN_A_ROW):
            guard.accepts(torch.tensor(torch.nan), good)


def test_only_finite_weights_may_be_saved():
    good = {"a": torch.zeros(3), "n": torch.tensor([1, 2])}
    check_finite(good)
    with pytest.raises(DivergedError, match="bad has"):
        check_finite(good | {"bad": torch.tensor([0.0, torch.inf])})


def break_steps(module, steps):
    """Let what a network gives be not finite in these of its calls."""
    calls = iter(range(10**6))

    def break_outputs(_module, _inputs, outputs):
        bad = torch.nan if next(calls) in steps else 1.0
        return tuple(x * bad if isinstance(x, torch.Tensor) and x.is_floating_point() else x for x in outputs)

    return module.register_forward_hook(break_outputs)


def test_a_step_that_is_not_finite_changes_nothing(training_cache, tmp_path):
    run = Run(training_cache, tmp_path, TINY, CONFIG)
    run.step(run.maker(run.train_set[:4], [0, 0, 0]))
    before = {k: v.clone() for k, v in run.raw_model.state_dict().items()}
    average = {k: v.clone() for k, v in run.ema.state_dict().items()}
    hook = break_steps(run.raw_model, {0})
    assert run.step(run.maker(run.train_set[:4], [0, 0, 1])) is None and run.progress.skipped == 1
    hook.remove()
    assert all(torch.equal(v, before[k]) for k, v in run.raw_model.state_dict().items())
    assert all(torch.equal(v, average[k]) for k, v in run.ema.state_dict().items())
    assert run.step(run.maker(run.train_set[:4], [0, 0, 2])).isfinite().all()


def test_a_run_goes_on_after_steps_that_are_not_finite(training_cache, tmp_path):
    run = Run(training_cache, tmp_path, TINY, CONFIG)
    break_steps(run.raw_model, {0, 3})
    run.train()
    tensors, meta = checkpoint.load(tmp_path / "last.safetensors", KIND)
    assert meta["progress"]["step"] == CONFIG.max_steps and meta["progress"]["skipped"] == 2
    check_finite(tensors)
    assert Run(training_cache, tmp_path, TINY, CONFIG, resume=True).progress.skipped == 2


@pytest.mark.slow
def test_a_run_that_has_diverged_ends_and_keeps_what_was_saved(training_cache, tmp_path):
    Run(training_cache, tmp_path, TINY, CONFIG).train()
    files = [tmp_path / name for name in ("last.safetensors", "model.safetensors")]
    kept = [file.read_bytes() for file in files]
    run = Run(training_cache, tmp_path, TINY, replace(CONFIG, max_steps=100), resume=True)
    break_steps(run.raw_model, set(range(2, 10**6)))
    with pytest.raises(DivergedError, match="diverged"):
        run.train()
    assert run.progress.step == CONFIG.max_steps + 2 + MOST_IN_A_ROW - 1
    run.raw_model.local_model.advance.bias.data.fill_(torch.nan)
    with pytest.raises(DivergedError, match="advance.bias"):
        run.save()
    assert [file.read_bytes() for file in files] == kept


def test_the_codec_is_guarded_as_well(data, tmp_path):  # noqa: F811
    run = CodecRun([data], tmp_path, TINY_CODEC, CODEC_CONFIG)
    before = {k: v.clone() for k, v in run.learner.raw_net.state_dict().items()}
    decoder = run.model.decoder
    hook = decoder.input_norm.register_forward_hook(lambda _module, _inputs, y: y * torch.nan)
    assert run.step() == {} and run.progress.skipped == 1
    assert all(torch.equal(v, before[k]) for k, v in run.learner.raw_net.state_dict().items())
    hook.remove()
    run.train()
    files = [tmp_path / name for name in ("last.safetensors", "codec.safetensors")]
    kept = [file.read_bytes() for file in files]
    next(decoder.parameters()).data.fill_(torch.inf)
    with pytest.raises(DivergedError):
        run.save()
    assert [file.read_bytes() for file in files] == kept


def test_batches_too_small_for_the_processes_are_an_error_that_says_what_to_change(
    training_cache, tmp_path, monkeypatch
):  # fmt: skip
    run = Run(training_cache, tmp_path, TINY, replace(CONFIG, batch_frames=60))
    assert run.plan(0)
    monkeypatch.setattr(Accelerator, "num_processes", 8)
    needed = 8 * max(run.frames[i] for i in run.train_set)
    with pytest.raises(ValueError, match=f"8 processes: raise --batch-frames to {needed}"):
        run.train()
    run.config = replace(run.config, batch_frames=needed)
    assert {i for batch in run.plan(0) for i in batch} and all(len(batch) >= 8 for batch in run.plan(0))


@pytest.mark.parametrize(
    ("name", "value"),
    [("batch_frames", 0), ("muon_lr", 2.0), ("adam_lr", float("nan")), ("max_minutes", 0.0), ("precision", "int4")],
)
def test_settings_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        replace(TrainConfig(), **{name: value})


def test_too_few_utterances_are_an_error(training_cache, tmp_path, monkeypatch):
    monkeypatch.setattr("phonelm.training.data.dataset.CodesDataset.__len__", lambda self: 4)
    with pytest.raises(ValueError, match="at least 5"):
        Run(training_cache, tmp_path, TINY, CONFIG)
