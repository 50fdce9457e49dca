"""Audio files to samples: with libsndfile, or with FFmpeg (PyAV) for formats that libsndfile cannot read."""

from __future__ import annotations

import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from phonelm.audio import ffmpeg

Check = Callable[[int, int, int], None]  # called with samples, sample rate and channels; raises to refuse

KNOWN = "WAV, FLAC, OGG, Opus, MP3, M4A, MP4 or WebM"
TIMEOUT_S = 120.0  # for FFmpeg
BLOCK = 1 << 16  # samples that are taken from it at a time


class AudioError(ValueError):
    """Audio that cannot be used; the message says why."""


def decode(path: Path, check: Check | None = None) -> tuple[np.ndarray, int]:
    """Decode an audio file, or the first sound track of a video.

    Args:
        path: the file. FFmpeg decodes it if libsndfile cannot, or finds nothing in it, as in a WAV file whose
            header says 0 bytes because its writer could not go back to the header.
        check: called with samples, sample rate (Hz) and channels as soon as they are known, and again whenever there
            are more samples than that; it may raise to stop.
    Returns:
        (S, C) float32 and its sample rate in Hz.
    Raises:
        AudioError: the file cannot be read.
    """
    try:
        with soundfile.SoundFile(path) as file:
            if file.frames:
                if check:
                    check(file.frames, file.samplerate, file.channels)
                return file.read(dtype="float32", always_2d=True), file.samplerate
        reason = "it is empty"
    except (soundfile.SoundFileError, OSError, TypeError) as error:  # TypeError: headerless .raw
        reason = str(error)
    wav, sample_rate, code = _by_ffmpeg(path, check)
    if code == ffmpeg.NO_AV:
        raise AudioError(f"{path} cannot be read as audio without the package av ({reason})")
    if code or not len(wav):
        raise AudioError(f"{path} cannot be read as audio ({reason}): use {KNOWN}")
    return wav, sample_rate


def _by_ffmpeg(path: Path, check: Check | None) -> tuple[np.ndarray, int, int]:
    """`decode` by `ffmpeg.py`, with its exit code; one other than 0 if it crashed or took too long."""
    command = [sys.executable, ffmpeg.__file__, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    timer = threading.Timer(TIMEOUT_S, process.kill)
    timer.start()
    assert process.stdout is not None
    try:
        head = process.stdout.read(8)
        rate, channels = struct.unpack("<II", head) if len(head) == 8 else (0, 1)
        blocks, count = [np.empty((0, channels), np.float32)], 0
        while block := process.stdout.read(4 * channels * BLOCK):
            whole = len(block) // (4 * channels)
            count += whole
            if check:
                check(count, rate, channels)
            blocks.append(np.frombuffer(block, "<f4", whole * channels).reshape(whole, channels))
        return np.concatenate(blocks).astype(np.float32, copy=False), rate, process.wait()
    finally:
        timer.cancel()
        process.kill()
        process.stdout.close()
        process.wait()
