"""Postal addresses: house numbers, postal codes with their state or province, floors, directions."""

from __future__ import annotations

import re

from phonelm.text.rules import LETTER_A, Rule, before, behind
from phonelm.text.rules.abbreviations import COMPASS, STREETS
from phonelm.text.rules.numbers import digits, number
from phonelm.text.rules.stops import name_stop
from phonelm.text.rules.years import year

STATES = {  # without CA, DC and NY, which are said as letters
    "AL": "Alabama", "AK": "Alaska", "AZ": "Arizona", "AR": "Arkansas", "CO": "Colorado", "CT": "Connecticut",
    "DE": "Delaware", "FL": "Florida", "GA": "Georgia", "HI": "Hawaii", "ID": "Idaho", "IL": "Illinois",
    "IN": "Indiana", "IA": "Iowa", "KS": "Kansas", "KY": "Kentucky", "LA": "Louisiana", "ME": "Maine",
    "MD": "Maryland", "MA": "Massachusetts", "MI": "Michigan", "MN": "Minnesota", "MS": "Mississippi",
    "MO": "Missouri", "MT": "Montana", "NE": "Nebraska", "NV": "Nevada", "NH": "New Hampshire", "NJ": "New Jersey",
    "NM": "New Mexico", "NC": "North Carolina", "ND": "North Dakota", "OH": "Ohio", "OK": "Oklahoma", "OR": "Oregon",
    "PA": "Pennsylvania", "RI": "Rhode Island", "SC": "South Carolina", "SD": "South Dakota", "TN": "Tennessee",
    "TX": "Texas", "UT": "Utah", "VT": "Vermont", "VA": "Virginia", "WA": "Washington", "WV": "West Virginia",
    "WI": "Wisconsin", "WY": "Wyoming",
}  # fmt: skip
PROVINCES = {
    "ON": "Ontario", "QC": "Quebec", "BC": "British Columbia", "AB": "Alberta", "MB": "Manitoba",
    "SK": "Saskatchewan", "NS": "Nova Scotia", "NB": "New Brunswick", "NL": "Newfoundland",
    "PE": "Prince Edward Island", "YT": "Yukon", "NU": "Nunavut",
}  # fmt: skip
AUSTRALIA = {
    "NSW": "New South Wales", "VIC": "Victoria", "QLD": "Queensland", "SA": "South Australia",
    "WA": "Western Australia", "TAS": "Tasmania", "NT": "Northern Territory", "ACT": "A C T",
}  # fmt: skip

_SIDES = {"L": "left", "R": "right"}
_ALSO_WORDS = frozenset("HI ID IN LA MA MD ME MS NE OH OK OR PA".split())  # or degrees, or another city
_STATE = "|".join(STATES)
_CLEAR = "|".join(code for code in STATES if code not in _ALSO_WORDS)
_TOWN = behind("[a-z], ", "[a-z] ", r"[a-z]\. ")
_ROAD = "|".join([*STREETS, *STREETS.values(), "Way"])
_WAY = rf"(?:[NSEW][EW]?\.? )?(?:(?:[A-Z][\w'.]{{0,20}}|\d{{1,3}}(?:st|nd|rd|th)) ){{1,4}}(?:{_ROAD})\b"


def _in_pairs(text: str) -> str:
    """4521 as forty five twenty one, 94818 digit by digit."""
    return year(text) if len(text) == 4 and text[0] != "0" else digits(text)


def _zip(m: re.Match[str]) -> str:
    return f"{STATES[m[1]]} {digits(m[2])}" + (f", {digits(m[3])}" if m[3] else "")


def _spelled(m: re.Match[str]) -> str:
    """A British postal code. `NW10` keeps its number."""
    return " ".join(number(part) if part.isdigit() else _character(part) for part in re.findall(r"[A-Z]|\d+", m[0]))


def _canadian(m: re.Match[str]) -> str:
    return " ".join(_character(c) for c in m[0] if c != " ")


def _character(c: str) -> str:
    return digits(c) if c.isdigit() else LETTER_A if c == "A" else c


def _state(m: re.Match[str]) -> str:
    """`Atlanta, GA` is a place. `So long, GA` is not."""
    return STATES[m[1]] if re.search(r"\b[A-Z][a-z']+, $", before(m)) else m[0]


def _australian(m: re.Match[str]) -> str:
    code = number(m[2]) if m[2].endswith("000") else digits(m[2])
    return f"{AUSTRALIA[m[1].upper()]} {code}"


def _house(m: re.Match[str]) -> str:
    """The number before a street. `In 1929 Wall Street` has a year."""
    dated = re.search(r"\b(?:[Ii]n|[Ss]ince|[Bb]y|[Uu]ntil|[Ff]rom|[Oo]f|[Aa]fter|[Bb]efore) $", before(m))
    side = f" {COMPASS.get(m[2], m[2])}" if m[2] else ""
    return m[0] if dated else _in_pairs(m[1]) + side


def _before_street(m: re.Match[str]) -> str:
    return f"{COMPASS[m[1]]} "


def _road_number(m: re.Match[str]) -> str:
    """A British road: the `A303`."""
    return f"{_character(m[1])} {digits(m[2]).replace('zero', 'oh')}"


def _position(m: re.Match[str]) -> str:
    """`40°26'46"N`."""
    degrees, minutes, seconds = number(m[1]), number(m[2]), number(m[3] or m[4])
    return f"{degrees} degrees {minutes} minutes {seconds} seconds {COMPASS[m[5]].lower()}"


def _direction(m: re.Match[str]) -> str:
    return f"{m[1]} {COMPASS[m[2]]}{name_stop(m)}"


SIGN = re.compile(r"\d|\b[NSEW]\.? |[A-Z]{2}|\b(?:[LR]|Fl|Flr|Co|Cty|Ste?-)\b|\bSte?-")  # without it no rule matches
RULES: tuple[Rule, ...] = (
    (
        re.compile(r"(\d{1,3})° ?(\d{1,2})['′] ?(?:(\d{1,2}(?:\.\d{1,6})?)[\"″]|(\d{1,2})'') ?([NSEW])\b"),
        _position,
    ),
    (re.compile(rf"{_TOWN}({_STATE}),? (\d{{5}})(?:-(\d{{4}}))?(?!\w)"), _zip),
    (re.compile(rf"(?<=[a-z], )({_CLEAR})(?=[.,;:)]|\s*$)"), _state),
    (
        re.compile(rf"{_TOWN}({'|'.join(PROVINCES)})(?=,? [A-Z]\d[A-Z] ?\d[A-Z]\d\b)"),
        lambda m: PROVINCES[m[1]],
    ),
    (re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z] ?\d[A-Z]\d\b"), _canadian),
    (re.compile(r"\b[A-PR-UWYZ][A-Z]?\d{1,2}[A-Z]? \d(?![GT]B\b)[ABD-HJLNP-UW-Z]{2}\b"), _spelled),
    (re.compile(rf"{_TOWN}((?i:{'|'.join(AUSTRALIA)})),? (\d{{4}})\b"), _australian),
    (re.compile(rf"(?<![\w.,/-])(\d{{4,5}})(?: ([NSEW][EW]?)\b\.?)?(?= {_WAY})"), _house),
    (re.compile(rf"(?<![\w.,/-])(\d{{2,3}})-(\d{{2}})(?= {_WAY})"), r"\1 \2"),
    (re.compile(rf"\b([NSEW])\.? (?=\d{{1,3}}(?:st|nd|rd|th)\b|[A-Z][a-z]{{2,20}} (?:{_ROAD})\b)"), _before_street),
    (re.compile(r"(?<=\bthe )([AB])(\d{3,4})(?!\w)"), _road_number),
    (re.compile(rf"(?<=\d) - (?={_WAY})"), ", "),
    (re.compile(rf"(?<![\w.,/-])(\d{{1,4}})/(\d{{1,4}})(?= {_WAY})"), r"\1 slash \2"),
    (re.compile(r"(?<=\bBox )(\d{4,6})\b"), lambda m: _in_pairs(m[1])),
    (
        re.compile(r"\b((?:[Rr]oom|[Rr]m\.?|[Ss]uite|[Ss]te\.?|[Aa]pt\.?|[Uu]nit|[Ff]lat) )([1-9]\d{3})\b(?![.,]?\d)"),
        lambda m: m[1] + _in_pairs(m[2]),
    ),
    (re.compile(behind(r"\dst ", r"\dnd ", r"\drd ", r"\dth ") + r"Flr?\b\.?"), lambda m: "floor" + name_stop(m)),
    (re.compile(r"\bFlr?\b\.? (?=\d)"), "floor "),
    (
        re.compile(r"\b((?:I|US|M|A)-?\d{1,3}|(?:SR|CR|Hwy\.?|Highway|Rte\.?|Route) \d{1,3}) ([NSEW])\b\.?(?!\w|')"),
        _direction,
    ),
    (re.compile(r"\b(?:Co|Cty)\. (?=Rd\b|Road\b)"), "County "),
    (re.compile(r"(?<=\b[Tt]urn |\b[Bb]ear |\b[Kk]eep |\b[Vv]eer )(L|R)\b(?![.'])"), lambda m: _SIDES[m[1]]),
    (re.compile(r"(?<=\bthen )(L|R)(?= (?:on|onto|at|into)\b)"), lambda m: _SIDES[m[1]]),
    (re.compile(r"\bSt-(?=[A-Z][a-z])"), "Saint "),
    (re.compile(r"\bSte-(?=[A-Z][a-z])"), "Sainte "),
)
