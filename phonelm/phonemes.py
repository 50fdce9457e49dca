"""Words to phonemes: ARPAbet with stress, homographs by part of speech, unknown words by `g2p_en`, no network.

Where dictionary, tagger and network come from: `lexicon.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise

from phonelm import lexicon
from phonelm.lexicon import Phones
from phonelm.text import normalize, split_sentences

PAUSES = (",", ".", "?", "!", ";", ":", "-", "...")
CONSONANTS = tuple("B CH D DH F G HH JH K L M N NG P R S SH T TH V W Y Z ZH".split())
VOWELS = tuple("AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split())
PHONES = CONSONANTS + tuple(vowel + stress for vowel in VOWELS for stress in "012")
SILENCE = "<sil>"
SYMBOLS = ("<pad>", SILENCE, *PAUSES, *PHONES)

Unit = tuple[str, Phones]  # a word and its phones, or a pause and ()

_ID = {symbol: i for i, symbol in enumerate(SYMBOLS)}
_STRENGTH = {pause: i for i, pause in enumerate((",", "-", ":", ";", "...", ".", "!", "?"))}
_TOKEN = re.compile(r"'?[A-Za-z]+(?:'[A-Za-z]+)*'?|\.\.\.|[.,?!;:]|(?<![A-Za-z])-+|-+(?![A-Za-z])|[()\[\]{}]")
_ELISIONS = frozenset("'tis 'twas 'em 'til 'cause 'bout 'round".split())  # their apostrophe is no quotation mark
_PAST = frozenset(("yesterday", "ago", "last"))
_HAVE = frozenset(("have", "has", "had"))
_VOICELESS, _SIBILANTS = frozenset("P T K F TH".split()), frozenset("S Z SH ZH CH JH".split())


class PhonemeError(ValueError):
    """Symbols that are not in `SYMBOLS`; the message names each of them and says what is allowed."""


@dataclass(frozen=True)
class Phonemes:
    """What is said, N symbols long; `word_index` ties each of them to its word.

    Args:
        text: as normalised.
        symbols: (N,) from `SYMBOLS`, `<sil>` first and last.
        ids: (N,) indices into `SYMBOLS`.
        word_index: (N,) index into `words`, -1 for `<sil>` and pauses.
        words: the spoken words.
    """

    text: str
    symbols: tuple[str, ...]
    ids: tuple[int, ...]
    word_index: tuple[int, ...]
    words: tuple[str, ...]

    @property
    def word_starts(self) -> tuple[bool, ...]:
        """(N,) True at the first phoneme of each word."""
        return (False, *(0 <= here != before for before, here in pairwise(self.word_index)))

    def __len__(self) -> int:
        return len(self.symbols)


class Phonemizer:
    """English text to `Phonemes`, offline. `g2p_en` is imported when the first unknown word is met."""

    def __init__(self) -> None:
        self._tag = lexicon.load_tagger()
        self._lexicon = lexicon.load_pronunciations()
        self._homographs = lexicon.load_homographs()

    def __call__(self, text: str) -> Phonemes:
        """Normalise and phonemise one sentence or several.

        Raises:
            TextError: nothing to say, or letters of another script (see `text.normalize`).
        """
        spoken = normalize(text).text
        units = [unit for sentence in split_sentences(spoken) for unit in self._sentence(sentence)]
        return _assemble(spoken, units)

    def from_symbols(self, symbols: str) -> Phonemes:
        """Phonemes written by hand: `"HH AH0 L OW1 | W ER1 L D ."`, words apart by `|` or a pause.

        A word is named by its phonemes; `<sil>` is added at both ends.

        Raises:
            PhonemeError: unknown symbols, or no phoneme at all.
        """
        units = written_units(symbols)
        if not any(phones for _, phones in units):
            raise PhonemeError(f"nothing to say in {symbols.strip()!r}; give at least one phoneme, as in HH AH0 L OW1")
        return _assemble(symbols.strip(), units)

    def _sentence(self, sentence: str) -> list[Unit]:
        tagged = _with_tense(self._tag(tokenize(sentence)))
        units = [(token, () if token in PAUSES else self._pronounce(token, tag)) for token, tag in tagged]
        return [_in_context(units, i) for i in range(len(units))]

    def _pronounce(self, token: str, tag: str) -> Phones:
        word = token.lower()
        if word in self._homographs:
            tags, tagged, otherwise = self._homographs[word]
            return tagged if tag.startswith(tags) else otherwise
        if word in self._lexicon:
            return self._look_up(word)
        return self._from_stem(word) or self._from_parts(token, tag) or self._predict(word.replace("'", ""))

    def _look_up(self, word: str) -> Phones:
        return tuple(self._lexicon[word].split())

    def _from_stem(self, word: str) -> Phones:
        """Plurals and -in' of known words, possessives of all; () for other words."""
        if word.endswith("'s"):
            stem = self._pronounce(word[:-2], "NN")
            return stem + _s_after(stem[-1])
        if word.endswith("in'") and word[:-1] + "g" in self._lexicon:
            return (*self._look_up(word[:-1] + "g")[:-1], "N")
        if word.endswith("s") and word[:-1] in self._lexicon:
            stem = self._look_up(word[:-1])
            return stem + _s_after(stem[-1])
        return ()

    def _from_parts(self, token: str, tag: str) -> Phones:
        """`YouTube` as `You` and `Tube`; () for words of one part."""
        parts = re.findall(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])", token)
        return tuple(phone for part in parts for phone in self._pronounce(part, tag)) if len(parts) > 1 else ()

    @cached_property
    def _predict(self) -> Callable[[str], Phones]:
        """Phones of an unknown lower-case word by `g2p_en`'s network; its letters' names where that gives none."""
        network = lexicon.load_network()

        @lru_cache(maxsize=10_000)
        def predict(word: str) -> Phones:
            phones = tuple(p for p in map(_with_stress, network(word)) if p in _ID)
            return phones or tuple(phone for letter in word for phone in self._look_up(letter))

        return predict


def tokenize(sentence: str) -> list[str]:
    """Words and pauses of a normalised sentence; quotation marks are dropped, brackets become commas."""
    return [_token(token) for token in _TOKEN.findall(sentence)]


def _token(token: str) -> str:
    if token[0] in "()[]{}":
        return ","
    if token[0] == "-":
        return "-"
    if token[0] == "'" and token.lower() not in _ELISIONS:
        return token.strip("'")
    return token if token.endswith("in'") else token.rstrip("'")


def _with_tense(tagged: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Past tense that the tagger's window of two words misses: `I read it long ago`, `have you ever read it`."""
    past = any(token.lower() in _PAST for token, _ in tagged)
    result, perfect = [], False
    for token, tag in tagged:
        if token.lower() in _HAVE:
            perfect = True
        elif perfect and tag in ("VB", "VBP"):
            tag, perfect = "VBN", False
        elif not tag.startswith(("RB", "PRP")):
            perfect = False
        result.append((token, "VBD" if past and tag == "VBP" else tag))
    return result


def _with_stress(phone: str) -> str:
    """`g2p_en` knows one vowel without stress."""
    return "UW1" if phone == "UW" else phone


def _s_after(phone: str) -> Phones:
    """How the ending -s sounds after a phone."""
    if phone in _SIBILANTS:
        return ("IH0", "Z")
    return ("S",) if phone in _VOICELESS else ("Z",)


def _in_context(units: list[Unit], i: int) -> Unit:
    """What the neighbours change: `A` may be the letter's name, `the` has another vowel before vowels."""
    word, phones = units[i]
    before = units[i - 1][0] if i else ""
    after, next_phones = units[i + 1] if i + 1 < len(units) else ("", ())
    if word == "A" and _is_letter_a(before, after):
        return word, ("EY1",)
    if word.lower() == "the" and next_phones and next_phones[0][-1].isdigit():
        return word, ("DH", "IY0")
    return word, phones


def _is_letter_a(before: str, after: str) -> bool:
    """The letter in `U S A`, `vitamin A.` and `plan A is`, the article in `A dog` and `Once Upon A Time`."""
    spelled = any(len(word) == 1 and word.isupper() for word in (before, after))
    return spelled or not after.isalpha() or (bool(before) and before not in PAUSES and after.islower())


def written_units(symbols: str) -> list[Unit]:
    """Words, named by their phonemes, and pauses, as written by hand."""
    tokens = [_with_stress(token) for token in symbols.split()]
    if unknown := [t for t in dict.fromkeys(tokens) if t not in (*PHONES, *PAUSES, "|")]:
        raise PhonemeError(
            f"unknown phonemes {', '.join(unknown)}; allowed are the consonants {' '.join(CONSONANTS)}, the vowels "
            f"{' '.join(VOWELS)} with a stress digit 0, 1 or 2, the pauses {' '.join(PAUSES)} and | between words"
        )
    units: list[Unit] = []
    word: list[str] = []
    for token in (*tokens, "|"):
        if token in PHONES:
            word.append(token)
            continue
        if word:
            units.append((" ".join(word), tuple(word)))
            word = []
        if token in PAUSES:
            units.append((token, ()))
    return units


def _assemble(text: str, units: Iterable[Unit]) -> Phonemes:
    """Join words and pauses; of adjacent pauses the strongest stays, none opens the text."""
    symbols, word_index, words = [SILENCE], [-1], []
    for unit, phones in units:
        if phones:
            symbols += phones
            word_index += [len(words)] * len(phones)
            words.append(unit)
        elif symbols[-1] in PAUSES:
            symbols[-1] = max(symbols[-1], unit, key=_STRENGTH.__getitem__)
        elif words:
            symbols.append(unit)
            word_index.append(-1)
    symbols.append(SILENCE)
    word_index.append(-1)
    return Phonemes(text, tuple(symbols), tuple(_ID[s] for s in symbols), tuple(word_index), tuple(words))
