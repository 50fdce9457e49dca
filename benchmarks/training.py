"""`python -m benchmarks.training CACHE`: seconds of audio trained on in a second, from a plain loop upwards."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from phonelm.config import PRESETS
from phonelm.files import write_json
from phonelm.model import layers
from phonelm.training.batches import plan_epoch
from phonelm.training.config import TrainConfig
from phonelm.training.train import Run

ALLOCATOR = {  # glibc keeps freed memory instead of giving it back and taking it again, page by page
    "MALLOC_MMAP_THRESHOLD_": str(2**32), "MALLOC_TRIM_THRESHOLD_": str(2**36), "MALLOC_TOP_PAD_": str(2**28),
}  # fmt: skip
WARM = 2  # steps that are not counted


@dataclass(frozen=True)
class Loop:
    """A way to train; the defaults are the plain one.

    Attributes:
        bucketed: utterances of a batch have about the same length.
        products: attention inside a frame by matrix products instead of PyTorch's fused attention.
        precision: "fp32" or "bf16".
        kept_memory: with `ALLOCATOR`.
    """

    preset: str
    bucketed: bool = False
    products: bool = False
    precision: str = "fp32"
    kept_memory: bool = False


def ladder(preset: str) -> dict[str, Loop]:
    """From the plain loop to what `train` does, one gain after the other."""
    steps = {"lengths in buckets": {"bucketed": True}, "attention in a frame by products": {"products": True},
             "bf16": {"precision": "bf16"}, "memory kept": {"kept_memory": True}}  # fmt: skip
    loops, loop = {"plain": Loop(preset)}, Loop(preset)
    for name, change in steps.items():
        loop = replace(loop, **change)
        loops[f"+ {name}"] = loop
    return loops


def throughput(loop: Loop, cache: Path, steps: int, batch_frames: int) -> float:
    """Seconds of target audio for each second, in this process."""
    if not loop.products:
        layers.MATMUL_POSITIONS = 0
    config = TrainConfig(batch_frames=batch_frames, max_steps=steps, precision=loop.precision)
    with TemporaryDirectory() as out:
        run = Run(cache, Path(out), PRESETS[loop.preset], config)
        order = np.random.default_rng(0).permutation(run.train_set).tolist()
        if loop.bucketed:
            plan = plan_epoch(run.frames, order, batch_frames, [0])
        else:  # in the order in which they come
            place = np.cumsum([run.frames[i] for i in order]) // batch_frames
            plan = [[order[j] for j in np.flatnonzero(place == p)] for p in range(WARM + steps)]
        for at, indices in enumerate(plan[: WARM + steps]):
            if at == WARM:
                start, before = time.perf_counter(), run.progress.audio_s
            run.step(indices, 0, at)
        return (run.progress.audio_s - before) / (time.perf_counter() - start)


def measure(loop: Loop, cache: Path, steps: int, batch_frames: int, threads: int) -> float:
    """`throughput` in a process of its own, since an allocator is chosen at its start."""
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)} | (ALLOCATOR if loop.kept_memory else {})
    command = [sys.executable, "-m", "benchmarks.training", str(cache), "--steps", str(steps),
               "--batch-frames", str(batch_frames), "--loop", json.dumps(asdict(loop))]  # fmt: skip
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return float(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.training", description=__doc__)
    parser.add_argument("cache", type=Path, help="folder made by `python -m phonelm prepare`")
    parser.add_argument("--presets", nargs="+", choices=sorted(PRESETS), default=["tiny", "small", "base"])
    parser.add_argument("--steps", type=int, default=8, metavar="N")
    parser.add_argument("--batch-frames", type=int, default=TrainConfig.batch_frames, metavar="N")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--loop", type=json.loads, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.loop:
        print(throughput(Loop(**args.loop), args.cache, args.steps, args.batch_frames))
        return
    found: dict[str, dict[str, float]] = {}
    for preset in args.presets:
        for name, loop in ladder(preset).items():
            x = measure(loop, args.cache, args.steps, args.batch_frames, args.threads)
            found.setdefault(name, {})[preset] = x
            print(f"{preset:6} {name:36} {x:6.2f} s of audio a second", flush=True)
    print("\n| | " + " | ".join(args.presets) + " |\n|---" + "|---" * len(args.presets) + "|")
    for name, row in found.items():
        print(f"| {name} | " + " | ".join(f"{row[p]:.1f} ({row[p] / found['plain'][p]:.1f} x)" for p in row) + " |")
    if args.json:
        write_json(args.json, found)


if __name__ == "__main__":
    main()
