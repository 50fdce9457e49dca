"""The cache of codes, phonemes and alignments that training reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from phonelm.codec import Codec

CACHE_FORMAT = 1


class Utterance(NamedTuple):
    """One training example; `durations` sums to T."""

    id: str
    speaker: str
    text: str
    symbols: Tensor  # (N,) int64, phoneme ids
    word_starts: Tensor  # (N,) bool
    codes: Tensor  # (n_q, T) int16
    durations: Tensor  # (N,) int64, frames of each phoneme


class CodesDataset(Dataset[Utterance]):
    """The utterances of a finished cache, read from memory-mapped files.

    `records` holds `utterances.jsonl` (id, speaker, text, frame, frames, phoneme, phonemes, start_s, score) and
    `info` holds `cache.json`.
    """

    def __init__(self, folder: Path) -> None:
        """Raises:
        FileNotFoundError: `folder` holds no finished cache.
        ValueError: the cache has another format.
        """
        self.folder = folder = Path(folder)
        if not (folder / "cache.json").is_file():
            raise FileNotFoundError(f"{folder}: no finished cache (no cache.json); `prepare` makes one")
        self.info = json.loads((folder / "cache.json").read_text(encoding="utf-8"))
        if self.info["format"] != CACHE_FORMAT:
            raise ValueError(f"{folder}: cache format {self.info['format']}, this version reads {CACHE_FORMAT}")
        with open(folder / "utterances.jsonl", encoding="utf-8") as file:
            self.records = [json.loads(line) for line in file]
        self._codes, self._phonemes, self._word_starts, self._durations = (
            np.load(folder / f"{name}.npy", mmap_mode="r") for name in ("codes", "phonemes", "word_starts", "durations")
        )

    def load_codec(self) -> Codec:
        """The codec whose codes these are; `ValueError` if the installed one is another version."""
        made_by = self.info["codec"]
        codec = Codec.load(made_by["name"])
        if codec.fingerprint != made_by["fingerprint"]:
            raise ValueError(
                f"{self.folder} holds codes of another version of the codec {made_by['name']}; prepare it again"
            )
        return codec

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: int) -> Utterance:
        r = self.records[index]
        frames = slice(r["frame"], r["frame"] + r["frames"])
        phonemes = slice(r["phoneme"], r["phoneme"] + r["phonemes"])
        return Utterance(
            r["id"],
            r["speaker"],
            r["text"],
            torch.from_numpy(self._phonemes[phonemes].astype(np.int64)),
            torch.from_numpy(self._word_starts[phonemes].astype(bool)),
            torch.from_numpy(np.ascontiguousarray(self._codes[frames].T)),
            torch.from_numpy(self._durations[phonemes].astype(np.int64)),
        )
