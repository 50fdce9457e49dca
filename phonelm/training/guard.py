"""Protection against losses, gradients and weights that are not finite."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

MOST_IN_A_ROW = 10


class DivergedError(ValueError):
    """A training run cannot continue; the message says what to do."""


class StepGuard:
    """Decides which steps of a run are taken: those whose loss and gradient are finite.

    Attributes:
        skipped: steps that were not taken.
        in_a_row: skipped steps since the last step that was taken.
    """

    def __init__(self) -> None:
        self.skipped = self.in_a_row = 0

    def accepts(self, *values: Tensor) -> bool:
        """Whether a step may be taken.

        Args:
            values: () float each: loss and norm of the gradient. In a run of several processes both must be the same
                in all of them, so that all make the same decision.
        Raises:
            DivergedError: `MOST_IN_A_ROW` steps in a row were not accepted.
        """
        if all(bool(torch.isfinite(value)) for value in values):
            self.in_a_row = 0
            return True
        self.skipped, self.in_a_row = self.skipped + 1, self.in_a_row + 1
        if self.in_a_row == MOST_IN_A_ROW:
            raise DivergedError(
                f"the loss or its gradient was not finite in {MOST_IN_A_ROW} steps in a row: the run has diverged. "
                "What was saved last is whole; train again with a lower --lr or with --precision fp32"
            )
        return False


def check_finite(tensors: Mapping[str, Tensor]) -> None:
    """Refuse to save weights that are not finite.

    Raises:
        DivergedError: names the first tensor with a value that is not finite.
    """
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise DivergedError(
                f"{name} has values that are not finite, so nothing was saved: the run has diverged. What was saved "
                "last is whole; train again with a lower --lr"
            )
