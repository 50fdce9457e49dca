"""Numbers: cardinals, ordinals, decimals, fractions, powers, ranges."""

from __future__ import annotations

import re
from functools import lru_cache

from num2words import num2words

from phonelm.text.rules import Rule, after, before

NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2}){1,4},\d{3}|\d*\.\d+|\d+"
SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion", "tn": "trillion"}
SPECIAL = {"24/7": "twenty four seven", "9/11": "nine eleven", "50/50": "fifty fifty", "20/20": "twenty twenty"}
COUNTED = (
    "people|followers|subscribers|users|viewers|views|likes|downloads|copies|words|steps|dollars|euros|pounds|jobs|"
    "members|stars|miles|years|inhabitants|customers|readers|employees|students|votes|rows|tokens|parameters"
)

_LONGEST_DIGITS = 15  # longer ones are read digit by digit, as one reads a serial number


@lru_cache(maxsize=10_000)
def words(number: str | int | float, to: str = "cardinal") -> str:
    """`to` as in num2words: cardinal, ordinal, year."""
    return re.sub(r"-|, ", " ", num2words(number, to=to))


def digits(text: str) -> str:
    return " ".join(words(int(d)) for d in text if d.isdigit())


def number(text: str) -> str:
    """Digits, perhaps with thousands commas or decimals, as words."""
    text = text.replace(",", "")
    whole, _, decimals = text.partition(".")
    if decimals:
        return f"{number(whole) if whole else 'zero'} point {digits(decimals)}"
    if len(whole) > _LONGEST_DIGITS or (whole[0] == "0" and len(whole) > 1):
        return digits(whole)
    return words(int(whole))


def ordinal(text: str) -> str:
    text = text.replace(",", "")
    return words(int(text), to="ordinal") if len(text) <= _LONGEST_DIGITS else f"{digits(text)}th"


def plural(word: str) -> str:
    return re.sub(r"y$", "ie", word) + ("es" if word.endswith("x") else "s")


def _parts(numerator: str, denominator: str) -> str:
    part = {"2": "half", "4": "quarter"}.get(denominator) or ordinal(denominator)
    if numerator == "1":
        return part
    return "halves" if part == "half" else plural(part)


def _mixed(m: re.Match[str]) -> str:
    top = ("an" if m[3] in ("8", "11", "18") else "a") if m[2] == "1" else number(m[2])
    return f"{number(m[1])} and {top} {_parts(m[2], m[3])}"


def _fraction(m: re.Match[str]) -> str:
    top, bottom = m[1], m[2]
    if m[0] in SPECIAL:
        return SPECIAL[m[0]]
    if top != "1" and bottom in ("10", "100"):
        return f"{number(top)} out of {number(bottom)}"
    if len(top) > 3 or len(bottom) > 4 or "0" in (top[0], bottom[0]) or int(top) >= int(bottom):
        return f"{number(top)} over {number(bottom)}"
    return f"{number(top)} {_parts(top, bottom)}"


def _power(m: re.Match[str]) -> str:
    sign = {"-": "minus ", "+": ""}.get(m["exponent"][0], "")
    return f"{number(m['base'])} times ten to the power of {sign}{number(m['exponent'].lstrip('+-'))}"


def adjective(m: re.Match[str]) -> bool:
    """Whether an amount stands before what it measures: `a $5 bill`, `an 8 oz steak`."""
    article = re.search(r"\b[Aa]n? (?:minus )?$", before(m))
    return bool(article and re.match(r" ?[a-z]", after(m)))


def _dotted(m: re.Match[str]) -> str:
    """An address of four bytes, or a version."""
    parts = m[0].split(".")
    return (" dot " if len(parts) == 4 and all(len(part) < 4 for part in parts) else " point ").join(parts)


EARLY: tuple[Rule, ...] = (  # before money and units: signs and ranges of amounts
    (re.compile(r"(?<=\d) (?=000\b)"), ""),
    (re.compile(r"(?<![\w.,/])(\d{1,3})[ -](\d{1,2})/([2-9]|1[0-6])(?![\d/])"), _mixed),
    (re.compile(r"(?<=\d) - (?=\d[\d.,]* ?=)"), " minus "),
    (re.compile(r"(?<=\d) ?\* ?(?=\d)"), " times "),
    (re.compile(r"(?<=\d)-(?=[$£€]?\d)|(?<=\d) - (?=\d)"), " to "),
    (re.compile(r"(?<![\w)])-(?=\.?\d|[$£€]\d)"), "minus "),
    (
        re.compile(rf"(?<![\w.,])(\d[\d.,]*)\s?([kKmMbB]|bn|mn|tn)(?=\s(?:{COUNTED})\b)"),
        lambda m: f"{m[1]} {SCALES[m[2].lower()]}",
    ),
    (re.compile(r"(?<![\w.,])(\d[\d.,]*)\s?(bn|mn|tn)\b"), lambda m: f"{m[1]} {SCALES[m[2]]}"),
)
RULES: tuple[Rule, ...] = (
    (re.compile(rf"(?<![\w.,])(?P<base>{NUMBER})(?:[eE]|\s?[x×*]\s?10\s?\^)(?P<exponent>[+-]?\d{{1,4}})\b"), _power),
    (re.compile(r"\^(-?)([23])\b"), lambda m: (" minus" if m[1] else "") + (" squared" if m[2] == "2" else " cubed")),
    (re.compile(r"\^-(?=\d)"), " to the power of minus "),
    (re.compile(r"(?<![\d/.,])(\d+)/(\d+)(?![\d/]|[.,]\d)"), _fraction),
    (re.compile(r"\b(?<!\d,)(\d+(?:,\d{3})*)(?:st|nd|rd|th)\b"), lambda m: ordinal(m[1])),
    (re.compile(r"\bv\.?\s?(?=\d+\.\d)"), "version "),
    (re.compile(r"(?<!\d)\d+(?:\.\d+){2,}"), _dotted),
    (re.compile(r"(?<=\d)-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)"), " "),
    (re.compile(r"\b(\d+)'?s\b"), lambda m: plural(number(m[1]))),
)
LATE: tuple[Rule, ...] = ((re.compile(NUMBER), lambda m: f" {number(m[0])} "),)
