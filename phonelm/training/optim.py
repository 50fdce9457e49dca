"""Optimisers and the learning-rate schedule."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from phonelm.training.config import TrainConfig


def make_optimizers(model: nn.Module, config: TrainConfig) -> list[torch.optim.Optimizer]:
    """Muon (kellerjordan.github.io/posts/muon) for the matrices of the transformer blocks, AdamW for the rest.

    Each parameter group keeps its full learning rate as `peak_lr`; `set_lr` scales from there.
    """
    named = [(n, p) for n, p in model.named_parameters() if p.requires_grad]
    matrices = [p for n, p in named if p.dim() == 2 and ".blocks." in n]
    rest = [p for n, p in named if not (p.dim() == 2 and ".blocks." in n)]
    muon = torch.optim.Muon(
        matrices, lr=config.muon_lr, weight_decay=config.weight_decay, adjust_lr_fn="match_rms_adamw"
    )
    adam = torch.optim.AdamW(rest, lr=config.adam_lr, betas=(0.9, 0.95), weight_decay=config.weight_decay)
    for optimizer, lr in ((muon, config.muon_lr), (adam, config.adam_lr)):
        for group in optimizer.param_groups:
            group["peak_lr"] = lr
    return [muon, adam]


def lr_scale(step: int, progress: float, warmup_steps: int) -> float:
    """Linear warm-up over `warmup_steps`, level to 40 % of the run, then linear decay to zero at its end.

    Args:
        step: steps done.
        progress: share of the run's budget (minutes or steps) that is used, 0 to 1.
    """
    return min(1.0, (step + 1) / warmup_steps) * min(1.0, max(0.0, (1 - progress) / 0.6))


def ema_decay(updates: int, decay: float) -> float:
    """Decay of the averaged weights: short memory at first, so that the average does not lag behind the start."""
    return min(decay, (1 + updates) / (10 + updates))


def average_weights(model: nn.Module, decay: float) -> torch.optim.swa_utils.AveragedModel:
    """An exponential moving average of a model's weights, with `ema_decay`."""

    def update(averaged: Any, current: Any, updates: Any) -> None:
        torch.optim.swa_utils.get_ema_multi_avg_fn(ema_decay(int(updates), decay))(averaged, current, updates)

    return torch.optim.swa_utils.AveragedModel(model, multi_avg_fn=update)


def set_lr(optimizers: list[torch.optim.Optimizer], scale: float) -> None:
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = scale * group["peak_lr"]


def pack_state(optimizers: list[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """Optimiser states as named tensors, so that they can be saved without pickling."""
    return {
        f"optimizer.{i}.{p}.{key}": torch.as_tensor(value)
        for i, optimizer in enumerate(optimizers)
        for p, state in optimizer.state_dict()["state"].items()
        for key, value in state.items()
    }


def unpack_state(optimizers: list[torch.optim.Optimizer], tensors: dict[str, Tensor]) -> None:
    """Undo `pack_state`."""
    for i, optimizer in enumerate(optimizers):
        state: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            if name.startswith(f"optimizer.{i}."):
                p, key = name.split(".")[2:]
                state.setdefault(int(p), {})[key] = tensor
        optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})
