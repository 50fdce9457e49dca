"""The trained network folded for generation: one frame at a time, with as few operations as possible.

`megabyte.py` is the network as it is trained, and what this is tested against. A frame of generation is hundreds of
tiny operations whose cost is mostly that of being called, so everything that does not depend on the input is computed
once: code embeddings with their linear maps become tables, the output heads single matrices.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.codes import bos_id, previous
from phonelm.layers import EPS, KVCache, Transformer
from phonelm.megabyte import CodeInput, PhoneLM


@dataclass(frozen=True)
class BlockWeights:
    """One transformer block's weights, as in `layers.Block`."""

    attention_norm: Tensor  # (D,)
    qkv: Tensor  # (3 D, D)
    out: Tensor  # (D, D)
    mlp_norm: Tensor  # (D,)
    gate_up: Tensor  # (2 hidden, D)
    down: Tensor  # (D, hidden)


class Stepper:
    """A causal `Transformer` that takes one position at a time."""

    def __init__(self, transformer: Transformer):
        self.transformer = transformer
        self.heads = transformer.blocks[0].attention.heads
        self.norm = transformer.norm.weight.detach()
        self.blocks = [
            BlockWeights(
                *(
                    w.detach()
                    for w in (
                        b.attention_norm.weight, b.attention.qkv.weight, b.attention.out.weight,
                        b.mlp_norm.weight, b.mlp.gate_up.weight, b.mlp.down.weight,
                    )
                )
            )
            for b in transformer.blocks
        ]  # fmt: skip

    def __call__(self, x: Tensor, cache: KVCache) -> Tensor:
        """(B, D) the next position -> (B, D); the cache grows by it."""
        batch, dim = x.shape
        start = cache.length
        cos, sin = self.transformer.rotary(start, 1, x.device)[:, 0].to(x.dtype)  # (D/H / 2,) each
        cos, sin = torch.cat([cos, cos]), torch.cat([-sin, sin])
        half = len(sin) // 2
        cache.reserve(start + 1)
        for layer, w in enumerate(self.blocks):
            qkv = F.linear(F.rms_norm(x, (dim,), w.attention_norm, EPS), w.qkv).view(batch, 3, self.heads, 1, -1)
            qk = qkv[:, :2]
            qk = torch.addcmul(qk * cos, qk.roll(half, -1), sin)
            keys, values = cache.data[layer]
            keys[:, :, start : start + 1] = qk[:, 1]
            values[:, :, start : start + 1] = qkv[:, 2]
            y = F.scaled_dot_product_attention(qk[:, 0], keys[:, :, : start + 1], values[:, :, : start + 1])
            x = x + F.linear(y.reshape(batch, dim), w.out)
            gate, up = F.linear(F.rms_norm(x, (dim,), w.mlp_norm, EPS), w.gate_up).chunk(2, dim=-1)
            x = x + F.linear(F.silu(gate) * up, w.down)
        cache.length = start + 1
        return F.rms_norm(x, (dim,), self.norm, EPS)


def table(codes: CodeInput) -> Tensor:
    """(K * rows, D): what `CodeInput` gives for every code of every codebook."""
    project = codes.project.expand(len(codes.vectors), -1, -1)
    return (codes.vectors @ project).flatten(0, 1) + codes.embedding.weight


class Engine:
    """A model ready to generate; holds nothing of an utterance, so that any number of them can share it.

    Args:
        model: in eval mode; its weights must not change afterwards.
    """

    @torch.no_grad()
    def __init__(self, model: PhoneLM):
        self.model, self.config = model, model.config
        outer, inner = model.global_model, model.local_model
        self.outer, self.inner = Stepper(outer.transformer), Stepper(inner.transformer)
        self.outer_codes, self.inner_codes = table(outer.codes), table(inner.codes)  # (K * rows, D)
        self.offsets = inner.codes.offsets
        self.hold = outer.hold.weight.detach()
        self.context = inner.context.weight.detach()
        self.context_bias = inner.context.bias.detach() + inner.position.detach().flatten()
        self.heads = inner.head().transpose(1, 2).contiguous()  # (K, card, D)
        self.advance_weight, self.advance_bias = inner.advance.weight.detach(), inner.advance.bias.detach()

    @torch.no_grad()
    def encode_text(self, symbols: Tensor, word_starts: Tensor) -> Tensor:
        """(B, N) phonemes -> (B, N, D)."""
        return self.model.text_encoder(symbols, word_starts)

    @torch.no_grad()
    def feed_prompt(self, prompt: Tensor, cache: KVCache) -> None:
        """Put voice prompts, (B, P, K) int64 codes, into the global model's cache."""
        pointer = torch.full(prompt.shape[:2], -1, device=prompt.device)
        prev = previous(prompt, pointer, self.config.card)
        text = self.model.global_model.no_phoneme.expand(*prompt.shape[:2], -1)
        self.model.global_model(prev, text, torch.zeros_like(pointer), cache)

    def new_caches(self, batch: int, capacity: int) -> tuple[KVCache, KVCache]:
        """Empty caches of the global and of the local model."""
        k = self.config.n_codebooks
        return self.outer.transformer.new_cache(batch, capacity), self.inner.transformer.new_cache(batch, k + 1)

    def first(self, batch: int) -> Tensor:
        """(B, K) int64, what stands before the first frame of speech."""
        return torch.full((batch, self.config.n_codebooks), bos_id(self.config.card), device=self.hold.device)

    def frame(self, prev: Tensor, text: Tensor, hold: Tensor, cache: KVCache) -> Tensor:
        """Advance the global model by one frame.

        Args:
            prev: (B, K) int64, codes of the frame before.
            text: (B, D) float, encoded phoneme under the pointer.
            hold: (B,) int64, frames since the pointer last moved.
            cache: of the global model; grown in place.
        Returns:
            (K + 1, B, D_local) float, what the local model starts from: a row for each code and one for the pointer.
        """
        x = F.embedding(prev + self.offsets, self.outer_codes).sum(1) + text
        x = x + F.embedding(hold.clamp(max=self.config.max_hold - 1), self.hold)
        inputs = F.linear(self.outer(x, cache), self.context, self.context_bias)
        return inputs.view(len(prev), self.config.n_codebooks + 1, -1).transpose(0, 1)

    def code(self, k: int, inputs: Tensor, last: Tensor | None, cache: KVCache) -> Tensor:
        """Advance the local model to codebook k.

        Args:
            inputs: as `frame` returned them.
            last: (B,) int64, the code chosen for codebook k - 1; None for the first.
            cache: of the local model; grown in place, to be rewound before the next frame.
        Returns:
            (B, card) float logits; (B, 1) of the pointer's move for k = K.
        """
        x = inputs[k]
        if last is not None:
            x = x + F.embedding(last + self.offsets[k - 1], self.inner_codes)
        z = self.inner(x, cache)
        if k == self.config.n_codebooks:
            return F.linear(z, self.advance_weight, self.advance_bias)
        return F.linear(z, self.heads[k])
