"""Batches, the loop, and resuming: on a small cache of random codes."""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from phonelm import checkpoint
from phonelm.codec.codec import Codec
from phonelm.config import PRESETS
from phonelm.model import weights
from phonelm.model.grid_codes import bos_id, hidden_id
from phonelm.text.phonemizer import SYMBOLS
from phonelm.training.batches import (
    BatchMaker,
    damage,
    draw_epoch,
    plan_epoch,
    spans,
    split_holdout,
)
from phonelm.training.config import TrainConfig
from phonelm.training.cuts import Example, cut_back, cut_end, cut_front
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.optim import lr_scale
from phonelm.training.run import parse_weight
from phonelm.training.train import Run

TINY = replace(PRESETS["tiny"], text_dim=32, global_dim=48, local_dim=32, global_layers=1)
CONFIG = TrainConfig(batch_frames=300, max_steps=6, warmup_steps=2, holdout=4)


@pytest.fixture
def cache(training_cache):
    return training_cache


def test_plan_uses_every_utterance_once_within_the_budget():
    frames = np.random.default_rng(0).integers(50, 400, 200).tolist()
    plan = plan_epoch(frames, range(200), 1000, [0, 0])
    assert sorted(i for batch in plan for i in batch) == list(range(200))
    assert all(sum(frames[i] for i in batch) <= 1000 for batch in plan)
    assert plan == plan_epoch(frames, range(200), 1000, [0, 0]) != plan_epoch(frames, range(200), 1000, [0, 1])


def test_an_epoch_has_utterances_as_often_as_their_weights_say():
    datasets = ["a"] * 400 + ["b"] * 400 + ["c"] * 400
    indices = [i for i in range(1200) if i % 4]
    times = np.bincount(draw_epoch(datasets, indices, {"a": 2.5, "b": 0.25}, [0, 0]), minlength=1200).reshape(3, 400)
    assert (times[:, ::4] == 0).all()  # not among the indices
    drawn = times[:, np.arange(400) % 4 > 0]
    assert set(drawn[0]) == {2, 3} and set(drawn[1]) == {0, 1} and set(drawn[2]) == {1}
    assert abs(drawn[0].mean() - 2.5) < 0.1 and abs(drawn[1].mean() - 0.25) < 0.1
    assert draw_epoch(datasets, indices, {}, [0, 0]) == indices


@pytest.mark.parametrize("text", ["librispeech", "=2", "librispeech=", "librispeech=-1", "a=nan", "a=inf"])
def test_weights_that_make_no_sense_are_refused(text):
    with pytest.raises(argparse.ArgumentTypeError, match="DATASET=TIMES"):
        parse_weight(text)
    assert parse_weight("my=set=2.5") == ("my=set", 2.5)


def test_weights_of_unknown_datasets_are_refused(cache, tmp_path):
    with pytest.raises(ValueError, match="no dataset other; it has set"):
        Run(cache, tmp_path, TINY, replace(CONFIG, dataset_weights={"other": 2.0}))
    with pytest.raises(ValueError, match="nothing to train on"):
        Run(cache, tmp_path, TINY, replace(CONFIG, dataset_weights={"set": 0.0}))
    run = Run(cache, tmp_path, TINY, replace(CONFIG, dataset_weights={"set": 3.0}))
    run.train()
    assert run.progress.step == 6 and run.progress.epoch == 0  # 4 of them would be an epoch
    assert Run(cache, tmp_path, TINY, CONFIG, resume=True).config.dataset_weights == {"set": 3.0}


def test_batches(cache):
    dataset = CodesDataset(cache)
    train, held = split_holdout(dataset, 4, 0)
    assert not set(train) & set(held) and len(train) + len(held) == 24
    config = replace(CONFIG, p_no_prompt=0.0, p_unconditional=0.0, p_fewer_codebooks=0.0, p_long_prompt=0.0)
    maker = BatchMaker(dataset, train, replace(TINY, hide_previous=0.3), config)
    batch = maker(train[:5], [1])
    for row, i in enumerate(train[:5]):
        item = dataset[i]
        target = batch.target[row]
        assert torch.equal(batch.codes[row, target], item.codes[: TINY.n_codebooks].T.long())
        pointer = batch.pointer[row, target]
        assert torch.equal(torch.bincount(pointer), item.durations)
        assert torch.equal(batch.advance[row, target].nonzero().flatten() + 1, item.durations.cumsum(0))
        assert (batch.pointer[row, : int(target.nonzero()[0])] == -1).all() and target.nonzero()[0] > 0
        first = int(target.nonzero()[0])
        assert set(batch.prev[row, first].tolist()) <= {bos_id(TINY.card), hidden_id(TINY.card)}
    hidden = (batch.prev == hidden_id(TINY.card)).all(-1)
    assert hidden[batch.target].float().mean() == pytest.approx(0.3, abs=0.1) and not hidden[~batch.target].any()
    again = maker(train[:5], [1])
    assert torch.equal(batch.prev, again.prev) and not torch.equal(batch.prev, maker(train[:5], [2]).prev)


def test_some_train_without_text_and_prompt(cache):
    dataset = CodesDataset(cache)
    indices = list(range(24)) * 8

    def batch(share, augment=True):
        config = replace(CONFIG, p_no_prompt=0.0, p_unconditional=share)
        return BatchMaker(dataset, range(24), TINY, config)(indices, [1], augment)

    some, found = batch(0.25), 0
    for pointer, hold, target in zip(some.pointer, some.hold, some.target):
        if target[0]:
            assert (pointer == -1).all() and not hold.any()
            found += 1
        else:
            assert (pointer >= 0).equal(target)
    assert 0.12 < found / len(indices) < 0.4
    for unchanged in (batch(0.0), batch(1.0, augment=False)):
        assert (unchanged.pointer >= 0).equal(unchanged.target) and not unchanged.target[:, 0].any()


def example(symbols, durations, starts):
    codes = torch.arange(sum(durations))[:, None]
    return Example(torch.tensor(symbols), torch.tensor(starts).bool(), torch.tensor(durations), codes[:0], codes)


SIL, COMMA, STOP = map(SYMBOLS.index, ("<sil>", ",", "."))


def test_cuts_keep_text_and_audio_together():
    whole = example([SIL, 20, 21, 22, 23, 24, SIL], [3, 2, 4, 3, 5, 6, 2], [0, 1, 0, 1, 0, 1, 0])  # words: 3, 9 and 17
    front = cut_front(whole, prompt_frames=6)
    assert front.symbols.tolist() == [SIL, 22, 23, 24, SIL] and front.durations.tolist() == [1, 3, 5, 6, 2]
    assert front.codes[0] == 8 and len(front.codes) == front.durations.sum()
    assert front.prompt[:, 0].tolist() == [2, 3, 4, 5, 6, 7]
    back = cut_back(whole, max_frames=20)
    assert back.symbols.tolist() == [SIL, 20, 21, 22, 23] and len(back.codes) == back.durations.sum() == 17
    assert cut_back(whole, 25) is whole


def test_a_cut_at_a_pause_leaves_silence_where_speech_begins_and_ends():
    symbols, starts = [SIL, 20, 21, COMMA, 22, 23, STOP, SIL], [0, 1, 0, 0, 1, 0, 0, 0]
    whole = example(symbols, [3, 40, 20, 15, 50, 60, 3, 9], starts)  # the words start at frames 3 and 78
    front = cut_front(whole, prompt_frames=50)
    assert front.symbols.tolist() == [SIL, 22, 23, STOP, SIL] and front.durations.tolist() == [15, 50, 60, 3, 9]
    assert front.codes[:, 0].tolist() == list(range(63, 200)) and front.prompt[:, 0].tolist() == list(range(13, 63))
    end = cut_end(whole, prompt_frames=100)
    assert end.symbols.tolist() == [SIL, 20, 21, COMMA, SIL] and end.durations.tolist() == [3, 40, 20, 8, 7]
    assert end.word_starts.tolist() == [False, True, False, False, False]
    assert end.codes[:, 0].tolist() == list(range(78)) and end.prompt[:, 0].tolist() == list(range(78, 178))
    no_pause = example(symbols, [3, 40, 20, 2, 50, 60, 3, 9], starts)  # the comma was not heard, the full stop ends it
    assert cut_end(no_pause, 100).symbols.tolist() == cut_front(no_pause, 100).symbols.tolist()


def test_spans_cover_their_share():
    covered = spans(np.random.default_rng(0), (200, 500), 0.1, 8)
    assert covered.shape == (200, 500) and 0.07 < covered.float().mean() < 0.11  # overlaps and ends take some
    assert not spans(np.random.default_rng(0), (4, 50), 0.0, 8).any()


def test_damage_leaves_the_prompt_alone():
    prev = torch.arange(3 * 200 * 2).view(3, 200, 2)
    target = torch.zeros(3, 200, dtype=torch.bool)
    target[:, 50:] = True
    out = damage(prev, target, 0.15, CONFIG, 10_000, np.random.default_rng(0))
    assert torch.equal(out[~target], prev[~target])
    hidden = (out == hidden_id(10_000)).all(-1)
    assert 0.15 < hidden[target].float().mean() < 0.3
    changed = (out != prev) & ~hidden[..., None]
    assert 0.04 < changed[target].float().mean() < 0.2
    assert (out[~hidden] % 2 == torch.tensor([0, 1])).all()  # a code moves within its codebook only
    gentle = replace(CONFIG, p_hidden_span=0.0, p_swapped_span=0.0, p_swapped_code=0.0)
    assert torch.equal(damage(prev, target, 0.0, gentle, 10_000, np.random.default_rng(0)), prev)


def test_learning_rate_rises_stays_and_falls():
    scale = [lr_scale(s, s / 1000, 100) for s in range(1000)]
    assert scale[0] == 0.01 and scale[100:400] == [1.0] * 300 and scale[700] == pytest.approx(0.5) and scale[-1] < 0.01


def tensors(path):
    return checkpoint.load(path, "training")[0]


@pytest.mark.slow
def test_a_resumed_run_equals_an_undisturbed_one(cache, tmp_path):
    Run(cache, tmp_path / "straight", TINY, CONFIG, resume=False).train()
    broken = Run(cache, tmp_path / "broken", TINY, CONFIG, resume=False)
    step = broken.step

    def stop_after_three(*args):
        if broken.progress.step == 3:
            broken.save()
            raise KeyboardInterrupt
        return step(*args)

    broken.step = stop_after_three
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    Run(cache, tmp_path / "broken", TINY, CONFIG, resume=True).train()
    one, two = (tensors(tmp_path / name / "last.safetensors") for name in ("straight", "broken"))
    assert one.keys() == two.keys()
    assert all(torch.equal(one[k], two[k]) for k in one)
    assert any(k.startswith("optimizer.0") for k in one)


@pytest.mark.slow
def test_training_lowers_the_loss_and_its_weights_can_be_loaded(cache, tmp_path):
    run = Run(cache, tmp_path, TINY, replace(CONFIG, max_steps=40, batch_frames=400), resume=False)
    batch = run.maker(run.train_set[:4], [0, 0, 0])
    first = run.step(batch).sum()
    run.train()
    last = run.step(batch).sum()
    assert last < first - 0.2
    loaded = weights.load(tmp_path / "model.safetensors", Codec.load())
    assert loaded.seen.any() and not loaded.seen.all()
    assert loaded.metadata["progress"]["step"] >= 40


@pytest.mark.slow
def test_weights_can_be_the_start_of_another_run(cache, tmp_path):
    Run(cache, tmp_path / "one", TINY, CONFIG).train()
    start = tmp_path / "one" / "model.safetensors"
    other = Run(cache, tmp_path / "two", PRESETS["small"], CONFIG, init=start)
    assert other.model_config == TINY  # sizes come with the weights
    one, two = (m.state_dict() for m in (weights.load(start, Codec.load()).model, other.raw_model))
    assert all(torch.equal(one[k], two[k]) for k in one)
    assert other.progress.step == 0


def test_a_cache_of_another_codec_is_refused(cache, tmp_path):
    other = tmp_path / "cache"
    other.mkdir()
    for path in cache.iterdir():
        (other / path.name).write_bytes(path.read_bytes())
    info = json.loads((other / "cache.json").read_text())
    info["codec"]["fingerprint"] = "0" * 16
    (other / "cache.json").write_text(json.dumps(info))
    with pytest.raises(ValueError, match="prepare it again"):
        Run(other, tmp_path, TINY, CONFIG, resume=False)


def command(cache, out, *launcher):
    """Train a few steps by the command line, in fp32 so that results can be compared closely; returns the last log."""
    args = ["train", str(cache), "--preset", "tiny", "--max-steps", "4", "--batch-frames", "300", "--out", str(out)]
    args += ["--precision", "fp32"]
    args = [sys.executable, *launcher, "-m", "phonelm", *args]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(args, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    (entry,) = (out / "log.jsonl").read_text().splitlines()  # by one process only
    return json.loads(entry)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="gloo by torchrun is not tested on Windows")
def test_two_processes_train_as_one(cache, tmp_path):
    one = command(cache, tmp_path / "one")
    two = command(cache, tmp_path / "two", "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    assert (one["processes"], two["processes"]) == (1, 2)
    assert two["step"] == one["step"] == 4 and two["audio_s"] == pytest.approx(one["audio_s"])
    assert two["train"] == pytest.approx(one["train"], abs=2e-3)
    assert two["held"] == pytest.approx(one["held"], abs=2e-3)
