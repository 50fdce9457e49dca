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
    out: Tensor  # (D, D), transposed
    mlp_norm: Tensor  # (D,)
    gate_up: Tensor  # (2 hidden, D)
    down: Tensor  # (hidden, D), transposed


class Stepper:
    """A causal `Transformer` that takes one position at a time."""

    def __init__(self, transformer: Transformer):
        self.transformer = transformer
        self.heads = transformer.blocks[0].attention.heads
        self.norm = transformer.norm.weight.detach()
        self.blocks = [
            BlockWeights(
                b.attention_norm.weight.detach(), b.attention.qkv.weight.detach(), b.attention.out.weight.detach().t(),
                b.mlp_norm.weight.detach(), b.mlp.gate_up.weight.detach(), b.mlp.down.weight.detach().t(),
            )
            for b in transformer.blocks
        ]  # fmt: skip
        self.turns = self._turns(512)

    def _turns(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and signed sines of `length` rotary positions, (length, 3, 1, 1, D/H) each: queries and keys are
        turned, values stay as they are (cosine 1, sine 0)."""
        cos, sin = self.transformer.rotary(0, length, self.norm.device)
        cos, sin = torch.cat([cos, cos], 1).to(self.norm.dtype), torch.cat([-sin, sin], 1).to(self.norm.dtype)
        one, zero = torch.ones_like(cos), torch.zeros_like(sin)
        return torch.stack([cos, cos, one], 1)[:, :, None, None], torch.stack([sin, sin, zero], 1)[:, :, None, None]

    def __call__(self, x: Tensor, cache: KVCache) -> Tensor:
        """(B, D) the next position -> (B, D); the cache grows by it."""
        batch, dim = x.shape
        start, end = cache.length, cache.length + 1
        cache.reserve(end)
        turns = self.turns
        if end > len(turns[0]):
            self.turns = turns = self._turns(2 * end)
        cos, sin = turns[0][start], turns[1][start]
        half = cos.shape[-1] // 2
        for layer, w in enumerate(self.blocks):
            qkv = F.linear(F.rms_norm(x, (dim,), w.attention_norm, EPS), w.qkv).view(batch, 3, self.heads, 1, -1)
            qkv = torch.addcmul(qkv * cos, qkv.roll(half, -1), sin)
            past = cache.data[layer].narrow(3, 0, end)  # (2, B, H, end, D/H)
            past.narrow(3, start, 1).copy_(qkv[:, 1:].transpose(0, 1))
            y = F.scaled_dot_product_attention(qkv[:, 0], past[0], past[1])
            x = torch.addmm(x, y.view(batch, dim), w.out)
            gate, up = F.linear(F.rms_norm(x, (dim,), w.mlp_norm, EPS), w.gate_up).chunk(2, dim=-1)
            x = torch.addmm(x, F.silu(gate) * up, w.down)
        cache.length = end
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
        self.context = inner.context.weight.detach().t()
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
        inputs = torch.addmm(self.context_bias, self.outer(x, cache), self.context)
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
