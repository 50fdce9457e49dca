"""Audio for codec training: recordings of dataset folders, decoded once, and random crops of them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from phonelm.audio import active_rms, read_audio, resample, to_int16
from phonelm.config import SAMPLE_RATE
from phonelm.datasets import Problem, Row, audio_digest, read_datasets
from phonelm.files import atomic_write
from phonelm.training.config import CodecTrainConfig
from phonelm.training.data.augment import augment_waveform
from phonelm.training.data.heldout import leave_out

CACHE_FORMAT = 1
CHUNK = 64  # recordings per cache file; an interruption loses at most one file per process
MIN_SPEAKERS = 10  # nobody is held out of a smaller dataset
MAX_PEAK = 0.95  # highest peak of an amplified crop


class Clip(NamedTuple):
    """One recording of the cache."""

    id: str
    speaker: str
    wav: np.ndarray  # (S,) int16 at SAMPLE_RATE, memory-mapped
    rms: float  # without pauses; full scale is 1


class HasSpeaker(Protocol):
    """An item with a speaker, named "dataset/name"."""

    @property
    def speaker(self) -> str: ...


S = TypeVar("S", bound=HasSpeaker)


def read_rows(folders: Sequence[Path]) -> tuple[list[Row], list[Problem]]:
    """The recordings to train on, of several dataset folders. Texts are not needed. People of `heldout` are left out.

    Raises:
        ValueError: two folders have the same name, or there is no recording.
        FileNotFoundError: see `read_dataset`.
    """
    rows, problems = read_datasets(folders, need_text=False)
    rows, held_out = leave_out(rows)
    if not rows:
        raise ValueError(f"no recording to train on in {', '.join(str(folder) for folder in folders)}")
    return rows, problems + held_out


def split_speakers(items: Sequence[S], share: float) -> tuple[list[S], list[S]]:
    """Items of the speakers to train on, and items of the held-out speakers.

    A hash of the name decides whether a speaker is held out, so added data do not change it. About `share` of the
    speakers are held out, in datasets that have at least `MIN_SPEAKERS`.
    """
    speakers: dict[str, set[str]] = defaultdict(set)
    for item in items:
        speakers[item.speaker.split("/")[0]].add(item.speaker)
    parts: tuple[list[S], list[S]] = ([], [])
    for item in items:
        hashed = int(hashlib.sha256(item.speaker.encode()).hexdigest()[:8], 16) / 2**32
        parts[len(speakers[item.speaker.split("/")[0]]) >= MIN_SPEAKERS and hashed < share].append(item)
    return parts


def decode_rows(rows: Sequence[Row], folder: Path, quiet: bool = False) -> tuple[list[Clip], list[Problem]]:
    """Decode recordings to files of int16 at `SAMPLE_RATE`. Files that exist are used.

    Args:
        rows: rows of one or more datasets, each in order.
        folder: the cache. An interrupted call leaves only complete files, and the next call continues.
        quiet: show no progress bar.
    Returns:
        the memory-mapped recordings, and the unusable ones.
    """
    folder.mkdir(parents=True, exist_ok=True)
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.id.split("/")[0], row.line // CHUNK].append(row)
    clips, problems = [], []
    with tqdm(total=len(rows), unit="file", desc="decode", disable=quiet) as bar:
        for group in groups.values():
            content = [CACHE_FORMAT, SAMPLE_RATE, [[r.id, r.speaker, audio_digest(r.path)] for r in group]]
            path = folder / hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]
            if not path.with_suffix(".npy").exists():
                _decode_group(group, path)
            meta = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            samples, start = np.load(path.with_suffix(".npy"), mmap_mode="r"), 0
            for record in meta["clips"]:
                clips.append(Clip(record["id"], record["speaker"], samples[start : start + record["samples"]],
                                  record["rms"]))  # fmt: skip
                start += record["samples"]
            problems += [Problem(*problem) for problem in meta["problems"]]
            bar.update(len(group))
    return clips, problems


def _decode_group(rows: Sequence[Row], path: Path) -> None:
    """Write `path`.json (clips, problems), then `path`.npy (all samples). If the latter exists, both are complete."""
    records, problems, samples = [], [], [np.empty(0, np.int16)]
    for row in rows:
        try:
            wav, sample_rate = read_audio(row.path)
            wav = resample(wav - wav.mean(), sample_rate, SAMPLE_RATE)
            rms = active_rms(wav)
            if not rms > 0:
                raise ValueError(f"{row.path} has no speech")
        except ValueError as error:
            problems.append([row.id, " ".join(str(error).split())])
            continue
        records.append({"id": row.id, "speaker": row.speaker, "samples": len(wav), "rms": rms})
        samples.append(to_int16(wav))
    with atomic_write(path.with_suffix(".json")) as file:
        file.write(json.dumps({"clips": records, "problems": problems}).encode())
    with atomic_write(path.with_suffix(".npy")) as file:
        np.save(file, np.concatenate(samples))


class Crops:
    """Random crops of recordings at random levels.

    The probability of a recording is proportional to its length divided by the square root of its speaker's total. So
    a speaker with a hundred times as much speech is drawn ten times as often.

    Args:
        clips: at least one.
        size: samples of a crop. Shorter recordings are padded with silence.
        config: only the range of levels and the share of augmented inputs are used.
    """

    def __init__(self, clips: Sequence[Clip], size: int, config: CodecTrainConfig):
        self.clips, self.size, self.config = clips, size, config
        total: Counter[str] = Counter()
        for clip in clips:
            total[clip.speaker] += len(clip.wav)
        weights = np.array([len(clip.wav) / total[clip.speaker] ** 0.5 for clip in clips])
        self.weights = weights / weights.sum()

    def __call__(self, seed: Sequence[int], count: int, augment: bool = True) -> tuple[Tensor, Tensor]:
        """Draw crops. The same seed gives the same crops.

        Returns:
            inputs and targets, both (count, 1, size) float32. They are equal unless an input is augmented.
        """
        rng = np.random.default_rng(seed)
        pairs = [self._draw(rng, augment) for _ in range(count)]
        inputs, targets = (torch.from_numpy(np.stack(wavs)[:, None]) for wavs in zip(*pairs))
        return inputs, targets

    def _draw(self, rng: np.random.Generator, augment: bool) -> tuple[np.ndarray, np.ndarray]:
        clip = self.clips[rng.choice(len(self.clips), p=self.weights)]
        start = rng.integers(max(1, len(clip.wav) - self.size + 1))
        wav = np.zeros(self.size, np.float32)
        cut = clip.wav[start : start + self.size]
        wav[: len(cut)] = cut / np.float32(32768)
        gain = 10 ** (rng.uniform(*self.config.level_dbfs) / 20) / clip.rms
        wav *= np.float32(min(gain, MAX_PEAK / max(np.abs(wav).max(), 1e-9)))
        if augment and rng.random() < self.config.p_spoiled:
            return augment_waveform(wav, rng), wav
        return wav, wav
