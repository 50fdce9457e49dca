"""Amounts with a unit, temperatures, feet and inches, dimensions, `3x`."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, before
from phonelm.text.rules.money import RATES
from phonelm.text.rules.numbers import NUMBER, adjective, number

UNITS = {
    "km": "kilometer", "Km": "kilometer", "KM": "kilometer", "m": "meter", "cm": "centimeter", "mm": "millimeter",
    "um": "micrometer", "nm": "nanometer", "mi": "mile", "yd": "yard", "yds": "yard", "kg": "kilogram",
    "Kg": "kilogram", "KG": "kilogram", "g": "gram", "mg": "milligram", "ug": "microgram", "mcg": "microgram",
    "lb": "pound", "lbs": "pound", "oz": "ounce", "l": "liter", "L": "liter", "ml": "milliliter", "mL": "milliliter",
    "cl": "centiliter", "dl": "deciliter", "gal": "gallon", "Hz": "hertz", "kHz": "kilohertz", "KHz": "kilohertz",
    "MHz": "megahertz", "GHz": "gigahertz", "W": "watt", "kW": "kilowatt", "MW": "megawatt", "GW": "gigawatt",
    "Wh": "watt hour", "kWh": "kilowatt hour", "MWh": "megawatt hour", "mAh": "milliamp hour", "V": "volt",
    "kV": "kilovolt", "mV": "millivolt", "mA": "milliamp", "J": "joule", "kJ": "kilojoule", "cal": "calorie",
    "kcal": "kilocalorie", "Pa": "pascal", "hPa": "hectopascal", "kPa": "kilopascal", "MPa": "megapascal",
    "dB": "decibel", "px": "pixel", "KB": "kilobyte", "kB": "kilobyte", "MB": "megabyte", "GB": "gigabyte",
    "TB": "terabyte", "PB": "petabyte", "MiB": "mebibyte", "GiB": "gibibyte", "kbps": "kilobit per second",
    "Kbps": "kilobit per second", "Mbps": "megabit per second", "Gbps": "gigabit per second", "s": "second",
    "sec": "second", "secs": "second", "ms": "millisecond", "us": "microsecond", "ns": "nanosecond", "min": "minute",
    "mins": "minute", "h": "hour", "hr": "hour", "hrs": "hour", "wk": "week", "wks": "week", "yr": "year",
    "yrs": "year", "mos": "month", "ha": "hectare", "mol": "mole", "ly": "light year", "kt": "knot", "kts": "knot",
    "mph": "mile per hour", "MPH": "mile per hour", "kph": "kilometer per hour", "kmh": "kilometer per hour",
    "mpg": "mile per gallon", "rpm": "R P M", "bpm": "beat per minute", "fps": "frame per second", "dpi": "D P I",
    "ppm": "part per million", "psi": "P S I", "ohm": "ohm", "kohm": "kiloohm", "Mohm": "megaohm", "tsp": "teaspoon",
    "tbsp": "tablespoon", "sqft": "square foot", "ft": "foot", "in.": "inch", "cc": "C C", "bps": "bit per second",
    "pts": "point", "doz": "dozen",
}  # fmt: skip
PREFIXED = {"sq": "square", "cu": "cubic", "fl": "fluid"}
UNCHANGED = frozenset(("R P M", "D P I", "P S I", "C C", "hertz", "kilohertz", "megahertz", "gigahertz"))
MILLIONS = "people|views|users|viewers|copies|subscribers|followers|downloads|dollars|euros|pounds|years"

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_DEGREES = {"C": "Celsius", "F": "Fahrenheit", "K": "Kelvin"}


def _name(unit: str, power: str | None, one: bool) -> str:
    name = UNITS[unit]
    head, per, tail = name.partition(" per ")
    if not one and head not in UNCHANGED:
        head = (
            "feet"
            if head == "foot"
            else head[:-4] + "feet"
            if head.endswith(" foot")
            else f"{head}{'es' if head == 'inch' else 's'}"
        )
    return _power(power, head) + per + tail


def _power(power: str | None, name: str) -> str:
    if name == "second":
        return name + {"2": " squared", "3": " cubed"}.get(power or "", "")
    return {"2": "square ", "3": "cubic "}.get(power or "", "") + name


def _unit(m: re.Match[str]) -> str:
    one = m["amount"] == "1" or bool(m["hyphen"]) or adjective(m)
    prefix = PREFIXED[m["prefix"].lower()] + " " if m["prefix"] else ""
    spoken = f" {number(m['amount'])} {prefix}{_name(m['unit'], m['power'], one)}"
    if m["per"]:
        per = RATES.get(m["per"]) or UNITS[m["per"]]
        spoken += f" per {_power(m['per_power'], per)}"
    return spoken + " "


def _degrees(m: re.Match[str]) -> str:
    scale = f" {_DEGREES[m['scale'].upper()]}" if m["scale"] else ""
    return f" {number(m['amount'])} degree{'' if m['amount'] == '1' or adjective(m) else 's'}{scale} "


def _height(m: re.Match[str]) -> str:
    return f" {number(m[1])} foot {number(m[2])} "


def _inches(m: re.Match[str]) -> str:
    """A quotation mark after a number closes a quotation if one is open."""
    if before(m).count('"') % 2:
        return m[0]
    return f" {number(m[1])} inch{'' if m[1] == '1' or adjective(m) else 'es'} "


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s*mu (?=[mgslLAVFW]\b)"), " u"),
    (re.compile(r"(?<=\d)\s?([kM]?)\s*omega\b"), r" \1ohm"),
    (
        re.compile(r"(?<=\d)\s?[x×]\s?(?=\d+(?:\.\d+)?\s?(?:[x×]\s?\d|px|cm|mm|m|in|ft)?\b(?!\s*[=^]))(?<!\s[×]\s)"),
        " by ",
    ),
    (re.compile(r"(?<=[a-z\d]) x (?=\d+(?:\.\d+)?\s?(?:cm|mm|m|in|ft)\b)"), " by "),
    (re.compile(r"(?<=\d) x (?=\d)"), " times "),
    (re.compile(r"\b(\d+(?:\.\d+)?)[xX×](?![\w^])"), lambda m: f" {number(m[1])} times "),
    (re.compile(r"(?<!\w)[x×](\d+)\b"), lambda m: f"times {number(m[1])} "),
    (re.compile(r"(?<![\w.'])([1-9])' ?(1[01]|\d)\"?(?![\w'])"), _height),
    (re.compile(r"(?<![\w.'\"])(\d+(?:\.\d+)?)\"(?!\w)"), _inches),
    (re.compile(rf"(?<![\w.,])(?P<amount>{NUMBER})\s?(?:°|deg)\s?(?P<scale>[CFKcf]\b)?(?!\w)"), _degrees),
    (re.compile(rf"(?<![A-Za-z\d.,])(\d[\d.,]*)\s?[mM](?=\s(?:{MILLIONS})\b)"), r"\1 million"),
    (
        re.compile(
            rf"(?<![A-Za-z\d.,-])(?P<amount>{NUMBER})(?:(?P<hyphen>-)|\s)?(?:(?P<prefix>[Ss]q|cu|fl)\.?\s?)?(?P<unit>{_UNIT})"
            rf"(?:\^?(?P<power>[23]))?(?:\s?/\s?(?P<per>{_UNIT}|{'|'.join(RATES)})(?:\^?(?P<per_power>[23]))?)?(?![A-Za-z\d&'/]|\.[A-Za-z])"
            r"(?:\.(?=[,;]?\s+[a-z]))?"
        ),
        _unit,
    ),
    (
        re.compile(rf"(?<=[a-z])\s?/\s?({'|'.join(sorted(RATES, key=len, reverse=True))})\b(?!/)"),
        lambda m: f" per {RATES[m[1]]}",
    ),
)
