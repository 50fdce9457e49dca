"""The trained network folded for generation: one frame at a time, with as few operations as possible.

`megabyte.py` is the network as trained; the tests compare this module with it. One frame takes hundreds of tiny
operations, and most of their cost is the call itself. So everything that does not depend on the input is computed once:
code embeddings and their linear maps become tables, and each output head becomes one matrix. One step of a whole stack
of blocks is one call: a compiled one on a CPU (`kernels.py`), a captured graph with CUDA (`graphs.py`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.generation import kernels
from phonelm.generation.steppers import CompiledStepper, GraphedStepper, Rows, Stepper
from phonelm.model import CodeInput, KVCache, PhoneLM, bos_id, previous

PRECISIONS = ("auto", "int8", "fp32")


def choose_precision(precision: str, device: torch.device) -> str:
    """What "auto" means on a device: compiled kernels with int8 weights on CPUs, elsewhere PyTorch with fp32.

    Raises:
        ValueError: an unknown precision, or int8 on something other than a CPU.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision must be one of {', '.join(PRECISIONS)}, not {precision!r}")
    if precision == "int8" and device.type != "cpu":
        raise ValueError(f"precision int8 is for CPUs; use fp32 on {device}")
    if precision != "auto":
        return precision
    return "int8" if device.type == "cpu" else "fp32"


class Matrix:
    """A linear map without bias, (out, in) float: in PyTorch, or compiled with int8 weights."""

    def __init__(self, weight: Tensor, precision: str):
        self.weight = weight.detach().contiguous()
        self.packed = kernels.pack(self.weight.numpy()) if precision == "int8" else None

    def __call__(self, x: Tensor) -> Tensor:
        """(B, in) -> (B, out)."""
        if self.packed is None:
            return F.linear(x, self.weight)
        out = np.empty((x.shape[0], self.weight.shape[0]), np.float32)
        kernels.project(*self.packed, x.contiguous().numpy(), out)
        return torch.from_numpy(out)


def embedding_table(codes: CodeInput) -> Tensor:
    """(K * rows, D): what `CodeInput` gives for every code of every codebook."""
    project = codes.project.expand(len(codes.vectors), -1, -1)
    return (codes.vectors @ project).flatten(0, 1) + codes.embedding.weight


class Engine:
    """A model ready to generate. It holds no state of an utterance, so any number of utterances can share it.

    Args:
        model: in eval mode; its weights must not change afterwards.
        precision: of the weights, see `choose_precision`.
    """

    @torch.no_grad()
    def __init__(self, model: PhoneLM, precision: str = "auto"):
        self.model, self.config = model, model.config
        outer, inner = model.global_model, model.local_model
        self.precision = choose_precision(precision, outer.no_phoneme.device)
        graphed = outer.no_phoneme.device.type == "cuda"
        stepper = CompiledStepper if self.precision == "int8" else GraphedStepper if graphed else Stepper
        self.outer, self.inner = stepper(outer.transformer), stepper(inner.transformer)
        self.outer_codes, self.inner_codes = embedding_table(outer.codes), embedding_table(inner.codes)  # (K * rows, D)
        self.offsets = inner.codes.offsets
        self.hold, self.no_phoneme = outer.hold.weight.detach(), outer.no_phoneme.detach()[None]
        self.context = Matrix(inner.context.weight, self.precision)
        self.context_bias = inner.context.bias + inner.position.flatten()
        self.heads = [Matrix(head.t(), self.precision) for head in inner.head()]  # (card, D) each
        self.advance, self.advance_bias = Matrix(inner.advance.weight, self.precision), inner.advance.bias.detach()
        self.free_rows: dict[int, list[tuple[Rows, Rows]]] = {}  # rows with captured graphs that are not in use

    @torch.no_grad()
    def encode_text(
        self, symbols: Tensor, word_starts: Tensor, prompt: Tensor | None = None, guidance: float = 1.0
    ) -> Tensor:
        """(B, N) phonemes and (B, P, K) codes of the voice prompts -> (B, N, D), as `PhoneLM.encode_text`."""
        scale = torch.full((len(symbols),), guidance, device=symbols.device)
        return self.model.encode_text(symbols, word_starts, prompt=prompt, guidance=scale)

    @torch.no_grad()
    def feed_prompt(self, prompt: Tensor, cache: KVCache) -> None:
        """Put voice prompts, (B, P, K) int64 codes, into the cache of the global model."""
        pointer = torch.full(prompt.shape[:2], -1, device=prompt.device)
        prev = previous(prompt, pointer, self.config.card)
        text = self.model.global_model.no_phoneme.expand(*prompt.shape[:2], -1)
        self.model.global_model(prev, text, torch.zeros_like(pointer), cache)

    @torch.no_grad()
    def feed_speech(self, codes: Tensor, pointer: Tensor, hold: Tensor, text: Tensor, cache: KVCache) -> None:
        """Put the first frames of an utterance into the cache of the global model, in one pass.

        Args:
            codes: (B, T, K) int64.
            pointer: (B, T) int64; hold: (B, T) int64, frames since the pointer last moved.
            text: (B, N, D) float, all encoded phonemes.
            cache: with the prompt's frames.
        """
        prev = previous(codes, pointer, self.config.card)
        self.model.global_model(prev, self.model.text_at(text, pointer), hold, cache)

    def new_cache(self) -> KVCache:
        """An empty cache of the global model for one utterance."""
        return self.outer.transformer.new_cache(1, 1024)

    def new_rows(self, count: int) -> tuple[Rows, Rows]:
        """Rows of the global and of the local model for `count` utterances."""
        local = self.inner.transformer.new_cache(1, self.config.n_codebooks + 1)
        return Rows(self.new_cache(), count), Rows(local, count)

    @contextmanager
    def rows(self, count: int) -> Iterator[tuple[Rows, Rows]]:
        """`new_rows`, or rows that were used before and have captured graphs."""
        free = self.free_rows.setdefault(count, [])
        lent = free.pop() if free else self.new_rows(count)
        for rows in lent:
            rows.rewind()
        try:
            yield lent
        finally:
            if all(rows.graphs for rows in lent):
                free.append(lent)

    def first(self, batch: int) -> Tensor:
        """(B, K) int64, the codes before the first frame of speech."""
        return torch.full((batch, self.config.n_codebooks), bos_id(self.config.card), device=self.hold.device)

    def frame(self, prev: Tensor, text: Tensor, hold: Tensor, rows: Rows) -> Tensor:
        """Advance the global model by one frame.

        Args:
            prev: (B, K) int64, codes of the frame before.
            text: (B, D) float, encoded phoneme under the pointer.
            hold: (B,) int64, frames since the pointer last moved.
            rows: of the global model; grown in place.
        Returns:
            (K + 1, B, D_local) float, what the local model starts from: a row for each code and one for the pointer.
        """
        x = F.embedding(prev + self.offsets, self.outer_codes).sum(1) + text
        x = x + F.embedding(hold.clamp(max=self.config.max_hold - 1), self.hold)
        inputs = self.context_bias + self.context(self.outer(x, rows))
        return inputs.view(len(prev), self.config.n_codebooks + 1, -1).transpose(0, 1)

    def code(self, k: int, inputs: Tensor, last: Tensor | None, rows: Rows) -> Tensor:
        """Advance the local model to codebook k.

        Args:
            inputs: as `frame` returned them.
            last: (B,) int64, the code chosen for codebook k - 1; None for the first.
            rows: of the local model; grown in place, to be rewound before the next frame.
        Returns:
            (B, card) float logits; (B, 1) of the pointer's move for k = K.
        """
        x = inputs[k]
        if last is not None:
            x = x + F.embedding(last + self.offsets[k - 1], self.inner_codes)
        z = self.inner(x, rows)
        if k == self.config.n_codebooks:
            return self.advance(z) + self.advance_bias
        return self.heads[k](z)
