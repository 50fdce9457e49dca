"""Words to phonemes: ARPAbet with stress, homographs by part of speech, unknown words by `g2p_en`, no network.

Where dictionary, tagger and network come from: `lexicon.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from itertools import pairwise

from phonelm.text import homographs, lexicon
from phonelm.text.arpabet import PAUSES, PHONES, Phones, refuse_unknown, with_ending_s, with_stress
from phonelm.text.errors import NothingToSay, PhonemeError
from phonelm.text.homographs import Homographs
from phonelm.text.normalizer import normalize
from phonelm.text.overrides import OVERRIDE, UserLexicon, parse_override
from phonelm.text.sentences import split_paragraphs, split_sentences

SILENCE = "<sil>"
SYMBOLS = ("<pad>", SILENCE, *PAUSES, *PHONES)

Unit = tuple[str, Phones]  # a word and its phones, or a pause and ()

_ID = {symbol: i for i, symbol in enumerate(SYMBOLS)}
_STRENGTH = {pause: i for i, pause in enumerate((",", "-", ":", ";", "...", ".", "!", "?"))}
_TOKEN = re.compile(
    rf"(?:{OVERRIDE.pattern})|'?[A-Za-z]+(?:'[A-Za-z]+)*'?|\.\.\.|[.,?!;:]|(?<![A-Za-z)])-+|-+(?![A-Za-z])|[()\[\]{{}}]"
)
_MAX_LETTERS = 18
_ELISIONS = frozenset("'tis 'twas 'em 'til 'cause 'bout 'round".split())  # their apostrophe is no quotation mark


@dataclass(frozen=True)
class Phonemes:
    """What is said, N symbols long; `word_index` ties each of them to its word.

    Args:
        text: as normalised.
        symbols: (N,) from `SYMBOLS`, `<sil>` first and last.
        ids: (N,) indices into `SYMBOLS`.
        word_index: (N,) index into `words`, -1 for `<sil>` and pauses.
        words: the spoken words.
        unread: each character of the text that has no reading and was left out.
        closes_paragraph: another paragraph follows, after a longer pause.
    """

    text: str
    symbols: tuple[str, ...]
    ids: tuple[int, ...]
    word_index: tuple[int, ...]
    words: tuple[str, ...]
    unread: tuple[str, ...] = ()
    closes_paragraph: bool = False

    @property
    def word_starts(self) -> tuple[bool, ...]:
        """(N,) True at the first phoneme of each word."""
        return (False, *(0 <= here != before for before, here in pairwise(self.word_index)))

    def __len__(self) -> int:
        return len(self.symbols)


class Phonemizer:
    """English text to `Phonemes`, offline. `g2p_en` is imported when the first unknown word is met.

    Args:
        user_lexicon: how its words are said, before anything else; `[word](W ER1 D)` in the text says it once.
    """

    def __init__(self, user_lexicon: UserLexicon = UserLexicon()) -> None:
        self._user_lexicon = user_lexicon
        self._tag = lexicon.load_tagger()
        self._lexicon = lexicon.load_pronunciations()
        self._homographs = Homographs()

    def __call__(self, text: str) -> Phonemes:
        """Normalise and phonemise one sentence or several.

        Raises:
            TextError: nothing to say (see `normalize`); unknown phonemes are a `PhonemeError`.
        """
        spoken = normalize(self._user_lexicon.apply(text))
        units = [unit for sentence in split_sentences(spoken.text) for unit in self._sentence(sentence)]
        return _assemble(spoken.text, units, spoken.unread)

    def sentences(self, text: str) -> list[Phonemes]:
        """Each sentence of a text; one without a word is left out, its unread characters go to the last.

        Raises:
            TextError: as above.
        """
        spoken: list[Phonemes] = []
        unread: tuple[str, ...] = ()
        for paragraph in split_paragraphs(text):
            before = len(spoken)
            for sentence in split_sentences(paragraph):
                try:
                    spoken.append(self(sentence))
                except NothingToSay as nothing:
                    unread += nothing.unread
            if 0 < before < len(spoken):
                spoken[before - 1] = replace(spoken[before - 1], closes_paragraph=True)
        if not spoken:
            return [self(text)]
        return [*spoken[:-1], replace(spoken[-1], unread=spoken[-1].unread + unread)]

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
        tokens = tokenize(sentence)
        given = [parse_override(token) for token in tokens]
        words = [override[0] if override else token for override, token in zip(given, tokens)]
        tags = [tag for _, tag in self._tag(_not_shouted(words))]
        tagged = homographs.correct(list(zip(words, tags)))
        units = [override or self._unit(tagged, i) for i, override in enumerate(given)]
        return [override or _in_context(units, i) for i, override in enumerate(given)]

    def _unit(self, tagged: list[homographs.Tagged], i: int) -> Unit:
        word = tagged[i][0]
        return word, () if word in PAUSES else self._pronounce(tagged, i)

    def _pronounce(self, tagged: list[homographs.Tagged], i: int) -> Phones:
        return self._homographs.pronounce(tagged, i) or self._known(tagged[i][0])

    def _known(self, token: str) -> Phones:
        word = token.lower()
        if word in self._lexicon:
            return self._look_up(word)
        return self._from_stem(word) or self._from_parts(token) or self._predict(word.replace("'", ""))

    def _look_up(self, word: str) -> Phones:
        return tuple(self._lexicon[word].split())

    def _from_stem(self, word: str) -> Phones:
        """Plurals and -in' of known words, possessives of all; () for other words."""
        if word.endswith("'s"):
            return with_ending_s(self._pronounce([(word[:-2], "NN")], 0))
        if word.endswith("in'") and word[:-1] + "g" in self._lexicon:
            return (*self._look_up(word[:-1] + "g")[:-1], "N")
        if word.endswith("s") and word[:-1] in self._lexicon:
            return with_ending_s(self._look_up(word[:-1]))
        return ()

    def _from_parts(self, token: str) -> Phones:
        """`YouTube` as `You` and `Tube`; () for words of one part."""
        parts = re.findall(r"[A-Z]?[a-z']+|[A-Z]+(?![a-z])", token)
        return tuple(phone for part in parts for phone in self._pronounce([(part, "NN")], 0)) if len(parts) > 1 else ()

    @cached_property
    def _predict(self) -> Callable[[str], Phones]:
        """Phones of an unknown lower-case word by `g2p_en`'s network; its letters' names where that gives none."""
        network = lexicon.load_network()

        @lru_cache(maxsize=10_000)
        def predict(word: str) -> Phones:
            if len(word) > _MAX_LETTERS:  # the network leaves out the rest of a long word
                return predict(word[: len(word) // 2]) + predict(word[len(word) // 2 :])
            phones = tuple(p for p in map(with_stress, network(word)) if p in _ID)
            return phones or tuple(phone for letter in word for phone in self._look_up(letter))

        return predict


def tokenize(sentence: str) -> list[str]:
    """Words, overrides and pauses of a normalised sentence; quotation marks are dropped, brackets become commas."""
    return [_token(m[0]) for m in _TOKEN.finditer(sentence)]


def _token(token: str) -> str:
    if OVERRIDE.fullmatch(token):
        return token
    if token[0] in "()[]{}":
        return ","
    if token[0] == "-":
        return "-"
    if token[0] == "'" and token.lower() not in _ELISIONS:
        return token.strip("'")
    return token if token.endswith("in'") else token.rstrip("'")


def _not_shouted(tokens: list[str]) -> list[str]:
    """A sentence of capitals in lower case: the tagger takes capitals for names."""
    shouted = sum(map(len, tokens)) > len(tokens) and all(token == token.upper() for token in tokens)
    return [token if token == "I" else token.lower() for token in tokens] if shouted else tokens


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
    tokens = [with_stress(token) for token in symbols.split()]
    refuse_unknown(tokens, (*PHONES, *PAUSES, "|"))
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


def _assemble(text: str, units: Iterable[Unit], unread: tuple[str, ...] = ()) -> Phonemes:
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
    return Phonemes(text, tuple(symbols), tuple(_ID[s] for s in symbols), tuple(word_index), tuple(words), unread)
