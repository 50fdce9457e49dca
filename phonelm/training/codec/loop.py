"""The training loop of all codec stages: steps within a budget, a log, checkpoints."""

from __future__ import annotations

import json
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from accelerate import Accelerator
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from phonelm import checkpoint
from phonelm.codec import BUNDLED_FILE, save_bundled
from phonelm.config import CodecConfig
from phonelm.datasets import Problem
from phonelm.training.guard import check_finite
from phonelm.training.run import Progress, same_everywhere

LAST = "last.safetensors"
SCALARS_EVERY = 10  # steps


class Loop:
    """A training run in a folder: `last.safetensors` to resume from, `codec.safetensors` to use.

    A subclass sets these attributes and defines the step and the held-out losses.
    """

    kind: str  # of `last.safetensors`
    out: Path
    config: Any  # settings with `max_steps`, `max_minutes` and `save_every_minutes`
    sizes: CodecConfig
    datasets: list[str]  # names
    learner: Any  # has `state_dict` and `averaged_model`
    progress: Progress
    accelerator: Accelerator

    def step(self) -> dict[str, float]:
        """One update. Returns the losses by name. Updates `progress` except for `progress.step`."""
        raise NotImplementedError

    def held_losses(self) -> dict[str, float]:
        """Losses on held-out speakers, by name; empty if nobody is held out."""
        raise NotImplementedError

    def scalars(self) -> dict[str, float]:
        """Further figures for the log, by name."""
        return {}

    def save(self) -> None:
        """Write both checkpoints. If the process is killed, the previous ones stay complete.

        Raises:
            DivergedError: weights are not finite. Nothing is written.
        """
        state = self.learner.state_dict()
        check_finite(state)
        meta = {"train": asdict(self.config), "progress": vars(self.progress), "datasets": self.datasets}
        checkpoint.save(self.out / LAST, state, {"kind": self.kind, "config": asdict(self.sizes), **meta})
        if self.usable:
            save_bundled(self.out / BUNDLED_FILE, self.learner.averaged_model(), self.sizes, **meta)

    @property
    def usable(self) -> bool:
        """Whether there is a codec to save."""
        return True

    def train(self) -> None:
        """Run until the budget of minutes or steps is used up."""
        progress, config, main = self.progress, self.config, self.accelerator.is_main_process
        writer = SummaryWriter(str(self.out / "events")) if main else None
        average: dict[str, float] = {}
        mark = last_save = time.monotonic()
        with tqdm(total=config.max_steps or None, initial=progress.step, disable=not main) as bar:
            while progress.share(config) < 1:
                for name, value in self.step().items():
                    average[name] = 0.98 * average.get(name, value) + 0.02 * value
                now, progress.step = time.monotonic(), progress.step + 1
                progress.seconds += same_everywhere(self.accelerator, now - mark)
                mark, done = now, progress.share(config) >= 1
                if writer and progress.step % SCALARS_EVERY == 0:
                    self._log(writer, average)
                if writer and (done or now - last_save > 60 * config.save_every_minutes):
                    self._checkpoint(writer, average)
                    last_save = now
                losses = " ".join(f"{name} {value:.3f}" for name, value in average.items())
                speed = progress.audio_s / progress.seconds
                bar.set_postfix_str(f"{speed:.1f} x, {progress.left(config)}, {losses}", refresh=False)
                bar.update()
        if writer:
            writer.close()

    def _log(self, writer: SummaryWriter, average: dict[str, float]) -> None:
        """Write losses, learning rate, speed and `scalars` to TensorBoard."""
        step = self.progress.step
        for name, value in average.items():
            writer.add_scalar(f"train/{name}", value, step)
        for name, value in self.scalars().items():
            writer.add_scalar(name, value, step)
        writer.add_scalar("audio_seconds_per_second", self.progress.audio_s / self.progress.seconds, step)

    def _checkpoint(self, writer: SummaryWriter, average: dict[str, float]) -> None:
        """Compute the held-out losses, log them, save everything."""
        held = self.held_losses()
        for name, value in held.items():
            writer.add_scalar(f"held_out/{name}", value, self.progress.step)
        self.out.mkdir(parents=True, exist_ok=True)
        with open(self.out / "log.jsonl", "a", encoding="utf-8") as log:
            log.write(json.dumps({**vars(self.progress), "train": average, "held_out": held}) + "\n")
        self.save()


def check_share(batch_size: int, accelerator: Accelerator) -> None:
    """Raise ValueError if a batch cannot be divided among the processes."""
    if batch_size % (world := accelerator.num_processes):
        raise ValueError(f"batch_size {batch_size} must be a multiple of the number of processes, {world}")


def print_problems(problems: Sequence[Problem]) -> None:
    """Print what was left out, by reason, with up to three ids each."""
    by_reason: dict[str, list[str]] = defaultdict(list)
    for problem in problems:
        by_reason[problem.reason].append(problem.id)
    for reason, ids in by_reason.items():
        more = f" and {len(ids) - 3} more" if len(ids) > 3 else ""
        print(f"left out ({reason}): {', '.join(ids[:3])}{more}", file=sys.stderr)
