"""From cached utterances to padded batches: voice prompts, length buckets, imperfect pasts.

A batch is a function of the seed, the epoch and its place in the epoch, so a resumed run continues exactly, and
several processes build the same plan and take their own rows of each batch.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from phonelm.config import FRAME_RATE, ModelConfig
from phonelm.model import hidden_id, keep_codebooks, pointer_from_durations, previous
from phonelm.training.config import TrainConfig
from phonelm.training.cuts import Example, cut_back, cut_end, cut_front
from phonelm.training.data.dataset import CodesDataset, Utterance


@dataclass
class Batch:
    """Padded tensors of B utterances: the inputs of `PhoneLM.forward` and what else the loss needs."""

    symbols: Tensor  # (B, N) int64
    word_starts: Tensor  # (B, N) bool
    text_lengths: Tensor  # (B,) int64
    codes: Tensor  # (B, T, K) int64: prompt, then speech, then padding
    pointer: Tensor  # (B, T) int64, -1 in the prompt
    hold: Tensor  # (B, T) int64
    target: Tensor  # (B, T) bool
    prev: Tensor  # (B, T, K) int64, what the global model sees
    seen: Tensor  # (B, T, K) int64, what the local model sees of its own frame
    advance: Tensor  # (B, T) bool, the pointer moves on after this frame
    prompt: Tensor  # (B, P, K) int64, for the speaker vector: prompt, then padding; P is 0 if the model has none
    prompt_lengths: Tensor  # (B,) int64, 0 where there is no speaker vector

    def to(self, device: torch.device) -> Batch:
        return Batch(*(getattr(self, f.name).to(device) for f in fields(self)))

    def share(self, rank: int, world: int) -> Batch:
        """The utterances that process `rank` of `world` trains on."""
        return Batch(*(getattr(self, f.name)[rank::world] for f in fields(self)))


def split_holdout(dataset: CodesDataset, holdout: int, seed: int) -> tuple[list[int], list[int]]:
    """(train, held-out) indices. The held-out ones are random, but the same for the same cache and seed."""
    order = np.random.default_rng(seed).permutation(len(dataset))
    held = set(order[: min(holdout, len(dataset) // 5)].tolist())
    return [i for i in range(len(dataset)) if i not in held], sorted(held)


def plan_epoch(frames: Sequence[int], indices: Sequence[int], batch_frames: int, seed: list[int]) -> list[list[int]]:
    """Group utterances of similar length into batches of about `batch_frames` frames, in random order.

    Args:
        frames: length of every utterance of the dataset.
        indices: the utterances to use.
    """
    rng = np.random.default_rng(seed)
    jitter = rng.uniform(0.85, 1.15, len(indices))
    order = sorted(range(len(indices)), key=lambda j: frames[indices[j]] * jitter[j])
    batches: list[list[int]] = [[]]
    size = 0
    for j in order:
        if batches[-1] and size + frames[indices[j]] > batch_frames:
            batches, size = [*batches, []], 0
        batches[-1].append(indices[j])
        size += frames[indices[j]]
    rng.shuffle(batches)
    return batches


def draw_epoch(
    datasets: Sequence[str], indices: Sequence[int], weights: Mapping[str, float], seed: list[int]
) -> list[int]:
    """The utterances of an epoch, repeated by the weight of their dataset: 2.5 means two or three times.

    Args:
        datasets: name of the dataset of every utterance.
        indices: the utterances to use.
        weights: weight of some datasets; the others have 1.
    """
    rng = np.random.default_rng(seed)
    times = np.array([weights.get(datasets[i], 1.0) for i in indices])
    times = np.floor(times + rng.random(len(times))).astype(int)
    return np.repeat(np.asarray(indices, dtype=int), times).tolist()


class Utterances(Protocol):
    """Utterances by number, and what is known of each: at least `speaker` and `frames`."""

    @property
    def records(self) -> list[dict[str, Any]]: ...

    def __getitem__(self, index: int, /) -> Utterance: ...


class BatchMaker:
    """Draws prompts and cuts for the utterances of a batch.

    Args:
        dataset: the cache, or utterances in memory.
        indices: utterances that may serve as prompts (the training part).
    """

    def __init__(self, dataset: Utterances, indices: Sequence[int], model: ModelConfig, train: TrainConfig):
        self.dataset, self.model, self.train = dataset, model, train
        self.by_speaker: dict[str, list[int]] = {}
        for i in indices:
            self.by_speaker.setdefault(dataset.records[i]["speaker"], []).append(i)

    def __call__(self, indices: Sequence[int], seed: list[int], augment: bool = True) -> Batch:
        """A batch of these utterances; the same seed gives the same prompts, cuts and hidden codes."""
        rng = np.random.default_rng(seed)
        longer = rng.random() < self.train.p_long_prompt
        low, high = self.train.prompt_long_s if longer else self.train.prompt_short_s
        prompt_frames = int(rng.uniform(low, high) * FRAME_RATE)
        if augment and rng.random() < self.train.p_no_prompt:
            prompt_frames = 0
        if not augment:
            return self._collate([self._example(i, prompt_frames, rng) for i in indices])
        unconditional = rng.random(len(indices)) < self.train.p_unconditional
        examples = [self._example(i, 0 if u else prompt_frames, rng) for i, u in zip(indices, unconditional)]
        return self._collate(examples, rng, torch.as_tensor(unconditional))

    def _codes(self, index: int) -> Tensor:
        codes = self.dataset[index].codes[: self.model.n_codebooks]
        return torch.as_tensor(np.asarray(codes), dtype=torch.int64).T  # (T, K)

    def _example(self, index: int, prompt_frames: int, rng: np.random.Generator) -> Example:
        item = self.dataset[index]
        durations = torch.as_tensor(np.asarray(item.durations), dtype=torch.int64)
        whole = Example(
            torch.as_tensor(np.asarray(item.symbols), dtype=torch.int64),
            torch.as_tensor(np.asarray(item.word_starts), dtype=torch.bool),
            durations,
            torch.empty(0, self.model.n_codebooks, dtype=torch.int64),
            self._codes(index),
        )
        others = [i for i in self.by_speaker.get(item.speaker, []) if i != index]
        if prompt_frames and others:
            codes = self._codes(others[rng.integers(len(others))])
            start = rng.integers(max(1, len(codes) - prompt_frames + 1))
            whole = replace(whole, prompt=codes[start : start + prompt_frames])
        elif prompt_frames:
            cut = cut_end if rng.random() < self.train.p_prompt_from_end else cut_front
            whole = cut(whole, prompt_frames)
        return cut_back(whole, int(self.train.max_target_s * FRAME_RATE))

    def _collate(
        self, examples: list[Example], rng: np.random.Generator | None = None, unconditional: Tensor | None = None
    ) -> Batch:
        b, k, card = len(examples), self.model.n_codebooks, self.model.card
        examples, prompts = self._speaker_prompts(examples, rng)
        n = max(len(e.symbols) for e in examples)
        t = max(len(e.prompt) + len(e.codes) for e in examples)
        symbols, word_starts = torch.zeros(b, n, dtype=torch.int64), torch.zeros(b, n, dtype=torch.bool)
        codes, pointer = torch.zeros(b, t, k, dtype=torch.int64), torch.full((b, t), -1)
        hold, target = torch.zeros(b, t, dtype=torch.int64), torch.zeros(b, t, dtype=torch.bool)
        advance = torch.zeros(b, t, dtype=torch.bool)
        for row, e in enumerate(examples):
            p, end = len(e.prompt), len(e.prompt) + len(e.codes)
            symbols[row, : len(e.symbols)], word_starts[row, : len(e.symbols)] = e.symbols, e.word_starts
            codes[row, :p], codes[row, p:end] = e.prompt, e.codes
            pointer[row, p:end], hold[row, p:end] = pointer_from_durations(e.durations)
            target[row, p:end] = True
            advance[row, p + e.durations.cumsum(0) - 1] = True
        prev, seen = previous(codes, pointer, card), codes
        if rng is not None:
            few = torch.as_tensor(rng.random(b) < self.train.p_fewer_codebooks)
            keep = torch.where(few, torch.as_tensor(rng.integers(1, k + 1, b)), k)
            prev = damage(prev, target, self.model.hide_previous, self.train, card, rng)
            prev, seen = keep_codebooks(prev, keep, card), keep_codebooks(seen, keep, card)
        if unconditional is not None:
            pointer[unconditional], hold[unconditional] = -1, 0
        lengths = torch.tensor([len(e.symbols) for e in examples])
        prompt_lengths = torch.tensor([len(p) for p in prompts])
        prompt = pad_sequence(prompts, batch_first=True)
        return Batch(
            symbols, word_starts, lengths, codes, pointer, hold, target, prev, seen, advance, prompt, prompt_lengths
        )

    def _speaker_prompts(
        self, examples: list[Example], rng: np.random.Generator | None
    ) -> tuple[list[Example], list[Tensor]]:
        """The examples, and (P, K) codes for the speaker vector of each.

        Some examples lose their prompt frames and some the speaker vector, so that the model can do with either.
        """
        if not self.model.speaker_dim:
            return examples, [e.prompt[:0] for e in examples]
        prompts = [e.prompt for e in examples]
        if rng is None:
            return examples, prompts
        drawn = rng.random(len(examples))
        without_vector, vector_only = self.train.p_no_speaker_vector, self.train.p_speaker_vector_only
        prompts = [p[: 0 if x < without_vector else None] for p, x in zip(prompts, drawn)]
        examples = [replace(e, prompt=e.prompt[:0]) if x > 1 - vector_only else e for e, x in zip(examples, drawn)]
        return examples, prompts


def spans(rng: np.random.Generator, shape: tuple[int, int], share: float, mean: int) -> Tensor:
    """(B, T) bool: spans of 1 to 2 * `mean` - 1 frames at random places, which cover about `share` of all frames."""
    starts = rng.random(shape) < share / mean
    ends = np.where(starts, np.arange(shape[1]) + rng.integers(1, 2 * mean, shape), 0)
    return torch.as_tensor(np.arange(shape[1]) < np.maximum.accumulate(ends, axis=1))


def damage(
    prev: Tensor, target: Tensor, hide: float, config: TrainConfig, card: int, rng: np.random.Generator
) -> Tensor:
    """Damage the past frames that the global model sees, against exposure bias.

    In generation the past frames are the model's own and contain mistakes: wrong codes, a drifting voice, a wrong
    phoneme. Here some frames are hidden, single ones and spans. Some spans are replaced by other frames of the batch,
    mostly of another voice. Some codes are replaced by codes of other frames.

    Args:
        prev: (B, T, K) int64, codes of the frames before.
        target: (B, T) bool; the prompt, where this is False, is not changed.
        hide: share of single frames to hide.
    """
    b, t, k = prev.shape
    speech = prev[target]  # (M, K)
    if not len(speech):
        return prev
    first = torch.as_tensor(rng.integers(0, len(speech), (b, 1)))
    elsewhere = speech[(first + torch.arange(t)) % len(speech)]  # (B, T, K), in order, from a random frame on
    replaced = spans(rng, (b, t), config.p_swapped_span, config.span_frames)
    out = torch.where(replaced[..., None], elsewhere, prev)
    others = torch.as_tensor(rng.integers(0, len(speech), (b, t, k)))
    stray = torch.as_tensor(rng.random((b, t, k)) < config.p_swapped_code)
    out = torch.where(stray, speech[others, torch.arange(k)], out)
    hidden = spans(rng, (b, t), config.p_hidden_span, config.span_frames) | torch.as_tensor(rng.random((b, t)) < hide)
    out = out.masked_fill(hidden[..., None], hidden_id(card))
    return torch.where(target[..., None], out, prev)
