"""Generation: one frame at a time. The pointer guides it and ends it.

`generate` yields frames. Whole utterances, streaming audio and the code grid are collected from it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.config import SamplingConfig
from phonelm.generation.engine import Engine
from phonelm.generation.sampling import Pick, clamp_masks, draw, make_picks
from phonelm.generation.steppers import Rows
from phonelm.model import KVCache, durations_from_pointer, hidden_id, pointer_from_durations


@dataclass(frozen=True)
class Frame:
    """One generated frame.

    Attributes:
        codes: (n,) int64 on the CPU, n the number of codebooks sampled.
        pointer: index of the phoneme being spoken.
        picks: for each codebook the chosen code, its probability, and whether the clamp removed the first choice.
        advance: the model's probability that the pointer moves on after this frame.
        forced: the pointer was moved because it had reached the longest duration of a phoneme.
    """

    codes: Tensor
    pointer: int
    picks: tuple[Pick, ...]
    advance: float
    forced: bool


@dataclass
class PointerState:
    """The pointer of one utterance and the sampling of its next move.

    A move is sampled by inverting the survival function. Each phoneme draws a threshold. The pointer moves when the
    probability that it has stayed this long falls below the threshold. A threshold that is uniform on (0, 1) is the
    same as a Bernoulli draw at every frame. Thresholds nearer to 1/2 give durations nearer to their median, and do not
    change the speaking rate.
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
        """Count one more frame. True if the pointer moves on after it."""
        self.hold += 1
        self.survival *= 1.0 - probability
        return self.survival < self.threshold


@dataclass(frozen=True, eq=False)
class Request:
    """One utterance to generate.

    Attributes:
        symbols: (N,) int64 phoneme ids; word_starts: (N,) bool.
        prompt: (P, K) int64 codes of the voice prompt, or None for no prompt.
        config: sampling settings, with the seed.
        before: existing frames of these phonemes; new frames follow them.
        end: the phoneme at which to end, which is not spoken; None to speak all.
        rest: least number of frames of the silence after the last word, limited by the longest duration.
    """

    symbols: Tensor
    word_starts: Tensor
    prompt: Tensor | None
    config: SamplingConfig
    before: Sequence[Frame] = ()
    end: int | None = None
    rest: int = 0


class Utterance:
    """A request that is being spoken: its pointer, its random numbers, its last codes.

    Classifier-free guidance (arXiv:2207.12598) extrapolates from the logits without text and prompt to the logits with
    them. So the model runs twice for each frame, unless it takes the scale as an input. `views` has an entry for each
    run: whether it is unconditional, without text and prompt.

    Args:
        index: which request it is.
        seen: (K, card) bool, codes that occur in the training data; only `clamp="seen"` needs it.
    Raises:
        ValueError: `clamp="prompt"` without a prompt, more codebooks than the model has.
    """

    def __init__(self, engine: Engine, index: int, request: Request, seen: Tensor | None):
        k, card = engine.config.n_codebooks, engine.config.card
        self.index, self.config = index, request.config
        self.n = self.config.n_codebooks or k
        if self.n > k:
            raise ValueError(f"the model has {k} codebooks, not {self.n}; choose 1 to {k}")
        self.masks = clamp_masks(self.config.clamp, request.prompt, seen, k, card)
        self.generator = torch.Generator().manual_seed(self.config.seed)
        self.prev = engine.first(1)
        device = self.prev.device
        prompt = None if request.prompt is None else request.prompt[None].to(device)
        symbols, word_starts = request.symbols[None].to(device), request.word_starts[None].to(device)
        self.text = engine.encode_text(symbols, word_starts, prompt, self.config.guidance)
        one_pass = engine.config.one_pass_guidance or self.config.guidance == 1
        self.views: tuple[bool, ...] = (False,) if one_pass else (False, True)
        self.end = len(request.symbols) if request.end is None else request.end
        self.closing, self.rest = len(request.symbols) - 1, request.rest
        self.pointer = PointerState()
        self.before = request.before
        if self.before:
            self.pointer.index = self.before[-1].pointer + 1
        self.pointer.draw(self.config.pointer_temperature, self.generator)
        self.logits: list[Tensor] = []  # of the frame that is being made

    def feed(self, engine: Engine, cache: KVCache, unconditional: bool = False) -> None:
        """Put the existing frames into the cache of the global model, after the prompt.

        For `unconditional` the cache has no prompt and the frames have no text.
        """
        if not self.before:
            return
        device = self.text.device
        pointer = torch.tensor([f.pointer for f in self.before], device=device)
        _, hold = pointer_from_durations(durations_from_pointer(pointer, self.before[-1].pointer + 1))
        if unconditional:
            pointer, hold = torch.full_like(pointer, -1), torch.zeros_like(hold)
        codes = torch.stack([f.codes for f in self.before]).to(device)  # (T, n)
        codes = F.pad(codes, (0, engine.config.n_codebooks - codes.shape[1]), value=hidden_id(engine.config.card))
        engine.feed_speech(codes[None], pointer[None], hold[None], self.text, cache)
        self.prev = codes[-1:]

    def draw(self, views: Tensor) -> int:
        """The next code of the frame, from (views, card) logits on the CPU, in the order of `views`."""
        logits = views[0] if len(views) == 1 else views[1] + self.config.guidance * (views[0] - views[1])
        mask = None if self.masks is None else self.masks[len(self.logits)]
        self.logits.append(logits)
        return draw(logits, self.config, mask, self.generator)

    def close(self, codes: Tensor, logit: float) -> Frame:
        """The frame of (K,) codes on the CPU. The logit decides whether the pointer moves on."""
        at = self.pointer.index
        advance = 1 / (1 + math.exp(-logit))
        moves = self.pointer.moves(advance) and (at < self.closing or self.pointer.hold >= self.rest)
        forced = not moves and self.pointer.hold >= self.config.max_phoneme_frames
        spoken = codes[: self.n].clone()
        frame = Frame(spoken, at, make_picks(torch.stack(self.logits), spoken.tolist(), self.masks), advance, forced)
        self.logits.clear()
        if moves or forced:
            self.pointer.index += 1
            if not self.done:
                self.pointer.draw(self.config.pointer_temperature, self.generator)
        return frame

    @property
    def done(self) -> bool:
        """The pointer has left the last phoneme."""
        return self.pointer.index == self.end


@torch.inference_mode()
def generate_batch(
    engine: Engine, requests: Iterable[Request], seen: Tensor | None = None, width: int = 8
) -> Iterator[tuple[int, Frame]]:
    """Speak several utterances side by side, each as it would be spoken alone.

    Args:
        engine: the model.
        requests: any number; the next one starts when a place is free.
        seen: (K, card) bool, codes that occur in the training data; only `clamp="seen"` needs it.
        width: utterances that are generated at the same time.
    Yields:
        (which request, its next `Frame`), until the pointer of each has left its last phoneme. The same request gives
        the same frames; in fp32 only as far as rounding allows.
    Raises:
        ValueError: a request that cannot be spoken.
    """
    with engine.rows(2 * width) as (rows, local_rows):
        waiting = enumerate(requests)
        active: list[tuple[Utterance, bool]] = []  # (utterance, unconditional) of each row
        prompt, length, cache = None, 0, engine.new_cache()  # read once by all requests in a row that have the same
        empty = engine.new_cache()
        while True:
            while sum(not unconditional for _, unconditional in active) < width and (entry := next(waiting, None)):
                utterance = Utterance(engine, *entry, seen)
                if not _same(entry[1].prompt, prompt):
                    prompt = entry[1].prompt
                    cache.rewind()
                    if prompt is not None and len(prompt):
                        engine.feed_prompt(prompt[None].to(utterance.text.device), cache)
                    length = cache.length
                for unconditional in utterance.views:
                    start = empty if unconditional else cache
                    utterance.feed(engine, start, unconditional)
                    rows.put(len(active), start)
                    start.rewind(0 if unconditional else length)
                    active.append((utterance, unconditional))
            if not active:
                return
            for utterance, frame in _frames(engine, active, rows, local_rows):
                yield utterance.index, frame
            for row in reversed(range(len(active))):
                if active[row][0].done:
                    rows.move(len(active) - 1, row)
                    active[row] = active[-1]
                    active.pop()


def _same(a: Tensor | None, b: Tensor | None) -> bool:
    return a is b or (a is not None and b is not None and torch.equal(a, b))


def _frames(
    engine: Engine, active: Sequence[tuple[Utterance, bool]], rows: Rows, local_rows: Rows
) -> list[tuple[Utterance, Frame]]:
    """The next frame of each utterance, in the order in which they came."""
    k, device = engine.config.n_codebooks, rows.lengths.device
    row_of = {key: row for row, key in enumerate(active)}
    rows_of = {u: [row_of[u, view] for view in u.views] for u in sorted({u for u, _ in active}, key=lambda u: u.index)}
    slots = [engine.no_phoneme if unconditional else u.text[:, u.pointer.index] for u, unconditional in active]
    hold = torch.tensor([0 if unconditional else u.pointer.hold for u, unconditional in active], device=device)
    inputs = engine.frame(torch.cat([u.prev for u, _ in active]), torch.cat(slots), hold, rows)
    codes = torch.full((len(active), k), hidden_id(engine.config.card))  # (B, K), on the CPU
    local_rows.rewind()
    last = None
    for i in range(k):
        logits = engine.code(i, inputs, last, local_rows).cpu()
        for utterance, views in rows_of.items():
            if i < utterance.n:
                codes[views, i] = utterance.draw(logits[views])
        last = codes[:, i].to(device)
    moves = engine.code(k, inputs, last, local_rows)[:, 0].tolist()
    frames = []
    for utterance, (row, *_) in rows_of.items():
        utterance.prev = codes[row, None].to(device)
        frames.append((utterance, utterance.close(codes[row], moves[row])))
    return frames


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
    """Speak one utterance: `generate_batch` with the one `Request` of these arguments.

    Yields:
        One `Frame` after another. The same arguments give the same frames.
    """
    request = Request(symbols, word_starts, prompt, config, before, end)
    return (frame for _, frame in generate_batch(engine, [request], seen, width=1))
