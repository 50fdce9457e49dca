"""Chunks of the length that the model is trained for: long sentences are cut at clauses, short ones are joined."""

from __future__ import annotations

from collections.abc import Sequence

from phonelm.text.arpabet import PAUSES
from phonelm.text.phonemizer import Phonemes

MAX_PHONEMES = 120  # about 11 s; training utterances have at most 12 s
MIN_PHONEMES = 8  # a single word like "Yes." gives the model too little context


def pieces(sentences: Sequence[Phonemes]) -> list[Phonemes]:
    """The same phonemes in the same order, in chunks of at most `MAX_PHONEMES` unless a single word has more.

    A sentence of fewer than `MIN_PHONEMES` is joined to a neighbour, even in the next paragraph, unless the speaker
    changes or the text has a pause mark between them. A long sentence is cut after a pause, or between words if it has
    none. Its parts have about equal lengths.
    """
    result: list[Phonemes] = []
    for part in (part for sentence in sentences for part in _split(sentence)):
        join = result and min(len(result[-1]), len(part)) < MIN_PHONEMES and len(result[-1]) + len(part) <= MAX_PHONEMES
        if join and result[-1].speaker == part.speaker and not (result[-1].pause_s or part.lead_s):
            result[-1] = _join(result[-1], part)
        else:
            result.append(part)
    return result


def _split(p: Phonemes) -> list[Phonemes]:
    if len(p) <= MAX_PHONEMES:
        return [p]
    words = [i for i, begins in enumerate(p.word_starts) if begins][1:]
    quarter, middle = len(p) // 4, len(p) / 2
    clauses = [i for i in words if p.symbols[i - 1] in PAUSES and quarter <= i <= len(p) - quarter]
    if not words:
        return [p]
    at = min(clauses or words, key=lambda i: abs(i - middle))
    return [part for half in _cut(p, at) for part in _split(half)]


def _cut(p: Phonemes, at: int) -> tuple[Phonemes, Phonemes]:
    """The parts before and from phoneme `at`, which starts a word. Each part has silence at both ends."""
    word = p.word_index[at]
    pause = p.symbols[at - 1] if p.symbols[at - 1] in PAUSES else ""
    before = Phonemes(
        " ".join(p.words[:word]) + pause, (*p.symbols[:at], p.symbols[-1]), (*p.ids[:at], p.ids[-1]),
        (*p.word_index[:at], -1), p.words[:word], p.unread, lead_s=p.lead_s, sources=p.sources[:word],
        speaker=p.speaker,
    )  # fmt: skip
    after = Phonemes(
        " ".join(p.words[word:]), (p.symbols[0], *p.symbols[at:]), (p.ids[0], *p.ids[at:]),
        (-1, *(w if w < 0 else w - word for w in p.word_index[at:])), p.words[word:],
        closes_paragraph=p.closes_paragraph, pause_s=p.pause_s, sources=p.sources[word:],
        speaker=p.speaker,
    )  # fmt: skip
    return before, after


def _join(a: Phonemes, b: Phonemes) -> Phonemes:
    """Concatenate two sentences without the silence between them."""
    return Phonemes(
        f"{a.text} {b.text}", a.symbols[:-1] + b.symbols[1:], a.ids[:-1] + b.ids[1:],
        a.word_index[:-1] + tuple(w if w < 0 else w + len(a.words) for w in b.word_index[1:]), a.words + b.words,
        tuple(dict.fromkeys(a.unread + b.unread)), b.closes_paragraph, a.lead_s, b.pause_s, a.sources + b.sources,
        a.speaker,
    )  # fmt: skip
