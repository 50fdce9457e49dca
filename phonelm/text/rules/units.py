"""Amounts with a unit, temperatures, feet and inches, dimensions, `3x`."""

from __future__ import annotations

import re

from phonelm.text.rules import Rule, after, before
from phonelm.text.rules.money import RATES
from phonelm.text.rules.numbers import COUNTED, NUMBER, adjective, number, parts
from phonelm.text.rules.stops import final_stop, name_stop

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
    "yrs": "year", "mos": "month", "mo": "month", "ha": "hectare", "mol": "mole", "ly": "light year", "kt": "knot",
    "kts": "knot",
    "mph": "mile per hour", "MPH": "mile per hour", "kph": "kilometer per hour", "kmh": "kilometer per hour",
    "mpg": "mile per gallon", "rpm": "R P M", "bpm": "beat per minute", "fps": "frame per second", "dpi": "D P I",
    "ppm": "part per million", "psi": "P S I", "ohm": "ohm", "kohm": "kiloohm", "Mohm": "megaohm", "tsp": "teaspoon",
    "tbsp": "tablespoon", "sqft": "square foot", "ft": "foot", "in.": "inch", "cc": "C C", "bps": "bit per second",
    "pts": "point", "doz": "dozen", "Tbsp": "tablespoon", "TBSP": "tablespoon", "tbsps": "tablespoon",
    "tbs": "tablespoon",
    "Tbsps": "tablespoon", "Tbs": "tablespoon", "Tsp": "teaspoon", "TSP": "teaspoon", "tsps": "teaspoon",
    "qt": "quart", "qts": "quart", "pt": "pint", "pkg": "package", "pkgs": "package", "lg": "large", "oz.": "ounce",
    "Lb": "pound", "Lbs": "pound", "LB": "pound", "LBS": "pound", "Oz": "ounce", "OZ": "ounce", "hrs.": "hour",
    "Min": "minute", "Mins": "minute", "Hr": "hour", "Hrs": "hour", "Sec": "second", "Secs": "second",
    "dL": "deciliter", "mmol": "millimole", "umol": "micromole", "mEq": "milliequivalent", "IU": "international unit",
    "mmHg": "millimeter of mercury", "kb": "kilobyte", "Mb": "megabit", "Gb": "gigabit", "Tb": "terabit",
    "kbp": "kilobase pair", "bp": "base pair", "eV": "electron volt", "keV": "kilo electron volt",
    "MeV": "mega electron volt", "GeV": "giga electron volt", "TeV": "tera electron volt", "fb": "femtobarn",
    "pb": "picobarn", "nb": "nanobarn", "Nm": "newton meter", "BTU": "B T U", "BTUs": "B T U", "lm": "lumen",
    "lx": "lux", "uL": "microliter", "ul": "microliter", "pg": "picogram", "ng": "nanogram",
    "reb": "rebound", "rebs": "rebound", "ast": "assist", "asts": "assist", "stl": "steal", "blk": "block",
    "ac": "acre", "sqm": "square meter", "Mpc": "megaparsec", "kpc": "kiloparsec", "pc": "parsec", "au": "A U",
    "AU": "A U", "pp": "percentage point", "TWh": "terawatt hour", "GWh": "gigawatt hour", "TW": "terawatt",
    "kN": "kilonewton", "mN": "millinewton", "kmph": "kilometer per hour", "kgs": "kilogram", "gm": "gram",
    "gms": "gram", "kms": "kilometer", "mtrs": "meter", "Ah": "amp hour", "kVA": "kilovolt amp", "uF": "microfarad",
    "pF": "picofarad", "nF": "nanofarad", "mH": "millihenry", "Tbps": "terabit per second",
    "MBps": "megabyte per second",
    "MT": "megaton", "mW": "milliwatt", "uW": "microwatt", "uV": "microvolt", "uA": "microamp", "nA": "nanoamp",
    "nH": "nanohenry",
    "PTS": "point", "AST": "assist", "REB": "rebound", "STL": "steal", "BLK": "block", "YDS": "yard",
    "mM": "millimolar", "uM": "micromolar", "nM": "nanomolar", "atm": "atmosphere", "mbar": "millibar",
    "Myr": "million year", "kyr": "thousand year", "Gyr": "billion year", "Ma": "million years ago", "Da": "dalton",
    "kDa": "kilodalton", "mIU": "milli international unit", "uIU": "micro international unit", "KiB": "kibibyte",
    "TiB": "tebibyte", "Kib": "kibibit", "Mib": "mebibit", "kcals": "kilocalorie", "kcal.": "kilocalorie",
}  # fmt: skip
PREFIXED = {"sq": "square", "cu": "cubic", "fl": "fluid"}
UNCHANGED = frozenset(
    (
        "B T U",
        "A U",
        "large",
        "lux",
        "R P M",
        "D P I",
        "P S I",
        "C C",
        "dozen",
        "millimolar",
        "micromolar",
        "nanomolar",
        "million years ago",
        "hertz",
        "kilohertz",
        "megahertz",
        "gigahertz",
    )
)
MILLIONS = (
    "homes|households|jobs|workers|voters|children|patients|customers|visitors|tourists|passengers|barrels|acres|pupils|"
    "refugees|fans|vehicles|cars|cases|doses|deaths|tests|shares|members|units|residents|citizens|people|views|"
    "users|viewers|copies|subscribers|followers|downloads|dollars|euros|pounds|years"
)
_NOUN = re.compile(
    r" (?:pies?|pans?|skillets?|cakes?|tins?|rounds?|cubes?|pieces|strips|slices|balls|screens?|monitors?|TVs?|nails?|"
    r"pipes?|boards?|pots?|tarts?|squares?|heels|wheels|rims|laptops?|displays?|vinyl|gun|blade|pizzas?)\b"
)

_UNIT = "|".join(re.escape(unit) for unit in sorted(UNITS, key=len, reverse=True))
_DEGREES = {"C": "Celsius", "F": "Fahrenheit", "K": "Kelvin"}


_BIOLOGY = re.compile(
    r"\b(?:gene|genes|genome|genomic|chromosome|DNA|RNA|sequence|insert|locus|plasmid|exon|deletion)\b"
)
_YIELD = re.compile(
    r"\b(?:yields?|rates?|Treasur\w+|Fed|spreads?|hike|cut|margins?|up|down|by|bond|rose|fell|basis)\b", re.I
)
_BPS = re.compile(r"\b(?:modem|baud|network|link|speed|transfer|serial|bit|data)\b", re.I)


def _meaning(m: re.Match[str]) -> str:
    """The name of the unit. The context chooses between two units that are written alike."""
    around = before(m) + after(m)
    if m["unit"] == "kb" and _BIOLOGY.search(around):
        return "kilobase"
    if m["unit"] in ("bps", "bp") and _YIELD.search(around) and not _BPS.search(around):
        return "basis point"
    return UNITS[m["unit"]]


def _name(name: str, power: str | None, one: bool) -> str:
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


_CONTAINER = re.compile(
    r" (?:tins?|cans?|packs?|packets?|packages?|jars?|bottles?|bags?|box|boxes|cartons?|tubs?|blocks?|pots?|"
    r"pouch|pouches|sticks?|fillets?|bars?|balls?|SSD|HDD|drive|hard|steak|dumbbells?|kettlebells?|plates?)\b"
)


def _unit(m: re.Match[str]) -> str:
    one = m["amount"] == "1" or bool(m["hyphen"]) or adjective(m) or bool(_CONTAINER.match(after(m)))
    prefix = PREFIXED[m["prefix"].lower()] + " " if m["prefix"] else ""
    spoken = f" {number(m['amount'])} {prefix}{_name(_meaning(m), m['power'], one)}"
    return spoken + _rate(m) + (name_stop(m) if m["hyphen"] else final_stop(m)) + " "


def _rate(m: re.Match[str]) -> str:
    return f" per {_power(m['per_power'], RATES.get(m['per']) or UNITS[m['per']])}" if m["per"] else ""


def _part(m: re.Match[str]) -> str:
    """`1/2 tsp`, `2 1/2 tsp`, `3/4 lb.`"""
    stop, unit = final_stop(m), _KITCHEN.get(m["unit"]) or UNITS.get(m["unit"], "inch")
    unit = f"{PREFIXED[m['prefix'].lower()]} {unit}" if m["prefix"] else unit
    if m["whole"]:
        part = parts(m["top"], m["bottom"])
        top = ("an" if m["bottom"] in ("8", "11", "18") else "a") if m["top"] == "1" else number(m["top"])
        return f" {number(m['whole'])} and {top} {part} {_name(unit, None, bool(m['hyphen']))}{stop} "
    if (m["top"], m["bottom"]) == ("1", "2"):
        return f" half {'an' if unit[0] in 'aeiou' or unit.startswith('hour') else 'a'} {unit}{stop} "
    of = "" if m["top"] == "1" else "of an " if unit[0] in "aeiou" or unit.startswith("hour") else "of a "
    return f" {number(m['top'])} {parts(m['top'], m['bottom'])} {of}{unit}{stop} "


def _kitchen(m: re.Match[str]) -> str:
    """`1 T. cumin` and `2 c. sugar`."""
    return f" {number(m[1])} {_KITCHEN[m[2]]}{'' if m[1] == '1' else 's'} "


def _degrees(m: re.Match[str]) -> str:
    scale = f" {_DEGREES[m['scale'].upper()]}" if m["scale"] else ""
    return f" {number(m['amount'])} degree{'' if m['amount'] == '1' or adjective(m) else 's'}{scale} "


def _height(m: re.Match[str]) -> str:
    return f" {number(m[1])} foot {number(m[2])} "


def _inch_range(m: re.Match[str]) -> str:
    return f" {number(m[1])} inches to {number(m[2])} inches "


def _feet(m: re.Match[str]) -> str:
    return f" {number(m[1])} {'foot' if m[1] == '1' else 'feet'} "


def _inches(m: re.Match[str]) -> str:
    """A quotation mark after a number closes a quotation if one is open."""
    if before(m).count('"') % 2:
        return m[0]
    article = re.search(r"\b[Aa]n? $", before(m))
    one = m[1] == "1" or article or adjective(m) or _NOUN.match(after(m))
    return f" {number(m[1])} inch{'' if one else 'es'} "


_LARGE = "km|kg|mi|ha|kW|MW|GW|kWh|MWh|GWh|TWh|lbs|lb|gal|L|W|ly|bbl|m"


def _large(m: re.Match[str]) -> str:
    """The unit of `1.5 million km`."""
    return _name(UNITS.get(m[1] or m[2], "barrel"), None, False)


_COUNTED = re.compile(
    r"(?:\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|[a-z]{3,7}teen|[a-z]{3,5}ty|hundred|thousand|"
    r"[a-z]{1,3}illion)) (?:[a-z]{1,20} ){0,2}[a-z]{1,20}$"
)


def _per_time(m: re.Match[str]) -> str:
    """`110/min`. An amount of money has a rule of its own."""
    return m[0] if re.search(r"[$£€¥₹]\s?[\d.,]+$", before(m)) else f" per {RATES[m[1]]}"


def _rated(m: re.Match[str]) -> str:
    """`two drinks/day` and `phonemes/s` are rates. `day/night` is not."""
    rate = m.string[m.start() - 1] == "s" or _COUNTED.search(before(m))
    return f" per {RATES[m[1]]}" if rate else m[0]


_KITCHEN = {"T": "tablespoon", "T.": "tablespoon", "c": "cup", "C": "cup", "c.": "cup", "t.": "teaspoon"}
_FRACTION = r"(?:(?P<whole>\d{1,3})[ -])?(?P<top>\d{1,2})/(?P<bottom>[2-9]|1[0-6])"
PARTS: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s*mu (?=[mgslLAVFW]\b)"), " u"),
    (re.compile(r"(?<=\d/\d)-(?=\d{1,3}\s?[A-Za-z])"), " to "),
    (
        re.compile(r"(?<=\d)/(min|sec|hr|h|day|wk|week|mo|month|yr|year)\b(?!/)"),
        _per_time,
    ),  # before the rules for fractions and for abbreviations
    (
        re.compile(
            rf"(?<![\w.,/])(?<!\d ){_FRACTION}(?P<hyphen>-)?\s?(?:(?P<prefix>[Ss]q|cu|fl)\.?\s?)?"
            rf"(?P<unit>{_UNIT}|in(?=\s(?:wide|long|tall|deep|thick|high|x|by|of)\b)|T\.?(?= [a-z])|c\.|"
            r"C(?= [a-z]{3}))\.?(?![\w/])"
        ),
        _part,
    ),
    (re.compile(rf"(?<![\w.,/])(\d{{1,2}}) ?(T\.?|c\.|t\.)(?= (?!(?:{COUNTED})\b)[a-z]{{3}})"), _kitchen),
    (re.compile(r"(?<![\w.'\"])(\d+(?:\.\d+)?)\"\s?-\s?(\d+(?:\.\d+)?)\"(?!\w)"), _inch_range),
    (re.compile(r"(?<![\w.'])(\d+(?:\.\d+)?)'(?=\s(?:tall|long|wide|high|deep|by|x)\b|-\d+'\s)"), _feet),
    (
        re.compile(rf"(?<![\w.,-])(\d[\d.,]*)\s?({_UNIT})\^-1(?!\d)"),
        lambda m: f" {number(m[1])} inverse {_name(UNITS[m[2]], None, False)} ",
    ),
    (re.compile(r"(?<=\d )sm\.(?= [a-z])"), "small"),
    (re.compile(r"(?<=\d )lg\.(?= [a-z])"), "large"),
    (re.compile(r"(?<=\d )med\.(?= [a-z])"), "medium"),
)
RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s?([kM]?)\s*omega\b"), r" \1ohm"),
    (re.compile(r"(?<=\d)\s?[x×]\s?(?=\d{1,4}\s?-?(?:k?g|m[lL]|cl|mg|oz|lbs?|[lL])\b)"), " times "),
    (
        re.compile(r"(?<=\d)\s?[x×]\s?(?=\d+(?:\.\d+)?\s?(?:[x×]\s?\d|px|cm|mm|m|in|ft)?\b(?!\s*[=^]))(?<!\s[×]\s)"),
        " by ",
    ),
    (re.compile(r"(?<=[a-z\d]) x (?=\d+(?:\.\d+)?\s?(?:cm|mm|m|in|ft)\b)"), " by "),
    (re.compile(r"(?<=\d) x (?=\d)"), " times "),
    (re.compile(r"(?<=\d) [x×] g\b"), " times G"),
    (re.compile(r"(?<=\d)Y(?= (?:Treasur|yield|note|bond|gilt|T-))"), " year"),
    (re.compile(r"(?<=\d) M (?=(?:[A-Z][a-z]?\d?){2,6}\b|[A-Z]( [A-Z]){1,5}\b|solution\b|in\b)"), " molar "),
    (re.compile(r"(?<=\d) K(?=[\s,.;)]|$)(?! (?:people|users|views|followers)\b)"), " kelvin"),
    (re.compile(r"(?<=\d) t(?=[,.;)]|$| (?:of|and|in|per|to|at|on|is)\b)"), " tons"),
    (re.compile(r"\b(\d+(?:\.\d+)?)[xX×](?![\w^])"), lambda m: f" {number(m[1])} times "),
    (re.compile(r"(?<!\w)[x×](\d+)\b"), lambda m: f"times {number(m[1])} "),
    (re.compile(r"(?<![\w.'])([1-9])' ?(1[01]|\d)\"?(?![\w'])"), _height),
    (re.compile(r"(?<![\w.'\"])(\d+(?:\.\d+)?)\"(?!\w)"), _inches),
    (re.compile(rf"(?<![\w.,])(?P<amount>{NUMBER})\s?(?:°|deg)\s?(?P<scale>[CFKcf]\b)?(?!\w)"), _degrees),
    (re.compile(rf"(?<![A-Za-z\d.,])(\d[\d.,]*)\s?[mM](?=\s(?:{MILLIONS})\b)"), r"\1 million"),
    (
        re.compile(
            rf"(?<![A-Za-z\d.,/-])(?P<amount>{NUMBER})(?:(?P<hyphen>-)|\s)?(?:(?P<prefix>[Ss]q|cu|fl)\.?\s?)?(?P<unit>{_UNIT})"
            rf"(?:\^?(?P<power>[23]))?(?:\s?/\s?(?P<per>{_UNIT}|{'|'.join(RATES)})(?:\^?(?P<per_power>[23]))?)?(?![A-Za-z\d&'/]|\.[A-Za-z])"
            r"(?:\.(?!\w))?"
        ),
        _unit,
    ),
)
LARGE: tuple[Rule, ...] = (  # also `a million km`
    (re.compile(rf"(?<=[a-z]illion )({_LARGE})\b|(?<=thousand )({_LARGE})\b"), _large),
)
RATE: tuple[Rule, ...] = (
    (
        re.compile(rf"(?<=[a-z])\s?/\s?({'|'.join(sorted(RATES, key=len, reverse=True))})\b(?!/)"),
        _rated,
    ),
)
