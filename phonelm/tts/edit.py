"""Saying a span of phonemes again: what is before it is the past of its new frames, what is after it is joined to them.

A span lies within one sentence, because each is generated on its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from phonelm.generation import Frame
from phonelm.text import PAUSES, SILENCE, SYMBOLS, PhonemeError, Phonemes, written_units
from phonelm.tts.speech import Edit, Speech


@dataclass(frozen=True)
class Gap:
    """A sentence with a span taken out.

    Attributes:
        sentence: its place in the speech.
        phonemes: all of the sentence, with the new ones in the span included.
        end: the phoneme after the span.
        before, after: the sentence's frames that stay, pointing to `phonemes`.
    """

    sentence: int
    phonemes: Phonemes
    end: int
    before: tuple[Frame, ...]
    after: tuple[Frame, ...]


def cut_out(speech: Speech, edit: Edit) -> Gap:
    """Take a span out of a speech.

    Raises:
        ValueError: a span that is empty, outside of what was spoken, or in more than one sentence; phonemes that cannot
            be said there.
    """
    s, start, end = locate(speech, edit.start, edit.end)
    old = speech.phonemes[s]
    new = old if edit.symbols is None else replaced(old, start, end, edit.symbols)
    longer = len(new) - len(old)
    frames = [f for f, at in zip(speech.frames, speech.sentence, strict=True) if at == s]
    before = tuple(f for f in frames if f.pointer < start)
    after = tuple(replace(f, pointer=f.pointer + longer) for f in frames if f.pointer >= end)
    return Gap(s, new, end + longer, before, after)


def fill(speech: Speech, gap: Gap, made: Sequence[Frame], edit: Edit) -> Speech:
    """The speech with new frames in the gap, still to be decoded; the old one does not change."""
    s = gap.sentence
    first = speech.sentence.index(s)
    rest = first + speech.sentence.count(s)
    filled = (*gap.before, *made, *gap.after)
    return replace(
        speech,
        phonemes=[*speech.phonemes[:s], gap.phonemes, *speech.phonemes[s + 1 :]],
        frames=[*speech.frames[:first], *filled, *speech.frames[rest:]],
        sentence=[*speech.sentence[:first], *[s] * len(filled), *speech.sentence[rest:]],
        edits=(*speech.edits, edit),
        first_audio_s=0.0,
        notes=list(speech.voice.notes),
    )


def replaced(p: Phonemes, start: int, end: int, symbols: str) -> Phonemes:
    """`p` with other phonemes in place of those from `start` to before `end`; the silence at its ends stays.

    As many words as before keep their names; otherwise a word that is replaced in part stays one with its rest.

    Args:
        symbols: as for `Phonemizer.from_symbols`; a pause alone will do.
    Raises:
        PhonemeError: unknown symbols, nothing to say, or a pause where there can be none.
    """
    units = written_units(symbols)
    start, end = max(start, 1), min(end, len(p) - 1)
    if not units or start >= end:
        raise PhonemeError("nothing to say in place of this span; choose phonemes and give at least one")
    words = [p.words[w] if w >= 0 else None for w in p.word_index]
    cells: list[tuple[str, str | None, bool]] = list(zip(p.symbols, words, p.word_starts))
    opened, closed = (p.word_index[i] >= 0 and not p.word_starts[i] for i in (start, end))  # within a word
    names: list[str | None] = [p.words[w] for w in dict.fromkeys(p.word_index[start:end]) if w >= 0]
    spoken: list[str | None] = [name for name, phones, *_ in units if phones]
    if len(spoken) != len(names):
        names = spoken
        if closed and names:
            names[-1] = cells[end][1]
    coming = iter(names)
    span: list[tuple[str, str | None, bool]] = []
    for unit, phones, *_ in units:
        name = next(coming) if phones else None
        span += [(symbol, name, i == 0) for i, symbol in enumerate(phones or (unit,))]
    if opened:
        span[0] = (*span[0][:2], False)
    if closed:
        cells[end] = (*cells[end][:2], span[-1][1] is None)
    return _numbered(p, [*cells[:start], *span, *cells[end:]])


def locate(speech: Speech, start: int, end: int) -> tuple[int, int, int]:
    """The sentence of a span, and the span counted from that sentence's first phoneme.

    Raises:
        ValueError: a span that is empty, outside of what was spoken, or in more than one sentence.
    """
    counts = [0] * len(speech.phonemes)  # phonemes of each sentence; fewer than it has if it was stopped
    for frame, s in zip(speech.frames, speech.sentence, strict=True):
        counts[s] = frame.pointer + 1
    if not 0 <= start < end <= sum(counts):
        raise ValueError(f"phonemes {start} to {end} are no span of the {sum(counts)} that were spoken")
    s = 0
    while start >= counts[s]:
        start, end, s = start - counts[s], end - counts[s], s + 1
    if end > counts[s]:
        raise ValueError("the span goes beyond the end of a sentence; say one sentence again, then the other")
    return s, start, end


def _numbered(p: Phonemes, cells: list[tuple[str, str | None, bool]]) -> Phonemes:
    """`p` with other phonemes: (symbol, its word, whether that begins here) in order."""
    symbols = tuple(symbol for symbol, _, _ in cells)
    for before, here in pairwise(symbols):
        if here in PAUSES and before in (SILENCE, *PAUSES):
            raise PhonemeError(f"the pause {here} cannot follow {'a pause' if before in PAUSES else 'the silence'}")
    words: list[str] = []
    word_index = []
    for _, word, first in cells:
        if word is not None and first:
            words.append(word)
        word_index.append(-1 if word is None else len(words) - 1)
    ids = tuple(map(SYMBOLS.index, symbols))
    return replace(p, symbols=symbols, ids=ids, word_index=tuple(word_index), words=tuple(words))
