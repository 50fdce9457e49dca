"""The trained network folded for generation: one frame at a time, with as few operations as possible.

`megabyte.py` is the network as it is trained, and what this is tested against. A frame of generation is hundreds of
tiny operations whose cost is mostly that of being called, so everything that does not depend on the input is computed
once: code embeddings with their linear maps become tables, the output heads single matrices.
"""

from __future__ import annotations

import sys

import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.codes import bos_id, previous
from phonelm.layers import EPS, KVCache, Transformer
from phonelm.megabyte import CodeInput, PhoneLM

PRECISIONS = ("auto", "int8", "fp32")


def choose_precision(precision: str, device: torch.device) -> str:
    """What "auto" means on a device: int8 weights on CPUs whose PyTorch has fast kernels for them, else fp32.

    Raises:
        ValueError: an unknown precision, or int8 on something other than a CPU.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}")
    if precision == "int8" and device.type != "cpu":
        raise ValueError(f"precision int8 is for CPUs; use fp32 on {device}")
    if precision != "auto":
        return precision
    vectors = torch.backends.cpu.get_cpu_capability() in ("AVX2", "AVX512") and sys.platform != "win32"
    return "int8" if device.type == "cpu" and vectors else "fp32"


class Matrix:
    """A linear map without bias in the format that is fastest to apply to a single vector.

    A step of generation is matrix-vector products, whose cost is that of reading the weights. int8 quarters it: each
    row is rounded to 127 steps either side, with a bfloat16 scale of its own (weight-only, symmetric).

    Args:
        weight: (out, in) float.
        precision: "int8" or "fp32".
    """

    def __init__(self, weight: Tensor, precision: str):
        self.weight, self.scale = weight.contiguous(), None
        if precision == "int8":
            self.scale = (weight.abs().amax(1).clamp(min=1e-8) / 127).bfloat16()
            steps = (weight / self.scale[:, None].float()).round().clamp(-127, 127)
            self.weight = steps.to(torch.int8).contiguous()

    def __call__(self, x: Tensor) -> Tensor:
        """(B, in) -> (B, out), bfloat16 for int8 weights, else float."""
        if self.scale is None:
            return F.linear(x, self.weight)
        return torch._weight_int8pack_mm(x, self.weight, self.scale)


class Stepper:
    """A causal `Transformer` that takes one position at a time. Norm weights are folded into the matrices after them.

    Attributes:
        dtype: of what the matrices take. All else stays float: attention in bfloat16 is several times slower on a CPU.
    """

    def __init__(self, transformer: Transformer, precision: str):
        self.transformer = transformer
        self.heads, self.dim = transformer.blocks[0].attention.heads, len(transformer.norm.weight)
        self.dtype = torch.bfloat16 if precision == "int8" else torch.float32
        self.norm = transformer.norm.weight * self.dim**0.5
        self.blocks = [
            tuple(
                Matrix(weight, precision)
                for weight in (
                    b.attention.qkv.weight * b.attention_norm.weight * self.dim**0.5,
                    b.attention.out.weight,
                    b.mlp.gate_up.weight * b.mlp_norm.weight * self.dim**0.5,
                    b.mlp.down.weight,
                )
            )
            for b in transformer.blocks
        ]
        self.turns = self._turns(512)

    def _turns(self, length: int) -> tuple[Tensor, Tensor]:
        """Cosines and signed sines of `length` rotary positions, (length, 3, 1, 1, D/H) each: queries and keys are
        turned, values stay as they are (cosine 1, sine 0)."""
        cos, sin = self.transformer.rotary(0, length, self.norm.device)
        cos, sin = torch.cat([cos, cos], 1), torch.cat([-sin, sin], 1)
        one, zero = torch.ones_like(cos), torch.zeros_like(sin)
        pairs = torch.stack([cos, cos, one], 1), torch.stack([sin, sin, zero], 1)
        return tuple(x[:, :, None, None] for x in pairs)

    def _unit(self, x: Tensor) -> Tensor:
        """RMSNorm without its weight and without the factor sqrt(D), both of which the next matrix holds."""
        return x * torch.linalg.vecdot(x, x).add_(EPS * self.dim).rsqrt_()[:, None]

    def __call__(self, x: Tensor, cache: KVCache) -> Tensor:
        """(B, D) the next position -> (B, D); the cache grows by it."""
        batch = len(x)
        start, end = cache.length, cache.length + 1
        cache.reserve(end)
        turns = self.turns
        if end > len(turns[0]):
            self.turns = turns = self._turns(2 * end)
        cos, sin = turns[0][start], turns[1][start]
        half = cos.shape[-1] // 2
        for layer, (to_qkv, out, gate_up, down) in enumerate(self.blocks):
            qkv = to_qkv(self._unit(x).to(self.dtype)).float().view(batch, 3, self.heads, 1, -1)
            qkv = torch.addcmul(qkv * cos, qkv.roll(half, -1), sin)
            past = cache.data[layer].narrow(3, 0, end)  # (2, B, H, end, D/H)
            past.narrow(3, start, 1).copy_(qkv[:, 1:].transpose(0, 1))
            y = F.scaled_dot_product_attention(qkv[:, 0], past[0], past[1])
            x = x + out(y.view(batch, -1).to(self.dtype))
            gate, up = gate_up(self._unit(x).to(self.dtype)).chunk(2, dim=-1)
            x = x + down(F.silu(gate) * up)
        cache.length = end
        return self._unit(x) * self.norm


def table(codes: CodeInput) -> Tensor:
    """(K * rows, D): what `CodeInput` gives for every code of every codebook."""
    project = codes.project.expand(len(codes.vectors), -1, -1)
    return (codes.vectors @ project).flatten(0, 1) + codes.embedding.weight


class Engine:
    """A model ready to generate; holds nothing of an utterance, so that any number of them can share it.

    Args:
        model: in eval mode; its weights must not change afterwards.
        precision: of the weights, see `choose_precision`.
    """

    @torch.no_grad()
    def __init__(self, model: PhoneLM, precision: str = "auto"):
        self.model, self.config = model, model.config
        outer, inner = model.global_model, model.local_model
        self.precision = choose_precision(precision, outer.no_phoneme.device)
        self.outer = Stepper(outer.transformer, self.precision)
        self.inner = Stepper(inner.transformer, self.precision)
        self.outer_codes, self.inner_codes = table(outer.codes), table(inner.codes)  # (K * rows, D)
        self.offsets = inner.codes.offsets
        self.hold = outer.hold.weight.detach()
        self.context = Matrix(inner.context.weight, self.precision)
        self.context_bias = inner.context.bias + inner.position.flatten()
        self.heads = [Matrix(head.t(), self.precision) for head in inner.head()]  # (card, D) each
        self.advance_weight, self.advance_bias = inner.advance.weight.detach(), inner.advance.bias.detach()

    @torch.no_grad()
    def encode_text(self, symbols: Tensor, word_starts: Tensor) -> Tensor:
        """(B, N) phonemes -> (B, N, D)."""
        return self.model.text_encoder(symbols, word_starts)

    @torch.no_grad()
    def feed_prompt(self, prompt: Tensor, cache: KVCache) -> None:
        """Put voice prompts, (B, P, K) int64 codes, into the cache of the global model."""
        pointer = torch.full(prompt.shape[:2], -1, device=prompt.device)
        prev = previous(prompt, pointer, self.config.card)
        text = self.model.global_model.no_phoneme.expand(*prompt.shape[:2], -1)
        self.model.global_model(prev, text, torch.zeros_like(pointer), cache)

    @torch.no_grad()
    def feed_speech(self, codes: Tensor, pointer: Tensor, hold: Tensor, text: Tensor, cache: KVCache) -> None:
        """Put the frames with which an utterance begins into the cache of the global model, in one pass.

        Args:
            codes: (B, T, K) int64.
            pointer: (B, T) int64; hold: (B, T) int64, frames since the pointer last moved.
            text: (B, N, D) float, all encoded phonemes.
            cache: with the prompt's frames.
        """
        prev = previous(codes, pointer, self.config.card)
        self.model.global_model(prev, self.model.text_at(text, pointer), hold, cache)

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
        inputs = self.context_bias + self.context(self.outer(x, cache).to(self.outer.dtype))
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
        return self.heads[k](z.to(self.inner.dtype)).float()
