"""Generation: one frame at a time, guided by the pointer, ended by the pointer.

`generate` is the stream everything else collects from: whole utterances, streaming audio, the code grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.codes import durations_from_pointer, hidden_id, pointer_from_durations
from phonelm.config import SamplingConfig
from phonelm.engine import Engine
from phonelm.layers import KVCache
from phonelm.sampling import Pick, clamp_masks, describe, draw


@dataclass(frozen=True)
class Frame:
    """One generated frame.

    Attributes:
        codes: (n,) int64 on the CPU, n the number of codebooks sampled.
        pointer: index of the phoneme being spoken.
        picks: for each codebook, what was chosen, how likely it was, and whether the clamp removed the first choice.
        advance: the model's probability that the pointer moves on after this frame.
        forced: the pointer was moved because it had rested longer than any phoneme may.
    """

    codes: Tensor
    pointer: int
    picks: tuple[Pick, ...]
    advance: float
    forced: bool


@dataclass
class PointerState:
    """The pointer of one utterance and the race that decides its next move.

    A move is sampled by inverting the survival function: the pointer moves when the probability of having stayed this
    long falls below a threshold drawn once for each phoneme. Uniform on (0, 1), that is the same as a Bernoulli draw
    at every frame; drawn nearer to 1/2, durations come nearer to their median without changing the speaking rate.
    """

    index: int = 0
    hold: int = 0
    survival: float = 1.0
    threshold: float = 0.5

    def draw(self, temperature: float, generator: torch.Generator) -> None:
        """Draw the threshold for the phoneme now under the pointer."""
        self.hold, self.survival = 0, 1.0
        self.threshold = 0.5 + temperature * (float(torch.rand((), generator=generator)) - 0.5)

    def moves(self, probability: float) -> bool:
        """Account for one more frame; True if the pointer moves on after it."""
        self.hold += 1
        self.survival *= 1.0 - probability
        return self.survival < self.threshold


@torch.inference_mode()
def generate(
    engine: Engine,
    symbols: Tensor,
    word_starts: Tensor,
    prompt: Tensor | None,
    config: SamplingConfig,
    seen: Tensor | None = None,
    before: Sequence[Frame] = (),
    end: int | None = None,
) -> Iterator[Frame]:
    """Speak phonemes, frame by frame.

    Args:
        engine: the model.
        symbols: (N,) int64 phoneme ids; word_starts: (N,) bool.
        prompt: (P, K) int64 codes of the voice prompt, or None for no prompt.
        config: sampling settings, with the seed.
        seen: (K, card) bool, codes that occur in the training data; only `clamp="seen"` needs it.
        before: frames of these phonemes that stay as they are; those that are made follow them.
        end: the phoneme at which to end, which is not spoken; None to speak all.
    Yields:
        One `Frame` after another until the pointer leaves the last phoneme before `end`. The same arguments give the
        same frames.
    Raises:
        ValueError: `clamp="prompt"` without a prompt, more codebooks than the model has.
    """
    k, card = engine.config.n_codebooks, engine.config.card
    n = config.n_codebooks or k
    if n > k:
        raise ValueError(f"the model has {k} codebooks, {n} were asked for; choose 1 to {k}")
    generator = torch.Generator().manual_seed(config.seed)
    masks = clamp_masks(config.clamp, prompt, seen, k, card)
    prev = engine.first(1)
    device = prev.device
    text = engine.encode_text(symbols[None].to(device), word_starts[None].to(device))  # (1, N, D)
    cache, local_cache = engine.new_caches(1, 1024)
    if prompt is not None and len(prompt):
        engine.feed_prompt(prompt[None].to(device), cache)
    pointer = PointerState()
    if before:
        pointer.index = before[-1].pointer + 1
        prev = _feed(engine, before, text, cache)
    end = len(symbols) if end is None else end
    pointer.draw(config.pointer_temperature, generator)
    rate = math.log(config.speed)
    while True:
        hold = torch.tensor([pointer.hold], device=device)
        inputs = engine.frame(prev, text[:, pointer.index], hold, cache)
        local_cache.rewind()
        codes = torch.full((1, k), hidden_id(card), device=device)
        logits = []
        for i in range(k):
            x = engine.code(i, inputs, codes[:, i - 1] if i else None, local_cache)
            if i < n:
                logits.append(x[0].float().cpu())
                codes[0, i] = draw(logits[-1], config, None if masks is None else masks[i], generator)
        logit = float(engine.code(k, inputs, codes[:, -1], local_cache)) + rate
        advance = 1 / (1 + math.exp(-logit))
        moves = pointer.moves(advance)
        forced = not moves and pointer.hold >= config.max_phoneme_frames
        spoken = codes[0, :n].cpu()
        picks = describe(torch.stack(logits), spoken.tolist(), masks)
        yield Frame(spoken, pointer.index, picks, advance, forced)
        if moves or forced:
            pointer.index += 1
            if pointer.index == end:
                return
            pointer.draw(config.pointer_temperature, generator)
        prev = codes


def _feed(engine: Engine, frames: Sequence[Frame], text: Tensor, cache: KVCache) -> Tensor:
    """Put frames that were spoken before into the cache of the global model; returns the codes of the last, (1, K)."""
    device = text.device
    pointer = torch.tensor([f.pointer for f in frames], device=device)
    _, hold = pointer_from_durations(durations_from_pointer(pointer, frames[-1].pointer + 1))
    codes = torch.stack([f.codes for f in frames]).to(device)  # (T, n)
    k, card = engine.config.n_codebooks, engine.config.card
    codes = F.pad(codes, (0, k - codes.shape[1]), value=hidden_id(card))
    engine.feed_speech(codes[None], pointer[None], hold[None], text, cache)
    return codes[-1:]
