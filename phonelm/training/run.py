"""What all training runs share: where they stand, on which devices they run, and one clock for all processes."""

from __future__ import annotations

import os
from dataclasses import dataclass

import torch
from accelerate import Accelerator

from phonelm.training.config import CodecTrainConfig, TrainConfig


@dataclass
class Progress:
    """Where a run stands; with the tensors, all that a resumed run needs."""

    step: int = 0
    seconds: float = 0.0
    audio_s: float = 0.0
    skipped: int = 0  # steps not taken, because loss or gradient were not finite

    def share(self, config: TrainConfig | CodecTrainConfig) -> float:
        """How much of the budget is used, 0 to 1."""
        return min(1.0, self.step / config.max_steps if config.max_steps else self.seconds / 60 / config.max_minutes)

    def left(self, config: TrainConfig | CodecTrainConfig) -> str:
        """Time left, for the progress bar."""
        share = self.share(config)
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
    """The mean over all processes, so that all of them stop at the same step."""
    return accelerator.reduce(torch.tensor(seconds, device=accelerator.device), "mean").item()
