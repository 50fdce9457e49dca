"""Telephone numbers and other numbers that are read digit by digit."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule
from phonelm.text.rules.numbers import digits, words


def _groups(m: re.Match[str]) -> str:
    return _spoken(m[0])


def _spoken(written: str) -> str:
    """Groups of digits with pauses between them. Round hundreds as in `one, eight hundred`."""
    plus = "plus " if written.startswith("+") else ""
    groups = re.findall(r"\d+", written)
    return plus + ", ".join(words(int(g)) if re.fullmatch("[1-9]00", g) else digits(g) for g in groups)


def _with_extension(m: re.Match[str]) -> str:
    return _spoken(m["number"]) + (f", extension {digits(m['extension'])}" if m["extension"] else "")


_EXTENSION = r"(?:,?\s?(?:x|ext\.?|extension)\s?(?P<extension>\d{1,6}))?"
RULES: tuple[Rule, ...] = (
    (
        re.compile(
            rf"(?<![\w+])(?P<number>(?=\+[\d ().-]{{8}})\+\d{{1,3}}(?:[ .-]?\(?\d{{1,5}}\)?){{2,6}})"
            rf"{_EXTENSION}(?![\d-])"
        ),
        _with_extension,
    ),
    (
        re.compile(
            r"(?<![\w.+-])(?P<number>(?:1[-. ])?(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4})"
            rf"{_EXTENSION}(?![\d-])"
        ),
        _with_extension,
    ),
    (re.compile(r"(?<![\w.+-])1-8\d\d-(?=[A-Z])"), _groups),
    (re.compile(r"(?<![\w.,-])0\d{2,4}[ -]\d{3,4}[ -]?\d{3,4}(?![\d-])"), _groups),
    (re.compile(r"(?<![\w.,/-])\d{3}-\d{4}(?![\d/-])"), _groups),
    (re.compile(r"(?<![\w.,/-])\d+(?:-\d+){2,}(?![\d/-])"), _groups),
    (re.compile(r"(?<![\w.,/-])\d{4}(?: \d{4}){2,3}(?! ?\d)"), _groups),
    (re.compile(r"(?<=\b[A-Z]{2} )\d{5}(?:-\d{4})?(?![\d,])"), _groups),
    (
        re.compile(r"\b([Zz][Ii][Pp](?: ?code)?s?(?: is| was|:|,)? )(\d{5})(-\d{4})?\b"),
        lambda m: m[1] + digits(m[2] + (m[3] or "")).replace("zero", "oh"),
    ),
    (
        re.compile(
            r"(?<![\w.,$£€#/-])(?<!Porsche )(?<!in )911(?![\w%/-]|[.,]\d|'|\s(?!call|op|dis|emer|if|and|or|"
            r"now)[a-z]+s\b|\s(?:people|men|women|children)\b)"
        ),
        _groups,
    ),
    (re.compile(r"(?<=[Cc]all |[Dd]ial )(?:911|999|112|411|101|111)\b"), lambda m: digits(m[0])),
    (
        re.compile(r"(?<=[Cc]alled |[Pp]honed |[Dd]ialed )(?:911|999|112)\b|\b911(?= call| operator| dispatcher)"),
        lambda m: digits(m[0]),
    ),
)
