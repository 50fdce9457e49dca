"""Distillation of guidance: a student learns the output of its teacher with guidance (arXiv:2210.03142).

Classifier-free guidance runs the model twice for each frame: with text and prompt, and without both. The student gets
the guidance scale as an input and runs once.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.model import PhoneLM, hidden_id
from phonelm.training.batches import Batch
from phonelm.training.config import TrainConfig

SCALES = (1.0, 5.0)  # range of guidance scales; half of the utterances train with a usual one
USUAL_SCALES = (1.5, 2.5)


def draw_scales(batch: int, generator: torch.Generator | None = None) -> Tensor:
    """(batch,) float on the CPU, the scale of each utterance: in `USUAL_SCALES` for about half, else in `SCALES`."""
    usual, where = torch.rand(2, batch, generator=generator)
    low = torch.where(usual < 0.5, USUAL_SCALES[0], SCALES[0])
    high = torch.where(usual < 0.5, USUAL_SCALES[1], SCALES[1])
    return low + where * (high - low)


def without_condition(batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """The target frames of a batch without text and prompt.

    Returns:
        seen (B, T, K), prev (B, T, K) and target (B, T), with the target frames moved to the start of each row and
        in the same order.
    """
    start = batch.target.int().argmax(1)  # (B,) first target frame
    length = int(batch.target.sum(1).max())
    at = start[:, None] + torch.arange(length, device=start.device)
    inside = at < batch.target.shape[1]
    at = at.clamp(max=batch.target.shape[1] - 1)
    target = batch.target.gather(1, at) & inside
    index = at[..., None].expand(-1, -1, batch.codes.shape[2])
    return batch.seen.gather(1, index), batch.prev.gather(1, index), target


@torch.no_grad()
def guided(teacher: PhoneLM, batch: Batch, scale: Tensor) -> tuple[Tensor, Tensor]:
    """The logits of the teacher with guidance.

    Args:
        scale: (B,) float, of each utterance.
    Returns:
        (M, K, card) float logits of the codes and (M,) float logits of the pointer's move, as `PhoneLM.forward`. The
        pointer is not guided.
    """
    text = (batch.symbols, batch.word_starts, batch.text_lengths)
    voice = (batch.prompt, batch.prompt_lengths)
    codes, advance = teacher(*text, batch.seen, batch.pointer, batch.hold, batch.target, batch.prev, *voice)
    seen, prev, target = without_condition(batch)
    unconditional, _ = teacher.predict_unconditional(seen, target, prev)
    by_frame = scale.repeat_interleave(batch.target.sum(1))[:, None, None]
    return unconditional.float() + by_frame * (codes.float() - unconditional.float()), advance.float()


def distillation_losses(
    student: torch.nn.Module,
    teacher: PhoneLM,
    batch: Batch,
    config: TrainConfig,
    scale: Tensor,
    frames: float | None = None,
) -> tuple[Tensor, Tensor]:
    """Loss of one batch: the divergence of the student from its guided teacher, averaged over target frames.

    Args:
        scale: (B,) float, guidance scale of each utterance.
        frames: target frames to average over, as in `losses`.
    Returns:
        () weighted loss and (K + 1,) divergences in nats: of each codebook (Kullback-Leibler, from the teacher's
        distribution), then of the pointer.
    """
    wanted, wanted_advance = guided(teacher, batch, scale)
    codes, advance = student(
        batch.symbols, batch.word_starts, batch.text_lengths, batch.seen, batch.pointer, batch.hold, batch.target,
        batch.prev, batch.prompt, batch.prompt_lengths, scale,
    )  # fmt: skip
    divergence = F.kl_div(codes.float().log_softmax(-1), wanted.log_softmax(-1), reduction="none", log_target=True)
    shown = batch.seen[batch.target] != hidden_id(codes.shape[-1])
    count = frames or len(codes)
    per_code = (divergence.sum(-1) * shown).sum(0) / count
    p = wanted_advance.sigmoid()
    entropy = F.binary_cross_entropy_with_logits(wanted_advance, p, reduction="sum")
    pointer = (F.binary_cross_entropy_with_logits(advance.float(), p, reduction="sum") - entropy) / count
    weights = torch.tensor(config.codebook_weights[: per_code.shape[0]], device=per_code.device)
    loss = (per_code * weights).sum() + config.advance_weight * pointer
    return loss, torch.cat([per_code, pointer[None]]).detach()
