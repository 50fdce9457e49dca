"""Dates in several orders. 3/4/2024 is March fourth, as in America; 13/4/2024 can only be the other order."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, before
from phonelm.text.rules.numbers import ordinal
from phonelm.text.rules.years import year

NAMES = (
    "January February March April May June July August September October November December"
).split()  # fmt: skip
SHORT = {name[:3]: name for name in NAMES} | {"Sept": "September"}
WEEKDAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Thu": "Thursday", "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip

MONTH = "|".join([*NAMES, *(f"{short}\\b\\.?" for short in sorted(SHORT, key=len, reverse=True))])
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NTH = rf"(?P<day>{_DAY})(?:st|nd|rd|th)?(?:\s?(?:-|to)\s?(?P<last>{_DAY})(?:st|nd|rd|th)?)?"
_WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))


def _month(name: str) -> str:
    return SHORT.get(name.rstrip("."), name)


def _days(m: re.Match[str]) -> str:
    return ordinal(m["day"]) + (f" to {ordinal(m['last'])}" if m["last"] else "")


def _month_first(m: re.Match[str]) -> str:
    return f"{_month(m['month'])} {_days(m)}"


def _day_first(m: re.Match[str]) -> str:
    the = "" if re.search(r"\bthe\s$", before(m)) else "the "
    return f"{the}{_days(m)} of {_month(m['month'])}"


def _spoken(day: str, month: str, full_year: str, otherwise: str) -> str:
    if int(month) > 12:
        day, month = month, day
    if not (1 <= int(month) <= 12 and 1 <= int(day) <= 31):
        return otherwise
    century = "" if len(full_year) != 2 else "19" if int(full_year) > 50 else "20"
    return f"{NAMES[int(month) - 1]} {ordinal(str(int(day)))}" + (f", {year(century + full_year)}" if full_year else "")


def _iso(m: re.Match[str]) -> str:
    return _spoken(m[3], m[2], m[1], m[0]) + (" " if m[0].endswith("T") else "")


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<![\d/.-])(\d{4})[-/.](0[1-9]|1[0-2])[-/.](0[1-9]|[12]\d|3[01])(?:T(?=\d)|(?![\d/-]))"), _iso),
    (re.compile(rf"\b({_WEEKDAY})\b\.?(?=-(?:{_WEEKDAY})\b|,?\s+(?:\d|{MONTH}))"), lambda m: WEEKDAYS[m[1]]),
    (re.compile(rf"(?<=day)-({_WEEKDAY})\b\.?"), lambda m: f" to {WEEKDAYS[m[1]]}"),
    (
        re.compile(r"(?<![\d/.-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d\d)(?![\d/-]|\.\d)"),
        lambda m: _spoken(m[3], m[1], m[4], m[0]),
    ),
    (re.compile(r"(?<![\d/.-])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d/.-])"), lambda m: _spoken(m[1], m[2], m[3], m[0])),
    (
        re.compile(r"\b(on|by|until|before|after|since|due|from) (\d{1,2})/(\d{1,2})(?![\d/]|\.\d)", re.IGNORECASE),
        lambda m: f"{m[1]} {_spoken(m[3], m[2], '', f'{m[2]}/{m[3]}')}",
    ),
    (re.compile(rf"\b(?P<month>{MONTH})\s+{_NTH}(?![\d:/%]|[.,]\d| ?[ap]\.?m\b)(?! (?:[ap]\.m))"), _month_first),
    (re.compile(rf"(?<![\d:/.,$£€#-]){_NTH} (?:of )?(?P<month>{MONTH})(?![\w-])"), _day_first),
    (re.compile(rf"\b({'|'.join(sorted(SHORT, key=len, reverse=True))})\.?(?=,? \d{{4}}\b)"), lambda m: _month(m[1])),
)
