"""Written text to spoken words: the sentences of a text, and everything in them written out.

Nothing is dropped in silence: what cannot be read is listed in `Normalized.unread`, and letters of another script are
a `TextError`. The rules are in `normalize/`; they run in the order of `RULES`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby

from phonelm.errors import NothingToSay, TextError
from phonelm.normalize import (
    Rule,
    abbreviations,
    acronyms,
    characters,
    dates,
    markup,
    money,
    numbers,
    numerals,
    telephone,
    times,
    units,
    web,
    years,
)  # fmt: skip
from phonelm.overrides import MARK, OVERRIDE, protect, restore

__all__ = ["Normalized", "TextError", "normalize", "split_paragraphs", "split_sentences"]


@dataclass(frozen=True)
class Normalized:
    """Text as it is spoken: ASCII words and punctuation, no digits; and overrides as they were written.

    `unread` holds each character (once, in order) that has no reading and was left out.
    """

    text: str
    unread: tuple[str, ...] = ()


NEVER_FINAL = re.compile(
    rf"(?:\b(?:{abbreviations.TITLE}|St|vs|cf|viz|e\.g|i\.e|{'|'.join(dates.SHORT)})|\b(?!I\.)[A-Z]|(?:[A-Za-z]\.)+[A-Z])\.$"
)
NUMBERED = re.compile(rf"\b(?:{abbreviations.NUMBERED})\.$", re.IGNORECASE)
SENTENCE_END = re.compile(rf"{OVERRIDE.pattern}|(?P<end>(?:\.{{3}}|…|[.!?])+[\"'”’)\]]*(?=\s+(?P<next>\S)))")
LINE_END = re.compile(r"([.?!,;:-]?)[ \t]*[\r\n]+\s*(?=\S)")


WRAPPED = range(45, 101)  # columns at which text is wrapped
LISTED = re.compile(r"(?:[-*+•>#|]|\w{1,3}[.)])\s")  # begins an item of a list, a quotation, a heading


def split_paragraphs(text: str) -> list[str]:
    """Split a text at blank lines; none of the paragraphs is blank, and wrapped lines are joined."""
    lines = (line.strip() for line in text.splitlines())
    return [_unwrapped(list(paragraph)) for full, paragraph in groupby(lines, bool) if full]


def _unwrapped(lines: list[str]) -> str:
    """The lines of a paragraph as one if they look wrapped: of nearly the same length, but for the last."""
    width = max(map(len, lines))
    if width in WRAPPED and min(map(len, lines[:-1]), default=0) > 0.6 * width and not any(map(LISTED.match, lines)):
        return re.sub(r"(?<=\w-)\n(?=[a-z])", "", "\n".join(lines)).replace("\n", " ")
    return "\n".join(lines)


def split_sentences(text: str) -> list[str]:
    """Split raw or normalised text at sentence ends and at line breaks; pieces are stripped, none is empty.

    A full stop after a title, an initial, an abbreviation or the number of a list ends no sentence; nor does
    `"Ah!" he said`, nor anything inside an override.
    """
    sentences = []
    for line in text.splitlines():
        start = 0
        for end in SENTENCE_END.finditer(line):
            if end["end"] and _ends_sentence(line[max(0, end.end() - 24) : end.end()], end["next"]):
                sentences.append(line[start : end.end()].strip())
                start = end.end()
        sentences.append(line[start:].strip())
    return [s for s in sentences if s]


def _ends_sentence(before: str, next_char: str) -> bool:
    if next_char.isdigit() and NUMBERED.search(before) or re.fullmatch(r"\s*\d{1,2}\.", before):
        return False
    if next_char.islower():
        abbreviated = re.search(rf"\b(?:{abbreviations.ABBREVIATION}|[A-Za-z]\.[A-Za-z])\.$", before)
        return not (abbreviated or before.endswith(("...", "…")) or before[-1] in "\"'”’)]")
    return not NEVER_FINAL.search(before)


def normalize(text: str) -> Normalized:
    """Write out everything that is not a word or punctuation.

    Raises:
        TextError: the text is empty, has nothing to say, or has letters of another script.
    """
    if not text.strip():
        raise NothingToSay("the text is empty")
    plain = markup.unescape(text)
    unread = [MARK] if MARK in plain else []
    plain, overrides = protect(plain.replace(MARK, " "))
    for pattern, spoken in markup.RULES:
        plain = pattern.sub(spoken, plain)
    plain = characters.to_ascii(plain)
    for pattern, spoken in RULES:
        plain = pattern.sub(spoken, plain)
    unread += dict.fromkeys(UNREADABLE.findall(plain))
    plain = restore(_tidy(UNREADABLE.sub(" ", plain)), overrides)
    if not re.search(r"[A-Za-z]", plain) and not overrides:
        raise NothingToSay(f"{text.strip()[:40]!r} has no word in it", tuple(unread))
    return Normalized(plain, tuple(unread))


def _tidy(text: str) -> str:
    text = re.sub(r"\s+(?=[.,?!;:)\]}])|(?<=[(\[{])\s+", "", text)
    text = re.sub(r",(?:\s*,)+", ",", re.sub(r",(?=[.?!;:])", "", text))
    return re.sub(r"\s+", " ", text).strip()


UNREADABLE = re.compile(rf"[^A-Za-z\s'\".,?!;:()\[\]{{}}{MARK}-]")
RULES: tuple[Rule, ...] = (
    (LINE_END, lambda m: (m[1] or ".") + " "),
    *web.RULES,
    *dates.RULES,
    *telephone.RULES,
    *times.RULES,
    *years.EARLY,
    *abbreviations.RULES,
    *numbers.EARLY,
    *money.RULES,
    *units.RULES,
    *numerals.RULES,
    *numbers.RULES,
    *years.RULES,
    *numbers.LATE,
    *acronyms.RULES,
    (re.compile(r"(?<=[A-Za-z])\.([b-df-hj-np-tvwxz]{2,4})\b"), lambda m: f" dot {' '.join(m[1].upper())}"),
    (re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), " dot "),
    *characters.RULES,
)
