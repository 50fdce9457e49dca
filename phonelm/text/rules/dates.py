"""Dates in several orders. 3/4/2024 is March fourth, as in America. 13/4/2024 has the other order."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, after, before, behind
from phonelm.text.rules.numbers import ordinal
from phonelm.text.rules.stops import name_stop
from phonelm.text.rules.years import year

NAMES = (
    "January February March April May June July August September October November December"
).split()  # fmt: skip
ABBREVIATED = {name[:3]: name for name in NAMES} | {"Sept": "September"}
WEEKDAYS = {
    "Mon": "Monday", "Tue": "Tuesday", "Tues": "Tuesday", "Wed": "Wednesday", "Weds": "Wednesday", "Thu": "Thursday",
    "Thur": "Thursday",
    "Thurs": "Thursday", "Fri": "Friday", "Sat": "Saturday", "Sun": "Sunday",
}  # fmt: skip

MONTH = "|".join([*NAMES, *(f"{short}\\b\\.?" for short in sorted(ABBREVIATED, key=len, reverse=True))])
_SHORT_MONTH = "|".join(sorted(ABBREVIATED, key=len, reverse=True))
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_NTH = rf"(?P<day>{_DAY})(?:st|nd|rd|th)?(?:\s?(?:-|to)\s?(?P<last>{_DAY})(?:st|nd|rd|th)?)?"
_DAYS = "Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday"
_CLEAR_DAY = "Tues|Weds|Thurs|Thur|Fri(?=\\.)|Mon(?=\\.)|Wed(?=\\.)|Thu(?=\\.)"  # not other words or names
_BEFORE_MONTH = (
    "[Ll]ast",
    "[Nn]ext",
    "early",
    "late",
    "mid",
    "[Ss]ince",
    "until",
    "[Ii]n",
    "[Bb]y",
    "from",
    "through",
    "of",
)
_BEFORE_DATE = re.compile(
    r"\b(on|by|until|before|after|since|due|from|ends?|ending|starts?|starting|begins?|beginning|expires?|thru|through|"
    r"opens?|closes?|deadline|dated|valid|\w+day,?|born|is|"
    r"payable|effective|as of|week of|arriving|departing|expiry|exp\.?) $",
    re.IGNORECASE,
)
_CHANGE = re.compile(
    r"\b(?:ris|rose|fell|fall|grew|grow|cut|reduc|increas|decreas|shr[aiu]nk|drop|down|up|rais|lower|declin|climb|jump|surg|"
    r"slid|multipl|scal|shorten|lengthen|exceed|improv|expand|contract|slash|trim)\w*[^.?!]{0,40}$"
)
_WEEKDAY = "|".join(sorted(WEEKDAYS, key=len, reverse=True))


def _month(name: str) -> str:
    return ABBREVIATED.get(name.rstrip("."), name)


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


def _weekday(m: re.Match[str]) -> str:
    return WEEKDAYS[m[1]] + name_stop(m)


def _next_weekday(m: re.Match[str]) -> str:
    """The second of two days. `Mon-Fri` is a range."""
    return f"{' to ' if m[1].strip() == '-' else m[1]}{WEEKDAYS[m[2]]}{name_stop(m)}"


def _months(m: re.Match[str]) -> str:
    """`Jun.-Aug.`"""
    return f"{ABBREVIATED[m[1]]} to {ABBREVIATED[m[2]]}{name_stop(m)}"


def _month_name(m: re.Match[str]) -> str:
    return _month(m[1]) + name_stop(m)


def _slashed(m: re.Match[str]) -> str:
    """`on 3/4` is a date. `on 1/3 of the pages` and `reduced by 1/3` are fractions."""
    top, bottom = m.groups()
    before_it = _BEFORE_DATE.search(before(m))
    at_a_time = re.match(r" (?:at|@) \d", after(m))
    if not before_it and not at_a_time:
        return _spoken(bottom, top, "", m[0]) if _like_a_date(m) else m[0]
    word = before_it[1].lower() if before_it else ""
    part = int(top) < int(bottom) and bottom in ("2", "3", "4", "5", "6", "8", "10")
    if f"{top}/{bottom}" == "24/7" or (word == "is" and (part or int(bottom) < 13)):
        return m[0]
    if part and re.match(r" (?:of|or (?:more|less)|as|cups?|the)\b", after(m)):
        return m[0]
    if word in ("by", "from") and part and _CHANGE.search(before(m)):
        return m[0]
    return _spoken(bottom, top, "", f"{top}/{bottom}")


def _like_a_date(m: re.Match[str]) -> bool:
    """`11/28` at the end of a phrase. `3/16` is a part of an inch, `a score of 12/15` is out of 15."""
    day = int(m[2]) > 12 and m[2] not in ("16", "20") and int(m[1]) <= 12
    scored = re.search(r"\b(?:scor\w+|got|gets?|graded?|marks?|rated|answered|shot|went|of|a) $", before(m))
    return day and not scored and bool(re.match(r"\s*(?:$|[.,;:)]|(?:at|to|through|and|from|w/|with|for)\b)", after(m)))


_LETTERS = {
    "M": "Monday", "Mo": "Monday", "T": "Tuesday", "Tu": "Tuesday", "W": "Wednesday", "We": "Wednesday",
    "Th": "Thursday", "F": "Friday", "Fr": "Friday", "Sa": "Saturday", "Su": "Sunday",
}  # fmt: skip


def _lettered_range(m: re.Match[str]) -> str:
    return f"{_LETTERS[m[1]]} to {_LETTERS.get(m[2]) or WEEKDAYS[m[2]]}"


def _lettered_days(m: re.Match[str]) -> str:
    """`M/W/F` and `Tu/Th`."""
    days = [_LETTERS[letter] for letter in m[0].split("/")]
    return ", ".join(days[:-1]) + f" and {days[-1]}"


SIGN = re.compile(  # without it no rule matches
    r"\d|\b(?:tues|weds|thurs)\b|\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun|"
    r"Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)|\b[MT](?:[ou]|WF)?\b"
)
RULES: tuple[Rule, ...] = (
    (re.compile(r"\b(M|Mo)(?:\s?-\s?|\sto\s)(Th|F|Fr|Sa|Su|Fri|Sat|Sun)\b(?![.']\w)"), _lettered_range),
    (re.compile(r"\b(?:(?:M|Mo|T|Tu)/)(?:W/|We/)?(?:Th|F|Fr)\b(?!/)|\bM/W(?=\s\d)"), _lettered_days),
    (re.compile(r"\bMWF\b"), "Monday, Wednesday and Friday"),
    (re.compile(rf"\b({_WEEKDAY})\.?/(?=(?:{_WEEKDAY}|{_DAYS}|[Hh]olidays?)\b)"), lambda m: f"{WEEKDAYS[m[1]]} and "),
    (re.compile(r"(?<![\d/.-])(\d{4})[-/.](0[1-9]|1[0-2])[-/.](0[1-9]|[12]\d|3[01])(?:T(?=\d)|(?![\d/-]))"), _iso),
    (re.compile(r"\b(tues|weds|thurs)\b(?!\.\w)"), lambda m: WEEKDAYS[m[1].capitalize()]),
    (re.compile(r"\b(Sat|Sun|Mon|Wed|Fri)\.(?= (?:at|@|from|night|morning|afternoon|evening)\b)"), _weekday),
    (re.compile(rf"\b({_CLEAR_DAY})\b(?:\.(?!\w))?"), _weekday),
    (re.compile(rf"\b({_WEEKDAY})\b\.?(?=\s?[-/,&]\s?(?:{_WEEKDAY}|{_DAYS})\b|,?\s+(?:\d|{MONTH}))"), _weekday),
    (re.compile(rf"\b({_WEEKDAY})\b\.?(?=\s(?:and|or|to|through|thru) (?:{_WEEKDAY}|{_DAYS})\b|\s'?til)"), _weekday),
    (re.compile(rf"\b({_SHORT_MONTH})\b\.?\s?-\s?({_SHORT_MONTH})\b\.?"), _months),
    (
        re.compile(
            behind("[Oo]n ", "[Ee]very ", "[Nn]ext ", "[Ll]ast ", "[Tt]his ", "[Uu]ntil ", " is ", " by ", "starts ")
            + r"(Sat|Sun|Mon|Wed|Fri)\."
        ),
        _weekday,
    ),
    (re.compile(rf"(?<=day)(\s?[-/,&]\s?| and | to | or | thru | through )({_WEEKDAY})\b\.?(?!\w)"), _next_weekday),
    (re.compile(r"(?<=day)\s?-\s?(?=(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day\b)"), " to "),
    (
        re.compile(r"(?<![\d/.-])(\d{1,2})([/-])(\d{1,2})\2(\d{4}|\d\d)(?![\d/-]|\.\d)"),
        lambda m: _spoken(m[3], m[1], m[4], m[0]),
    ),
    (re.compile(r"(?<![\d/.-])(\d{1,2})\.(\d{1,2})\.(\d{4})(?![\d/.-])"), lambda m: _spoken(m[1], m[2], m[3], m[0])),
    (re.compile(r"(?<=[A-Za-z,] )(\d{1,2})/(\d{1,2})(?![\d/]|\.\d)"), _slashed),
    (re.compile(rf"\b(?P<month>{MONTH})\s+{_NTH}(?![\d:/%]|[.,]\d| ?[ap]\.?m\b)(?! (?:[ap]\.m))"), _month_first),
    (re.compile(rf"(?<![\d:/.,$£€#-]){_NTH} (?:of )?(?P<month>{MONTH})(?![\w-])"), _day_first),
    (
        re.compile(rf"\b({'|'.join(sorted(ABBREVIATED, key=len, reverse=True))})\.?(?=,? \d{{4}}\b)"),
        lambda m: _month(m[1]),
    ),
    (re.compile(r"\b(Feb|Apr|Aug|Sept|Sep|Oct|Nov|Dec)\.(?!\w)"), _month_name),
    (
        re.compile(
            behind(*(f"{word} " for word in _BEFORE_MONTH)) + r"(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec)\b\.?"
        ),
        _month_name,
    ),
)
