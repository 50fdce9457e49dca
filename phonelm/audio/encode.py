"""Streaming encoder: chunks of sound to the bytes of a file, while the rest is still generated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from phonelm.audio.files import FORMATS, audio_bytes

PAGE_US = "100000"  # an Ogg page is sent when it holds this much, in microseconds; FFmpeg's default is one second


class Encoding(NamedTuple):
    """FFmpeg's names of a container and a codec, the container's options, and the media type."""

    container: str
    codec: str
    options: dict[str, str]
    media_type: str


ENCODINGS = {
    "wav": Encoding("wav", "pcm_s16le", {}, "audio/wav"),
    "mp3": Encoding("mp3", "libmp3lame", {"write_xing": "0"}, "audio/mpeg"),
    "opus": Encoding("ogg", "libopus", {"page_duration": PAGE_US}, "audio/ogg"),
    "aac": Encoding("adts", "aac", {}, "audio/aac"),
}
MEDIA_TYPES = {name: encoding.media_type for name, encoding in ENCODINGS.items()}
MEDIA_TYPES |= {"flac": "audio/flac", "pcm": "audio/pcm"}


class AudioStream:
    """An encoder for one mono sound of 16 bits.

    A FLAC file is returned as a whole at the end, because libsndfile cannot read one of unknown length. The other
    formats are returned in parts. A WAV file says that its length is unknown. PCM is the bare samples,
    little-endian.

    Args:
        kind: one of `MEDIA_TYPES`.
        sample_rate: Hz.
        tags: as for `audio_bytes`; PCM has no room for them.
    """

    def __init__(self, kind: str, sample_rate: int, tags: Mapping[str, str]):
        self._kind, self._rate, self._tags = kind, sample_rate, tags
        self._samples: list[np.ndarray] = []  # of a FLAC file
        self._bytes: list[bytes] = []
        self._count = 0
        if kind in ENCODINGS:
            import av  # not needed by those who write no such file

            self._av = av
            container, codec, options, _ = ENCODINGS[kind]
            self._file = av.open(self, "w", format=container, container_options=options)
            self._track = self._file.add_stream(codec, rate=sample_rate, layout="mono")
            for place in (self._file, self._track):  # Ogg has its tags at the track
                place.metadata.update(tags)

    def write(self, data: bytes) -> int:
        """Take bytes of the file; FFmpeg calls this."""
        self._bytes.append(bytes(data))
        return len(data)

    def push(self, chunk: np.ndarray) -> bytes:
        """(s,) int16 more samples; returns the bytes that are ready."""
        if self._kind == "pcm":
            return chunk.astype("<i2").tobytes()
        if self._kind == "flac":
            self._samples.append(chunk)
            return b""
        frame = self._av.AudioFrame.from_ndarray(chunk[None], format="s16", layout="mono")
        frame.sample_rate, frame.pts = self._rate, self._count
        self._count += len(chunk)
        self._file.mux(self._track.encode(frame))
        return self._ready()

    def finish(self) -> bytes:
        """The end of the file."""
        if self._kind == "flac":
            return audio_bytes(np.concatenate(self._samples), self._rate, *FORMATS[".flac"], self._tags)
        if self._kind in ENCODINGS:
            self._file.mux(self._track.encode(None))
            self._file.close()
        return self._ready()

    def _ready(self) -> bytes:
        ready = b"".join(self._bytes)
        self._bytes.clear()
        return ready
