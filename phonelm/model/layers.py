"""Transformer building blocks: RMSNorm, rotary positions, SwiGLU, attention with an explicit cache.

Style and sizes after nanoGPT and Llama (RMSNorm: arXiv:1910.07467, RoPE: arXiv:2104.09864, SwiGLU: arXiv:2002.05202).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

EPS = 1e-5  # of RMSNorm


class KVCache:
    """Keys and values of one utterance or one batch, grown in place; never shared between utterances.

    Args:
        layers, heads, head_dim: those of the transformer it serves.
        capacity: positions allocated at first; it doubles when they are used up.
    """

    def __init__(self, layers: int, batch: int, heads: int, head_dim: int, capacity: int, like: Tensor):
        self.length = 0
        self.data = like.new_empty(layers, 2, batch, heads, capacity, head_dim)

    def put(self, layer: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append (B, H, T, D/H) keys and values of one layer; returns all so far, (B, H, length + T, D/H)."""
        end = self.length + k.shape[2]
        self.reserve(end)
        self.data[layer, 0, :, :, self.length : end] = k
        self.data[layer, 1, :, :, self.length : end] = v
        return self.data[layer, 0, :, :, :end], self.data[layer, 1, :, :, :end]

    def reserve(self, length: int) -> None:
        """Grow the capacity to at least `length` positions."""
        if length > self.data.shape[4]:
            self.data = F.pad(self.data, (0, 0, 0, max(length, 2 * self.data.shape[4]) - self.data.shape[4]))

    def rewind(self, length: int = 0) -> None:
        """Forget everything after the first `length` positions."""
        self.length = length


class Rotary(nn.Module):
    """Tables of rotary position embeddings (RoFormer), extended when a longer sequence comes."""

    def __init__(self, head_dim: int, base: float = 10_000.0):
        super().__init__()
        self.rates = base ** -(torch.arange(0, head_dim, 2).float() / head_dim)
        self.table = torch.empty(2, 0, head_dim // 2)  # no buffer: it is derived and must not be saved

    def forward(self, start: int, length: int, device: torch.device) -> Tensor:
        """(2, length, head_dim / 2): cosines and sines of positions start ... start + length - 1."""
        table = self.table
        if start + length > table.shape[1] or table.device != device:
            positions = torch.arange(max(start + length, 2 * table.shape[1], 512)).float()
            angles = torch.outer(positions, self.rates)
            self.table = table = torch.stack([angles.cos(), angles.sin()]).to(device)
        return table[:, start : start + length]


def rotate(x: Tensor, table: Tensor) -> Tensor:
    """Apply rotary positions to x (B, H, T, D/H)."""
    cos, sin = table.to(x.dtype)
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cos - b * sin, a * sin + b * cos], dim=-1)


MATMUL_POSITIONS = 16  # positions up to which attention is faster as plain matrix products


def attend(q: Tensor, k: Tensor, v: Tensor, causal: bool, mask: Tensor | None) -> Tensor:
    """Scaled dot-product attention, all (B, H, T, D/H).

    The fused kernel has a cost for each of the B * H matrices; for the many tiny ones of the local model three plain
    operations take a third of its time on a CPU.
    """
    if not causal or mask is not None or q.shape[2] > MATMUL_POSITIONS:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal)
    scores = (q * q.shape[-1] ** -0.5) @ k.transpose(-1, -2)
    future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1).to(v.dtype) @ v


class RMSNorm(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), EPS)


class Attention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.out = nn.Linear(dim, dim, bias=False)

    def forward(self, x: Tensor, table: Tensor, causal: bool, mask: Tensor | None, cache: KVCache | None, layer: int):
        q, k, v = rearrange(self.qkv(x), "b t (three h d) -> three b h t d", three=3, h=self.heads)
        q, k = rotate(q, table), rotate(k, table)
        if cache is not None:
            k, v = cache.put(layer, k, v)
        y = attend(q, k, v, causal and mask is None, mask)
        return self.out(rearrange(y, "b h t d -> b t (h d)"))


class SwiGLU(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        hidden = 64 * round(dim * 8 / 3 / 64)
        self.gate_up = nn.Linear(dim, 2 * hidden, bias=False)
        self.down = nn.Linear(hidden, dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gate, up = self.gate_up(x).chunk(2, dim=-1)
        return self.down(F.silu(gate) * up)


class Block(nn.Module):
    """Pre-norm transformer block."""

    def __init__(self, dim: int, heads: int, dropout: float):
        super().__init__()
        self.attention_norm, self.attention = RMSNorm(dim), Attention(dim, heads)
        self.mlp_norm, self.mlp = RMSNorm(dim), SwiGLU(dim)
        self.dropout = dropout

    def forward(self, x: Tensor, *args) -> Tensor:
        x = x + F.dropout(self.attention(self.attention_norm(x), *args), self.dropout, self.training)
        return x + F.dropout(self.mlp(self.mlp_norm(x)), self.dropout, self.training)


class Transformer(nn.Module):
    """A stack of blocks and a final norm, causal or bidirectional.

    Args:
        layers, dim, heads: sizes; `dim` is a multiple of 2 * `heads`.
        causal: each position sees itself and earlier ones only.
    """

    def __init__(self, layers: int, dim: int, heads: int, causal: bool, dropout: float = 0.0):
        super().__init__()
        self.causal = causal
        self.rotary = Rotary(dim // heads)
        blocks = nn.ModuleList(Block(dim, heads, dropout) for _ in range(layers))
        self.blocks = cast("Sequence[Block]", blocks)  # to a type checker, what is in a ModuleList is any module
        self.norm = RMSNorm(dim)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                onto_residual = name.endswith(("out.weight", "down.weight"))
                nn.init.normal_(p, std=dim**-0.5 / (2 * layers) ** 0.5 if onto_residual else dim**-0.5)

    def new_cache(self, batch: int, capacity: int) -> KVCache:
        """An empty cache for `batch` sequences on this module's device and in its dtype."""
        attention = self.blocks[0].attention
        head_dim = attention.out.in_features // attention.heads
        return KVCache(len(self.blocks), batch, attention.heads, head_dim, capacity, attention.out.weight)

    def forward(self, x: Tensor, lengths: Tensor | None = None, cache: KVCache | None = None) -> Tensor:
        """Args:
            x: (B, T, D) float.
            lengths: (B,) int, valid positions of each row; only a bidirectional stack needs them.
            cache: earlier positions of a causal stack; x continues them and is added.
        Returns:
            (B, T, D) float.
        """
        start, steps = (cache.length if cache is not None else 0), x.shape[1]
        mask, causal = None, self.causal and steps > 1
        if lengths is not None:
            mask = (torch.arange(steps, device=x.device) < lengths[:, None])[:, None, None, :]
        elif causal and start:
            mask = torch.ones(steps, start + steps, dtype=torch.bool, device=x.device).tril(start)
        table = self.rotary(start, steps, x.device)
        for i, block in enumerate(self.blocks):
            x = block(x, table, causal, mask, cache, i)
        if cache is not None:
            cache.length += steps
        return self.norm(x)
