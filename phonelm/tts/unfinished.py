"""The part of a reading that is spoken already, on disk: after any interruption the reading goes on from there."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from phonelm.audio import AudioError, to_int16
from phonelm.files import write_json
from phonelm.tts.speech import Speech
from phonelm.tts.subtitles import Word, lines_of


@dataclass
class Reading:
    """How far a reading is. It is saved next to the audio spoken so far.

    Attributes:
        key: of the text, the voice, the settings, the controls, and all weights.
        pieces: number of pieces of the text that are spoken.
        samples: their length in samples.
        ends: for each piece the sample after its last.
        lines: for each piece its subtitles, each a list of text, start and end in seconds of the whole.
    """

    key: str
    pieces: int = 0
    samples: int = 0
    ends: list[int] = field(default_factory=list)
    lines: list[list[list]] = field(default_factory=list)

    @property
    def subtitles(self) -> list[Word]:
        """All subtitles so far."""
        return [Word(*line) for lines in self.lines for line in lines]


class Unfinished:
    """The audio `FILE.part` and the `Reading` in `FILE.part.json`.

    Args:
        beside: the file FILE that the reading shall become.
        key: as in `Reading`.
    Raises:
        AudioError: the parts that are there are of another reading, or damaged; the folder cannot be written.
    """

    def __init__(self, beside: Path, key: str):
        self.part, self.state = (beside.with_name(beside.name + suffix) for suffix in (".part", ".part.json"))
        self.reading = self._resume(key)

    def add(self, speech: Speech) -> None:
        """Keep the next pieces of the text: when this returns, they are on the disk."""
        done, ends = self.reading, piece_ends(speech)
        with open(self.part, "r+b") as file:
            file.truncate(2 * done.samples)  # what came after the last state
            file.seek(0, 2)
            file.write(to_int16(speech.wav).astype("<i2").tobytes())
            file.flush()
            os.fsync(file.fileno())  # before the state says that it is there
        offset_s = done.samples / speech.sample_rate
        lines: list[list[list]] = [[] for _ in ends]
        for line in lines_of(speech):
            piece = int(np.searchsorted(ends, line.start_s * speech.sample_rate, side="right"))
            shifted = [line.text, round(line.start_s + offset_s, 3), round(line.end_s + offset_s, 3)]
            lines[min(piece, len(ends) - 1)].append(shifted)
        done.ends += [done.samples + end for end in ends]
        done.lines += lines
        done.pieces += len(ends)
        done.samples += len(speech.wav)
        write_json(self.state, asdict(done))

    @property
    def sound(self) -> np.ndarray:
        """(S,) int16, mapped from the disk. Windows deletes no file that is mapped."""
        return np.memmap(self.part, "<i2", "r", shape=(self.reading.samples,))

    def discard(self) -> None:
        """Delete both files."""
        self.state.unlink()
        self.part.unlink()

    def _resume(self, key: str) -> Reading:
        """The reading to go on with, a new one if there is none."""
        part, state = self.part, self.state
        try:
            reading = Reading(**json.loads(state.read_text(encoding="utf-8"))) if state.exists() else Reading(key)
            _check(reading)
            whole = not reading.pieces or part.stat().st_size >= 2 * reading.samples
        except (ValueError, TypeError, OSError):
            raise AudioError(f"{state} or {part} is damaged: delete both to begin again") from None
        if reading.key != key or not whole:
            raise AudioError(
                f"{part} belongs to another text, voice, setting or model: name another output, or delete {part} and "
                f"{state} to begin again"
            )
        if not reading.pieces:
            try:
                part.write_bytes(b"")
            except OSError as error:
                raise AudioError(f"cannot write {part}: {error.strerror}") from None
        return reading


def piece_ends(speech: Speech) -> Sequence[int]:
    """For each piece of a speech the sample after its last."""
    frames = np.bincount(speech.sentence, minlength=len(speech.phonemes)).cumsum()
    ends = np.rint(frames / speech.frame_rate * speech.sample_rate).astype(int)
    return [*map(int, ends[:-1]), len(speech.wav)]


def _check(reading: Reading) -> None:
    """ValueError if this cannot have been written by `Unfinished`."""
    counts = [reading.pieces, reading.samples, *reading.ends]
    if not all(type(n) is int and n >= 0 for n in counts):
        raise ValueError
    if not len(reading.ends) == len(reading.lines) == reading.pieces:
        raise ValueError
    for text, start_s, end_s in (line for lines in reading.lines for line in lines):
        if not isinstance(text, str) or not 0 <= start_s <= end_s:
            raise ValueError
