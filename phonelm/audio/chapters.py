"""A long sound as one MP3 file with chapter marks: ID3 frames CHAP and CTOC, as podcast players read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import numpy as np

from phonelm.audio.decode import AudioError
from phonelm.files import atomic_write

BLOCK = 1152 * 256  # samples that are encoded at a time: whole MP3 frames
BIT_RATE = 64_000  # constant, so that players can seek; speech of 24 kHz needs no more


def write_chapters(
    path: str | Path,
    sound: np.ndarray,
    sample_rate: int,
    chapters: Sequence[tuple[str, int]],
    tags: Mapping[str, str],
) -> None:
    """Write an MP3 file, whole or not at all.

    Args:
        sound: (S,) int16; a memory map is read in blocks.
        sample_rate: Hz.
        chapters: title and first sample of each, in order.
        tags: "title", "artist" and so on, by FFmpeg's names.
    Raises:
        AudioError: the file cannot be written.
    """
    import av  # not needed by those who write no such file

    try:
        with atomic_write(path) as raw, av.open(raw, "w", format="mp3") as file:
            track = file.add_stream("libmp3lame", rate=sample_rate, layout="mono")
            track.bit_rate = BIT_RATE
            file.metadata.update(tags)
            file.set_chapters(_marks(chapters, len(sound), sample_rate))
            for start in range(0, len(sound), BLOCK):
                block = np.ascontiguousarray(sound[start : start + BLOCK])
                frame = av.AudioFrame.from_ndarray(block[None], format="s16", layout="mono")
                frame.sample_rate, frame.pts = sample_rate, start
                file.mux(track.encode(frame))
            file.mux(track.encode(None))
    except OSError as error:
        raise AudioError(f"cannot write {path}: {error.strerror or error}") from None


def _marks(chapters: Sequence[tuple[str, int]], samples: int, sample_rate: int) -> list:
    starts = [start for _, start in chapters]
    unit = Fraction(1, 1000)  # ID3 has milliseconds
    return [
        {
            "id": i, "start": round(start * 1000 / sample_rate), "end": round(end * 1000 / sample_rate),
            "time_base": unit, "metadata": {"title": title},
        }
        for i, ((title, start), end) in enumerate(zip(chapters, [*starts[1:], samples], strict=True))
    ]  # fmt: skip
