"""Shared by all training runs: progress, budget, devices, and weights of datasets."""

from __future__ import annotations

import argparse
import math
import os
from dataclasses import dataclass
from typing import Protocol

import torch
from accelerate import Accelerator


class Budget(Protocol):
    """The budget of a run: steps, or minutes if `max_steps` is 0."""

    @property
    def max_steps(self) -> int: ...

    @property
    def max_minutes(self) -> float: ...


@dataclass
class Progress:
    """The progress of a run. With the tensors it is all that a resumed run needs."""

    step: int = 0
    seconds: float = 0.0
    audio_s: float = 0.0
    skipped: int = 0  # steps skipped because loss or gradient were not finite

    def share(self, budget: Budget) -> float:
        """Used share of the budget, 0 to 1."""
        return min(1.0, self.step / budget.max_steps if budget.max_steps else self.seconds / 60 / budget.max_minutes)

    def left(self, budget: Budget) -> str:
        """Time left, for the progress bar."""
        share = self.share(budget)
        left_s = self.seconds * (1 - share) / max(share, 1e-9)
        return f"{int(left_s // 3600)}:{int(left_s // 60 % 60):02}:{int(left_s % 60):02} left"


def make_accelerator(precision: str) -> Accelerator:
    """The processes and devices of a run: a GPU if there is one, several under `torchrun`, else the CPU.

    Args:
        precision: of the arithmetic, one of `config.TRAINING_PRECISIONS`.
    """
    several_on_cpu = "LOCAL_RANK" in os.environ and not torch.accelerator.is_available()
    return Accelerator(mixed_precision="no" if precision == "fp32" else precision, cpu=several_on_cpu)


def same_everywhere(accelerator: Accelerator, seconds: float) -> float:
    """The mean over all processes, so that all stop at the same step."""
    return accelerator.reduce(torch.tensor(seconds, device=accelerator.device), "mean").item()


def parse_weight(text: str) -> tuple[str, float]:
    """("librispeech", 3.0) of "librispeech=3"."""
    name, _, times = text.rpartition("=")
    try:
        weight = float(times)
    except ValueError:
        weight = math.nan
    if not name or not 0 <= weight < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not DATASET=TIMES, for example librispeech=3")
    return name, weight
