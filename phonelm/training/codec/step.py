"""One step of codec training: the autoencoder with gradients, its losses, and all updates.

The recipe is that of EnCodec (arXiv:2210.13438) and Vocos (arXiv:2306.00814), small enough for a CPU.
"""

from __future__ import annotations

import copy

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from phonelm.codec import EncodecModel
from phonelm.training.codec.discriminators import Discriminators
from phonelm.training.codec.losses import MelLoss, adversarial_loss, discriminator_loss, feature_loss, normalise_level
from phonelm.training.codec.rvq import Quantised, quantise, start_codebooks, update_codebooks
from phonelm.training.config import CodecTrainConfig
from phonelm.training.guard import StepGuard
from phonelm.training.optim import average_weights, lr_scale, pack_state, set_lr, unpack_state

BETAS = (0.8, 0.99)  # AdamW, as in HiFi-GAN


class Autoencoder(nn.Module):
    """Encoder, codebooks and decoder of a codec, with gradients."""

    def __init__(self, model: EncodecModel, frozen: bool):
        super().__init__()
        self.encoder, self.quantizer, self.decoder = model.encoder, model.quantizer, model.decoder
        self.encoder.requires_grad_(not frozen)

    def forward(self, wav: Tensor, n_used: Tensor | None) -> tuple[Tensor, Quantised | None]:
        """Encode, quantise and decode.

        Args:
            wav: (B, 1, S) float32.
            n_used: (B,) int64, number of codebooks of each example. None leaves out the quantiser.
        Returns:
            (B, 1, S) float32 and the codes.
        """
        decoder, device = self.decoder, wav.device.type
        with torch.autocast(device, enabled=False):  # codes must equal those of the finished codec
            latent = self.encoder(wav)
            quantised = None if n_used is None else quantise(self.quantizer, latent, n_used)
        x = decoder.input_norm(decoder.input(latent if quantised is None else quantised.latent))
        for block in decoder.blocks:
            x = block(x)
        with torch.autocast(device, enabled=False):  # 8 bits are too few for a phase
            return decoder.overlap_add(x.float()), quantised


class Learner:
    """A codec in training, its discriminators in stage gan, and their optimisers.

    Args:
        model: from `codec.build_bundled` or `load_bundled`. Its networks are trained in place.
        config: settings.
        accelerator: of this process.
        state: result of `state_dict`, to continue from.
    """

    def __init__(
        self,
        model: EncodecModel,
        config: CodecTrainConfig,
        accelerator: Accelerator,
        state: dict[str, Tensor] | None = None,
    ):
        self.model, self.config, self.accelerator = model, config, accelerator
        self.raw_net = Autoencoder(model, config.freeze_encoder)
        self.raw_critics = Discriminators(config.discriminator_width) if config.stage == "gan" else None
        self.average = average_weights(self.raw_net.decoder, config.ema_decay)
        parts: list[nn.Module] = [self.raw_net] + ([self.raw_critics] if self.raw_critics else [])
        lr = config.gan_lr if self.raw_critics else config.lr
        optimizers: list[torch.optim.Optimizer] = []
        for part in parts:
            parameters = [p for p in part.parameters() if p.requires_grad]
            optimizers.append(torch.optim.AdamW(parameters, lr, BETAS, weight_decay=config.weight_decay))
            optimizers[-1].param_groups[0]["peak_lr"] = lr
        if state is not None:
            learning: list[nn.Module] = [parts[0], self.average, *parts[1:]]
            for prefix, part in zip(("net.", "average.", "critics."), learning):
                part.load_state_dict({k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)})
            unpack_state(optimizers, state)
        prepared = accelerator.prepare(*parts, *optimizers)
        prepared = prepared if isinstance(prepared, tuple) else (prepared,)
        self.net, self.critics = prepared[0], prepared[1] if self.raw_critics else None
        self.optimizers: list[torch.optim.Optimizer] = list(prepared[len(parts) :])
        self.guards = [StepGuard() for _ in self.optimizers]
        self.mel_loss = MelLoss().to(accelerator.device)
        self.average.to(accelerator.device)

    def state_dict(self) -> dict[str, Tensor]:
        """All trained tensors and optimiser states by name."""
        tensors = {f"net.{k}": v for k, v in self.raw_net.state_dict().items()}
        tensors |= {f"average.{k}": v for k, v in self.average.state_dict().items()}
        if self.raw_critics:
            tensors |= {f"critics.{k}": v for k, v in self.raw_critics.state_dict().items()}
        return tensors | pack_state(self.optimizers)

    def averaged_model(self) -> EncodecModel:
        """A copy of the codec with the averaged weights in its decoder."""
        model = copy.deepcopy(self.model)
        model.decoder = copy.deepcopy(self.average.module)
        return model

    @property
    def quantising(self) -> bool:
        """Whether the codebooks are initialised."""
        return bool(self.model.quantizer.vq.layers[0]._codebook.inited)

    def start(self, crops: list[Tensor]) -> None:
        """Initialise the codebooks by k-means on the latents of crops, each (B, 1, S) float32."""
        with torch.no_grad():
            latents = [self.raw_net.encoder(x.to(self.accelerator.device)).transpose(1, 2).flatten(0, 1) for x in crops]
        start_codebooks(self.model.quantizer, torch.cat(latents), self._generator(1, 0))

    def step(self, number: int, progress: float, inputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """One update of the codec and of the discriminators. Each process uses its share of the crops.

        Args:
            number: number of the step, from 0. With the seed it determines all random choices.
            progress: used share of the run's budget, 0 to 1, for the learning rates.
            inputs, targets: (B, 1, S) float32.
        Returns:
            the losses by name, () each, means over the processes. Empty if the codec's update was left out because it
            was not finite.
        Raises:
            DivergedError: too many updates in a row were left out.
        """
        config, accelerator = self.config, self.accelerator
        for optimizer, warmup in zip(self.optimizers, (config.warmup_steps, 1)):
            set_lr([optimizer], lr_scale(number, progress, warmup))
        n_used = self._share(self._draw_codebooks(number, len(inputs))) if self.quantising else None
        inputs, targets = self._share(inputs), self._share(targets)
        wav, quantised = self.net(inputs, n_used)
        mel = self.mel_loss(wav, targets)
        parts, loss = {"mel": mel}, mel
        if quantised is not None:
            parts["commitment"] = quantised.commitment
            loss = loss + config.commitment_weight * quantised.commitment
        if self.critics is not None and self.raw_critics is not None:
            real, fake = normalise_level(targets, targets), normalise_level(wav, targets)
            parts["discriminator"] = self._update_discriminators(self.critics, real, fake.detach())
            parts |= self._adversarial_losses(self.raw_critics, real, fake)
            loss = loss + config.adversarial_weight * (parts["adversarial"] + parts["feature"])
        if not self._update(loss, 0, self.net):
            return {}
        self.average.update_parameters(self.raw_net.decoder)
        if quantised is not None and not config.freeze_encoder:
            codes, residuals = (
                accelerator.gather(x.transpose(0, 1).contiguous()).transpose(0, 1)  # (n_q, B * T, ...)
                for x in (quantised.codes, quantised.residuals)
            )
            update_codebooks(self.model.quantizer, codes, residuals, self._generator(3, number))
        return {name: accelerator.reduce(value.detach(), "mean") for name, value in parts.items()}

    @torch.no_grad()
    def mel(self, inputs: Tensor, targets: Tensor, n_used: int) -> float:
        """Mel loss of crops (B, 1, S) with `n_used` codebooks, without an update."""
        device = self.accelerator.device
        wav, _ = self.raw_net(inputs.to(device), torch.full((len(inputs),), n_used, device=device))
        return self.mel_loss(wav, targets.to(device)).item()

    def _generator(self, purpose: int, number: int) -> torch.Generator:
        """A random generator for one purpose at one step, the same on all processes."""
        return torch.Generator().manual_seed((self.config.seed * 1_000_003 + number) * 8 + purpose)

    def _draw_codebooks(self, number: int, count: int) -> Tensor:
        """(count,) int64, number of codebooks of each example of a step."""
        choices = torch.tensor(self.config.codebooks_used).clamp(max=self.model.quantizer.n_q)
        return choices[torch.randint(len(choices), (count,), generator=self._generator(2, number))]

    def _share(self, batch: Tensor) -> Tensor:
        """This process's rows of a batch, on its device."""
        return batch[self.accelerator.process_index :: self.accelerator.num_processes].to(self.accelerator.device)

    def _update(self, loss: Tensor, which: int, net: nn.Module) -> bool:
        """One update by optimiser `which`. Returns False if it was left out."""
        optimizer, parameters = self.optimizers[which], [p for p in net.parameters() if p.requires_grad]
        optimizer.zero_grad()
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(parameters, self.config.clip_norm)
        accepted = self.guards[which].accepts(self.accelerator.reduce(loss.detach(), "mean"), norm)
        if accepted:
            optimizer.step()
        return accepted

    def _update_discriminators(self, critics: nn.Module, real: Tensor, fake: Tensor) -> Tensor:
        """One update of the discriminators. Returns their loss."""
        critics.requires_grad_(True)
        logits, _ = critics(torch.cat([real, fake]))
        halves = [x.float().chunk(2) for x in logits]
        loss = discriminator_loss([half[0] for half in halves], [half[1] for half in halves])
        self._update(loss, 1, critics)
        return loss

    def _adversarial_losses(self, critics: Discriminators, real: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """Losses of the decoder's waveform. The discriminators get no gradient from them."""
        critics.requires_grad_(False)
        with self.accelerator.autocast():
            with torch.no_grad():
                real_features = critics(real)[1]
            logits, features = critics(fake)
        adversarial = adversarial_loss([x.float() for x in logits])
        return {"adversarial": adversarial, "feature": feature_loss(real_features, features)}
