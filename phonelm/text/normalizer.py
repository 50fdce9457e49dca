"""Converts written text to spoken words: numbers, signs and abbreviations are written out.

Nothing is dropped silently. Characters that cannot be read, also letters of another script, are left out and listed in
`Normalized.unread`. The rules are in `rules/` and run in the order of `RULES`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import NamedTuple

from phonelm.text.errors import NothingToSay
from phonelm.text.overrides import PLACEHOLDER, protect, restore
from phonelm.text.rules import (
    LETTER_A,
    Rule,
    abbreviations,
    acronyms,
    addresses,
    characters,
    chat,
    chemistry,
    dates,
    emoticons,
    markup,
    maths,
    medicine,
    money,
    numbers,
    numerals,
    sport,
    telephone,
    times,
    units,
    web,
    years,
)


class Stage(NamedTuple):
    """Rules that are skipped if a text has neither the sign nor one of the words. Short texts take less time."""

    rules: tuple[Rule, ...]
    sign: re.Pattern[str]
    words: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Normalized:
    """Spoken text: ASCII words and punctuation without digits. Overrides are unchanged.

    `unread` has each character (once, in order) that has no reading and was left out.
    """

    text: str
    unread: tuple[str, ...] = ()


def normalize(text: str) -> Normalized:
    """Write out everything that is not a word or punctuation.

    Raises:
        NothingToSay: the text is empty or has nothing that can be read.
    """
    if not text.strip():
        raise NothingToSay("the text is empty")
    plain = markup.unescape(text)
    unread = [c for c in (PLACEHOLDER, LETTER_A) if c in plain]
    plain, overrides = protect(plain.replace(PLACEHOLDER, " ").replace(LETTER_A, " "))
    for pattern, spoken in (*emoticons.RULES, *(markup.RULES if markup.SIGN.search(plain) else ())):
        plain = pattern.sub(spoken, plain)
    plain = characters.to_ascii(plain)
    plain = _join_lines(plain)
    plain = apply(STAGES, plain)
    unread += dict.fromkeys(UNREADABLE.findall(plain))
    plain = restore(_tidy(UNREADABLE.sub(" ", plain)), overrides).replace(LETTER_A, "[A](EY1)")
    if not re.search(r"[A-Za-z]", plain) and not overrides:
        raise NothingToSay(_why_nothing(text, unread), tuple(unread))
    return Normalized(plain, tuple(unread))


def apply(stages: tuple[Stage, ...], text: str) -> str:
    """Run the rules of all stages that have something to do in the text."""
    words = set(_WORD.findall(text))
    for stage in stages:
        if stage.sign.search(text) or not stage.words.isdisjoint(words):
            for pattern, spoken in stage.rules:
                text = pattern.sub(spoken, text)
    return text


def _why_nothing(text: str, unread: list[str]) -> str:
    foreign = [f"{c!r} ({unicodedata.name(c, 'unnamed')})" for c in unread if c.isalpha()]
    other = f", and {foreign[0]} is of another script; only English in Latin letters is supported" if foreign else ""
    return f"{text.strip()[:40]!r} has no word in it{other}"


def _tidy(text: str) -> str:
    text = re.sub(r" (?=[.,?!;:)\]}])|(?<=[(\[{]) ", "", " ".join(text.split()))
    return re.sub(r",(?: ?,)+", ",", re.sub(r",(?=[.?!;:])", "", text)).strip()


def _join_lines(text: str) -> str:
    """Join the lines of a text. A line without punctuation at its end gets a full stop."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    return " ".join([*(line if line[-1] in ".?!,;:-" else f"{line}." for line in lines[:-1]), *lines[-1:]])


UNREADABLE = re.compile(rf"[^A-Za-z\s'\".,?!;:()\[\]{{}}{PLACEHOLDER}{LETTER_A}-]")
GLUED: tuple[Rule, ...] = (  # `left.She stayed` is two sentences, `System.Out` and `index.html` are not
    (re.compile(r"(?<=[a-z][a-z])\.(?=(?:[A-Z][a-z']+|I|A) )"), ". "),
    (re.compile(r"(?<=[A-Za-z])([!?])(?=[A-Z][a-z'])"), r"\1 "),
)
INSIDE: tuple[Rule, ...] = (  # a full stop inside a word
    (re.compile(r"(?<=[A-Za-z])\.([b-df-hj-np-tvwxz]{2,4})\b"), lambda m: f" dot {' '.join(m[1].upper())}"),
    (re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), " dot "),
)
_WORD = re.compile(r"[A-Za-z]+")
_ALWAYS = re.compile("")
_DIGIT = re.compile(r"\d")
STAGES = (
    Stage(GLUED, re.compile(r"[.!?][A-Z]")),
    Stage(web.RULES, web.SIGN),
    Stage(addresses.RULES, addresses.SIGN),
    Stage(medicine.RULES, medicine.SIGN),
    Stage(chemistry.RULES, chemistry.SIGN),
    Stage(dates.RULES, dates.SIGN),
    Stage(sport.RULES, sport.SIGN),
    Stage(chat.RULES, chat.SIGN, chat.KNOWN),
    Stage(maths.RULES, maths.SIGN),
    Stage((*numbers.SLASHED, *telephone.RULES, *times.RULES, *years.EARLY, *units.PARTS), _DIGIT),
    Stage(abbreviations.RULES, abbreviations.SIGN, abbreviations.KNOWN),
    Stage(numbers.EARLY, _DIGIT),
    Stage(numbers.LETTERS, re.compile(r"[/(]|\b[a-z] - ")),
    Stage(money.SIGNS, re.compile("[$£€¥]")),
    Stage((*money.RULES, *units.RULES), _DIGIT),
    Stage(units.LARGE, re.compile("illion |thousand ")),
    Stage(units.RATE, re.compile("/")),
    Stage(numerals.RULES, numerals.SIGN),
    Stage((*numbers.RULES, *years.RULES, *numbers.LATE), _DIGIT),
    Stage(acronyms.RULES, acronyms.SIGN, acronyms.KNOWN),
    Stage(INSIDE, re.compile(r"\.[A-Za-z]")),
    Stage(characters.RULES, _ALWAYS),
)
RULES = tuple(rule for stage in STAGES for rule in stage.rules)
