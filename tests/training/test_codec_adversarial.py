"""Likeness and adversarial losses of the source-filter decoder: their share of the gradient, their schedule."""

import math
from dataclasses import replace

import pytest
import torch

from phonelm.codec import build_bundled, set_codebook
from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.training.codec.losses import likeness_loss
from phonelm.training.codec.source_filter.adversary import MOST_RISE, PATIENCE, Adversary
from phonelm.training.codec.source_filter.balance import GradientBalancer
from phonelm.training.codec.source_filter.crops import HISTORY, SIDE, Batch
from phonelm.training.codec.source_filter.step import Learner
from phonelm.training.config import SourceFilterConfig
from phonelm.training.run import make_accelerator
from tests.training.test_codec_source_filter import TINY as ISTFT

TINY = replace(ISTFT, decoder="source_filter")
CONFIG = SourceFilterConfig(
    batch_size=2, crop_frames=16, max_steps=20, warmup_steps=2, codebooks_used=(1, 2),
    free_noise=True, likeness_weight=0.1, adversarial_weight=0.4, adversarial_from=0.25, discriminator_steps=2,
    adversarial_ramp=2, discriminator_width=4, adversarial_frames=10, discriminator_lr=0.1,
)  # fmt: skip


def make_learner(config: SourceFilterConfig = CONFIG) -> tuple[Learner, Batch]:
    """A tiny decoder in training, and a batch of a buzz at 150 Hz with a little noise."""
    torch.manual_seed(0)
    model = build_bundled(TINY)
    for layer in model.quantizer.vq.layers:
        set_codebook(layer._codebook, 0.1 * torch.randn(TINY.card, TINY.dimension))
    margin = model.decoder.trunk_context + SIDE
    size, count = config.crop_frames, config.batch_size
    frames, long = size + 2 * margin, HISTORY + size + SIDE
    phase = torch.arange(long * HOP_LENGTH, dtype=torch.float64).expand(count, -1) * 150 / SAMPLE_RATE
    wav = 0.1 * (torch.sin(2 * math.pi * phase) ** 9).float() + 1e-3 * torch.randn(phase.shape)
    batch = Batch(
        codes=torch.randint(TINY.card, (count, TINY.n_q, frames)),
        valid=torch.ones(count, frames, dtype=torch.bool),
        wav=wav[:, HISTORY * HOP_LENGTH : -SIDE * HOP_LENGTH],
        phase=phase,
        f0_hz=torch.full((count, long + 2), 150.0, dtype=torch.float64),
        noise=torch.full((count, size, TINY.noise_points), -6.0),
    )
    return Learner(model, config, make_accelerator("bf16"), margin), batch


@pytest.mark.slow
def test_discriminators_learn_alone_and_then_teach():
    learner, batch = make_learner()
    adversary = learner.adversary
    start = [p.clone() for p in adversary.raw_critics.parameters()]
    found = [learner.step(number, number / 20, batch) for number in range(14)]
    assert all(value.isfinite() for parts in found for value in parts.values())
    assert ["discriminator" in parts for parts in found] == [number >= 5 for number in range(14)]
    assert ["adversarial" in parts for parts in found] == [number >= 7 for number in range(14)]
    assert [round(adversary.weight(number), 3) for number in range(5, 10)] == [0, 0, 0.2, 0.4, 0.4]
    assert all(not torch.equal(a, b) for a, b in zip(start, adversary.raw_critics.parameters()))
    assert found[-1]["discriminator"] < 0.99 * found[5]["discriminator"]
    assert found[-1]["likeness"] < found[0]["likeness"]


def test_what_is_off_leaves_no_trace():
    learner, batch = make_learner(SourceFilterConfig(batch_size=2, crop_frames=16, codebooks_used=(1, 2)))
    assert learner.step(0, 0.5, batch).keys() & {"likeness", "discriminator", "adversarial"} == set()
    assert not [name for name in learner.state_dict() if name.startswith(("adversary.", "gradient_norm."))]


def test_a_weight_is_a_share_of_the_gradient():
    at = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    losses = {"main": 5 * at.sum(), "small": 1e-3 * at[0], "large": 1e4 * at[1], "flat": 0 * at.sum()}
    losses["broken"] = at[2] * math.inf
    balancer = GradientBalancer(make_accelerator("bf16"))
    total = balancer.further(losses, "main", {"small": 0.1, "large": 0.4, "flat": 1.0, "broken": 1.0}, at)
    (gradient,) = torch.autograd.grad(total, at)
    main = 5 * math.sqrt(3)
    assert gradient.tolist() == pytest.approx([0.1 * main, 0.4 * main, 0])
    again = GradientBalancer(make_accelerator("bf16"), balancer.state_dict())
    assert again.norms == balancer.norms and set(again.norms) == {"main", "small", "large"}


def test_the_adversarial_part_ends_when_the_energy_distance_stays_high():
    adversary = Adversary(CONFIG, make_accelerator("bf16"))
    assert adversary.learns(0, 0.5)
    for number in range(100):
        adversary.watch(number, 1.0)
    adversary.watch(100, 10.0)  # one bad step is not enough
    for number in range(101, 400):
        adversary.watch(number, 1.0)
    assert adversary.learns(400, 0.5)
    restored = Adversary(CONFIG, make_accelerator("bf16"), adversary.state_dict())
    for number in range(400, 400 + 2 * PATIENCE):
        restored.watch(number, MOST_RISE + 0.2)
    assert not restored.learns(600, 0.5) and restored.energy_before == adversary.energy_before == 1.0


@pytest.mark.parametrize("free", [True, False])
def test_noise_of_voiced_frames_learns_from_the_waveform_only_if_free(free):
    learner, batch = make_learner(
        SourceFilterConfig(batch_size=2, crop_frames=16, codebooks_used=(2,), free_noise=free)
    )
    parts, _, _ = learner._losses(learner.net, batch, 0)
    parts["distance"].backward()
    gradient = learner.model.decoder.noise.weight.grad
    assert (gradient is not None and bool(gradient.abs().sum() > 0)) == free


def test_discriminators_hear_the_noise_level_of_the_finished_codec():
    learner, batch = make_learner()
    learner.model.decoder.voiced_noise_db.fill_(-200.0)
    _, decoded, _ = learner._losses(learner.net, batch, 0, heard=True)
    one, other = decoded.wavs
    assert decoded.heard.shape == one.shape
    assert (decoded.heard - one).abs().max() > 0
    learner.model.decoder.voiced_noise_db.fill_(0.0)
    _, decoded, _ = learner._losses(learner.net, batch, 0, heard=True)
    assert torch.equal(decoded.heard, one) and not torch.equal(one, other)


def test_likeness_is_least_for_equal_latents():
    latent = torch.randn(2, 8, 20, generator=torch.Generator().manual_seed(0))
    assert likeness_loss(latent, latent) < 1e-5 < likeness_loss(1.1 * latent, latent)
    assert likeness_loss(latent + 0.1, latent) < likeness_loss(latent.roll(1, 2), latent)
