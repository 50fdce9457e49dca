"""Sentences in pieces of the length that the model was trained for: long ones cut at clauses, tiny ones joined."""

from __future__ import annotations

from collections.abc import Sequence

from phonelm.text.arpabet import PAUSES
from phonelm.text.phonemizer import Phonemes

LONG = 120  # phonemes, about 11 s: training utterances have at most 12 s
SHORT = 8  # phonemes; alone, a word like "Yes." gives the model nothing to hold on to


def pieces(sentences: Sequence[Phonemes]) -> list[Phonemes]:
    """The same phonemes in the same order, in pieces of at most `LONG` phonemes unless a single word has more.

    A sentence of less than `SHORT` phonemes is joined to a neighbour, even in the next paragraph, unless another speaks
    or the text asks for a pause between them. A long one is cut after a pause or,
    where there is none, between words, into parts of about equal length, so that none is spoken in
    a hurry.
    """
    result: list[Phonemes] = []
    for part in (part for sentence in sentences for part in _split(sentence)):
        short = result and min(len(result[-1]), len(part)) < SHORT and len(result[-1]) + len(part) <= LONG
        if short and result[-1].speaker == part.speaker and not (result[-1].pause_s or part.lead_s):
            result[-1] = _join(result[-1], part)
        else:
            result.append(part)
    return result


def _split(p: Phonemes) -> list[Phonemes]:
    if len(p) <= LONG:
        return [p]
    words = [i for i, begins in enumerate(p.word_starts) if begins][1:]
    quarter, middle = len(p) // 4, len(p) / 2
    clauses = [i for i in words if p.symbols[i - 1] in PAUSES and quarter <= i <= len(p) - quarter]
    if not words:
        return [p]
    at = min(clauses or words, key=lambda i: abs(i - middle))
    return [part for half in _cut(p, at) for part in _split(half)]


def _cut(p: Phonemes, at: int) -> tuple[Phonemes, Phonemes]:
    """Before and from the phoneme `at`, with which a word begins; each half with silence at both ends."""
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
    """One after the other, without the silence between them."""
    return Phonemes(
        f"{a.text} {b.text}", a.symbols[:-1] + b.symbols[1:], a.ids[:-1] + b.ids[1:],
        a.word_index[:-1] + tuple(w if w < 0 else w + len(a.words) for w in b.word_index[1:]), a.words + b.words,
        tuple(dict.fromkeys(a.unread + b.unread)), b.closes_paragraph, a.lead_s, b.pause_s, a.sources + b.sources,
        a.speaker,
    )  # fmt: skip
