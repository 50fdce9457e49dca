"""The training loss: cross entropy of every target code and of the pointer's moves."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phonelm.model import hidden_id
from phonelm.training.batches import Batch, BatchMaker, plan_epoch
from phonelm.training.config import TrainConfig


def losses(
    model: torch.nn.Module, batch: Batch, config: TrainConfig, frames: float | None = None
) -> tuple[Tensor, Tensor]:
    """Loss of one batch, averaged over target frames.

    Args:
        model: a `PhoneLM`, or one wrapped for several processes.
        frames: target frames to average over, if not those of `batch`: with several processes the mean over them,
            so that the mean of their gradients is that of the global batch.
    Returns:
        () weighted loss and (K + 1,) cross entropies in nats, both averaged over `frames`: of each codebook, then of
        the pointer.
    """
    codes = batch.codes[batch.target]  # (M, K)
    code_logits, advance_logits = model(
        batch.symbols,
        batch.word_starts,
        batch.text_lengths,
        batch.seen,
        batch.pointer,
        batch.hold,
        batch.target,
        batch.prev,
        batch.prompt,
        batch.prompt_lengths,
    )
    nll = F.cross_entropy(code_logits.float().transpose(1, 2), codes, reduction="none")  # (M, K)
    shown = batch.seen[batch.target] != hidden_id(code_logits.shape[-1])
    per_code = (nll * shown).sum(0) / (frames or len(codes))
    advance = F.binary_cross_entropy_with_logits(
        advance_logits.float(), batch.advance[batch.target].float(), reduction="sum"
    ) / (frames or len(codes))
    weights = torch.tensor(config.codebook_weights[: codes.shape[1]], device=codes.device)
    loss = (per_code * weights).sum() + config.advance_weight * advance
    return loss, torch.cat([per_code, advance[None]]).detach()


def evaluate_loss(
    model: nn.Module, maker: BatchMaker, held: list[int], frames: list[int], config: TrainConfig
) -> Tensor:
    """(K + 1,) mean cross entropies on the held-out utterances: of each codebook, then of the pointer."""
    total, count = torch.zeros(maker.model.n_codebooks + 1), 0
    model.eval()
    with torch.no_grad():
        for i, indices in enumerate(plan_epoch(frames, held, 4000, [0])):
            batch = maker(indices, [0, i], augment=False).to(next(model.parameters()).device)
            m = int(batch.target.sum())
            total, count = total + m * losses(model, batch, config)[1].cpu(), count + m
    model.train()
    return total / max(1, count)
