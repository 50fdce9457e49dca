"""Generation: one frame at a time, guided by the pointer, ended by the pointer.

`generate` is the stream everything else collects from: whole utterances, streaming audio, the code grid.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from phonelm.codes import bos_id, hidden_id, previous
from phonelm.config import SamplingConfig
from phonelm.megabyte import PhoneLM
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


@torch.no_grad()
def generate(
    model: PhoneLM,
    symbols: Tensor,
    word_starts: Tensor,
    prompt: Tensor | None,
    config: SamplingConfig,
    seen: Tensor | None = None,
) -> Iterator[Frame]:
    """Speak phonemes, frame by frame.

    Args:
        model: in eval mode.
        symbols: (N,) int64 phoneme ids; word_starts: (N,) bool.
        prompt: (P, K) int64 codes of the voice prompt, or None for no prompt.
        config: sampling settings, with the seed.
        seen: (K, card) bool, codes that occur in the training data; only `clamp="seen"` needs it.
    Yields:
        One `Frame` after another until the pointer leaves the last phoneme. The same arguments give the same frames.
    Raises:
        ValueError: `clamp="prompt"` without a prompt, more codebooks than the model has.
    """
    sizes = model.config
    k, card = sizes.n_codebooks, sizes.card
    n = config.n_codebooks or k
    if n > k:
        raise ValueError(f"the model has {k} codebooks, {n} were asked for; choose 1 to {k}")
    device = next(model.parameters()).device
    generator = torch.Generator().manual_seed(config.seed)
    masks = clamp_masks(config.clamp, prompt, seen, k, card)
    text = model.text_encoder(symbols[None].to(device), word_starts[None].to(device))  # (1, N, D)
    cache = model.global_model.transformer.new_cache(1, 1024)
    local_cache = model.local_model.transformer.new_cache(1, k + 1)
    head = model.local_model.head()
    if prompt is not None and len(prompt):
        feed_prompt(model, prompt.to(device), cache)
    pointer = PointerState()
    pointer.draw(config.pointer_temperature, generator)
    prev = torch.full((1, 1, k), bos_id(card), device=device)
    rate = math.log(config.speed)
    while True:
        hold = torch.tensor([[pointer.hold]], device=device)
        context = model.global_model(prev, text[:, pointer.index][:, None], hold, cache)[:, 0]  # (1, D)
        local_cache.rewind()
        inputs = model.local_model.context(context).unflatten(-1, (k + 1, -1)) + model.local_model.position
        codes = torch.full((1, k), hidden_id(card), device=device)
        logits = []
        for i in range(k + 1):
            x = inputs[:, i : i + 1]
            if i:
                x = x + model.local_model.codes.one(codes[:, i - 1 : i], i - 1)
            z = model.local_model.transformer(x, cache=local_cache)[:, 0]
            if i < n:
                logits.append((z[0] @ head[i]).float().cpu())
                codes[0, i] = draw(logits[-1], config, None if masks is None else masks[i], generator)
        logit = float(model.local_model.advance(z)) + rate
        advance = 1 / (1 + math.exp(-logit))
        moves = pointer.moves(advance)
        forced = not moves and pointer.hold >= config.max_phoneme_frames
        spoken = codes[0, :n].cpu()
        picks = describe(torch.stack(logits), spoken.tolist(), masks)
        yield Frame(spoken, pointer.index, picks, advance, forced)
        if moves or forced:
            pointer.index += 1
            if pointer.index == len(symbols):
                return
            pointer.draw(config.pointer_temperature, generator)
        prev = codes[:, None]


def feed_prompt(model: PhoneLM, prompt: Tensor, cache) -> None:
    """Put the voice prompt, (P, K) int64 codes, into the global model's cache."""
    codes = prompt[None]
    pointer = torch.full(codes.shape[:2], -1, device=codes.device)
    prev = previous(codes, pointer, model.config.card)
    text = model.global_model.no_phoneme.expand(1, len(prompt), -1)
    model.global_model(prev, text, torch.zeros_like(pointer), cache)
