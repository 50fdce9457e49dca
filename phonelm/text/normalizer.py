"""Written text to spoken words: the sentences of a text, and everything in them written out.

Nothing is dropped in silence: what cannot be read is listed in `Normalized.unread`, and letters of another script are
a `TextError`. The rules are in `normalize/`; they run in the order of `RULES`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from phonelm.text.errors import NothingToSay
from phonelm.text.overrides import MARK, protect, restore
from phonelm.text.rules import (
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
)


@dataclass(frozen=True)
class Normalized:
    """Text as it is spoken: ASCII words and punctuation, no digits; and overrides as they were written.

    `unread` holds each character (once, in order) that has no reading and was left out.
    """

    text: str
    unread: tuple[str, ...] = ()


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
    plain = _joined(plain)
    for pattern, spoken in RULES:
        plain = pattern.sub(spoken, plain)
    unread += dict.fromkeys(UNREADABLE.findall(plain))
    plain = restore(_tidy(UNREADABLE.sub(" ", plain)), overrides)
    if not re.search(r"[A-Za-z]", plain) and not overrides:
        raise NothingToSay(f"{text.strip()[:40]!r} has no word in it", tuple(unread))
    return Normalized(plain, tuple(unread))


def _tidy(text: str) -> str:
    text = re.sub(r" (?=[.,?!;:)\]}])|(?<=[(\[{]) ", "", " ".join(text.split()))
    return re.sub(r",(?: ?,)+", ",", re.sub(r",(?=[.?!;:])", "", text)).strip()


def _joined(text: str) -> str:
    """The lines of a text as one; a line without punctuation at its end is given a full stop."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line]
    return " ".join([*(line if line[-1] in ".?!,;:-" else f"{line}." for line in lines[:-1]), *lines[-1:]])


UNREADABLE = re.compile(rf"[^A-Za-z\s'\".,?!;:()\[\]{{}}{MARK}-]")
RULES: tuple[Rule, ...] = (
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
