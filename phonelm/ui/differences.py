"""Where two speeches of the same phonemes differ. Cells at the same place of the same phoneme are compared.

Cells at the same time would all differ after the first phoneme of different length.
"""

from __future__ import annotations

import numpy as np

from phonelm.tts import Speech

NONE = -1  # in place of a code: the other speech has no such cell


def counterparts(speech: Speech, other: Speech) -> np.ndarray:
    """(K, T) int: for each cell of `speech`, the code of `other` in that codebook of that frame of that phoneme.

    `NONE` where the phoneme is shorter there, or was spoken with fewer codebooks.
    """
    found = np.full(speech.codes.shape[1:], NONE)
    codes, frames = other.codes[0].numpy(), {place: t for t, place in enumerate(_places(other))}
    k = min(len(found), len(codes))
    for t, place in enumerate(_places(speech)):
        if place in frames:
            found[:k, t] = codes[:k, frames[place]]
    return found


def differing(speech: Speech, other: Speech) -> float:
    """Share of cells that differ, of all that either speech has: 0 if they are the same, and the same both ways."""
    same = int((counterparts(speech, other) == speech.codes[0].numpy()).sum())
    places = set(_places(speech)) | set(_places(other))
    return 1 - same / (len(places) * max(s.codes.shape[1] for s in (speech, other)))


def starts(speech: Speech) -> list[float]:
    """Seconds at which each phoneme begins, and the end of the last; as many for both speeches."""
    spans = speech.timeline
    return [*(round(p.start_s, 4) for p in spans), round(spans[-1].end_s, 4)]


def _places(speech: Speech) -> list[tuple[int, int, int]]:
    """Of each frame: sentence, phoneme, and how many frames of that phoneme came before."""
    places: list[tuple[int, int, int]] = []
    for s, frame in zip(speech.sentence, speech.frames, strict=True):
        before = places[-1] if places else None
        places.append((s, frame.pointer, before[2] + 1 if before and before[:2] == (s, frame.pointer) else 0))
    return places
