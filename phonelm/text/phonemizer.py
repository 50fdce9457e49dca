"""Converts text to phonemes: ARPAbet with stress. Works offline.

`pronunciation.py` pronounces words. `lexicon.py` loads dictionaries, tagger and network.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

from phonelm.text import lexicon
from phonelm.text.arpabet import PAUSES, PHONES, Phones, parse_phones, refuse_unknown, with_stress
from phonelm.text.errors import NothingToSay, PhonemeError
from phonelm.text.normalizer import normalize
from phonelm.text.overrides import UserLexicon, parse_override
from phonelm.text.pauses import LONGEST_S, split_pauses
from phonelm.text.pauses import MARK as PAUSE
from phonelm.text.pronunciation import Pronouncer
from phonelm.text.sentences import split_paragraphs, split_sentences
from phonelm.text.speakers import MARK as SPEAKER
from phonelm.text.speakers import split_speakers
from phonelm.text.syntax import Tagged
from phonelm.text.tokens import not_shouted, tokenize

SILENCE = "<sil>"
SYMBOLS = ("<pad>", SILENCE, *PAUSES, *PHONES)


class Unit(NamedTuple):
    """A word, its phones and their source (see `pronunciation.SOURCES`), or a pause without phones."""

    word: str
    phones: Phones = ()
    source: str = ""


_ID = {symbol: i for i, symbol in enumerate(SYMBOLS)}
_STRENGTH = {pause: i for i, pause in enumerate((",", "-", ":", ";", "...", ".", "!", "?"))}
LETTER_NAME = ("A", ("EY1",))


@dataclass(frozen=True)
class Phonemes:
    """The N symbols of a spoken text. `word_index` gives the word of each symbol.

    Args:
        text: the normalised text.
        symbols: (N,) from `SYMBOLS`, `<sil>` first and last.
        ids: (N,) indices into `SYMBOLS`.
        word_index: (N,) index into `words`, -1 for `<sil>` and pauses.
        words: the spoken words.
        unread: characters of the text that have no reading and were left out.
        closes_paragraph: whether another paragraph follows, after a longer pause.
        lead_s: seconds of silence before it, from pause marks (`pauses.py`).
        pause_s: seconds of silence after it.
        sources: source of the phones of each of `words`, one of `pronunciation.SOURCES`.
        speaker: name of the voice that the text gives (`speakers.py`), "" if it gives none.
    """

    text: str
    symbols: tuple[str, ...]
    ids: tuple[int, ...]
    word_index: tuple[int, ...]
    words: tuple[str, ...]
    unread: tuple[str, ...] = ()
    closes_paragraph: bool = False
    lead_s: float = 0.0
    pause_s: float = 0.0
    sources: tuple[str, ...] = ()
    speaker: str = ""

    @property
    def word_starts(self) -> tuple[bool, ...]:
        """(N,) True at the first phoneme of each word."""
        return (False, *(0 <= here != before for before, here in pairwise(self.word_index)))

    def __len__(self) -> int:
        return len(self.symbols)


class Phonemizer:
    """English text to `Phonemes`, offline.

    Args:
        user_lexicon: pronunciations with precedence over all others. `[word](W ER1 D)` in the text overrides one word.
    """

    def __init__(self, user_lexicon: UserLexicon = UserLexicon()) -> None:
        self._user_lexicon = user_lexicon
        self._tag = lexicon.load_tagger()
        self._pronounce = Pronouncer()

    def with_lexicon(self, user_lexicon: UserLexicon) -> Phonemizer:
        """A copy to which another lexicon is added, which has precedence. Tables and networks are shared."""
        other = copy(self)
        other._user_lexicon = UserLexicon(self._user_lexicon.entries | user_lexicon.entries)
        return other

    def phones_of(self, spelling: str) -> Phones:
        """Phones of a word from a phonetic spelling, `wooster`, or from phonemes, `W UH1 S T ER0`.

        Raises:
            TextError: nothing to say.
        """
        try:
            return parse_phones(spelling)
        except PhonemeError:
            spoken = self(spelling)
        return tuple(symbol for symbol, word in zip(spoken.symbols, spoken.word_index, strict=True) if word >= 0)

    def __call__(self, text: str) -> Phonemes:
        """Normalise and phonemise one or more sentences. Pause marks become commas, speaker marks are left out.

        Raises:
            TextError: there is nothing to say (see `normalize`).
            PhonemeError: phonemes are unknown.
        """
        spoken = normalize(self._user_lexicon.apply(PAUSE.sub(", ", SPEAKER.sub("", text))))
        units = [unit for sentence in split_sentences(spoken.text) for unit in self.units(sentence)]
        return _assemble(spoken.text, units, spoken.unread)

    def sentences(self, text: str) -> list[Phonemes]:
        """The sentences of a text. Sentences without a word are left out; the last one gets their unread characters.

        Raises:
            TextError: see `__call__`.
        """
        spoken: list[Phonemes] = []
        unread: tuple[str, ...] = ()
        before, lead_s = "", 0.0
        for speaker, part in split_speakers(text):
            sentences, left, lead_s = self._with_pauses(part, lead_s)
            unread += left
            if spoken and sentences and _ends_paragraph(before):
                spoken[-1] = replace(spoken[-1], closes_paragraph=True)
            spoken += [replace(p, speaker=speaker) for p in sentences]
            before = part
        if not spoken:
            return [self(text)]
        return [*spoken[:-1], replace(spoken[-1], unread=spoken[-1].unread + unread)]

    def _with_pauses(self, text: str, lead_s: float) -> tuple[list[Phonemes], tuple[str, ...], float]:
        """The sentences of one speaker, the unread characters of lines without a word, and the remaining silence.

        Args:
            lead_s: seconds of silence before it.
        """
        spoken: list[Phonemes] = []
        unread: tuple[str, ...] = ()
        for part, pause_s in split_pauses(text):
            sentences, left = self._part(part)
            unread += left
            if sentences:
                spoken += [replace(sentences[0], lead_s=lead_s), *sentences[1:]]
                lead_s = 0.0
            if spoken:
                spoken[-1] = replace(spoken[-1], pause_s=min(spoken[-1].pause_s + pause_s, LONGEST_S))
            else:
                lead_s = min(lead_s + pause_s, LONGEST_S)
        return spoken, unread, lead_s

    def _part(self, text: str) -> tuple[list[Phonemes], tuple[str, ...]]:
        """The sentences of a text without pause marks, and the unread characters of lines without a word."""
        spoken: list[Phonemes] = []
        unread: tuple[str, ...] = ()
        for paragraph in split_paragraphs(text):
            before = len(spoken)
            for line in paragraph.splitlines():
                try:
                    spoken += self._line(line)
                except NothingToSay as nothing:
                    unread += nothing.unread
            if 0 < before < len(spoken):
                spoken[before - 1] = replace(spoken[before - 1], closes_paragraph=True)
        return spoken, unread

    def _line(self, line: str) -> list[Phonemes]:
        """The sentences of a line. It is normalised before it is split, so that only final full stops are left."""
        read = normalize(self._user_lexicon.apply(line))
        units = [(sentence, self.units(sentence)) for sentence in split_sentences(read.text)]
        spoken = [_assemble(sentence, found) for sentence, found in units if any(unit.phones for unit in found)]
        return [*spoken[:-1], *(replace(last, unread=read.unread) for last in spoken[-1:])]

    def from_symbols(self, symbols: str) -> Phonemes:
        """Phonemes from symbols, with `|` or a pause between words: `"HH AH0 L OW1 | W ER1 L D ."`.

        The name of a word is its phonemes. `<sil>` is added at both ends.

        Raises:
            PhonemeError: a symbol is unknown, or there is no phoneme.
        """
        units = written_units(symbols)
        if not any(unit.phones for unit in units):
            raise PhonemeError(f"nothing to say in {symbols.strip()!r}; give at least one phoneme, as in HH AH0 L OW1")
        return _assemble(symbols.strip(), units)

    def units(self, sentence: str) -> list[Unit]:
        """Words and pauses of a normalised sentence, with the source of each pronunciation."""
        tokens = tokenize(sentence)
        given = [parse_override(token) for token in tokens]
        words = [override[0] if override else token for override, token in zip(given, tokens)]
        tags = [tag for _, tag in self._tag(not_shouted(words))]
        tagged = self._pronounce.homographs.tags(list(zip(words, tags)))
        units = [self._given(*o) if o else self._unit(tagged, i) for i, o in enumerate(given)]
        return [unit if o else _in_context(units, i) for i, (o, unit) in enumerate(zip(given, units))]

    def _given(self, word: str, phones: Phones) -> Unit:
        if (word, phones) == LETTER_NAME:
            return Unit(word, phones, "letter")
        return Unit(word, phones, "user dictionary" if self._user_lexicon.has(word, phones) else "override")

    def _unit(self, tagged: list[Tagged], i: int) -> Unit:
        word = tagged[i][0]
        return Unit(word) if word in PAUSES else Unit(word, *self._pronounce(tagged, i))


def _in_context(units: list[Unit], i: int) -> Unit:
    """Apply the context of a word: `A` may be the name of the letter, `the` has another vowel before vowels."""
    unit = units[i]
    before = units[i - 1].word if i else ""
    after = units[i + 1] if i + 1 < len(units) else Unit("")
    if unit.word == "A" and _is_letter_a(before, after.word):
        return Unit(*LETTER_NAME, "letter")
    if unit.word.lower() == "the" and after.phones and after.phones[0][-1].isdigit():
        return unit._replace(phones=("DH", "IY0"))
    return unit


def _is_letter_a(before: str, after: str) -> bool:
    """Whether `A` is the letter (`U S A`, `plan A is`) and not the article (`A dog`, `Once Upon A Time`)."""
    spelled = any(len(word) == 1 and word.isupper() for word in (before, after))
    word_after = after.replace("'", "").isalpha()
    return spelled or not word_after or (bool(before) and before not in PAUSES and after.islower())


def _ends_paragraph(text: str) -> bool:
    return text[len(text.rstrip()) :].count("\n") > 1


def written_units(symbols: str) -> list[Unit]:
    """Words and pauses from symbols. The name of a word is its phonemes."""
    tokens = [with_stress(token) for token in symbols.split()]
    refuse_unknown(tokens, (*PHONES, *PAUSES, "|"))
    units: list[Unit] = []
    word: list[str] = []
    for token in (*tokens, "|"):
        if token in PHONES:
            word.append(token)
            continue
        if word:
            units.append(Unit(" ".join(word), tuple(word), "override"))
            word = []
        if token in PAUSES:
            units.append(Unit(token))
    return units


def _assemble(text: str, units: Iterable[Unit], unread: tuple[str, ...] = ()) -> Phonemes:
    """Join words and pauses. Of adjacent pauses the strongest is kept; a text does not start with a pause."""
    symbols, word_index = [SILENCE], [-1]
    words: list[str] = []
    sources: list[str] = []
    for unit, phones, source in units:
        if phones:
            symbols += phones
            word_index += [len(words)] * len(phones)
            words.append(unit)
            sources.append(source)
        elif symbols[-1] in PAUSES:
            symbols[-1] = max(symbols[-1], unit, key=_STRENGTH.__getitem__)
        elif words:
            symbols.append(unit)
            word_index.append(-1)
    symbols.append(SILENCE)
    word_index.append(-1)
    ids = tuple(_ID[s] for s in symbols)
    return Phonemes(text, tuple(symbols), ids, tuple(word_index), tuple(words), unread, sources=tuple(sources))
