"""The arithmetic of one step of generation, compiled by Numba: a whole stack of transformer blocks in one call.

A step works on single vectors, whose hundreds of operations cost more to call than to compute. Compiled together they
take a fifth of the time, release the interpreter, and treat each row of a batch exactly as they would treat it alone.
Compiled code is kept in `__pycache__` (or in the user's cache), so that only the first process waits for it. Where
neither can be written, as on a read-only file system, every process compiles again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
from numba import njit
from numba.core.caching import NullCache

from phonelm.model import EPS

f32 = np.float32
Packed = tuple[np.ndarray, np.ndarray]  # (..., out, in) int8 steps and (..., out) float32 scales
F = TypeVar("F", bound=Callable)


def compiled(function: F) -> F:
    """The function compiled by Numba at its first call, or read from the cache if there can be one."""
    fast = {"reassoc", "contract", "nsz"}  # infinities keep their meaning
    options: dict[str, Any] = {"nogil": True, "fastmath": fast}
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # no folder for the cache can be written
        return njit(**options)(function)


def is_cached() -> bool:
    """Whether compiled code is kept for the next process."""
    return not isinstance(getattr(step, "_cache"), NullCache)  # noqa: B009


def pack(weight: np.ndarray) -> Packed:
    """Round a matrix to int8: 127 steps either side for each row, with a scale of its own (weight-only, symmetric).

    Args:
        weight: (..., out, in) float.
    """
    scale = np.maximum(np.abs(weight).max(-1), 1e-8).astype(f32) / f32(127)
    return np.rint(weight / scale[..., None]).astype(np.int8), scale


@compiled
def project(weight, scale, x, out):
    """out = x @ weight.T, (B, out) from (B, in); every row by the same sums at any batch size."""
    for i in range(weight.shape[0]):
        for b in range(x.shape[0]):
            total = f32(0)
            for j in range(weight.shape[1]):
                total += f32(weight[i, j]) * x[b, j]
            out[b, i] = total * scale[i]


@compiled
def unit(x, out):
    """RMSNorm of (B, D) without its weight and without the factor sqrt(D), both of which the next matrix holds."""
    for b in range(x.shape[0]):
        total = f32(0)
        for j in range(x.shape[1]):
            total += x[b, j] * x[b, j]
        factor = f32(1) / np.sqrt(total + f32(EPS * x.shape[1]))
        for j in range(x.shape[1]):
            out[b, j] = x[b, j] * factor


@compiled
def turn(x, turns):
    """Rotary position of one head, (D/H,), in place; turns (2, D/H/2): cosines and sines of the position."""
    half = turns.shape[1]
    for j in range(half):
        a, b = x[j], x[half + j]
        x[j] = a * turns[0, j] - b * turns[1, j]
        x[half + j] = b * turns[0, j] + a * turns[1, j]


@compiled
def attend(q, keys, values, scores, out):
    """Softmax attention of one query, (D/H,), over (T, D/H) keys and values; scores is room for (T,)."""
    length, dim = keys.shape
    rate, highest = f32(1) / np.sqrt(f32(dim)), f32(-np.inf)
    for t in range(length):
        total = f32(0)
        for j in range(dim):
            total += q[j] * keys[t, j]
        scores[t] = total * rate
        highest = max(highest, scores[t])
    total = f32(0)
    out[:] = 0
    for t in range(length):
        p = np.exp(scores[t] - highest)
        total += p
        for j in range(dim):
            out[j] += p * values[t, j]
    for j in range(dim):
        out[j] /= total


@compiled
def step(x, qkv, out, gate_up, down, norm, turns, cache, lengths, first):
    """Advance a stack of blocks by one position; x is overwritten by the normed result.

    Args:
        x: (B, D) float32.
        qkv, out, gate_up, down: `Packed` matrices of all layers, those after a norm with its weight in them.
        norm: (D,) float32, of the last norm.
        turns: (positions, 2, D/H/2) float32 rotary table.
        cache: (layers, 2, at least B, H, capacity, D/H) float32, the keys and values of the new position are added.
        lengths: (at least B,) int64, positions that each row has in the cache; there must be room for one more.
        first: which row of `cache` and `lengths` the first of x is.
    """
    layers, heads, dim = cache.shape[0], cache.shape[3], cache.shape[5]
    rows, width = x.shape
    hidden = down[0].shape[2]
    normed, mixed, added = np.empty_like(x), np.empty_like(x), np.empty_like(x)
    wide, gates = np.empty((rows, 3 * width), f32), np.empty((rows, 2 * hidden), f32)
    inner = np.empty((rows, hidden), f32)
    scores = np.empty(cache.shape[4], f32)
    for layer in range(layers):
        unit(x, normed)
        project(qkv[0][layer], qkv[1][layer], normed, wide)
        for b in range(rows):
            start = lengths[first + b]
            for h in range(heads):
                vectors = wide[b].reshape(3, heads, dim)
                q, k, v = vectors[0, h], vectors[1, h], vectors[2, h]
                keys, values = cache[layer, 0, first + b, h], cache[layer, 1, first + b, h]
                turn(q, turns[start])
                turn(k, turns[start])
                keys[start] = k
                values[start] = v
                attend(q, keys[: start + 1], values[: start + 1], scores, mixed[b].reshape(heads, dim)[h])
        project(out[0][layer], out[1][layer], mixed, added)
        x += added
        unit(x, normed)
        project(gate_up[0][layer], gate_up[1][layer], normed, gates)
        for b in range(rows):
            for j in range(hidden):
                inner[b, j] = gates[b, j] / (f32(1) + np.exp(-gates[b, j])) * gates[b, hidden + j]
        project(down[0][layer], down[1][layer], inner, added)
        x += added
    unit(x, x)
    x *= norm


@compiled
def choose(logits, temperature, uniform):
    """The index at which the cumulative softmax of (card,) logits, divided by the temperature, passes `uniform`."""
    p = np.empty(len(logits), f32)
    highest, total = logits.max(), 0.0
    for i in range(len(logits)):
        p[i] = np.exp((logits[i] - highest) / f32(temperature))
        total += p[i]
    left, last = uniform * total, 0
    for i in range(len(logits)):
        if p[i] > 0:
            last = i
            left -= p[i]
            if left < 0:
                break
    return last


@compiled
def code_statistics(logits, codes, chosen, top_code, top_p):
    """What (n, card) logits say about the (n,) codes that were chosen.

    Args:
        chosen: (n,) float32, becomes the probabilities of the codes.
        top_code, top_p: (n, TOP), become the likeliest codes and their probabilities.
    Returns:
        (n,) entropies in bits.
    """
    rows, card = logits.shape
    bits, p = np.empty(rows, f32), np.empty(card, f32)
    for k in range(rows):
        highest, total, moment = logits[k].max(), 0.0, 0.0
        for i in range(card):
            p[i] = np.exp(logits[k, i] - highest)
            total += p[i]
            moment += p[i] * (logits[k, i] - highest)
        chosen[k] = p[codes[k]] / total
        bits[k] = (np.log(total) - moment / total) / np.log(2.0)
        for rank in range(top_code.shape[1]):
            best = np.argmax(p)
            top_code[k, rank], top_p[k, rank], p[best] = best, p[best] / total, -1
    return bits
