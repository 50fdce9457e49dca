"""The speaker vector, guidance in one pass, and batches made beside the training process."""

from dataclasses import fields, replace

import pytest
import torch

from phonelm.codec import Codec
from phonelm.config import PRESETS, SamplingConfig
from phonelm.generation import Engine, generate
from phonelm.model import PhoneLM, weights
from phonelm.training.batches import BatchMaker, plan_epoch
from phonelm.training.config import TrainConfig
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.distil import SCALES, distillation_losses, draw_scales, guided, without_condition
from phonelm.training.loader import load_batches
from phonelm.training.loss import losses
from phonelm.training.start import start_model
from phonelm.training.train import Run

TINY = replace(PRESETS["tiny"], text_dim=32, global_dim=48, local_dim=32, global_layers=1)
GROWN = replace(TINY, speaker_dim=24, one_pass_guidance=True)
CONFIG = TrainConfig(batch_frames=300, max_steps=6, warmup_steps=2, holdout=4)


@pytest.fixture(scope="module")
def dataset(training_cache):
    return CodesDataset(training_cache)


@pytest.fixture(scope="module")
def teacher(training_cache, tmp_path_factory):
    """Weights after a few steps, without a speaker vector."""
    folder = tmp_path_factory.mktemp("teacher")
    Run(training_cache, folder, TINY, CONFIG).train()
    return folder / "model.safetensors"


def forward(model, batch, **extra):
    text = (batch.symbols, batch.word_starts, batch.text_lengths)
    return model.eval()(*text, batch.seen, batch.pointer, batch.hold, batch.target, batch.prev, **extra)


def test_what_is_added_to_trained_weights_changes_nothing_at_first(teacher, dataset):
    codec = Codec.load()
    old, new = start_model(teacher, TINY, codec, 0), start_model(teacher, GROWN, codec, 0)
    assert new.config == replace(old.config, speaker_dim=24, one_pass_guidance=True)
    batch = BatchMaker(dataset, range(20), GROWN, CONFIG)(range(8), [1])
    scale = torch.full((8,), 2.0)
    voice = {"prompt": batch.prompt, "prompt_lengths": batch.prompt_lengths, "guidance": scale}
    for a, b in zip(forward(old, batch), forward(new, batch, **voice)):
        assert torch.allclose(a, b, atol=1e-5)
    with pytest.raises(ValueError, match="speaker vector of 24"):
        save = teacher.parent / "grown.safetensors"
        weights.save(save, new, torch.ones(4, 1024, dtype=torch.bool), codec, {})
        start_model(save, replace(TINY, speaker_dim=8), codec, 0)


def test_the_speaker_vector_is_of_the_prompt_and_not_of_its_padding(dataset):
    model = PhoneLM(GROWN, Codec.load().codebooks[:4])
    torch.nn.init.normal_(model.speaker_out.weight)
    a, b = torch.randint(0, 1024, (1, 30, 4)), torch.randint(0, 1024, (1, 50, 4))
    both = torch.cat([torch.cat([a, torch.randint(0, 1024, (1, 20, 4))], 1), b])
    vectors = model.speaker_vector(both, torch.tensor([30, 50]))
    assert torch.allclose(vectors[0], model.speaker_vector(a, torch.tensor([30]))[0], atol=1e-5)
    assert torch.allclose(vectors[1], model.speaker_vector(b, torch.tensor([50]))[0], atol=1e-5)
    assert not torch.allclose(vectors[0], vectors[1], atol=1e-3)
    assert not model.speaker_vector(both, torch.tensor([0, 50]))[0].any()


def test_prompt_and_vector_are_left_out_apart(dataset):
    config = replace(CONFIG, p_no_prompt=0.0, p_unconditional=0.0, p_no_speaker_vector=0.3, p_speaker_vector_only=0.3)
    batch = BatchMaker(dataset, range(24), GROWN, config)(list(range(24)) * 8, [1])
    frames, vector = ~batch.target[:, 0], batch.prompt_lengths > 0
    assert (frames | vector).all()
    for share in ((frames & ~vector), (vector & ~frames)):
        assert 0.2 < share.float().mean() < 0.4
    lengths = batch.target.int().argmax(1)
    assert torch.equal(lengths[frames & vector], batch.prompt_lengths[frames & vector])


def test_target_frames_stay_in_order_without_condition(dataset):
    batch = BatchMaker(dataset, range(24), GROWN, CONFIG)(range(12), [3])
    seen, prev, target = without_condition(batch)
    assert target[:, 0].all() and torch.equal(target.sum(1), batch.target.sum(1))
    assert torch.equal(seen[target], batch.seen[batch.target]) and torch.equal(prev[target], batch.prev[batch.target])


def test_unconditional_prediction_is_that_of_a_pointer_at_no_phoneme(dataset):
    model = PhoneLM(TINY, Codec.load().codebooks[:4]).eval()
    batch = BatchMaker(dataset, range(24), TINY, CONFIG)(range(6), [3])
    assert not batch.prompt.numel() and not batch.prompt_lengths.any()  # a model without a speaker vector
    seen, prev, target = without_condition(batch)
    nowhere = torch.full_like(target, -1, dtype=torch.int64)
    text = (batch.symbols, batch.word_starts, batch.text_lengths)
    wanted = model(*text, seen, nowhere, torch.zeros_like(nowhere), target, prev)
    for a, b in zip(wanted, model.predict_unconditional(seen, target, prev)):
        assert torch.equal(a, b)


def test_guided_logits_move_away_from_speech_without_condition(teacher, dataset):
    model = start_model(teacher, TINY, Codec.load(), 0).eval()
    batch = BatchMaker(dataset, range(24), TINY, CONFIG)(range(6), [3])
    plain, _ = forward(model, batch)
    one, _ = guided(model, batch, torch.ones(6))
    two, _ = guided(model, batch, torch.full((6,), 2.0))
    three, _ = guided(model, batch, torch.full((6,), 3.0))
    assert torch.allclose(one, plain, atol=1e-4)
    assert torch.allclose(three - two, two - one, atol=1e-4) and not torch.allclose(two, one, atol=1e-2)


def test_scales_lie_within_their_range():
    scales = draw_scales(2000, torch.Generator().manual_seed(0))
    assert scales.min() >= SCALES[0] and scales.max() <= SCALES[1]
    assert 0.5 < ((scales > 1.5) & (scales < 2.5)).float().mean() < 0.75


@pytest.mark.slow
def test_a_student_comes_nearer_to_its_guided_teacher(training_cache, teacher, tmp_path, dataset):
    config = replace(CONFIG, distil=True, max_steps=60, batch_frames=600)
    with pytest.raises(ValueError, match="--init"):
        Run(training_cache, tmp_path, GROWN, config)
    run = Run(training_cache, tmp_path, GROWN, config, init=teacher)
    batch, scale = run.maker(run.train_set[:12], [0, 0, 0]), torch.full((12,), 3.0)
    before = distillation_losses(run.raw_model, run.teacher, batch, config, scale)[0]
    run.train()
    after = distillation_losses(run.raw_model, run.teacher, batch, config, scale)[0]
    assert after < 0.8 * before
    student = weights.load(tmp_path / "model.safetensors", Codec.load()).model
    assert student.config.one_pass_guidance
    engine = Engine(student)
    symbols, starts = torch.tensor([1, 20, 30, 40, 1]), torch.tensor([False, True, False, False, False])

    def codes(guidance):
        settings = SamplingConfig(guidance=guidance, temperature=0, pointer_temperature=0, max_phoneme_frames=9)
        return [f.codes.tolist() for f in generate(engine, symbols, starts, dataset[0].codes[:4].T.long(), settings)]

    assert codes(2.0) == codes(2.0)
    assert run.model_config.speaker_dim == 24


@pytest.mark.slow
def test_workers_make_the_same_batches(dataset):
    maker = BatchMaker(dataset, range(24), GROWN, CONFIG)
    plan = plan_epoch([r["frames"] for r in dataset.records], range(24), 300, [0])
    alone, beside = list(load_batches(maker, plan, [5, 1], 1)), list(load_batches(maker, plan, [5, 1], 1, workers=2))
    assert len(alone) == len(beside) == len(plan) - 1
    for a, b in zip(alone, beside):
        assert all(torch.equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(a))
    assert losses(PhoneLM(GROWN, Codec.load().codebooks[:4]), beside[0], CONFIG)[0].isfinite()
