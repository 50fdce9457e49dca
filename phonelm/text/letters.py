"""The phones of an unknown word from its letters: an n-gram model of pairs of a letter and its phones.

A joint n-gram model (Bisani and Ney, Speech Communication 50, 2008) of order 6: each letter stands for none, one or two
phones, and the probability of such a pair depends on the five before it (interpolated Witten-Bell). The likeliest
pairs are found by beam search. How it was trained: `data/README.md`.
"""

from __future__ import annotations

import lzma
import math
from collections import Counter, defaultdict
from pathlib import Path

from phonelm.text.arpabet import Phones

_CONTEXT = 5  # pairs before
_BEAM = 12
_UNSEEN = 1e-6
_START, _END = "^", "$"


class LetterModel:
    """Guesses phones; in memory a pair is one character, an n-gram a string, its count a number.

    Args:
        path: an xz file of UTF-16 text: the pairs, then a line for each n-gram and its count.
    """

    def __init__(self, path: Path) -> None:
        pairs, *lines = lzma.decompress(path.read_bytes()).decode("utf-16-le").split("\n")
        self._phones: dict[str, Phones] = {}
        self._pairs: dict[str, list[str]] = defaultdict(list)  # of a letter
        for i, pair in enumerate(pairs.split("\t")):
            letter, _, phones = pair.partition(" ")
            name = chr(0x4E00 + i)
            self._phones[name] = tuple(phones.split())
            self._pairs[letter].append(name)
        self._counts: dict[str, int] = {}
        self._totals: Counter[str] = Counter()
        self._types: Counter[str] = Counter()
        for line in lines:
            ngram = line.rstrip("0123456789")
            count = int(line[len(ngram) :])
            self._counts[ngram] = count
            self._totals[ngram[:-1]] += count
            self._types[ngram[:-1]] += 1

    def __call__(self, word: str) -> Phones:
        """Phones of a word of the letters a to z, with one primary stress; () where no letter has a sound."""
        beam = [(0.0, _START)]
        for letter in word:
            longer = [(p + self._log(pairs, pair), pairs + pair) for p, pairs in beam for pair in self._pairs[letter]]
            beam = sorted(longer, reverse=True)[:_BEAM]
        _, best = max((p + self._log(pairs, _END), pairs) for p, pairs in beam)
        return _with_one_stress(tuple(phone for pair in best[1:] for phone in self._phones[pair]))

    def _log(self, before: str, pair: str) -> float:
        probability = _UNSEEN
        for start in range(len(before), max(0, len(before) - _CONTEXT) - 1, -1):
            context = before[start:]
            if not (total := self._totals.get(context, 0)):
                break
            types = self._types[context]
            probability = (self._counts.get(context + pair, 0) + types * probability) / (total + types)
        return math.log(probability)


def _with_one_stress(phones: Phones) -> Phones:
    """The first primary stress stays, later ones are secondary; without any the first vowel is stressed."""
    vowels = [i for i, phone in enumerate(phones) if phone[-1].isdigit()]
    if not vowels:
        return phones
    main = next((i for digit in "12" for i in vowels if phones[i][-1] == digit), vowels[0])
    return tuple(phone[:-1] + "1" if i == main else phone.replace("1", "2") for i, phone in enumerate(phones))
