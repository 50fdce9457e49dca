"""Converts written text to spoken words: numbers, signs and abbreviations are written out.

Nothing is dropped silently. Characters that cannot be read, also letters of another script, are left out and listed in
`Normalized.unread`. The rules are in `rules/` and run in the order of `RULES`.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

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
    for pattern, spoken in RULES if _DIGIT.search(plain) else RULES_WITHOUT_DIGITS:
        plain = pattern.sub(spoken, plain)
    unread += dict.fromkeys(UNREADABLE.findall(plain))
    plain = restore(_tidy(UNREADABLE.sub(" ", plain)), overrides).replace(LETTER_A, "[A](EY1)")
    if not re.search(r"[A-Za-z]", plain) and not overrides:
        raise NothingToSay(_why_nothing(text, unread), tuple(unread))
    return Normalized(plain, tuple(unread))


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
RULES: tuple[Rule, ...] = (
    *GLUED,
    *web.RULES,
    *addresses.RULES,
    *medicine.RULES,
    *chemistry.RULES,
    *sport.RULES,
    *chat.RULES,
    *maths.RULES,
    *numbers.SLASHED,
    *dates.RULES,
    *sport.LATE,
    *telephone.RULES,
    *times.RULES,
    *years.EARLY,
    *units.PARTS,
    *abbreviations.RULES,
    *numbers.EARLY,
    *numbers.LETTERS,
    *money.SIGNS,
    *money.RULES,
    *units.RULES,
    *units.RATE,
    *numerals.RULES,
    *numbers.RULES,
    *years.RULES,
    *numbers.LATE,
    *acronyms.RULES,
    (re.compile(r"(?<=[A-Za-z])\.([b-df-hj-np-tvwxz]{2,4})\b"), lambda m: f" dot {' '.join(m[1].upper())}"),
    (re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), " dot "),
    *characters.RULES,
)
_DIGIT = re.compile(r"\d")
_NEED_DIGITS = (
    *telephone.RULES, *times.RULES, *years.EARLY, *years.RULES, *units.PARTS, *units.RULES, *money.RULES,
    *numbers.EARLY,
    *numbers.LATE,
)  # fmt: skip
RULES_WITHOUT_DIGITS = tuple(rule for rule in RULES if rule not in _NEED_DIGITS)
