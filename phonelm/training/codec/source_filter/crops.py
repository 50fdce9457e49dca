"""Batches of random crops of the cached utterances."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from phonelm.config import HOP_LENGTH
from phonelm.training.codec.source_filter.cache import Utterance
from phonelm.training.codec.source_filter.targets import polarities

HISTORY = 4  # frames of pulses before a crop: `SIDE`, and the frames that the filters look back on
SIDE = 1  # further frames synthesised on both sides of a crop, so that windows overlap as in continuous speech


class Batch(NamedTuple):
    """B crops of T frames. Frames outside an utterance are silent and not `valid`."""

    codes: Tensor  # (B, n_q, margin + T + margin) int64
    valid: Tensor  # (B, margin + T + margin) bool
    wav: Tensor  # (B, T * HOP_LENGTH) float32
    phase: Tensor  # (B, (HISTORY + T + SIDE) * HOP_LENGTH) float64, cycles
    f0_hz: Tensor  # (B, 1 + HISTORY + T + SIDE + 1) float64, 0 where unvoiced
    noise: Tensor  # (B, T, noise_points) float32

    def to(self, device: torch.device) -> Batch:
        """The batch on a device. Tensors that need float64 stay on the CPU."""
        stay = ("phase", "f0_hz")
        return Batch(*(x if name in stay else x.to(device) for name, x in self._asdict().items()))

    def rows(self, start: int, step: int) -> Batch:
        """Every `step`-th crop."""
        return Batch(*(x[start::step] for x in self))


class Crops:
    """Draws crops. The probability of an utterance is proportional to its length and to the weight of its dataset.

    Args:
        utterances: at least one.
        frames: frames of a crop. Shorter utterances are padded with silence.
        margin: frames of codes on both sides that the network sees, at least `HISTORY` + 1.
        weights: weights of datasets by name. The others have 1.
    """

    def __init__(
        self, utterances: Sequence[Utterance], frames: int, margin: int, weights: Mapping[str, float] | None = None
    ):
        if margin <= HISTORY:
            raise ValueError(f"the margin must be above {HISTORY} frames, not {margin}")
        self.utterances, self.frames, self.margin = utterances, frames, margin
        self.polarity = polarities(utterances)
        drawn = [one.frames * (weights or {}).get(one.id.split("/")[0], 1.0) for one in utterances]
        if not sum(drawn) > 0:
            raise ValueError("all datasets have the weight 0: there is no utterance to train on")
        self._share = np.array(drawn) / sum(drawn)

    def __call__(self, seed: Sequence[int], count: int) -> Batch:
        """Draw crops. The same seed gives the same crops."""
        rng = np.random.default_rng(seed)
        crops = []
        for index in rng.choice(len(self.utterances), count, p=self._share):
            one = self.utterances[index]
            crops.append(self._cut(one, int(rng.integers(max(1, one.frames - self.frames + 1)))))
        return Batch(*(torch.from_numpy(np.stack(arrays)) for arrays in zip(*crops)))

    def _cut(self, one: Utterance, start: int) -> tuple[np.ndarray, ...]:
        """The crop that starts at frame `start`, as arrays in the order of `Batch`."""
        margin, size = self.margin, self.frames
        low, high = max(0, start - margin), min(one.frames, start + size + margin)
        piece = one.read(low, high, self.polarity[one.speaker])
        before, after = low - (start - margin), (start + size + margin) - high  # frames outside the utterance
        samples = (before * HOP_LENGTH, after * HOP_LENGTH)
        valid = np.pad(np.ones(high - low, bool), (before, after))
        f0_hz = np.pad(piece.f0_hz.astype(np.float64), (before, after))
        voice = slice(margin - HISTORY, margin + size + SIDE)
        return (
            np.pad(piece.codes, ((before, after), (0, 0))).T,
            valid,
            np.pad(piece.wav, samples)[HOP_LENGTH * margin : HOP_LENGTH * (margin + size)],
            np.pad(piece.phase, samples)[HOP_LENGTH * voice.start : HOP_LENGTH * voice.stop],
            f0_hz[voice.start - 1 : voice.stop + 1],
            np.pad(piece.noise, ((before, after), (0, 0)))[margin : margin + size],
        )
