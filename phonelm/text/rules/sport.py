"""Results of games: scores of sets, times of races, odds, cricket, statistics."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, after, before
from phonelm.text.rules.numbers import digits, number, words

SHORT = {"agg": "aggregate", "inns": "innings", "Utd": "United", "yds": "yards", "ppg": "points per game"}

_SET = r"\d{1,2}-\d{1,2}(?: ?\(\d{1,2}(?:-\d{1,2})?\))?"
_CRICKET = re.compile(r"\b(?:overs?|wickets?|innings|runs|ov|Test|ODI|bowled|declared|batsman|crease)\b|\ball out\b")


def _sets(m: re.Match[str]) -> str:
    """`6-4, 3-6, 7-6 (7-5)`: the scores of sets have no `to`."""
    return re.sub(r"(?<=\d)-(?=\d)", " ", m[0])


def _minutes(m: re.Match[str]) -> str:
    """`36:02` is minutes and seconds, `60:40` is a ratio."""
    timed = m[2][0] == "0" and m[2] != "00" or re.search(r"\b(?:in|ran|time of|clocked|at) $", before(m))
    if int(m[1]) < 25 or not timed:
        return m[0]
    return f"{words(int(m[1]))} {'oh ' if m[2][0] == '0' else ''}{words(int(m[2]))}"


def _lap(m: re.Match[str]) -> str:
    """`1:27.472`: minutes, seconds and their fraction."""
    second = ("oh " if m[2][0] == "0" else "") + words(int(m[2]))
    return f"{words(int(m[1]))} {second} point {digits(m[3])}"


def _over(m: re.Match[str]) -> str:
    """`287/6` is runs for wickets in cricket, `7/2` is odds where betting is about, `22/30` is out of."""
    top, bottom = int(m[1]), int(m[2])
    near = before(m) + after(m)
    if top > 20 and bottom < 10 and _CRICKET.search(near):
        return f"{number(m[1])} for {number(m[2])}"
    if top > bottom and (bottom == 1 and top > 2 or _ODDS.search(before(m))):
        return f"{number(m[1])} to {number(m[2])}"
    if 1 < top < bottom and bottom in range(17, 100) and bottom not in (20, 32, 50, 64):
        return f"{number(m[1])} out of {number(m[2])}"
    return m[0]


_ODDS = re.compile(r"\b(?:odds (?:of|at|are|were)|priced at|favou?rites? at|offered at|backed at|a) $")

SIGN = re.compile(rf"\d|\b(?:def|{'|'.join(SHORT)})\b|\bRd\b")  # without it no rule matches
RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w.-]){_SET}(?:, {_SET}){{1,5}}(?![\w-])"), _sets),
    (re.compile(r"(?<![\d:.])(\d{1,2}):([0-5]\d)\.(\d{1,3})(?![\d:])"), _lap),
    (re.compile(r"(?<=[a-z] )def\. (?=[A-Z])|(?<=[a-z]{3} )d\. (?=[A-Z][a-z]+ \d)"), "defeated "),
    (re.compile(r"(?<![\w.])\.\d{3}(?:/\.\d{3}){1,3}(?!\w)"), lambda m: m[0].replace("/", ", ")),
    (re.compile(r"(?<![\d:.])(\d{2,3}):([0-5]\d)(?![\d:])"), _minutes),
    (re.compile(rf"\b({'|'.join(SHORT)})\b(?:\.(?=\s[a-z\d]|[,;)]))?"), lambda m: SHORT[m[1]]),
    (re.compile(r"(?<=\b(?:of|in) )Rd\.? (?=\d{1,2}\b)"), "round "),
    (re.compile(r"(?<![\w.,/-])(\d{1,3})/([1-9]\d?)(?![\w/]|[.,]\d)"), _over),
    (re.compile(r"(?<![\w.,/-])(\d{4})/1(?![\d/]|[.,]\d)"), lambda m: f"{number(m[1])} to one"),
)
