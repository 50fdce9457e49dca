"""Silence that a text asks for, as frames: they belong to the silence at the ends of a sentence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import torch

from phonelm.codec import Codec
from phonelm.config import FRAME_RATE
from phonelm.generation import Frame, Pick
from phonelm.text import Phonemes


def silent_codes(codec: Codec) -> list[int]:
    """The codes of a frame of silence, all codebooks."""
    codes = codec.encode(np.zeros(codec.sample_rate, np.float32), codec.sample_rate)[0]
    return codes[:, codes.shape[1] // 2].tolist()


def with_pauses(
    frames: Iterable[tuple[int, Frame]], sentences: Sequence[Phonemes], silence: Sequence[int], in_order: bool
) -> Iterator[tuple[int, Frame]]:
    """The frames of sentences, each after its number, with silent ones where a text asks for a pause.

    Args:
        frames: as generated; those of one sentence are in order.
        sentences: all of the text; `lead_s` and `pause_s` say how long to be silent before and after each.
        silence: the codes of a silent frame, all codebooks.
        in_order: sentences come one after the other; otherwise side by side, and the pauses after them come last.
    """
    waiting: dict[int, Frame] = {}  # the last frame of each sentence that is not closed yet
    for s, frame in frames:
        if s not in waiting:
            if in_order:
                yield from _close(waiting, sentences, silence)
            yield from _silent(s, replace(frame, pointer=0), sentences[s].lead_s, silence)
        waiting[s] = frame
        yield s, frame
    yield from _close(waiting, sentences, silence)


def _close(
    waiting: dict[int, Frame], sentences: Sequence[Phonemes], silence: Sequence[int]
) -> Iterator[tuple[int, Frame]]:
    for s, frame in waiting.items():
        yield from _silent(s, frame, sentences[s].pause_s, silence)
    waiting.clear()


def _silent(s: int, like: Frame, seconds: float, silence: Sequence[int]) -> Iterator[tuple[int, Frame]]:
    codes = torch.tensor(silence[: len(like.codes)], dtype=like.codes.dtype)
    picks = tuple(Pick(code, 1.0, 0.0, ((code, 1.0),), False) for code in codes.tolist())
    frame = Frame(codes, like.pointer, picks, 0.0, False)
    for _ in range(round(seconds * FRAME_RATE)):
        yield s, frame
