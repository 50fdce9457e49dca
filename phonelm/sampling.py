"""Choosing one code from a codebook's logits: clamping, temperature, top-k, top-p."""

from __future__ import annotations

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


def pick(logits: Tensor, config: SamplingConfig, mask: Tensor | None, generator: torch.Generator) -> Pick:
    """Sample a code; temperature 0 takes the likeliest.

    Args:
        logits: (card,) float.
        mask: (card,) bool, codes that may be chosen; None for all.
        generator: on the CPU, where sampling is done.
    """
    logits = logits.float().cpu()
    log_p = logits.log_softmax(0)
    p = log_p.exp()
    top_p, top_code = p.topk(TOP)
    allowed = logits if mask is None else logits.masked_fill(~mask, -torch.inf)
    code = int(allowed.argmax()) if config.temperature == 0 else _draw(allowed, config, generator)
    return Pick(
        code=code,
        probability=float(p[code]),
        entropy=float(-(p * log_p).sum() / torch.log(torch.tensor(2.0))),
        top=tuple(zip(top_code.tolist(), top_p.tolist(), strict=True)),
        clamped=mask is not None and not bool(mask[top_code[0]]),
    )


def _draw(logits: Tensor, config: SamplingConfig, generator: torch.Generator) -> int:
    values, order = logits.sort(descending=True)
    if config.top_k:
        values, order = values[: config.top_k], order[: config.top_k]
    p = (values / config.temperature).softmax(0)
    if config.top_p < 1:
        p = p * (p.cumsum(0) - p < config.top_p)  # the smallest set that reaches top_p
    return int(order[torch.multinomial(p, 1, generator=generator)])
