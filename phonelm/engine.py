"""The trained network folded for generation: one frame at a time, with as few operations as possible.

`megabyte.py` is the network as it is trained, and what this is tested against. A frame of generation is hundreds of
tiny operations whose cost is mostly that of being called, so everything that does not depend on the input is computed
once (code embeddings with their linear maps become tables, the output heads single matrices), and a step of a whole
stack of blocks is one call: on a CPU a compiled one (`kernels.py`), with CUDA a captured graph (`graphs.py`).
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm import kernels
from phonelm.codes import bos_id, previous
from phonelm.graphs import Graph
from phonelm.layers import EPS, KVCache, Transformer
from phonelm.megabyte import CodeInput, PhoneLM

PART_PRODUCTS = 2_000_000  # multiplications for which it pays to ask another thread, about a quarter of a millisecond
HELPERS = ThreadPoolExecutor(thread_name_prefix="step")
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


class Rows:
    """Keys and values of several utterances of different lengths, one in each row; the first rows are those in use.

    Args:
        like: an empty cache of one utterance, of the capacity that rows have at first.
        count: utterances there can be at a time.
    """

    def __init__(self, like: KVCache, count: int):
        layers, _, _, heads, capacity, head_dim = like.data.shape
        self.data = like.data.new_zeros(layers, 2, count, heads, capacity, head_dim)
        self.lengths = torch.zeros(count, dtype=torch.int64, device=self.data.device)
        self.longest = 0  # of `lengths`, known without asking the device
        self.graphs: dict[int, Graph] = {}  # of steps with so many rows in use, see `GraphedStepper`

    def put(self, row: int, cache: KVCache) -> None:
        """Let a row continue what is in a cache of one utterance."""
        self.reserve(cache.length)
        self.data[:, :, row, :, : cache.length] = cache.data[:, :, 0, :, : cache.length]
        self.lengths[row] = cache.length
        self.longest = int(self.lengths.max())

    def move(self, source: int, target: int) -> None:
        """Let one row take the place of another, and be free."""
        self.data[:, :, target] = self.data[:, :, source]
        self.lengths[target] = self.lengths[source].clone()
        self.lengths[source] = 0
        self.longest = int(self.lengths.max())

    def reserve(self, length: int) -> None:
        """Make room for so many positions."""
        capacity = self.data.shape[4]
        if length > capacity:
            self.data = F.pad(self.data, (0, 0, 0, max(length, 2 * capacity) - capacity))
            self.graphs.clear()  # they know where the data were

    def grown(self, count: int) -> None:
        """The first rows are one position longer."""
        self.lengths[:count] += 1
        self.longest += 1

    def rewind(self, length: int = 0) -> None:
        """Let all rows end after so many positions."""
        self.lengths.fill_(length)
        self.longest = length


class Stepper:
    """A causal `Transformer` that takes one position at a time, norm weights folded into the matrices after them."""

    def __init__(self, transformer: Transformer):
        self.transformer = transformer
        self.heads, self.dim = transformer.blocks[0].attention.heads, len(transformer.norm.weight)
        self.norm = (transformer.norm.weight * self.dim**0.5).detach()
        self.matrices = tuple(  # (layers, out, in)
            torch.stack([m.detach() for m in each]).contiguous()
            for each in zip(
                *(
                    (
                        b.attention.qkv.weight * b.attention_norm.weight * self.dim**0.5,
                        b.attention.out.weight,
                        b.mlp.gate_up.weight * b.mlp_norm.weight * self.dim**0.5,
                        b.mlp.down.weight,
                    )
                    for b in transformer.blocks
                )
            )
        )
        self.turns = self._turns(512)

    def _turns(self, length: int) -> Tensor:
        """(length, 2, D/H/2): cosines and sines of so many rotary positions."""
        return self.transformer.rotary(0, length, self.norm.device).transpose(0, 1).contiguous()

    def _unit(self, x: Tensor) -> Tensor:
        """RMSNorm without its weight and without the factor sqrt(D), both of which the next matrix holds."""
        return x * torch.linalg.vecdot(x, x).add_(EPS * self.dim).rsqrt_()[:, None]

    def __call__(self, x: Tensor, rows: Rows) -> Tensor:
        """(B, D) the next position of the first B rows -> (B, D); the rows grow by it."""
        rows.reserve(rows.longest + 1)
        if rows.longest >= self.turns.shape[0]:
            self.turns = self._turns(2 * rows.longest)
        y = self._step(x, rows)
        rows.grown(x.shape[0])
        return y

    def _step(self, x: Tensor, rows: Rows) -> Tensor:
        return self._blocks(x, rows.data, rows.lengths, self.turns, rows.longest + 1, len(x) > 1)

    def _blocks(self, x: Tensor, data: Tensor, lengths: Tensor, turns: Tensor, end: int, masked: bool) -> Tensor:
        """The step in PyTorch: attention to the first `end` positions, if `masked` only to those that a row has."""
        batch = len(x)
        at, index = lengths[:batch], torch.arange(batch, device=x.device)
        cos, sin = turns[at].repeat(1, 1, 2)[:, None, None].unbind(3)  # (B, 1, 1, D/H)
        sin = torch.cat([-sin[..., : sin.shape[-1] // 2], sin[..., sin.shape[-1] // 2 :]], -1)
        seen = (torch.arange(end, device=x.device) <= at[:, None])[:, None, None] if masked else None
        for layer, (qkv, out, gate_up, down) in enumerate(zip(*self.matrices)):
            qkv = F.linear(self._unit(x), qkv).view(batch, 3, self.heads, -1)
            turned, v = qkv[:, :2], qkv[:, 2]
            q, k = (turned * cos + turned.roll(sin.shape[-1] // 2, -1) * sin).unbind(1)
            past = data[layer]
            past[0, index, :, at], past[1, index, :, at] = k, v
            keys, values = past[:, :batch, :, :end]
            y = F.scaled_dot_product_attention(q[:, :, None], keys, values, attn_mask=seen)
            x = x + F.linear(y.reshape(batch, -1), out)
            gate, up = F.linear(self._unit(x), gate_up).chunk(2, dim=-1)
            x = x + F.linear(F.silu(gate) * up, down)
        return self._unit(x) * self.norm


class GraphedStepper(Stepper):
    """The same with CUDA, captured once for each number of rows; where that fails, a warning, and as it was."""

    capture = True

    def _step(self, x: Tensor, rows: Rows) -> Tensor:
        if self.capture and len(x) not in rows.graphs:
            try:
                rows.graphs[len(x)] = self._captured(x, rows)
            except RuntimeError as error:
                warnings.warn(f"no CUDA graph, so speech takes longer: {str(error).splitlines()[0]}", stacklevel=2)
                self.capture = False
        return rows.graphs[len(x)](x) if self.capture else super()._step(x, rows)

    def _captured(self, x: Tensor, rows: Rows) -> Graph:
        data, lengths, end = rows.data, rows.lengths, rows.data.shape[4]
        turns = self.turns if len(self.turns) >= end else self._turns(end)
        return Graph(lambda x: self._blocks(x, data, lengths, turns, end, masked=True), x)


class CompiledStepper(Stepper):
    """The same in one compiled call, on a CPU, with int8 weights. A row gives the same bits alone and among others.

    The rows of a batch are shared among as many threads as PyTorch has, if there is enough to do for each.
    """

    def __init__(self, transformer: Transformer):
        super().__init__(transformer)
        self.packed = [kernels.pack(m.numpy()) for m in self.matrices]
        self.row_products = sum(m.numel() for m in self.matrices)
        self.matrices = ()

    def _step(self, x: Tensor, rows: Rows) -> Tensor:
        y = x.contiguous().numpy().copy()
        shared = *self.packed, self.norm.numpy(), self.turns.numpy(), rows.data.numpy(), rows.lengths.numpy()
        parts = min(torch.get_num_threads(), len(y), max(1, len(y) * self.row_products // PART_PRODUCTS))
        ends = [len(y) * i // parts for i in range(parts + 1)]
        (first, end), *others = zip(ends, ends[1:])
        waiting = [HELPERS.submit(kernels.step, y[a:b], *shared, a) for a, b in others]
        kernels.step(y[first:end], *shared, first)
        for part in waiting:
            part.result()
        return torch.from_numpy(y)


class Matrix:
    """A linear map without bias, (out, in) float: by PyTorch, or compiled with int8 weights."""

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
        graphed = outer.no_phoneme.device.type == "cuda"
        stepper = CompiledStepper if self.precision == "int8" else GraphedStepper if graphed else Stepper
        self.outer, self.inner = stepper(outer.transformer), stepper(inner.transformer)
        self.outer_codes, self.inner_codes = table(outer.codes), table(inner.codes)  # (K * rows, D)
        self.offsets = inner.codes.offsets
        self.hold, self.no_phoneme = outer.hold.weight.detach(), outer.no_phoneme.detach()[None]
        self.context = Matrix(inner.context.weight, self.precision)
        self.context_bias = inner.context.bias + inner.position.flatten()
        self.heads = [Matrix(head.t(), self.precision) for head in inner.head()]  # (card, D) each
        self.advance, self.advance_bias = Matrix(inner.advance.weight, self.precision), inner.advance.bias.detach()
        self.free_rows: dict[int, list[tuple[Rows, Rows]]] = {}  # that have graphs

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

    def new_cache(self) -> KVCache:
        """An empty cache of the global model for one utterance."""
        return self.outer.transformer.new_cache(1, 1024)

    def new_rows(self, count: int) -> tuple[Rows, Rows]:
        """Rows of the global and of the local model for so many utterances."""
        local = self.inner.transformer.new_cache(1, self.config.n_codebooks + 1)
        return Rows(self.new_cache(), count), Rows(local, count)

    @contextmanager
    def rows(self, count: int) -> Iterator[tuple[Rows, Rows]]:
        """`new_rows`, or such as were given back, whose graphs need not be captured again."""
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
        """(B, K) int64, what stands before the first frame of speech."""
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
