"""Low-rank updates of a trained model (LoRA, arXiv:2106.09685): what an adapted voice changes in the weights.

The weight W (out, in) of a linear map becomes W + up @ down, with up (out, rank) and down (rank, in). Only `up` and
`down` are trained and saved: 1 to 3 MB instead of the whole model.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from phonelm.model.megabyte import PhoneLM

UP, DOWN = "up", "down"
MAX_RANK = 64


class LowRank(nn.Module):
    """The parametrization of one weight; it starts as no change."""

    def __init__(self, weight: Tensor, rank: int):
        super().__init__()
        out, width = weight.shape
        self.up = nn.Parameter(weight.new_zeros(out, rank))
        self.down = nn.Parameter(torch.randn(rank, width, device=weight.device) * width**-0.5)

    def forward(self, weight: Tensor) -> Tensor:
        return weight + self.up @ self.down


def adaptable(model: PhoneLM) -> dict[str, nn.Linear]:
    """The linear maps that an update may change, by name: of the global model, the local model and the speaker vector.

    The text encoder stays as it is, since an adapted voice says the same phonemes.
    """
    names = ("global_model.", "local_model.", "speaker_out")
    return {n: m for n, m in model.named_modules() if isinstance(m, nn.Linear) and n.startswith(names)}


def add_low_rank(model: PhoneLM, rank: int) -> list[nn.Parameter]:
    """Freeze a model and give it trainable low-rank updates.

    Returns:
        The trainable parameters.
    Raises:
        ValueError: a rank that is not from 1 to `MAX_RANK`.
    """
    if not 1 <= rank <= MAX_RANK:
        raise ValueError(f"the rank of an update must be from 1 to {MAX_RANK}, not {rank}")
    model.requires_grad_(False)
    for linear in adaptable(model).values():
        parametrize.register_parametrization(linear, "weight", LowRank(linear.weight, rank))
    return [p for p in model.parameters() if p.requires_grad]


def low_rank_tensors(model: PhoneLM) -> dict[str, Tensor]:
    """The updates of a model by `NAME.up` and `NAME.down`, on the CPU; empty if it has none."""
    return {
        f"{name}.{part}": getattr(update, part).detach().cpu().clone()
        for name, update in _updates(model)
        for part in (UP, DOWN)
    }


def set_low_rank(model: PhoneLM, tensors: Mapping[str, Tensor]) -> None:
    """Give a model with updates those of `low_rank_tensors`."""
    with torch.no_grad():
        for name, update in _updates(model):
            for part in (UP, DOWN):
                getattr(update, part).copy_(tensors[f"{name}.{part}"])


def _updates(model: PhoneLM) -> Iterator[tuple[str, LowRank]]:
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and parametrize.is_parametrized(module, "weight"):
            yield name, cast(Any, module).parametrizations.weight[0]


def check_low_rank(model: PhoneLM, tensors: Mapping[str, Tensor]) -> None:
    """Whether updates fit a model.

    Raises:
        ValueError: they do not; the message names the first tensor that does not fit.
    """
    known = adaptable(model)
    for name, tensor in tensors.items():
        owner, _, part = name.rpartition(".")
        if owner not in known or part not in (UP, DOWN):
            raise ValueError(f"the model has nothing that {name} could change")
        other = tensors.get(f"{owner}.{DOWN if part == UP else UP}")
        if other is None:
            raise ValueError(f"{name} has no counterpart")
        out, width = known[owner].weight.shape
        rank = other.shape[0] if part == UP else other.shape[-1]
        if tuple(tensor.shape) != ((out, rank) if part == UP else (rank, width)) or not 1 <= rank <= MAX_RANK:
            raise ValueError(f"{name} of shape {tuple(tensor.shape)} does not fit a weight of {out} x {width}")
        if not tensor.isfinite().all():
            raise ValueError(f"{name} has values that are not finite")


def merge_low_rank(model: PhoneLM, tensors: Mapping[str, Tensor]) -> PhoneLM:
    """A copy of a model with updates added to its weights, as fast as the model itself.

    Raises:
        ValueError: see `check_low_rank`.
    """
    check_low_rank(model, tensors)
    merged = copy.deepcopy(model)
    linears = adaptable(merged)
    with torch.no_grad():
        for name in {n.rpartition(".")[0] for n in tensors}:
            weight = linears[name].weight
            weight += tensors[f"{name}.{UP}"].to(weight) @ tensors[f"{name}.{DOWN}"].to(weight)
    return merged.requires_grad_(False)
