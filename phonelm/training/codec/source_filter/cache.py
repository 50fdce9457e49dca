"""The targets of many recordings, computed once and stored in memory-mapped files."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import safe_open
from tqdm import tqdm

from phonelm import checkpoint
from phonelm.audio import read_audio, resample
from phonelm.codec import BUNDLED, Codec
from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.datasets import Problem, Row
from phonelm.training.codec.source_filter.alignment import GRID, interpolate_phase
from phonelm.training.codec.source_filter.targets import Targets, make_targets

FORMAT = 1
KIND = "source_filter_targets"
CHUNK = 64  # recordings per file; an interruption loses at most one file per process
PER_FRAME = HOP_LENGTH // GRID  # stored phases per frame
_worker: dict[str, Any] = {}  # state of a worker process


class Piece(NamedTuple):
    """A span of frames of an utterance."""

    wav: np.ndarray  # (t * HOP_LENGTH,) float32
    codes: np.ndarray  # (t, n_q) int64
    f0_hz: np.ndarray  # (t,) float32
    phase: np.ndarray  # (t * HOP_LENGTH,) float64, cycles
    noise: np.ndarray  # (t, noise_points) float32


class File:
    """One file of the cache."""

    def __init__(self, path: Path):
        self.path = path
        self.meta: dict[str, Any] = checkpoint.metadata(path, KIND)

    @cached_property
    def _slices(self) -> dict[str, Any]:
        opened = safe_open(self.path, "np")
        return {name: opened.get_slice(name) for name in opened.keys()}

    def read(self, name: str, start: int, end: int) -> np.ndarray:
        """Rows `start` to before `end` of an array. Nothing else is read."""
        return self._slices[name][start:end]

    def utterances(self) -> list[Utterance]:
        """All utterances of the file."""
        found, first = [], 0
        for number, record in enumerate(self.meta["utterances"]):
            coherence = np.array(record["coherence"])
            found.append(Utterance(record["id"], record["speaker"], record["frames"], coherence, self, first, number))
            first += record["frames"]
        return found


class Utterance(NamedTuple):
    """One utterance of the cache."""

    id: str
    speaker: str
    frames: int
    coherence: np.ndarray  # (2,)
    file: File
    first: int  # frame in the file
    number: int  # utterance in the file

    def read(self, start: int, end: int, polarity: int) -> Piece:
        """Frames `start` to before `end`, inverted if `polarity` is -1."""
        rows = (self.first + start, self.first + end)
        samples = [HOP_LENGTH * row for row in rows]
        at = PER_FRAME * self.first + self.number  # each utterance has one additional phase at its end
        phase = self.file.read("phase", at + PER_FRAME * start, at + PER_FRAME * end + 1)[:, 0 if polarity > 0 else 1]
        return Piece(
            polarity / np.float32(32767) * self.file.read("wav", *samples).astype(np.float32),
            self.file.read("codes", *rows).astype(np.int64),
            self.file.read("f0_hz", *rows),
            interpolate_phase(phase, 0, samples[1] - samples[0]),
            self.file.read("noise", *rows).astype(np.float32),
        )


def make_cache(
    rows: Sequence[Row], folder: Path, codec: Path, noise_points: int, workers: int = 1, quiet: bool = False
) -> tuple[list[Utterance], list[Problem]]:
    """Analyse recordings. Files that exist are used.

    Args:
        rows: rows of one or more datasets, each in order.
        folder: the cache. An interrupted call leaves only complete files, and the next call continues.
        codec: checkpoint whose encoder makes the codes.
        noise_points: `noise_points` of its decoder.
        workers: number of processes, with one thread each. 1 means this process.
        quiet: show no progress bar.
    Returns:
        the utterances, and the unusable recordings.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fingerprint = Codec.load(BUNDLED, codec).fingerprint
    groups: dict[tuple[str, int], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.id.split("/")[0], row.line // CHUNK].append(row)
    paths: dict[Path, list[Row]] = {}
    for group in groups.values():
        content = [FORMAT, fingerprint, noise_points, [[r.id, r.speaker, r.path.stat().st_size] for r in group]]
        paths[folder / f"{hashlib.sha256(json.dumps(content).encode()).hexdigest()[:20]}.safetensors"] = group
    missing = [(path, group) for path, group in paths.items() if not path.exists()]
    total = sum(len(group) for _, group in missing)
    with (
        tqdm(total=total, unit="utt", desc="targets", disable=quiet or not missing) as bar,
        _writer(missing, codec, noise_points, workers) as written,
    ):
        for count in written:
            bar.update(count)
    files = [File(path) for path in paths]
    problems = [Problem(*problem) for file in files for problem in file.meta["problems"]]
    return [one for file in files for one in file.utterances()], problems


@contextmanager
def _writer(
    missing: list[tuple[Path, list[Row]]], codec: Path, noise_points: int, workers: int
) -> Iterator[Iterator[int]]:
    """Write the missing files during iteration. Yields the number of recordings of each."""
    workers = min(workers, len(missing))
    if workers <= 1:
        _worker.update(codec=Codec.load(BUNDLED, codec), noise_points=noise_points)
        yield map(_write, missing)
    else:
        with multiprocessing.get_context("spawn").Pool(workers, _start_worker, (codec, noise_points)) as pool:
            yield pool.imap_unordered(_write, missing)


def _start_worker(codec: Path, noise_points: int) -> None:
    torch.set_num_threads(1)
    _worker.update(codec=Codec.load(BUNDLED, codec), noise_points=noise_points)


def _write(task: tuple[Path, list[Row]]) -> int:
    """Write one file, completely or not at all."""
    path, rows = task
    records, problems, found = [], [], []
    for row in rows:
        try:
            wav, sample_rate = read_audio(row.path)
            wav = resample(wav - wav.mean(), sample_rate, SAMPLE_RATE)
            targets = make_targets(wav, _worker["codec"], _worker["noise_points"])
        except ValueError as error:
            problems.append([row.id, " ".join(str(error).replace(str(row.path), row.path.name).split())])
            continue
        found.append(targets)
        frames, coherence = len(targets.f0_hz), [round(float(c), 4) for c in targets.coherence]
        records.append({"id": row.id, "speaker": row.speaker, "frames": frames, "coherence": coherence})
    header = {"kind": KIND, "config": {"noise_points": _worker["noise_points"]}, "utterances": records}
    checkpoint.save(path, _joined(found), {**header, "problems": problems})
    return len(rows)


def _joined(found: list[Targets]) -> dict[str, torch.Tensor]:
    """The concatenated arrays of all utterances."""
    if not found:
        return {}
    arrays = {name: [getattr(t, name) for t in found] for name in ("wav", "codes", "f0_hz", "noise")}
    arrays["phase"] = [t.phase.T for t in found]  # (G, 2)
    return {name: torch.from_numpy(np.concatenate(parts)) for name, parts in arrays.items()}
