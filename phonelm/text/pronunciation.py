"""Pronunciation of words: from tables, else from their parts, else by a network. Each result names its source."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

from phonelm.text import guesses, lexicon, morphology
from phonelm.text.arpabet import PHONES, Phones, with_ending_s, with_stress
from phonelm.text.homographs import Homographs
from phonelm.text.syntax import Tagged

MAX_LETTERS = 18  # the network loses the end of longer words


class Pronunciation(NamedTuple):
    """Phones of a word and their source, one of `SOURCES`."""

    phones: Phones
    source: str


SOURCES = (
    "user dictionary",  # the user's own file
    "override",  # written in the text, as [word](W ER1 D)
    "homograph rule",  # a word with two pronunciations, chosen by part of speech or neighbouring words
    "word list",  # data/words.txt
    "CMUdict",
    "misaki",  # data/dictionary.txt.xz
    "stem",  # a known word with a prefix or an ending
    "compound",  # two known words written as one
    "elongated",  # a known word with letters repeated, as in sooo
    "spelled",  # the names of the letters
    "network",  # guessed from the letters
    "letter",  # the letter A, not the article
)


class Pronouncer:
    """Phones of any English word, offline.

    The dictionary of `misaki` is loaded at the first word that CMUdict lacks. `g2p_en` is imported at the first word
    that needs the network.
    """

    def __init__(self) -> None:
        self.homographs = Homographs()
        self.words = lexicon.load_words()
        self.cmudict = lexicon.load_pronunciations()

    def __call__(self, tagged: Sequence[Tagged], i: int) -> Pronunciation:
        """Phones of word `i` of a sentence."""
        if phones := self.homographs.pronounce(tagged, i):
            return Pronunciation(phones, "homograph rule")
        return self._known(tagged[i][0])

    def alone(self, word: str) -> Pronunciation:
        """Phones of a single word."""
        return self([(word, "NN")], 0)

    def _known(self, token: str) -> Pronunciation:
        word = token.lower()
        for phones, source in ((self.words.get(word), "word list"), (self.cmudict.get(word), "CMUdict")):
            if phones:
                return Pronunciation(tuple(phones.split()), source)
        return self._unknown(token)

    @cached_property
    def _unknown(self) -> Callable[[str], Pronunciation]:
        """A function that pronounces words that are in neither of the small tables. Its results are cached."""
        dictionary, self.common = lexicon.load_dictionary()
        self.dictionary = dictionary

        @lru_cache(maxsize=10_000)
        def unknown(token: str) -> Pronunciation:
            word = token.lower()
            if word.endswith("'s") and not word.endswith("'s's"):  # repeated 's is not a possessive
                stem = self.alone(token[:-2])
                return Pronunciation(with_ending_s(stem.phones), stem.source)
            if word in dictionary:
                return Pronunciation(tuple(dictionary[word].split()), "misaki")
            plain = word.replace("'", "")
            return self._from_known(token) or self._spelled(plain) or Pronunciation(self._predict(plain), "network")

        return unknown

    def _from_known(self, token: str) -> Pronunciation | None:
        """Pronounce an unknown word from known words, if possible."""
        word = token.lower()
        if short := morphology.shortened(word, self._is_known):
            return Pronunciation(self.alone(short).phones, "elongated")
        if word.endswith("in'") and (phones := self._look_up(word[:-1] + "g")):
            return Pronunciation((*phones[:-1], "N"), "stem")
        if parts := morphology.humps(token):
            return Pronunciation(tuple(phone for part in parts for phone in self.alone(part).phones), "compound")
        if phones := morphology.from_stem(word, self._look_up):
            return Pronunciation(phones, "stem")
        if phones := morphology.from_parts(word, self._common):
            return Pronunciation(phones, "compound")
        return None

    def _is_known(self, word: str) -> bool:
        return word in self.words or word in self.common

    def _look_up(self, word: str) -> Phones:
        """Phones of a possible stem that is in a table or a compound. () for others."""
        if word in self.words or word in self.cmudict or word in self.dictionary:
            return self.alone(word).phones
        return morphology.from_parts(word, self._common)

    def _common(self, word: str) -> Phones:
        """Phones of a word that is not a name. () for others."""
        return self.alone(word).phones if word in self.common else ()

    def _spelled(self, word: str) -> Pronunciation | None:
        """The names of the letters, for a word that is not pronounceable."""
        return None if guesses.can_be_said(word) else Pronunciation(self._letters(word), "spelled")

    def _letters(self, word: str) -> Phones:
        return tuple(p for letter in word for p in (["EY1"] if letter == "a" else self.cmudict[letter].split()))

    @cached_property
    def _predict(self) -> Callable[[str], Phones]:
        """A function: phones of a lower-case word by `g2p_en`'s network, or its letter names if there are none."""
        network = lexicon.load_network()

        def predict(word: str) -> Phones:
            if len(word) > MAX_LETTERS:
                return predict(word[: len(word) // 2]) + predict(word[len(word) // 2 :])
            phones = tuple(p for p in map(with_stress, network(word)) if p in PHONES)
            return guesses.trimmed(word, phones) or self._letters(word)

        return predict
