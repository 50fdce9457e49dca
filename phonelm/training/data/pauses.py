"""Pauses that a speaker makes and the text does not show: they become commas in the phonemes.

Readers pause between words where the text has no mark. The aligner then stretches the phonemes beside the pause, and
the model learns long phonemes instead of pauses.
"""

from __future__ import annotations

import numpy as np
import torch

from phonelm.text import SYMBOLS
from phonelm.training.data.aligner import LAST_SILENCE_ID, QUIET, loudness_position

MIN_PAUSE_FRAMES = 18  # 0.24 s; the closures of stops are shorter
MAX_GAP_FRAMES = 2  # a louder gap within a pause
MAX_DISTANCE_FRAMES = 15  # from a pause to its word boundary
COVERED = 1 / 3  # share of a silence that must lie on one `<sil>` or mark for it to be in the text already
COMMA = SYMBOLS.index(",")


def insert_pauses(
    ids: np.ndarray, word_starts: np.ndarray, durations: np.ndarray, mel: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """Put a comma at each word boundary beside a silence of `MIN_PAUSE_FRAMES` that no mark of the text covers.

    Args:
        ids: (N,) uint8 phoneme ids, with `<sil>` at both ends; word_starts: (N,) bool.
        durations: (N,) frames of each phoneme, from a first alignment.
        mel: (T, n_mels) uint8, T the sum of `durations`.
    Returns:
        ids and word starts with the commas; None if there is nothing to add, or no frame for each phoneme.
    """
    ends = np.cumsum(durations)
    starts = ends - durations
    boundaries = np.flatnonzero(word_starts)
    boundaries = boundaries[(boundaries > 1) & (ids[boundaries - 1] > LAST_SILENCE_ID)]  # those between two words
    if not len(boundaries):
        return None
    places = set()
    for first, end in silences(mel):
        overlap = np.minimum(ends, end) - np.maximum(starts, first)
        if overlap[ids <= LAST_SILENCE_ID].max() > COVERED * (end - first):
            continue
        times = starts[boundaries]
        distance = np.maximum(np.maximum(first - times, times - end), 0)
        if distance.min() <= MAX_DISTANCE_FRAMES:
            nearest = np.flatnonzero(distance == distance.min())  # several, if they lie within the silence
            middle = np.abs(times[nearest] - (first + end) / 2).argmin()
            places.add(int(boundaries[nearest[middle]]))
    if not places or len(ids) + len(places) > len(mel):
        return None
    at = sorted(places)
    return np.insert(ids, at, COMMA), np.insert(word_starts, at, False)


def silences(mel: np.ndarray) -> list[tuple[int, int]]:
    """First frame and end of each silence of (T, n_mels) uint8, by the aligner's measure of quiet frames."""
    position = loudness_position(torch.from_numpy(np.array(mel))[None], torch.tensor([len(mel)]))[0].numpy()
    edges = np.flatnonzero(np.diff(position < QUIET, prepend=False, append=False))
    found: list[tuple[int, int]] = []
    for first, end in edges.reshape(-1, 2).tolist():
        if found and first - found[-1][1] <= MAX_GAP_FRAMES:
            first = found.pop()[0]
        found.append((first, end))
    return [(first, end) for first, end in found if end - first >= MIN_PAUSE_FRAMES]
