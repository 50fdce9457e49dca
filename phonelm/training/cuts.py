"""Where utterances are cut: into a voice prompt and a target, and to a length."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from phonelm.config import FRAME_RATE
from phonelm.training.data.aligner import is_silent

MIN_PAUSE_FRAMES = 8  # a shorter pause may be an error of the alignment
MIN_END_FRAMES = FRAME_RATE  # of a prompt from an utterance's end


@dataclass(frozen=True)
class Example:
    """One utterance with its prompt, not padded yet; shapes as in `Batch` without B."""

    symbols: Tensor
    word_starts: Tensor
    durations: Tensor
    prompt: Tensor  # (P, K) int64
    codes: Tensor  # (T, K) int64


def cut_front(example: Example, prompt_frames: int) -> Example:
    """Make the first words of an utterance its own voice prompt; text and audio are cut together.

    The cut is at the word start nearest to `prompt_frames`, at most half-way. The pause before it becomes the opening
    silence; without a pause, the frame before it does. An utterance without such a word start is returned whole and
    unprompted.
    """
    ends = example.durations.cumsum(0)
    starts = ends - example.durations
    words = [i for i in example.word_starts.nonzero().flatten().tolist() if 1 < i and starts[i] <= ends[-1] // 2]
    if not words:
        return example
    at = min(words, key=lambda i: abs(int(starts[i]) - prompt_frames))
    opening = int(example.durations[at - 1]) if is_silent(example.symbols[at - 1]) else 1
    frame = int(starts[at]) - opening
    return Example(
        torch.cat([example.symbols[:1], example.symbols[at:]]),
        torch.cat([example.word_starts[:1], example.word_starts[at:]]),
        torch.cat([torch.tensor([opening]), example.durations[at:]]),
        example.codes[max(0, frame - prompt_frames) : frame],
        example.codes[frame:],
    )


def cut_end(example: Example, prompt_frames: int) -> Example:
    """Make the last words of an utterance the voice prompt of the first words.

    The target of `cut_front` continues the prompt, but the text of a user does not. Here the target begins like an
    utterance. The cut is after a pause of at least `MIN_PAUSE_FRAMES` in the last two thirds. At least `MIN_END_FRAMES`
    must follow it, as near to `prompt_frames` as possible. Without such a pause the cut is that of `cut_front`.
    """
    ends = example.durations.cumsum(0)
    left = ends[-1] - ends
    fits = is_silent(example.symbols) & (example.durations >= MIN_PAUSE_FRAMES)
    fits &= (left >= MIN_END_FRAMES) & (ends >= ends[-1] // 3)
    pauses = [i for i in fits.nonzero().flatten().tolist() if i > 0]
    if not pauses:
        return cut_front(example, prompt_frames)
    at = min(pauses, key=lambda i: abs(int(left[i]) - prompt_frames))
    frame, pause = int(ends[at]), int(example.durations[at])
    return Example(  # half of the pause becomes the silence at the end
        torch.cat([example.symbols[: at + 1], example.symbols[-1:]]),
        torch.cat([example.word_starts[: at + 1], example.word_starts[-1:]]),
        torch.cat([example.durations[:at], torch.tensor([pause - pause // 2, pause // 2])]),
        example.codes[frame : frame + prompt_frames],
        example.codes[:frame],
    )


def cut_back(example: Example, max_frames: int) -> Example:
    """Drop the last words of an utterance longer than `max_frames`, text and audio together."""
    if len(example.codes) <= max_frames:
        return example
    starts = example.durations.cumsum(0) - example.durations
    words = [i for i in example.word_starts.nonzero().flatten().tolist() if 0 < starts[i] <= max_frames]
    if not words:
        return example
    at = words[-1]
    return replace(
        example,
        symbols=example.symbols[:at],
        word_starts=example.word_starts[:at],
        durations=example.durations[:at],
        codes=example.codes[: int(starts[at])],
    )
