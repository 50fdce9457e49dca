"""`bench`: the speed of speech, by part. Compare figures of one run only, because absolute times are noisy."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
import torch

from phonelm.config import SamplingConfig
from phonelm.files import write_json
from phonelm.generation import PRECISIONS
from phonelm.tts import TTS

TEXT = "The rain has stopped at last, and we walk home along the river, past the mill and under the old stone bridge."
ENGINE_PARTS = {"encode_text": "text", "feed_prompt": "prompt", "frame": "global", "code": "local"}
CODEC_PARTS = {"push": "codec", "flush": "codec"}
START = """
import sys, time
start = float(sys.argv[1])
from pathlib import Path
from phonelm.tts import TTS
tts = TTS.load(Path(sys.argv[2]) if sys.argv[2] else None)
loaded = time.time()
next(iter(tts.stream("Hello there.")))
print(loaded - start, time.time() - start)
"""


@dataclass(frozen=True)
class Timing:
    """Figures of one number of threads, medians over runs.

    Attributes:
        threads: PyTorch threads.
        audio_s: seconds of speech.
        real_time_factor: processing seconds per second of audio.
        first_audio_s: time from the call to the first sound. The model is loaded and the voice is encoded before.
        frame_ms: milliseconds per frame, by part. "sampling" is the time of no other part.
    """

    threads: int
    audio_s: float
    real_time_factor: float
    first_audio_s: float
    frame_ms: dict[str, float]


class Timed:
    """A proxy of an object that adds up the seconds spent in some of its methods.

    Args:
        target: the object.
        parts: method -> part to which its time is added.
        seconds: time of each part, changed in place.
    """

    def __init__(self, target: Any, parts: dict[str, str], seconds: dict[str, float]):
        self._target, self._parts, self._seconds = target, parts, seconds

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._target, name)
        if name not in self._parts:
            return value

        def timed(*args: Any) -> Any:
            start = time.perf_counter()
            result = value(*args)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            self._seconds[self._parts[name]] += time.perf_counter() - start
            return result

        return timed


def measure(tts: TTS, threads: int, runs: int, text: str = TEXT) -> Timing:
    """Speak `text` several times with this number of threads. The number of threads is restored afterwards."""
    before, results = torch.get_num_threads(), []
    torch.set_num_threads(threads)
    engine, codec = tts.engine, tts.codec
    try:
        voice = tts.voice()
        for run in range(runs + 1):
            seconds: dict[str, float] = defaultdict(float)
            measured: Any = tts
            measured.engine = Timed(engine, ENGINE_PARTS, seconds)
            measured.codec = Timed(codec, {}, seconds)
            measured.codec.decode_stream = lambda s=seconds, **options: Timed(
                codec.decode_stream(**options), CODEC_PARTS, s
            )
            *_, (_, speech) = tts.stream(text, voice, SamplingConfig())
            if run:  # run 0 warms up
                seconds["sampling"] = speech.seconds - sum(seconds.values())
                results.append((speech, seconds))
    finally:
        tts.engine, tts.codec = engine, codec
        torch.set_num_threads(before)
    median = lambda values: statistics.median(list(values))  # noqa: E731
    parts = [*dict.fromkeys([*ENGINE_PARTS.values(), "sampling", "codec"])]
    return Timing(
        threads=threads,
        audio_s=results[0][0].duration_s,
        real_time_factor=median(s.real_time_factor for s, _ in results),
        first_audio_s=median(s.first_audio_s for s, _ in results),
        frame_ms={part: median(1000 * t[part] / len(s.frames) for s, t in results) for part in parts},
    )


def measure_start(checkpoint: Path | None) -> dict[str, float]:
    """In a new process: seconds until the model is loaded, seconds until the first sound, peak memory in bytes."""
    process = psutil.Popen(
        [sys.executable, "-c", START, str(time.time()), str(checkpoint or "")], stdout=subprocess.PIPE, text=True
    )
    peak = 0
    while process.poll() is None:
        try:
            peak = max(peak, process.memory_info().rss)
        except psutil.Error:
            break
        time.sleep(0.02)
    out = process.communicate()[0].split()
    if process.returncode or len(out) != 2:
        raise ValueError("the new process could not speak; see its error above")
    return {"loaded_s": float(out[0]), "first_audio_s": float(out[1]), "peak_memory_bytes": peak}


def to_markdown(timings: list[Timing]) -> str:
    """The figures as a Markdown table, one row per number of threads."""
    parts = list(timings[0].frame_ms)
    head = ["threads", "audio", "real-time factor", "first audio", "ms/frame", *parts]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for t in timings:
        cells = [f"{t.threads}", f"{t.audio_s:.1f} s", f"{t.real_time_factor:.3f}", f"{1000 * t.first_audio_s:.0f} ms"]
        cells += [f"{sum(t.frame_ms.values()):.2f}", *(f"{t.frame_ms[p]:.2f}" for p in parts)]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `bench`."""
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2], metavar="N", help="to compare (default 1 2)")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="runs, after one to warm up (default 3)")
    parser.add_argument("--text", default=TEXT, help="what to speak (default: about 5 s)")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, mps (default: cuda if there is one, else cpu)")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="precision of weights (default auto)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to this file")


def run(args: argparse.Namespace) -> int:
    """Run `bench` from the command line and print its tables."""
    if args.runs < 1 or min(args.threads) < 1:
        raise ValueError("--runs and --threads must be at least 1")
    tts = TTS.load(args.checkpoint, device=args.device, precision=args.precision)
    timings = [measure(tts, threads, args.runs, args.text) for threads in args.threads]
    print(f"precision {tts.engine.precision}, device {tts.engine.hold.device}\n\n{to_markdown(timings)}")
    start = measure_start(args.checkpoint)
    print(
        f"\nnew process: loaded after {start['loaded_s']:.1f} s, first audio after {start['first_audio_s']:.1f} s, "
        f"peak memory {start['peak_memory_bytes'] / 2**20:.0f} MiB"
    )
    if args.json:
        write_json(args.json, {"timings": [asdict(t) for t in timings], "start": start})
    return 0
