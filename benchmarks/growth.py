"""How cost grows with the length of the speech, and with the number of utterances spoken side by side."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count

import numpy as np
import psutil
import torch

from phonelm.config import FRAME_RATE, SamplingConfig
from phonelm.evaluation.speed import TEXT
from phonelm.generation import Request, generate_batch
from phonelm.tts import TTS


def lengths(tts: TTS, targets_s: list[float]) -> list[dict[str, float]]:
    """Stream one long text and note, each time so many seconds of speech are done, what the last part cost."""
    voice, process = tts.voice(), psutil.Process()
    text = " ".join([TEXT] * (1 + int(max(targets_s) / 4)))
    result, frames = [], []
    start = time.perf_counter()
    for _, speech in tts.stream(text, voice, SamplingConfig()):
        now, done = time.perf_counter() - start, len(speech.frames)
        frames.append((done, now))
        if done / FRAME_RATE >= targets_s[len(result)]:
            since = next(((d, t) for d, t in reversed(frames) if done - d >= 5 * FRAME_RATE), (0, 0.0))
            result.append({
                "audio_s": done / FRAME_RATE, "seconds": now, "memory_mib": process.memory_info().rss / 2**20,
                "ms_per_frame": 1000 * (now - since[1]) / (done - since[0]),
            })  # fmt: skip
            if len(result) == len(targets_s):
                break
    return result


def users(tts: TTS, widths: list[int], frames: int = 150) -> list[dict[str, float]]:
    """Utterances of the same sentence side by side, each with another seed, for so many frames of each."""
    voice, phonemes = tts.voice(), tts.phonemize(TEXT)[0]
    first = Request(torch.tensor(phonemes.ids), torch.tensor(phonemes.word_starts),
                    voice.codes[:, : tts.model.config.n_codebooks], SamplingConfig())  # fmt: skip

    def speak(width: int) -> float:
        """Seconds for each frame of one utterance, after the prompts are read."""
        requests = (replace(first, config=SamplingConfig(seed=s)) for s in count())
        stream, times = generate_batch(tts.engine, requests, width=width), []
        for i, _ in enumerate(stream):
            if i % width == 0:
                times.append(time.perf_counter())
            if len(times) > frames:
                break
        return float(np.median(np.diff(times)))

    speak(1)
    return [
        {"users": width, "ms_per_step": 1000 * s, "audio_s_per_s": width / s / FRAME_RATE}
        for width, s in ((width, speak(width)) for width in widths)
    ]


def table(rows: list[dict[str, float]]) -> str:
    """As Markdown."""
    lines = ["| " + " | ".join(rows[0]) + " |", "|---" * len(rows[0]) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(f"{v:.4g}" for v in row.values()) + " |" for row in rows)])
