"""From dataset rows to part files: phonemes, codes and mel frames of a few dozen utterances each."""

from __future__ import annotations

import functools
import hashlib
import json
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from phonelm.audio import active_rms, fill_band, normalise, read_audio, resample
from phonelm.codec import Codec
from phonelm.config import SAMPLE_RATE
from phonelm.datasets import Problem, Row, audio_digest
from phonelm.files import atomic_write
from phonelm.text import SYMBOLS, Phonemizer
from phonelm.training.data.augment import augment_waveform
from phonelm.training.data.mel import log_mel

PART_FORMAT = 2
CHUNK = 64  # utterances per part file, the most that an interruption loses
KEEP_SILENCE_S = 0.15  # silence kept at both ends


@dataclass(frozen=True)
class Chunk:
    """Rows that become one part file; `key` changes with everything the file depends on."""

    rows: tuple[Row, ...]
    key: str

    def path(self, folder: Path) -> Path:
        return folder / f"{self.key}.npz"


def make_chunks(rows: Sequence[Row], fingerprint: str) -> list[Chunk]:
    """Group rows by their place in their dataset, so that the first chunks stay the same when a dataset grows.

    Args:
        rows: of one or several datasets, each in order.
        fingerprint: the codec's.
    """
    groups: dict[tuple[str, int, float, bool], list[Row]] = {}
    for row in rows:
        groups.setdefault((row.id.split("/")[0], row.line // CHUNK, row.speed, row.is_augmented), []).append(row)
    chunks, digest = [], functools.cache(audio_digest)  # of a file that is used at several speeds, once
    for group in groups.values():
        content = [[row.id, row.speaker, row.text, digest(row.path)] for row in group]
        text = json.dumps([PART_FORMAT, fingerprint, list(SYMBOLS), content])
        chunks.append(Chunk(tuple(group), hashlib.sha256(text.encode()).hexdigest()[:20]))
    return chunks


def trim(wav: np.ndarray) -> tuple[np.ndarray, float]:
    """Shorten silence at both ends to `KEEP_SILENCE_S`.

    A 10 ms level counts as sound if it is above two limits: 40 dB below the active level, and 6 dB above the noise
    floor of the recording (the 5th percentile of the levels). Any level above 25 dB below the active level counts too.
    Sound lasts at least 30 ms.

    Args:
        wav: (S,) float32 at `SAMPLE_RATE`, with some sound in it.
    Returns:
        (S',) float32 and the seconds cut off at the start.
    """
    hop = SAMPLE_RATE // 100
    windows = wav[: len(wav) // hop * hop].reshape(-1, hop)
    if len(windows) < 3:
        return wav, 0.0
    level = 10 * np.log10(np.square(windows, dtype=np.float64).mean(1) + 1e-12)  # dBFS
    active = 20 * np.log10(active_rms(wav))
    threshold = min(max(active - 40, np.percentile(level, 5) + 6), active - 25)
    loud = np.convolve(level > threshold, np.ones(3), "valid") == 3  # three windows in a row
    if not loud.any():
        return wav, 0.0
    keep = round(KEEP_SILENCE_S * SAMPLE_RATE)
    first, last = np.flatnonzero(loud)[[0, -1]]
    start = max(0, int(first) * hop - keep)
    return wav[start : (int(last) + 3) * hop + keep], start / SAMPLE_RATE


def encode_row(row: Row, phonemizer: Phonemizer, codec: Codec) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What the cache stores of one utterance.

    Returns:
        its record (id, speaker, text, start_s) and its arrays: codes (T, n_q) int16, mel (T, n_mels) uint8,
        phonemes (N,) uint8, word_starts (N,) bool.
    Raises:
        ValueError: the utterance cannot be used; the message is the reason.
    """
    wav, sample_rate = read_audio(row.path)
    wav = resample(wav, sample_rate * row.speed, SAMPLE_RATE)
    wav, start_s = trim(wav - wav.mean())
    if row.is_augmented:
        wav = augment_waveform(wav, np.random.default_rng(zlib.crc32(row.id.encode())))
    wav = normalise(fill_band(wav)[0])
    phonemes = phonemizer(row.text)
    mel = log_mel(wav)
    if len(mel) < len(phonemes.ids):
        raise ValueError(f"audio of {len(mel)} frames is shorter than its {len(phonemes.ids)} phonemes")
    codes = np.asarray(codec.encode(wav, SAMPLE_RATE))[0].T  # (T, n_q)
    if len(codes) != len(mel):
        raise ValueError(f"codec gives {len(codes)} frames, mel {len(mel)}")
    record = {"id": row.id, "speaker": row.speaker, "text": row.text, "start_s": round(start_s, 4)}
    return record, {
        "codes": codes.astype(np.int16),
        "mel": mel,
        "phonemes": np.asarray(phonemes.ids, dtype=np.uint8),
        "word_starts": np.asarray(phonemes.word_starts, dtype=bool),
    }


def encode_chunk(chunk: Chunk, folder: Path, phonemizer: Phonemizer, codec: Codec) -> float:
    """Write the part file of a chunk, completely or not at all. It also lists the rows that cannot be used.

    Returns:
        seconds of audio encoded.
    """
    records, problems = [], []
    arrays: dict[str, list[np.ndarray]] = {"codes": [], "mel": [], "phonemes": [], "word_starts": []}
    for row in chunk.rows:
        try:
            record, found = encode_row(row, phonemizer, codec)
        except ValueError as error:
            reason = " ".join(str(error).replace(str(row.path), row.path.name).split())
            problems.append(Problem(row.id, reason or type(error).__name__))
            continue
        records.append(record)
        for name, array in found.items():
            arrays[name].append(array)
    meta = json.dumps({"records": records, "problems": problems}).encode()
    joined: dict[str, Any] = {name: np.concatenate(found) if found else np.empty(0) for name, found in arrays.items()}
    with atomic_write(chunk.path(folder)) as file:
        np.savez_compressed(
            file,
            meta=np.frombuffer(meta, np.uint8),
            n_frames=np.array([len(mel) for mel in arrays["mel"]], np.int32),
            n_phonemes=np.array([len(ids) for ids in arrays["phonemes"]], np.int32),
            **joined,
        )
    return sum(len(mel) for mel in arrays["mel"]) / codec.frame_rate


class Part:
    """A part file read back: `records`, `problems`, and by name one array per utterance, read on demand."""

    def __init__(self, path: Path) -> None:
        """Raises `ValueError` when the file is damaged."""
        self._path = path
        meta = json.loads(self._read("meta").tobytes())
        self.records: list[dict[str, Any]] = meta["records"]
        self.problems = [Problem(*p) for p in meta["problems"]]

    def _read(self, name: str) -> np.ndarray:
        try:
            with np.load(self._path, allow_pickle=False) as file:
                return file[name]
        except (ValueError, KeyError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"{self._path} is damaged ({error}): delete it and prepare again") from error

    def arrays(self, name: str) -> list[np.ndarray]:
        """`codes`, `mel`, `phonemes` or `word_starts` of each utterance."""
        lengths = self._read("n_phonemes" if name in ("phonemes", "word_starts") else "n_frames")
        return np.split(self._read(name), np.cumsum(lengths)[:-1]) if len(lengths) else []
