"""The reading of each written word: its spoken words, their phones, and the rule or dictionary they come from.

Written and spoken words are aligned. Words that are spoken as written are anchors. The words between two anchors are
divided by comparing them with the reading of each written word alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from types import ModuleType

from phonelm.text import normalizer
from phonelm.text.arpabet import Phones
from phonelm.text.errors import TextError
from phonelm.text.overrides import OVERRIDE
from phonelm.text.phonemizer import Phonemes, Phonemizer
from phonelm.text.speakers import MARK
from phonelm.text.tokens import tokenize

_WRITTEN = re.compile(rf"{OVERRIDE.pattern}|\S+")
_LONGEST_GAP = 60  # words between two anchors; more are not shared out
_SPEAKER = "speakers"  # the mark of a speaker is not read
_NORMALIZER = "normalizer"  # decided where no single rule can be named


@dataclass(frozen=True)
class SpokenWord:
    """A spoken word, its phones, and their source, one of `pronunciation.SOURCES`."""

    word: str
    phones: Phones
    source: str


@dataclass(frozen=True)
class Trace:
    """The reading of a written word.

    Args:
        written: the word in the text, with adjacent signs.
        start: index of its first character in the text.
        end: index after its last character.
        spoken: the words it is read as; none for a sign that is not read.
        rule: the rule that wrote it out, a module of `text/rules/`; "" for a word that is said as written; "speakers"
            for the name of who speaks.
    """

    written: str
    start: int
    end: int
    spoken: tuple[SpokenWord, ...]
    rule: str


def trace(phonemizer: Phonemizer, text: str) -> tuple[Trace, ...]:
    """The written words of a text in order, each with its reading. Together they have all spoken words in order.

    Raises:
        TextError: see `Phonemizer.sentences`.
    """
    spoken = [word for sentence in phonemizer.sentences(text) for word in _spoken(sentence)]
    written = list(_WRITTEN.finditer(text))
    shares = _divide([m[0] for m in written], [word.word for word in spoken])
    changes = _changes(text)
    traces, at = [], 0
    for m, share in zip(written, shares, strict=True):
        words = tuple(spoken[at : at + share])
        at += share
        rule = _SPEAKER if MARK.match(text, m.start()) else _rule(m[0], words, changes)
        traces.append(Trace(m[0], m.start(), m.end(), words, rule))
    return tuple(traces)


def _spoken(sentence: Phonemes) -> list[SpokenWord]:
    phones: list[list[str]] = [[] for _ in sentence.words]
    for symbol, word in zip(sentence.symbols, sentence.word_index, strict=True):
        if word >= 0:
            phones[word].append(symbol)
    found = zip(sentence.words, phones, sentence.sources, strict=True)
    return [SpokenWord(word, tuple(p), source) for word, p, source in found]


def _divide(written: Sequence[str], spoken: Sequence[str]) -> list[int]:
    """The number of spoken words of each written word. The sum is the number of all spoken words."""
    if not written:
        return []
    keys = [_key(word) for word in written]
    anchors = SequenceMatcher(None, keys, [word.lower() for word in spoken], autojunk=False).get_matching_blocks()
    shares = [0] * len(written)
    i = j = 0
    for block in anchors:
        gap, words = written[i : block.a], spoken[j : block.b]
        if gap:
            shares[i : block.a] = _share_gap(gap, words)
        elif words:
            shares[max(i - 1, 0)] += len(words)
        shares[block.a : block.a + block.size] = [1] * block.size
        i, j = block.a + block.size, block.b + block.size
    return shares


def _key(written: str) -> str:
    if override := OVERRIDE.fullmatch(written):
        return (override["word"].strip() + (override["possessive"] or "")).lower()
    return re.sub(r"^[^A-Za-z]+|[^A-Za-z]+$", "", written).lower() or written


def _share_gap(written: Sequence[str], spoken: Sequence[str]) -> list[int]:
    """Divide the spoken words into one part per written word, most similar to the reading of each word alone."""
    if len(written) == 1 or len(written) > _LONGEST_GAP or len(spoken) > _LONGEST_GAP:
        return [len(spoken), *[0] * (len(written) - 1)]
    alone = [_alone(word) for word in written]
    best: list[list[tuple[float, int]]] = [[(0.0 if j == 0 else float("inf"), 0) for j in range(len(spoken) + 1)]]
    for words in alone:
        before = best[-1]
        best.append(
            [
                min((before[k][0] + _distance(words, spoken[k:j]), k) for k in range(j + 1))
                for j in range(len(spoken) + 1)
            ]
        )
    shares, j = [], len(spoken)
    for row in reversed(best[1:]):
        shares.append(j - row[j][1])
        j = row[j][1]
    return shares[::-1]


@lru_cache(maxsize=10_000)
def _alone(written: str) -> tuple[str, ...]:
    try:
        return tuple(t.lower() for t in tokenize(normalizer.normalize(written).text) if t[0].isalpha())
    except TextError:
        return ()


def _distance(a: Sequence[str], b: Sequence[str]) -> float:
    """Edit distance: insertions, deletions and replacements of words."""
    row = list(range(len(b) + 1))
    for i, word in enumerate(a, 1):
        diagonal, row[0] = row[0], i
        for j, other in enumerate(b, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (word != other.lower()))
    return row[-1]


def _changes(text: str) -> list[tuple[str, str]]:
    """The matches of the rules in a text, each with the module of its rule, in the order in which they run."""
    plain, found = text, []
    for pattern, spoken in normalizer.RULES:
        for m in pattern.finditer(plain):
            new = m.expand(spoken) if isinstance(spoken, str) else spoken(m)
            if new != m[0] and m[0].strip():
                found.append((m[0].strip(), _modules().get(pattern.pattern, _NORMALIZER)))
        plain = pattern.sub(spoken, plain)
    return found


@lru_cache(maxsize=1)
def _modules() -> dict[str, str]:
    """The module of each rule, by its pattern."""
    modules = [value for value in vars(normalizer).values() if isinstance(value, ModuleType)]
    return {
        rule[0].pattern: module.__name__.rpartition(".")[2]
        for module in modules
        for rules in vars(module).values()
        if isinstance(rules, tuple)
        for rule in rules
        if isinstance(rule, tuple) and len(rule) == 2 and isinstance(rule[0], re.Pattern)
    }


def _rule(written: str, spoken: Sequence[SpokenWord], changes: Sequence[tuple[str, str]]) -> str:
    if OVERRIDE.fullmatch(written) or [word.word.lower() for word in spoken] == [_key(written)]:
        return ""
    core = re.sub(r"^[^\w$£€¥#@&+-]+|[^\w%°'\"+]+$", "", written) or written
    if [word.word.lower() for word in spoken] == re.findall(r"[a-z']+", core.lower()):
        return ""
    return next((rule for found, rule in changes if core in found or found in core), _NORMALIZER)
