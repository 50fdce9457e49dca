"""One training step of the source-filter decoder, and its losses."""

from __future__ import annotations

import copy
import math
from typing import Any, cast

import torch
import torch.nn.functional as F
from accelerate import Accelerator
from torch import Tensor, nn

from phonelm.codec import EncodecModel, SourceFilterDecoder, interpolate_pitch, pulse_train
from phonelm.evaluation import F0_RANGE_HZ
from phonelm.training.codec.losses import likeness_loss
from phonelm.training.codec.source_filter.adversary import Adversary
from phonelm.training.codec.source_filter.balance import GradientBalancer
from phonelm.training.codec.source_filter.crops import HISTORY, SIDE, Batch
from phonelm.training.codec.source_filter.energy import SpectralEnergyDistance
from phonelm.training.codec.source_filter.teacher_forced import DRAWS, Decoded, TeacherForcedDecoder
from phonelm.training.config import SourceFilterConfig
from phonelm.training.guard import StepGuard
from phonelm.training.optim import average_weights, lr_scale, pack_state, set_lr, unpack_state

BETAS = (0.8, 0.99)  # AdamW
HEADS = ("envelope", "noise", "pitch", "voicing", "dispersion")  # layers with the higher learning rate
PITCH_SPREAD = 1.5  # bins, standard deviation of the target


class Learner:
    """A source-filter decoder in training, its averaged weights and its optimiser.

    Args:
        model: has a `SourceFilterDecoder`, which is trained in place. Encoder and codebooks do not change.
        config: settings.
        accelerator: of this process.
        margin: margin of the batches.
        state: result of `state_dict`, to continue from.
    """

    def __init__(
        self,
        model: EncodecModel,
        config: SourceFilterConfig,
        accelerator: Accelerator,
        margin: int,
        state: dict[str, Tensor] | None = None,
    ):
        self.model, self.config, self.accelerator = model, config, accelerator
        self.raw_net = TeacherForcedDecoder(model.decoder.requires_grad_(True), margin, config.free_noise)
        self.average = average_weights(model.decoder, config.ema_decay)
        named = list(model.decoder.named_parameters())
        heads = [p for name, p in named if name.split(".")[0] in HEADS]
        trunk = [p for name, p in named if name.split(".")[0] not in HEADS]
        groups = [{"params": p, "lr": lr, "peak_lr": lr} for p, lr in ((heads, config.lr), (trunk, config.trunk_lr))]
        optimizer = torch.optim.AdamW(groups, betas=BETAS, weight_decay=config.weight_decay)
        if state is not None:
            for prefix, part in (("decoder.", model.decoder), ("average.", self.average)):
                part.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
        self.adversary = Adversary(config, accelerator, state) if config.adversarial_weight else None
        self.balancer = GradientBalancer(accelerator, state)
        if state is not None:
            unpack_state([optimizer], state)
        self.net, self.optimizer = accelerator.prepare(self.raw_net, optimizer)
        self.guard = StepGuard()
        self.distance = SpectralEnergyDistance().to(accelerator.device)
        self.average.to(accelerator.device)
        self.encoder = model.encoder.to(accelerator.device).eval().requires_grad_(False)
        books = [layer.codebook.float() for layer in model.quantizer.vq.layers]
        self.codebooks = torch.stack(books).to(accelerator.device)  # (n_q, card, dimension)

    def state_dict(self) -> dict[str, Tensor]:
        """All trained tensors and the optimiser state by name."""
        tensors = {f"decoder.{k}": v for k, v in self.model.decoder.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        tensors |= self.balancer.state_dict() | (self.adversary.state_dict() if self.adversary else {})
        return tensors | pack_state([self.optimizer])

    def averaged_model(self) -> EncodecModel:
        """A copy of the codec with the averaged weights in its decoder."""
        model = copy.deepcopy(self.model)
        model.decoder = copy.deepcopy(self.average.module)
        return model

    def step(self, number: int, progress: float, batch: Batch) -> dict[str, Tensor]:
        """One update. Each process uses its share of the crops.

        Args:
            number: number of the step, from 0. With the seed it determines all random choices.
            progress: used share of the run's budget, 0 to 1, for the learning rates.
        Returns:
            losses and other figures by name, () each, means over the processes. Empty if the update was left out.
        Raises:
            DivergedError: too many updates in a row were left out.
        """
        set_lr([self.optimizer], lr_scale(number, progress, self.config.warmup_steps))
        config, adversary = self.config, self.adversary
        learning = adversary is not None and adversary.learns(number, progress)
        parts, decoded, wav = self._losses(self.net, batch, number, learning)
        loss = parts["distance"] + config.pitch_weight * parts["pitch"] + config.voicing_weight * parts["voicing"]
        if not config.free_noise:
            loss = loss + config.noise_weight * parts["noise"]
        balance = {"likeness": config.likeness_weight}
        if adversary is not None and learning and decoded.final is not None:
            parts |= adversary.step(number, progress, wav, decoded.final)
            balance["adversarial"] = adversary.weight(number)
        loss = loss + self.balancer.further(parts, "distance", balance, decoded.envelope)
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(self.raw_net.parameters(), config.clip_norm)
        if not self.guard.accepts(self.accelerator.reduce(loss.detach(), "mean"), norm):
            return {}
        self.optimizer.step()
        self.average.update_parameters(self.model.decoder)
        parts = {name: self.accelerator.reduce(value.detach(), "mean") for name, value in parts.items()}
        if adversary is not None:
            adversary.watch(number, parts["distance"].item())
        return parts

    @torch.no_grad()
    def measure(self, batch: Batch) -> dict[str, float]:
        """Losses of the averaged weights on a batch, without an update."""
        net = TeacherForcedDecoder(cast(SourceFilterDecoder, self.average.module), self.raw_net.margin)
        return {name: value.item() for name, value in self._losses(net, batch, -1)[0].items()}

    def _losses(
        self, net: nn.Module, batch: Batch, number: int, with_final: bool = False
    ) -> tuple[dict[str, Tensor], Decoded, Tensor]:
        """Losses by name, the output, and the recordings (B, T * hop) of this process.

        `distance`, `pitch`, `voicing`, `noise`, `likeness` are losses; `spectral` and `voicing_right` are only logged.
        """
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + number + 1)
        draw = torch.randint(len(self.config.codebooks_used), (len(batch.codes),), generator=generator)
        n_used = torch.tensor(self.config.codebooks_used)[draw].clamp(max=len(self.codebooks))
        pulses = source(batch, self.model.decoder)
        spectral = self.model.decoder.filter
        length = (batch.valid.shape[1] - 2 * net_margin(net) + 2 * SIDE) * self.model.decoder.hop_length
        size = (DRAWS, len(batch.codes), spectral.before + length + spectral.hop // 2)
        noises = torch.randn(size, generator=generator)
        device, index, world = self.accelerator.device, 0, 1
        if number >= 0:
            index, world = self.accelerator.process_index, self.accelerator.num_processes
        batch, n_used = batch.rows(index, world).to(device), n_used[index::world].to(device)
        pulses, noises = pulses[index::world].to(device), noises[:, index::world].to(device)
        voiced = (batch.f0_hz[:, HISTORY : batch.f0_hz.shape[1] - 1] > 0).to(device)  # SIDE frames more than T
        decoded = net(self._latent(batch, n_used), batch.valid, voiced, pulses, noises, with_final)
        energy, spectral_distance = self.distance(batch.wav, *decoded.wavs)
        inner = voiced[:, SIDE:-SIDE]
        f0_hz = batch.f0_hz[:, HISTORY + SIDE : -1 - SIDE].to(device)
        right = ((decoded.prediction.voicing > 0) == inner).float().mean()
        parts = {
            "distance": energy,
            "pitch": pitch_loss(decoded.prediction.pitch, f0_hz),
            "voicing": F.binary_cross_entropy_with_logits(decoded.prediction.voicing, inner.float()),
            "noise": noise_loss(decoded.prediction.noise, batch.noise + self.config.noise_nats, inner),
            "spectral": spectral_distance,
            "voicing_right": right,
        }
        if self.config.likeness_weight:
            output, target = self.encoder(decoded.wavs[0][:, None]), self.encoder(batch.wav[:, None])
            parts["likeness"] = likeness_loss(output, target)
        return parts, decoded, batch.wav

    def _latent(self, batch: Batch, n_used: Tensor) -> Tensor:
        """(B, dimension, frames) float32: sum of the first `n_used` (B,) code vectors of each frame."""
        latent = torch.zeros_like(self.codebooks[0][batch.codes[:, 0]])
        for k, book in enumerate(self.codebooks):
            latent = latent + book[batch.codes[:, k]] * (n_used > k)[:, None, None]
        return (latent * batch.valid[..., None]).transpose(1, 2)


def net_margin(net: nn.Module) -> int:
    """Margin of a `TeacherForcedDecoder`, which may be wrapped for several processes."""
    unwrapped: Any = getattr(net, "module", net)
    return unwrapped.margin


def source(batch: Batch, decoder: SourceFilterDecoder) -> Tensor:
    """(B, (HISTORY + T + SIDE) * hop) float32: pulses of the recordings, made like the decoder's by `PulseSource`."""
    f0_hz, voicing = interpolate_pitch(batch.f0_hz, decoder.hop_length)  # (B, frames + 1, hop)
    half = decoder.hop_length // 2
    f0_hz, voicing = (x.flatten(1)[:, half:-half] for x in (f0_hz, voicing))
    return (pulse_train(batch.phase, f0_hz, decoder.sample_rate) * voicing).float()


def pitch_loss(logits: Tensor, f0_hz: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the pitch bins from a Gaussian around the true pitch, over the voiced frames.

    Args:
        logits: (B, T, bins). The decoder's bins span the tracker's `F0_RANGE_HZ`, equally spaced in log frequency.
        f0_hz: (B, T) float, 0 where unvoiced.
    """
    voiced, bins = (f0_hz > 0).float(), logits.shape[-1]
    low, high = F0_RANGE_HZ
    position = (f0_hz.clamp(min=low) / low).log() / math.log(high / low) * (bins - 1)
    offset = torch.arange(bins, device=logits.device) - position.to(logits)[..., None]
    target = F.softmax(-0.5 * (offset / PITCH_SPREAD) ** 2, dim=-1)
    divergence = F.kl_div(F.log_softmax(logits, dim=-1), target, reduction="none").sum(-1)
    return (divergence * voiced).sum() / voiced.sum().clamp(min=1)


def noise_loss(noise: Tensor, target: Tensor, voiced: Tensor) -> Tensor:
    """Mean absolute error of the noise's log magnitude in voiced frames.

    Args:
        noise: (B, 2T, N), by sub-frame.
        target: (B, T, N).
        voiced: (B, T) bool.
    """
    error = (noise - target.repeat_interleave(2, dim=1)).abs().mean(-1)
    chosen = voiced.repeat_interleave(2, dim=1).float()
    return (error * chosen).sum() / chosen.sum().clamp(min=1)
