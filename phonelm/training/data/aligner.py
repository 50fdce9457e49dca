"""A forced aligner trained on the data itself: which phoneme each codec frame belongs to.

After RAD-TTS's aligner (Badlani et al., "One TTS alignment to rule them all", arXiv:2108.10447): phonemes and mel
frames are embedded in one space, distances become log-probabilities over the phonemes of the utterance, and the sum
over all monotonic paths is maximised. The best path then gives durations.

Two things are added. First, silence looks alike everywhere, so paths drift to the phoneme beside it. `silence_bias`
favours `<sil>` and pauses in the quiet frames of an utterance and disfavours them in the loud ones. Second, a sum over
paths with a blank learns where phonemes are, but not where they begin and end. So the last part of the training is
cross entropy with the current best path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phonelm.training.config import AlignerConfig
from phonelm.training.data.mel import to_log
from phonelm.training.guard import StepGuard

VERSION = 4  # of network, features and training; an aligner of another version is not reused
Item = tuple[np.ndarray, np.ndarray]  # ids (N,) integer, mel (T, n_mels) uint8

LAST_SILENCE_ID = 9  # ids 1 to 9 are <sil> and the pauses, 0 is <pad>
SILENCE_WEIGHT = 5.0  # nats per frame, at most, for or against silence
QUIET = 0.3  # position between the utterance's floor (0) and its loud frames (1) where the rule changes sign
QUIET_WIDTH = 0.15  # distance from there at which the rule has its full weight
MIN_RANGE = 3.0  # nats (26 dB) between floor and loud, at least: speech without a pause has no silent frame
BLANK = -1.0  # log-probability of CTC's blank, as in RAD-TTS; much lower, and frequent phonemes swallow most frames
MASKED = -1e4
LOWEST = -7.0  # lowest log-probability on a path, so that no single frame decides it
REFINE = 0.35  # share of the steps, the last ones, that train on best paths


class Aligner(nn.Module):
    """Two convolutions on phoneme embeddings, three on log-mel, squared distance, log-softmax over phonemes."""

    def __init__(self, config: AlignerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.embedding = nn.Embedding(config.n_symbols, width, padding_idx=0)
        self.text = nn.Sequential(nn.Conv1d(width, 2 * width, 3, padding=1), nn.ReLU(), nn.Conv1d(2 * width, width, 1))
        # A frame sees one neighbour on each side. With more, the next phoneme would begin too early.
        self.mel = nn.Sequential(
            nn.Conv1d(config.n_mels, 2 * width, 3, padding=1), nn.ReLU(),
            nn.Conv1d(2 * width, width, 1), nn.ReLU(),
            nn.Conv1d(width, width, 1),
        )  # fmt: skip

    def forward(self, ids: Tensor, mel: Tensor, n_frames: Tensor) -> Tensor:
        """Logits of each frame for each phoneme (log-softmax over N makes them log-probabilities).

        Args:
            ids: (B, N) int64, 0 where padded.
            mel: (B, T, n_mels) uint8.
            n_frames: (B,) int64, frames that are not padding.
        Returns:
            (B, T, N) float32, `MASKED` where `ids` is padding.
        """
        valid = (torch.arange(mel.shape[1]) < n_frames[:, None])[..., None]  # (B, T, 1)
        log = to_log(mel) * valid
        mean = log.sum(1, keepdim=True) / n_frames[:, None, None]
        query = self.mel(((log - mean) * valid).transpose(1, 2)).transpose(1, 2)  # (B, T, D)
        key = self.text(self.embedding(ids).transpose(1, 2))  # (B, D, N)
        distance = query.square().sum(2)[:, :, None] - 2 * query @ key + key.square().sum(1)[:, None]
        logits = -distance / query.shape[2] ** 0.5
        return logits.masked_fill((ids == 0)[:, None], MASKED)


def is_silent(ids: Tensor) -> Tensor:
    """Which phoneme ids, an integer tensor of any shape, are `<sil>` or a pause: bool, same shape."""
    return (ids > 0) & (ids <= LAST_SILENCE_ID)


def loudness_position(mel: Tensor, n_frames: Tensor) -> Tensor:
    """The level of each frame, relative to its utterance: 0 at the noise floor, 1 at loud frames.

    A frame's level is its mean log-mel. Loud is the 90th percentile of levels; the floor is the 2nd, but at least
    `MIN_RANGE` below loud.

    Args:
        mel: (B, T, n_mels) uint8; n_frames: (B,) int64.
    Returns:
        (B, T) float32.
    """
    level = to_log(mel).mean(2)
    real = torch.arange(level.shape[1]) < n_frames[:, None]
    ordered = level.masked_fill(~real, torch.inf).sort(1).values
    loud = ordered.gather(1, ((n_frames - 1) * 0.90).long()[:, None])
    floor = torch.minimum(ordered.gather(1, ((n_frames - 1) * 0.02).long()[:, None]), loud - MIN_RANGE)
    return (level - floor) / (loud - floor)


def silence_bias(ids: Tensor, mel: Tensor, n_frames: Tensor) -> Tensor:
    """The bias of `<sil>` and pauses in each frame, linear in `loudness_position`.

    It is `+SILENCE_WEIGHT` below `QUIET - QUIET_WIDTH` and `-SILENCE_WEIGHT` above `QUIET + QUIET_WIDTH`.

    Args:
        ids: (B, N) int64; mel: (B, T, n_mels) uint8; n_frames: (B,) int64.
    Returns:
        (B, T, N) float32.
    """
    position = loudness_position(mel, n_frames)
    frame = SILENCE_WEIGHT * ((QUIET - position) / QUIET_WIDTH).clamp(-1, 1)
    return frame[:, :, None] * is_silent(ids)[:, None]


def diagonal_prior(n_frames: Tensor, n_phonemes: Tensor) -> Tensor:
    """Log of the beta-binomial prior that keeps early training near the diagonal.

    Args:
        n_frames: (B,) int64; n_phonemes: (B,) int64.
    Returns:
        (B, max T, max N) float32; padding holds finite values.
    """
    frames, n = n_frames[:, None].float(), n_phonemes[:, None].float() - 1
    t = torch.minimum(torch.arange(1, int(n_frames.max()) + 1)[None].float(), frames)
    k = torch.minimum(torch.arange(int(n_phonemes.max()))[None].float(), n)
    alpha, beta = t, frames - t + 1  # (B, T)
    per_frame = torch.lgamma(alpha + beta) - torch.lgamma(alpha) - torch.lgamma(beta) - torch.lgamma(alpha + beta + n)
    per_phoneme = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    joint = torch.lgamma(k[:, None] + alpha[..., None]) + torch.lgamma((n - k)[:, None] + beta[..., None])
    return per_frame[..., None] + per_phoneme[:, None] + joint


def forward_sum_loss(logits: Tensor, n_frames: Tensor, n_phonemes: Tensor) -> Tensor:
    """Minus the log-probability of all monotonic paths together, in nats per frame.

    Args:
        logits: (B, T, N) float32; n_frames: (B,) int64; n_phonemes: (B,) int64.
    Returns:
        () float32.
    """
    log_p = F.log_softmax(F.pad(logits, (1, 0), value=BLANK), dim=2).transpose(0, 1)  # (T, B, 1 + N)
    targets = torch.arange(1, logits.shape[2] + 1).expand(len(logits), -1)
    loss = F.ctc_loss(log_p, targets, n_frames, n_phonemes, blank=0, reduction="none", zero_infinity=True)
    return loss.sum() / n_frames.sum()


def viterbi(log_p: np.ndarray, n_frames: np.ndarray, n_phonemes: np.ndarray) -> np.ndarray:
    """Best monotonic path: from the first phoneme to the last, staying or advancing by one at every frame.

    Args:
        log_p: (B, T, N) float, score of each frame on each phoneme.
        n_frames: (B,) integer; n_phonemes: (B,) integer.
    Returns:
        (B, N) int64 durations in frames, at least 1 each, 0 where padded; row b sums to `n_frames[b]`.
    Raises:
        ValueError: an utterance has fewer frames than phonemes.
    """
    if (short := np.flatnonzero(np.asarray(n_frames) < np.asarray(n_phonemes))).size:
        raise ValueError(f"{n_frames[short[0]]} frames are fewer than {n_phonemes[short[0]]} phonemes")
    batch, frames, phonemes = log_p.shape
    advanced = np.zeros((frames, batch, phonemes), dtype=bool)
    best = np.full((batch, phonemes + 1), -np.inf)  # column 0 stands before the first phoneme
    best[:, 1] = log_p[:, 0, 0]
    for t in range(1, frames):
        advanced[t] = best[:, :-1] > best[:, 1:]
        best[:, 1:] = np.maximum(best[:, 1:], best[:, :-1]) + log_p[:, t]
    rows = np.arange(batch)
    durations = np.zeros((batch, phonemes), dtype=np.int64)
    at = np.asarray(n_phonemes) - 1
    for t in range(frames - 1, -1, -1):
        inside = t < np.asarray(n_frames)
        durations[rows, at] += inside
        at = at - (advanced[t, rows, at] & inside)
    return durations


def best_path(log_p: Tensor, ids: Tensor, mel: Tensor, n_phonemes: Tensor, n_frames: Tensor) -> np.ndarray:
    """`viterbi` on log-probabilities (B, T, N), not below `LOWEST`, plus `silence_bias`."""
    score = torch.logaddexp(log_p, torch.tensor(LOWEST)) + silence_bias(ids, mel, n_frames)
    return viterbi(score.numpy(), n_frames.numpy(), n_phonemes.numpy())


def path_loss(log_p: Tensor, durations: np.ndarray, n_frames: Tensor) -> Tensor:
    """Cross entropy with a path, in nats per frame.

    Args:
        log_p: (B, T, N) float32; durations: (B, N) int64; n_frames: (B,) int64.
    """
    target = torch.full(log_p.shape[:2], -100)
    for row, frames in enumerate(n_frames.tolist()):
        target[row, :frames] = torch.from_numpy(np.repeat(np.arange(durations.shape[1]), durations[row]))
    return F.nll_loss(log_p.transpose(1, 2), target, ignore_index=-100)


def collate(items: Sequence[Item]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Pad to a batch: ids (B, N) int64, mel (B, T, n_mels) uint8, n_phonemes (B,), n_frames (B,) int64."""
    n_phonemes = torch.tensor([len(ids) for ids, _ in items])
    n_frames = torch.tensor([len(mel) for _, mel in items])
    ids = torch.zeros(len(items), int(n_phonemes.max()), dtype=torch.int64)
    mel = torch.zeros(len(items), int(n_frames.max()), items[0][1].shape[1], dtype=torch.uint8)
    for row, (i, m) in enumerate(items):
        ids[row, : len(i)] = torch.from_numpy(np.asarray(i, dtype=np.int64))
        mel[row, : len(m)] = torch.from_numpy(np.asarray(m))
    return ids, mel, n_phonemes, n_frames


def batches(lengths: Sequence[int], budget: int) -> list[list[int]]:
    """Indices grouped by similar length, each group of at most `budget` frames with its padding (or one item)."""
    groups: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lambda i: (lengths[i], i)):
        if groups and (len(groups[-1]) + 1) * lengths[index] <= budget:
            groups[-1].append(index)
        else:
            groups.append([index])
    return groups


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread, so that results do not depend on the number of cores; at these sizes it is no slower."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@one_thread()
def train_aligner(
    items: Sequence[Item], config: AlignerConfig, progress: Callable[[int, float], None] | None = None
) -> Aligner:
    """Train an aligner on `items`; the same items and config give the same weights.

    Args:
        items: (ids (N,), mel (T, n_mels) uint8) pairs; those with fewer frames than phonemes are ignored.
        config: sizes, steps, frames per batch, learning rate and seed.
        progress: called with (step from 1, loss in nats per frame) after every step; the loss is another one in the
            last `REFINE` of the steps.
    Raises:
        ValueError: no usable item.
        DivergedError: the loss is no longer finite.
    """
    items = [(ids, mel) for ids, mel in items if len(mel) >= len(ids)]
    if not items:
        raise ValueError("no utterance to train the aligner on")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        aligner = Aligner(config)
    draw = np.random.default_rng(config.seed)
    groups = batches([len(mel) for _, mel in items], config.batch_frames)
    optimiser = torch.optim.AdamW(aligner.parameters(), lr=config.lr, betas=(0.9, 0.98), weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.lr, total_steps=config.steps, pct_start=0.1)
    order: list[int] = []
    guard = StepGuard()
    for step in range(1, config.steps + 1):
        order = order or draw.permutation(len(groups)).tolist()
        ids, mel, n_phonemes, n_frames = collate([items[i] for i in groups[order.pop()]])
        log_p = F.log_softmax(aligner(ids, mel, n_frames), dim=2)
        if step <= config.steps * (1 - REFINE):
            given = diagonal_prior(n_frames, n_phonemes) + silence_bias(ids, mel, n_frames)
            loss = forward_sum_loss((log_p + given).masked_fill((ids == 0)[:, None], MASKED), n_frames, n_phonemes)
        else:
            durations = best_path(log_p.detach(), ids, mel, n_phonemes, n_frames)
            loss = path_loss(log_p, durations, n_frames)
        optimiser.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(aligner.parameters(), 1.0)
        if guard.accepts(loss, norm):
            optimiser.step()
        schedule.step()
        if progress:
            progress(step, loss.item())
    return aligner.eval()


@one_thread()
@torch.inference_mode()
def align_batch(aligner: Aligner, items: Sequence[Item]) -> list[tuple[np.ndarray, float]]:
    """Durations of the phonemes of several utterances.

    Args:
        items: for each utterance (N,) integer phoneme ids, `<sil>` at both ends, and (T, n_mels) uint8 of
            `mel.log_mel`.
    Returns:
        For each utterance durations (N,) int64 in frames, each at least 1, T in sum; and the alignment's quality, the
        mean log-probability per frame along the path, before any rule or prior.
    Raises:
        ValueError: fewer frames than phonemes.
    """
    ids, mel, n_phonemes, n_frames = collate(items)
    log_p = F.log_softmax(aligner(ids, mel, n_frames), dim=2)
    path = best_path(log_p, ids, mel, n_phonemes, n_frames)
    result = []
    for row, (n, t) in enumerate(zip(n_phonemes.tolist(), n_frames.tolist(), strict=True)):
        durations = path[row, :n]
        pointer = np.repeat(np.arange(n), durations)
        result.append((durations, float(log_p[row].numpy()[np.arange(t), pointer].mean())))
    return result
