"""Choosing one code from a codebook's logits: clamping, temperature, top-k, top-p."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from phonelm.config import SamplingConfig
from phonelm.generation import kernels
from phonelm.model import seen_codes, to_codec

COLDEST = 1e-6  # lower temperatures are 0: logits of about 10 are rounded by as much as this
TOP = 5  # likeliest codes reported for each cell of the grid


@dataclass(frozen=True)
class Pick:
    """One cell of the code grid.

    Attributes:
        code: the code chosen.
        probability: of the chosen code, under the guided model (temperature 1, before clamping).
        entropy: of that distribution, in bits.
        top: the likeliest codes and their probabilities in it.
        clamped: the clamp removed the model's first choice.
    """

    code: int
    probability: float
    entropy: float
    top: tuple[tuple[int, float], ...]
    clamped: bool


def clamp_masks(clamp: str, prompt: Tensor | None, seen: Tensor | None, k: int, card: int) -> Tensor | None:
    """The codes that may be sampled.

    Args:
        clamp: "off" (all), "seen" (those of the training data), "prompt" (those of the voice prompt).
        prompt: (P, K) int64; seen: (K, card) bool.
    Returns:
        (K, card) bool, or None for no clamp.
    Raises:
        ValueError: the codes to clamp to are not given.
    """
    if clamp == "off":
        return None
    if clamp == "seen":
        if seen is None:
            raise ValueError("this checkpoint does not record the codes seen in training; use clamp off or prompt")
        return seen[:k]
    if prompt is None or not len(prompt):
        raise ValueError("clamping to the prompt needs a voice prompt")
    return seen_codes(to_codec(prompt[None, :, :k].cpu()), card)


def draw(logits: Tensor, config: SamplingConfig, mask: Tensor | None, generator: torch.Generator) -> int:
    """Sample a code; a temperature below `COLDEST` takes the likeliest.

    Args:
        logits: (card,) float, on the CPU.
        mask: (card,) bool, codes that may be chosen; None for all.
        generator: on the CPU.
    """
    if mask is not None:
        logits = logits.masked_fill(~mask, -torch.inf)
    if config.temperature < COLDEST:
        return int(logits.argmax())
    if config.top_k or config.top_p < 1:
        highest, order = logits.topk(config.top_k or len(logits))
        p = (highest / config.temperature).softmax(0)
        kept = order[p.cumsum(0) - p < config.top_p]  # the smallest set that reaches top_p
        logits = torch.full_like(logits, -torch.inf).index_copy(0, kept, logits[kept])
    return kernels.choose(logits.numpy(), config.temperature, float(torch.rand((), generator=generator)))


def make_picks(logits: Tensor, codes: list[int], masks: Tensor | None) -> tuple[Pick, ...]:
    """The cells of one frame.

    Args:
        logits: (n, card) float, of the n codebooks sampled, on the CPU.
        codes: n chosen codes.
        masks: (K, card) bool, codes that could be chosen; None for all.
    """
    n = len(codes)
    p, top_code, top_p = np.empty(n, np.float32), np.empty((n, TOP), np.int64), np.empty((n, TOP), np.float32)
    bits = kernels.code_statistics(logits.numpy(), np.array(codes), p, top_code, top_p)
    clamped = [masks is not None and not bool(masks[k, first]) for k, first in enumerate(top_code[:, 0])]
    rows = zip(codes, p.tolist(), bits.tolist(), top_code.tolist(), top_p.tolist(), clamped, strict=True)
    return tuple(Pick(c, q, h, tuple(zip(tc, tp, strict=True)), x) for c, q, h, tc, tp, x in rows)
