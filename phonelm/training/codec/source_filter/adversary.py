"""The adversarial part of the source-filter decoder's training: discriminators, their schedule, their end."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from accelerate import Accelerator
from torch import Tensor

from phonelm.config import HOP_LENGTH
from phonelm.training.codec.discriminators import N_FFTS, PERIODS, Discriminators
from phonelm.training.codec.losses import adversarial_loss, discriminator_loss, feature_loss, normalise_level
from phonelm.training.config import SourceFilterConfig
from phonelm.training.guard import StepGuard
from phonelm.training.optim import lr_scale, pack_state, set_lr, unpack_state

BETAS = (0.8, 0.99)  # AdamW, as in HiFi-GAN (arXiv:2010.05646)
WEIGHTS = len(PERIODS) * (0.4,) + len(N_FFTS) * (1.0,)  # of the discriminators in the decoder's loss
FEATURE_WEIGHT = 2.0  # of feature matching beside the hinge loss, as in HiFi-GAN
CLIP_NORM = 10.0
WARMUP_STEPS = 100
MOMENTUM = 0.98  # of the running energy distance
MOST_RISE, PATIENCE = 1.3, 100  # it ends when the energy distance is this far above its start for so many steps
PREFIX, NEVER = "adversary.", -1.0


class Adversary:
    """Discriminators that learn beside the decoder.

    They see magnitudes, not phases: the decoder's phases follow from its pulses and need not equal a recording's.
    First the decoder learns alone, then the discriminators alone, then the loss rises to its full weight.

    Args:
        config: settings.
        accelerator: of this process.
        state: result of `state_dict` among others, to continue from.
    """

    def __init__(self, config: SourceFilterConfig, accelerator: Accelerator, state: Mapping[str, Tensor] | None = None):
        self.config, self.accelerator = config, accelerator
        self.raw_critics = Discriminators(config.discriminator_width, config.discriminator_width, magnitudes=True)
        lr = config.discriminator_lr
        optimizer = torch.optim.AdamW(self.raw_critics.parameters(), lr, BETAS, weight_decay=config.weight_decay)
        optimizer.param_groups[0]["peak_lr"] = lr
        # Step at which the discriminators started, running energy distance, the same when the decoder began to learn
        # from them, steps in a row above `MOST_RISE`, and whether this part has ended.
        self.started, self.energy, self.energy_before, self.high, self.ended = NEVER, NEVER, NEVER, 0.0, 0.0
        if state is not None:
            own = {k.removeprefix(PREFIX): v for k, v in state.items() if k.startswith(PREFIX)}
            self.started, self.energy, self.energy_before, self.high, self.ended = own.pop("schedule").tolist()
            unpack_state([optimizer], {k: v for k, v in own.items() if k.startswith("optimizer.")})
            self.raw_critics.load_state_dict({k: v for k, v in own.items() if not k.startswith("optimizer.")})
        self.critics, self.optimizer = accelerator.prepare(self.raw_critics, optimizer)
        self.guard = StepGuard()

    def state_dict(self) -> dict[str, Tensor]:
        """All trained tensors, the optimiser state and the schedule by name."""
        schedule = (self.started, self.energy, self.energy_before, self.high, self.ended)
        tensors = {**self.raw_critics.state_dict(), **pack_state([self.optimizer])}
        tensors["schedule"] = torch.tensor(schedule, dtype=torch.float64)
        return {PREFIX + name: value for name, value in tensors.items()}

    def learns(self, number: int, progress: float) -> bool:
        """Whether the discriminators learn at this step. Starts them when it is time."""
        if self.started == NEVER and progress >= self.config.adversarial_from:
            self.started = float(number)
        return self.started != NEVER and not self.ended

    def weight(self, number: int) -> float:
        """Share of the gradient at this step, 0 while the discriminators learn alone."""
        taught = number - self.started - self.config.discriminator_steps + 1
        return self.config.adversarial_weight * min(1.0, max(0.0, taught / self.config.adversarial_ramp))

    def step(self, number: int, progress: float, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """One update of the discriminators, and the losses of the decoder.

        Args:
            number, progress: as in `Learner.step`.
            real, fake: (B, T * HOP_LENGTH) float32, recordings and what the decoder makes of their codes.
        Returns:
            () each: `discriminator`, `feature` for the log, and `adversarial` with feature matching for the decoder.
        """
        set_lr([self.optimizer], lr_scale(number - int(self.started), progress, WARMUP_STEPS))
        span = self._span(number, real.shape[1] // HOP_LENGTH)
        target = real[:, None, span]
        real, fake = normalise_level(target, target), normalise_level(fake[:, None, span], target)
        parts = {"discriminator": self._update(real, torch.nan_to_num(fake.detach(), 0.0, 0.0, 0.0))}
        if not self.weight(number):
            return parts
        self.raw_critics.requires_grad_(False)
        with self.accelerator.autocast():
            with torch.no_grad():
                real_features = self.raw_critics(real)[1]
            logits, features = self.raw_critics(fake)
        feature = feature_loss(real_features, features, WEIGHTS)
        hinge = adversarial_loss([x.float() for x in logits], WEIGHTS)
        return parts | {"feature": feature.detach(), "adversarial": hinge + FEATURE_WEIGHT * feature}

    def watch(self, number: int, energy: float) -> None:
        """End this part if the energy distance of the training stays well above its start.

        Args:
            energy: of this step, the same in all processes.
        """
        self.energy = energy if self.energy == NEVER else MOMENTUM * self.energy + (1 - MOMENTUM) * energy
        if self.started == NEVER or not self.weight(number):
            return
        if self.energy_before == NEVER:
            self.energy_before = self.energy
        self.high = self.high + 1 if self.energy > MOST_RISE * self.energy_before else 0.0
        if self.high >= PATIENCE and not self.ended:
            self.ended = 1.0
            self.accelerator.print("the adversarial part diverges: training goes on without it")

    def _update(self, real: Tensor, fake: Tensor) -> Tensor:
        """One update of the discriminators with (B, 1, S) each. Returns their loss."""
        self.raw_critics.requires_grad_(True)
        logits, _ = self.critics(torch.cat([real, fake]))
        halves = [x.float().chunk(2) for x in logits]
        loss = discriminator_loss([half[0] for half in halves], [half[1] for half in halves])
        self.optimizer.zero_grad()
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(self.raw_critics.parameters(), CLIP_NORM)
        if self.guard.accepts(self.accelerator.reduce(loss.detach(), "mean"), norm):
            self.optimizer.step()
        return loss.detach()

    def _span(self, number: int, frames: int) -> slice:
        """Samples of a random part of a crop, the same for all crops of the step."""
        size = min(frames, self.config.adversarial_frames)
        generator = torch.Generator().manual_seed(self.config.seed * 1_000_003 + number + 1)
        start = int(torch.randint(frames - size + 1, (), generator=generator))
        return slice(start * HOP_LENGTH, (start + size) * HOP_LENGTH)
