"""Losses scaled by their gradients, so that a weight is a share of the gradient and not of the loss."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from accelerate import Accelerator
from torch import Tensor

PREFIX = "gradient_norm."
MOMENTUM = 0.98  # of the running norms


class GradientBalancer:
    """EnCodec's loss balancer (arXiv:2210.13438, section 3.4), against one loss that keeps its own scale.

    EnCodec compares gradients on the waveform. Here they are compared on the predicted envelopes, because losses on the
    noise and on the pulses reach the waveform through different parts of the decoder.

    Args:
        accelerator: of this process. The norms are means over the processes.
        state: result of `state_dict` among others, to continue from.
    """

    def __init__(self, accelerator: Accelerator, state: Mapping[str, Tensor] | None = None):
        self.accelerator = accelerator
        self.norms: dict[str, Tensor] = {
            name.removeprefix(PREFIX): value.to(accelerator.device)
            for name, value in (state or {}).items()
            if name.startswith(PREFIX)
        }

    def state_dict(self) -> dict[str, Tensor]:
        """The running norms by name."""
        return {PREFIX + name: value for name, value in self.norms.items()}

    def further(self, losses: Mapping[str, Tensor], reference: str, shares: Mapping[str, float], at: Tensor) -> Tensor:
        """Sum of further losses, each scaled to a share of the gradient of the reference.

        Args:
            losses: () each, by name.
            reference: name of the loss that keeps its scale.
            shares: of the further losses by name. Those with 0 are left out, and those without a usable gradient.
            at: tensor of the graph at which gradients are compared, any shape.
        Returns:
            () float.
        """
        total, used = at.new_zeros(()), {name: share for name, share in shares.items() if share}
        if not used:
            return total
        target = self._norm(reference, losses[reference], at)
        for name, share in used.items():
            norm = self._norm(name, losses[name], at)
            if target is not None and norm is not None:
                total = total + share * target / norm * losses[name]
        return total

    def _norm(self, name: str, loss: Tensor, at: Tensor) -> Tensor | None:
        """Running norm of the gradient of a loss; None if this gradient is 0 or not finite."""
        (gradient,) = torch.autograd.grad(loss, at, retain_graph=True)
        norm = self.accelerator.reduce(gradient.norm(), "mean")
        if not (bool(torch.isfinite(norm)) and norm > 0):
            return None
        self.norms[name] = norm if name not in self.norms else torch.lerp(norm, self.norms[name], MOMENTUM)
        return self.norms[name]
