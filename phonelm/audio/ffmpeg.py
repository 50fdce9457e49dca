"""Decodes one file by FFmpeg. Run as a script, in a process of its own: a damaged file may crash or hang it.

`python ffmpeg.py FILE` writes to standard output the sample rate in Hz and the number of channels, both as uint32, then
the samples as float32, channels interleaved; everything little-endian. It imports nothing of this package, so that it
starts fast.
"""

from __future__ import annotations

import struct
import sys

# Demuxers FFmpeg may use. Playlists are not among them, because they make it open other files and addresses.
DEMUXERS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,ogg,wav,w64,mp3,flac,aac,aiff,caf,amr,asf,mpegts"
UNREADABLE, NO_AV = 1, 3  # exit codes


def main(path: str) -> int:
    """Decode the first sound track; returns the exit code."""
    try:
        import av
    except ImportError:
        return NO_AV
    options, started = {"format_whitelist": DEMUXERS}, False
    with open(path, "rb") as file, av.open(file, "r", metadata_errors="replace", options=options) as container:
        tracks = [stream for stream in container.streams.audio if stream.codec_context]
        if not tracks:
            return UNREADABLE
        planar = av.AudioResampler(format="fltp")  # of the track's own rate and channels; others are an error
        for packet in container.demux(tracks[0]):
            try:
                frames = packet.decode()
            except av.error.InvalidDataError:  # a damaged packet; the next one may be whole
                continue
            for frame in (part for coded in frames for part in planar.resample(coded)):
                if not started:
                    sys.stdout.buffer.write(struct.pack("<II", frame.sample_rate, len(frame.layout.channels)))
                sys.stdout.buffer.write(frame.to_ndarray().T.astype("<f4").tobytes())
                started = True
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
