"""The code grid: layouts, special ids, masks. The only place that converts between codec and model layouts."""

from __future__ import annotations

import torch
from einops import rearrange
from torch import Tensor

N_SPECIAL = 2  # ids beyond the codebook: beginning of speech, hidden


def bos_id(card: int) -> int:
    """The id that stands before the first frame of speech."""
    return card


def hidden_id(card: int) -> int:
    """The id of a code that the model may not see."""
    return card + 1


def to_codec(codes: Tensor) -> Tensor:
    """(B, T, K) model layout -> (B, K, T) codec layout."""
    return rearrange(codes, "b t k -> b k t")


def previous(codes: Tensor, pointer: Tensor, card: int) -> Tensor:
    """The codes that each frame is conditioned on: those of the frame before.

    Args:
        codes: (B, T, K) int64, prompt frames, then speech.
        pointer: (B, T) int64, phoneme under the pointer, -1 in the prompt.
    Returns:
        (B, T, K) int64; `bos_id` at the first frame of the prompt and at the first of the speech.
    """
    prev = codes.roll(1, dims=1)
    starts = torch.zeros_like(pointer, dtype=torch.bool)
    starts[:, 0] = True
    starts[:, 1:] = (pointer[:, 1:] >= 0) & (pointer[:, :-1] < 0)
    return prev.masked_fill(starts[..., None], bos_id(card))


def keep_codebooks(codes: Tensor, n: Tensor | int, card: int) -> Tensor:
    """Hide all but the first n codebooks.

    Args:
        codes: (B, T, K) int64.
        n: codebooks that stay, one number or (B,).
    """
    k = torch.arange(codes.shape[-1], device=codes.device)
    n = torch.as_tensor(n, device=codes.device).reshape(-1, 1, 1)
    return torch.where(k >= n, hidden_id(card), codes)


def pointer_from_durations(durations: Tensor) -> tuple[Tensor, Tensor]:
    """The pointer of every frame and how long it has rested there.

    Args:
        durations: (N,) int64, frames of each phoneme, all at least 1.
    Returns:
        pointer (T,) int64 and hold (T,) int64, frames since the pointer last moved, with T = sum(durations).
    """
    pointer = torch.repeat_interleave(torch.arange(len(durations), device=durations.device), durations)
    starts = torch.cumsum(durations, 0) - durations
    return pointer, torch.arange(len(pointer), device=durations.device) - starts[pointer]


def durations_from_pointer(pointer: Tensor, n: int) -> Tensor:
    """(T,) pointer -> (n,) frames of each phoneme; frames of the prompt (-1) do not count."""
    return torch.bincount(pointer[pointer >= 0], minlength=n)


def seen_codes(codes: Tensor, card: int) -> Tensor:
    """Which codes occur in (B, K, T) codes: (K, card) bool."""
    counts = torch.zeros(codes.shape[1], card, dtype=torch.bool, device=codes.device)
    return counts.scatter(1, rearrange(codes, "b k t -> k (b t)"), True)
