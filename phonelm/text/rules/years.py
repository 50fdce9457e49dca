"""Years, decades and eras."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule
from phonelm.text.rules.numbers import number, plural, words
from phonelm.text.rules.stops import name_stop

_NOT_PLURAL = "was|has|his|this|its|is|as|thus|perhaps|always|besides|unless|whereas|across|less|towards|does"
_COUNT = rf"\s(?:people|men|women|children|(?!(?:{_NOT_PLURAL})\b)[a-z]{{2,}}[a-rt-z]s)\b"
_BEFORE_YEAR = "in|since|until|till|by|before|after|the|year|of|early|late|around|circa|from|mid"


def year(text: str) -> str:
    return words(int(text), to="year")


def _decade(m: re.Match[str]) -> str:
    return plural(year(m[1]) if len(m[1]) == 4 else words(int(m[1])))


def _span(m: re.Match[str]) -> str:
    century, first, last = m[1], m[2], m[3]
    later = number(last) if last[0] != "0" else f"oh {number(last[1])}"
    return f"{year(century + first)} to {later}" if int(last) > int(first) else m[0]


def _era(m: re.Match[str]) -> str:
    return f"{year(m[1]) if len(m[1]) < 5 else number(m[1])} {' '.join(m[2].replace('.', ''))}{name_stop(m)}"


def _year_or_count(m: re.Match[str]) -> str:
    """`In 1984` and `1500 men`, but `1984 men` and `1024` are counted."""
    before, digits, after = m["before"] or "", m["year"], m["after"]
    if digits.startswith("10"):
        counted = before[:-1].lower() not in ("in", "since", "until", "by", "before", "after", "circa", "year")
    else:
        counted = bool(after) and not before and not digits.endswith("00")
    return f"{before} {number(digits) if counted else year(digits)} {after}"


EARLY: tuple[Rule, ...] = (  # before a hyphen between numbers is a range, a slash a fraction
    (re.compile(r"(?<![\d/.,-])(1\d|20)(\d\d)[-/](\d\d)(?![\d/-]|[.,]\d)"), _span),
    (re.compile(r"(?<![\w])'?(1[1-9]\d0|20\d0|[2-9]0)'?s\b"), _decade),
    (re.compile(r"\b(\d{1,5})\s?(BCE?|CE|AD|B\.C\.(?:E\.)?|A\.D\.)(?!\w)"), _era),
    (re.compile(r"\b(A\.?D\.?)\s(\d{1,4})\b"), lambda m: f"A D {year(m[2])}"),
    (re.compile(r"(?<!\w)'(\d\d)\b(?!')"), lambda m: number(m[1]) if m[1][0] != "0" else f"oh {number(m[1][1])}"),
)
RULES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?P<before>\b(?:{_BEFORE_YEAR})[ -])?(?<![\d.,])(?P<year>1\d\d\d|20\d\d)(?!\d|[.,]\d)"
            rf"(?P<after>(?:{_COUNT})?)"
        ),
        _year_or_count,
    ),
)
