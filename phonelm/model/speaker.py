"""The speaker vector: one summary of a voice prompt, averaged over its frames."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KERNEL = 5  # frames that a convolution sees


class SpeakerEncoder(nn.Module):
    """Two convolutions over the code vectors of a prompt, then the mean over its frames.

    The prompt's frames are also the first frames that the global model reads. The vector reaches every frame of the
    speech at the same distance, however long the speech becomes.

    Args:
        code_dim: width of the code vectors.
        dim: width of the vector.
    """

    def __init__(self, code_dim: int, dim: int):
        super().__init__()
        self.first = nn.Linear(KERNEL * code_dim, dim)
        self.second = nn.Linear(KERNEL * dim, dim)

    def forward(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        """Args:
            vectors: (B, P, code_dim) float, the sum of the code vectors of each frame of the prompts.
            lengths: (B,) int64, frames of each prompt; the others are padding.
        Returns:
            (B, dim) float, zero where a prompt has no frame.
        """
        mask = (torch.arange(vectors.shape[1], device=vectors.device) < lengths[:, None])[..., None]  # (B, P, 1)
        x = vectors * mask
        x = F.silu(self.first(windows(x))) * mask
        x = F.silu(self.second(windows(x))) * mask
        return x.sum(1) / lengths.clamp(min=1)[:, None]


def windows(x: Tensor) -> Tensor:
    """(B, P, D) -> (B, P, KERNEL * D): each frame with its neighbours, zero beyond the ends.

    With a linear map it is a convolution. cuDNN's own convolution plans anew for every length of a prompt, which takes
    longer than a whole training step.
    """
    reach = KERNEL // 2
    return F.pad(x, (0, 0, reach, reach)).unfold(1, KERNEL, 1).flatten(2)
