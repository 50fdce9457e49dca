"""What to speak: a text, or phonemes edited by hand in the notation of `phonelm speak --phonemes`.

The notation has one line for each sentence, with `|` or a pause between words: `HH AH0 L OW1 | W ER1 L D .` A line may
begin with its speaker: `[george] HH AY1 .`
"""

from __future__ import annotations

from dataclasses import replace
from difflib import SequenceMatcher

from phonelm.text import SILENCE, Phonemes, split_speakers, without_phonemes
from phonelm.tts import MAX_EDITS, TTS, Edit, Speech, Turn, check_speakers, locate

MAX_CHARACTERS = 600  # of a text; about 40 s of speech
MAX_PHONEMES = 800  # of edited phonemes; about as long
MAX_NOTATION = 8 * MAX_PHONEMES  # characters of their notation


def sentences(tts: TTS, text: str, by_hand: bool = False, notation: str = "") -> list[Phonemes]:
    """The phonemes to speak, one `Phonemes` for each sentence.

    Args:
        text: English; with edited phonemes it gives the names of unchanged words.
        by_hand: use `notation` instead of the text.
    Raises:
        ValueError: the text is too long or empty, or has unknown letters or phonemes; the message names them.
    """
    if (count := length(text)) > MAX_CHARACTERS or len(text) > MAX_NOTATION:
        raise ValueError(f"the text has {count} characters; at most {MAX_CHARACTERS} are spoken at once: shorten it")
    if not by_hand:
        return tts.phonemize(text)
    if len(notation) > MAX_NOTATION:
        raise ValueError(f"the phonemes have {len(notation)} characters; at most {MAX_NOTATION} are read: shorten them")
    lines = [line for line in notation.splitlines() if line.strip()]
    if not lines:
        raise ValueError("there are no phonemes: write some, such as HH AH0 L OW1, or untick the editing by hand")
    edited = [_of_line(tts, line) for line in lines]
    check_speakers(edited, tts.voices)
    if (count := sum(map(len, edited))) > MAX_PHONEMES:
        raise ValueError(f"these are {count} phonemes; at most {MAX_PHONEMES} are spoken at once: shorten them")
    return named(edited, tts.phonemize(text)) if any(c.isalnum() for c in text) else edited


def length(text: str) -> int:
    """Number of characters of a text, without phonemes in brackets."""
    return len(without_phonemes(text))


def say_again(tts: TTS, speech: Speech, edit: Edit, turn: Turn | None = None) -> Speech:
    """A speech with a span said again; ValueError if the span is wrong or there are too many edits.

    Args:
        turn: the turn in which this is done; it lets other requests go first.
    """
    if len(speech.edits) >= MAX_EDITS:
        raise ValueError(f"a speech can be edited {MAX_EDITS} times; generate it again")
    if edit.symbols and sum(map(len, speech.phonemes)) + len(edit.symbols.split()) > MAX_PHONEMES:
        raise ValueError(f"at most {MAX_PHONEMES} phonemes are spoken at once: shorten them")
    on_frame = None if turn is None else lambda _: turn.give_way()
    return tts.regenerate(speech, edit.start, edit.end, edit.seed, edit.symbols, on_frame)


def span_notation(speech: Speech, start: int, end: int) -> str:
    """A span of the timeline in the notation of edited phonemes; ValueError if `TTS.regenerate` refuses it."""
    s, start, end = locate(speech, start, end)
    p = speech.phonemes[s]
    return _line(p.symbols[start:end], p.word_index[start:end])


def notation(spoken: list[Phonemes]) -> str:
    """Phonemes in the notation of edited phonemes, which `sentences` reads."""
    marks = (f"[{p.speaker}] " if p.speaker else "" for p in spoken)
    return "\n".join(mark + _line(p.symbols, p.word_index) for mark, p in zip(marks, spoken, strict=True))


def named(edited: list[Phonemes], spoken: list[Phonemes]) -> list[Phonemes]:
    """Edited phonemes whose words have the names of the text, where the words still correspond."""
    before = [(word, name) for p in spoken for word, name in zip(_words(p), p.words, strict=True)]
    after = [word for p in edited for word in _words(p)]
    names = [name for p in edited for name in p.words]
    matcher = SequenceMatcher(None, [word for word, _ in before], after, autojunk=False)
    for _, a, a_end, b, b_end in matcher.get_opcodes():
        if a_end - a == b_end - b:
            names[b:b_end] = [name for _, name in before[a:a_end]]
    found = iter(names)
    return [replace(p, words=tuple(next(found) for _ in p.words)) for p in edited]


def _of_line(tts: TTS, line: str) -> Phonemes:
    [(speaker, symbols)] = split_speakers(line.strip())
    return replace(tts.phonemizer.from_symbols(symbols), speaker=speaker)


def _words(p: Phonemes) -> list[str]:
    """The phonemes of each word."""
    words: list[list[str]] = [[] for _ in p.words]
    for symbol, w in zip(p.symbols, p.word_index, strict=True):
        if w >= 0:
            words[w].append(symbol)
    return [" ".join(word) for word in words]


def _line(symbols: tuple[str, ...], word_index: tuple[int, ...]) -> str:
    parts: list[str] = []
    before = -1
    for symbol, w in zip(symbols, word_index, strict=True):
        if symbol == SILENCE:
            continue
        if 0 <= before != w >= 0:
            parts.append("|")
        parts.append(symbol)
        before = w
    return " ".join(parts)
