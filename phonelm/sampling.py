"""Choosing one code from a codebook's logits: clamping, temperature, top-k, top-p."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from phonelm.codes import seen_codes, to_codec
from phonelm.config import SamplingConfig

TOP = 5  # likeliest codes reported for each cell of the grid


@dataclass(frozen=True)
class Pick:
    """One cell of the code grid.

    Attributes:
        code: the code chosen.
        probability: of the chosen code, under the model (temperature 1, before clamping).
        entropy: of the model's distribution, in bits.
        top: the likeliest codes and their probabilities, under the model.
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
    """Sample a code; temperature 0 takes the likeliest.

    Args:
        logits: (card,) float, on the CPU.
        mask: (card,) bool, codes that may be chosen; None for all.
        generator: on the CPU.
    """
    if mask is not None:
        logits = logits.masked_fill(~mask, -torch.inf)
    if config.temperature == 0:
        return int(logits.argmax())
    order = None
    if config.top_k or config.top_p < 1:
        logits, order = logits.topk(config.top_k or len(logits))
    p = (logits / config.temperature).softmax(0)
    if config.top_p < 1:
        p = p * (p.cumsum(0) - p < config.top_p)  # the smallest set that reaches top_p
    chosen = torch.multinomial(p, 1, generator=generator)
    return int(chosen if order is None else order[chosen])


def describe(logits: Tensor, codes: list[int], masks: Tensor | None) -> tuple[Pick, ...]:
    """What was chosen in one frame, and from what.

    Args:
        logits: (n, card) float, of the n codebooks sampled.
        codes: n chosen codes.
        masks: (K, card) bool, codes that could be chosen; None for all.
    """
    log_p = logits.log_softmax(1)
    p = log_p.exp()
    top_p, top_code = p.topk(TOP, dim=1)
    bits = -(p * log_p).sum(1) / math.log(2)
    chosen = p.gather(1, torch.tensor(codes)[:, None])[:, 0]
    clamped = [masks is not None and not bool(masks[k, first]) for k, first in enumerate(top_code[:, 0])]
    rows = zip(codes, chosen.tolist(), bits.tolist(), top_code.tolist(), top_p.tolist(), clamped, strict=True)
    return tuple(Pick(c, q, h, tuple(zip(tc, tp, strict=True)), x) for c, q, h, tc, tp, x in rows)
