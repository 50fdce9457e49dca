"""One step of a stack of transformer blocks, three ways: PyTorch, a CUDA graph, and compiled with int8 weights."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.generation import kernels
from phonelm.generation.graphs import Graph
from phonelm.model import EPS, KVCache, Transformer

PART_PRODUCTS = 2_000_000  # multiplications that are worth another thread, about a quarter of a millisecond
HELPERS = ThreadPoolExecutor(thread_name_prefix="step")


class Rows:
    """Keys and values of several utterances of different lengths, one in each row. The first rows are in use.

    Args:
        like: an empty cache of one utterance, with the initial capacity of a row.
        count: number of rows.
    """

    def __init__(self, like: KVCache, count: int):
        layers, _, _, heads, capacity, head_dim = like.data.shape
        self.data = like.data.new_zeros(layers, 2, count, heads, capacity, head_dim)
        self.lengths = torch.zeros(count, dtype=torch.int64, device=self.data.device)
        self.longest = 0  # largest of `lengths`, known without waiting for the device
        self.graphs: dict[int, Graph] = {}  # by number of rows in use, see `GraphedStepper`

    def put(self, row: int, cache: KVCache) -> None:
        """Copy the cache of one utterance into a row."""
        self.reserve(cache.length)
        self.data[:, :, row, :, : cache.length] = cache.data[:, :, 0, :, : cache.length]
        self.lengths[row] = cache.length
        self.longest = int(self.lengths.max())

    def move(self, source: int, target: int) -> None:
        """Move a row to another place and free its own."""
        self.data[:, :, target] = self.data[:, :, source]
        self.lengths[target] = self.lengths[source].clone()
        self.lengths[source] = 0
        self.longest = int(self.lengths.max())

    def reserve(self, length: int) -> None:
        """Grow the capacity to at least `length` positions."""
        capacity = self.data.shape[4]
        if length > capacity:
            self.data = F.pad(self.data, (0, 0, 0, max(length, 2 * capacity) - capacity))
            self.graphs.clear()  # they hold the old addresses

    def grown(self, count: int) -> None:
        """Record that the first `count` rows are one position longer."""
        self.lengths[:count] += 1
        self.longest += 1

    def rewind(self, length: int = 0) -> None:
        """Set the length of all rows."""
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
        self.turns = self._turns(512)  # of the longest rows yet, see `turns_for`

    def _turns(self, length: int) -> Tensor:
        """(length, 2, D/H/2): cosines and sines of the first `length` rotary positions."""
        return self.transformer.rotary(0, length, self.norm.device).transpose(0, 1).contiguous()

    def turns_for(self, length: int) -> Tensor:
        """`_turns` of at least `length` positions, kept for the next call.

        Thread-safe: each caller uses the table returned to it, even if another thread replaces the kept one.
        """
        turns = self.turns
        if length > len(turns):
            turns = self.turns = self._turns(2 * length)
        return turns

    def _unit(self, x: Tensor) -> Tensor:
        """RMSNorm without its weight and without the factor sqrt(D), both of which the next matrix holds."""
        return x * torch.linalg.vecdot(x, x).add_(EPS * self.dim).rsqrt_()[:, None]

    def __call__(self, x: Tensor, rows: Rows) -> Tensor:
        """(B, D) the next position of the first B rows -> (B, D); the rows grow by it."""
        rows.reserve(rows.longest + 1)
        y = self._step(x, rows, self.turns_for(rows.longest + 1))
        rows.grown(x.shape[0])
        return y

    def _step(self, x: Tensor, rows: Rows, turns: Tensor) -> Tensor:
        return self._blocks(x, rows.data, rows.lengths, turns, rows.longest + 1, len(x) > 1)

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
    """The same as a CUDA graph, captured once for each number of rows. If that fails, it warns and runs eagerly."""

    capture = True

    def _step(self, x: Tensor, rows: Rows, turns: Tensor) -> Tensor:
        if self.capture and len(x) not in rows.graphs:
            try:
                rows.graphs[len(x)] = self._captured(x, rows)
            except RuntimeError as error:
                warnings.warn(f"no CUDA graph, so speech takes longer: {str(error).splitlines()[0]}", stacklevel=2)
                self.capture = False
        return rows.graphs[len(x)](x) if self.capture else super()._step(x, rows, turns)

    def _captured(self, x: Tensor, rows: Rows) -> Graph:
        data, lengths, end = rows.data, rows.lengths, rows.data.shape[4]
        turns = self.turns_for(end)
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

    def _step(self, x: Tensor, rows: Rows, turns: Tensor) -> Tensor:
        step: Callable[..., None] = kernels.step
        y = x.contiguous().numpy().copy()
        tables: list[Any] = [*self.packed, self.norm.numpy(), turns.numpy(), rows.data.numpy(), rows.lengths.numpy()]
        parts = min(torch.get_num_threads(), len(y), max(1, len(y) * self.row_products // PART_PRODUCTS))
        ends = [len(y) * i // parts for i in range(parts + 1)]
        (first, end), *others = zip(ends, ends[1:])
        waiting = [HELPERS.submit(step, y[a:b], *tables, a) for a, b in others]
        step(y[first:end], *tables, first)
        for part in waiting:
            part.result()
        return torch.from_numpy(y)
