"""Recordings of one person, cut at their pauses into utterances of a few seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from phonelm.audio import AudioError, measure_quality, quietest, read_audio, resample, sounding
from phonelm.config import SAMPLE_RATE

MIN_S, GOOD_S, MAX_S = 1.0, 5.0, 12.0  # of an utterance: shortest, from where it ends at the next pause, longest
PAUSE_S = 0.25  # silence at which a recording may be cut
EDGE_S = 0.1  # silence that an utterance keeps at either end
MIN_TOTAL_S = 10.0  # of speech, in all
SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats()} | {
    ".opus", ".oga", ".aif", ".m4a", ".mp4", ".aac", ".webm", ".mov",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Segment:
    """A stretch of a recording.

    Attributes:
        path: of the recording.
        start_s, end_s: where it lies in the recording.
        wav: (S,) float32 at `SAMPLE_RATE`.
    """

    path: Path
    start_s: float
    end_s: float
    wav: np.ndarray

    @property
    def place(self) -> str:
        """File and time, for messages."""
        return f"{self.path.name} at {self.start_s:.1f} s"


def find_recordings(path: Path) -> list[Path]:
    """The audio files of a folder and all below it, or the one file itself.

    Raises:
        AudioError: there is none.
    """
    if path.is_file():
        return [path]
    found = sorted(p for p in path.rglob("*") if p.is_file() and p.suffix.lower() in SUFFIXES and p.name[0] != ".")
    if not found:
        raise AudioError(f"{path} holds no recording: give an audio file, or a folder of audio files")
    return found


def cut(path: Path) -> list[Segment]:
    """The utterances of a recording.

    Raises:
        AudioError: it cannot be read, is silent, is clipped, or has no quiet moments as speech has.
    """
    wav, sample_rate = read_audio(path)
    wav = resample(wav, sample_rate, SAMPLE_RATE)
    if problems := measure_quality(wav).problems:
        raise AudioError(f"{path.name}: {problems[0]}")
    wav = wav - wav.mean()
    return [Segment(path, a / SAMPLE_RATE, b / SAMPLE_RATE, wav[a:b]) for a, b in _utterances(wav)]


def _utterances(wav: np.ndarray) -> Iterator[tuple[int, int]]:
    """First sample and end of each utterance: stretches of sound are joined until they are `GOOD_S` long."""
    edge, good, most = (round(x * SAMPLE_RATE) for x in (EDGE_S, GOOD_S, MAX_S))
    joined: list[tuple[int, int]] = []
    for start, stop in sounding(wav, PAUSE_S):
        if joined and joined[-1][1] - joined[-1][0] < good and stop - joined[-1][0] <= most:
            joined[-1] = (joined[-1][0], stop)
        else:
            joined.append((start, stop))
    for start, stop in joined:
        start, stop = max(0, start - edge), min(len(wav), stop + edge)
        while stop - start > most:  # no pause in it: the quietest place is the best there is
            at = start + quietest(wav[start:stop], MAX_S)
            yield start, at
            start = at
        if stop - start >= MIN_S * SAMPLE_RATE:
            yield start, stop


def check_length(segments: list[Segment]) -> None:
    """Whether there is enough speech; AudioError if not."""
    total_s = sum(len(s.wav) for s in segments) / SAMPLE_RATE
    if total_s < MIN_TOTAL_S:
        raise AudioError(
            f"the recordings hold {total_s:.1f} s of speech; at least {MIN_TOTAL_S:.0f} s are needed, and 1 to 5 "
            "minutes are better"
        )
