"""Numbers: cardinals, ordinals, decimals, fractions, powers, ranges."""

from __future__ import annotations

import re
from functools import lru_cache

from num2words import num2words

from phonelm.text.rules import LETTER_A, Rule, after, before

NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d{1,2}(?:,\d{2}){1,4},\d{3}|\d*\.\d+|\d+"
SCALES = {
    "k": "thousand",
    "m": "million",
    "mn": "million",
    "mm": "million",
    "b": "billion",
    "bn": "billion",
    "t": "trillion",
    "tn": "trillion",
}
SPECIAL = {"24/7": "twenty four seven", "9/11": "nine eleven", "50/50": "fifty fifty", "20/20": "twenty twenty"}
COUNTED = (
    "people|followers|subscribers|users|viewers|views|likes|downloads|copies|words|steps|dollars|euros|pounds|jobs|"
    "members|stars|miles|years|inhabitants|customers|readers|employees|students|votes|rows|tokens|parameters"
)

_LONGEST_DIGITS = 15  # longer numbers are read digit by digit, like serial numbers


@lru_cache(maxsize=10_000)
def words(number: str | int | float, to: str = "cardinal") -> str:
    """A number in words. `to` is that of num2words: cardinal, ordinal, year."""
    return re.sub(r"-|, ", " ", num2words(number, to=to))


def digits(text: str) -> str:
    return " ".join(words(int(d)) for d in text if d.isdigit())


def number(text: str) -> str:
    """Digits with optional thousands commas and decimals, in words."""
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


def parts(numerator: str, denominator: str) -> str:
    part = {"2": "half", "4": "quarter"}.get(denominator) or ordinal(denominator)
    if numerator == "1":
        return part
    return "halves" if part == "half" else plural(part)


def _mixed(m: re.Match[str]) -> str:
    top = ("an" if m[3] in ("8", "11", "18") else "a") if m[2] == "1" else number(m[2])
    return f"{number(m[1])} and {top} {parts(m[2], m[3])}"


def _fraction(m: re.Match[str]) -> str:
    top, bottom = m[1], m[2]
    if m[0] in SPECIAL:
        return SPECIAL[m[0]]
    rated = re.match(r" stars?\b", after(m)) or (top != "1" and bottom in ("10", "100"))
    if rated and not re.match(" (?:of )?the ", after(m)):
        return f"{number(top)} out of {number(bottom)}"
    if len(top) > 3 or len(bottom) > 4 or "0" in (top[0], bottom[0]) or int(top) >= int(bottom):
        return f"{number(top)} over {number(bottom)}"
    return f"{number(top)} {parts(top, bottom)}"


def _power(m: re.Match[str]) -> str:
    sign = {"-": "minus ", "+": ""}.get(m["exponent"][0], "")
    return f"{number(m['base'])} times ten to the power of {sign}{number(m['exponent'].lstrip('+-'))}"


def adjective(m: re.Match[str]) -> bool:
    """Whether an amount is before what it measures: `a $5 bill`, `an 8 oz steak`."""
    article = re.search(r"\b[Aa]n? (?:minus )?$", before(m))
    return bool(article and re.match(r" ?[A-Za-z]", after(m)))


def _dotted(m: re.Match[str]) -> str:
    """An address of four bytes, or a version."""
    parts = m[0].split(".")
    return (" dot " if len(parts) == 4 and all(len(part) < 4 for part in parts) else " point ").join(parts)


def _grouped(m: re.Match[str]) -> str:
    """1.234.567 and 1'234'567. An address like 192.168.100.200 has four bytes."""
    parts = re.split(r"[.']", m[0])
    return m[0] if len(parts) == 4 and all(int(part) < 256 for part in parts) else "".join(parts)


def _thousands(m: re.Match[str]) -> str:
    """`5k` is five thousand. A `5k` race and a `4K` screen keep the letter."""
    if m[2] == "K" and "." in m[1] and _HEAT.search(before(m) + after(m)):
        return f"{m[1]} kelvin"
    if _KEEPS_K.match(after(m)) or (m[2] == "K" and m[1] in ("2", "4", "5", "8")):
        return m[0]
    return f"{m[1]} thousand"


def _billions(m: re.Match[str]) -> str:
    """A `7B` model has seven billion. A room or figure `7B` and `221B Baker Street` keep the letter."""
    lettered = re.search(rf"\b(?:{_LETTERED})\.? $", before(m), re.IGNORECASE) or re.match(
        r" [A-Z][a-z]+ [A-Z]", after(m)
    )
    return m[0] if lettered else f"{m[1]} {SCALES[m[2].lower()]}"


def _letter(m: re.Match[str]) -> str:
    """`2a` has the letter, not the article."""
    return f"{m[1]} A"


def _letters(m: re.Match[str]) -> str:
    """`a/b`. `n/a` and `w/o` are abbreviations."""
    if m[0].lower() in ("n/a", "a/c", "c/o", "b/c", "w/o", "y/o", "i/o"):
        return m[0]
    return f"{m[1]} slash {m[2]}"


def _term(m: re.Match[str]) -> str:
    return f"{m[1] or m[3]} {m[2] or m[4]}"


def _screen(m: re.Match[str]) -> str:
    """Read 1080p as ten eighty p."""
    if not (before(m).strip() or after(m).strip()):
        return m[0]
    return f"{number(m[1][:-2])} {number(m[1][-2:])} p"


_HEAT = re.compile(r"boil|melt|freez|temperature|kelvin|heat|cool|\d°")
_KEEPS_K = re.compile(
    r"[ -](?:runs?|races?|walks?|runners?|times?|PB|PR|pb|route|course|videos?|TVs?|resolution|monitors?|"
    r"displays?|screens?|"
    r"marathons?|training|plan|today|every|this|on|tomorrow|in under|in (?:\d|twenty|thirty|forty|fifty))\b"
)
_LETTERED = (
    "rooms?|apt|apartment|seats?|gates?|exhibit|figures?|figs?|tables?|units?|suite|flat|schedule|sections?|parts?|class|"
    "grade|page|rows?|levels?|blocks?|building|terminal|appendix|highway|route|channel|vitamin|number|no|types?|questions?|"
    "exits?|piers?|bays?|doors?|platforms?|lots?|tracks?|docks?|booths?|wards?|halls?|zone|version|model|"
    "step|item|stage|phase|group|team|bus|flight|form|rule|title|article|chapter|season|size"
)
SLASHED: tuple[Rule, ...] = (  # `180C/350F`: two amounts with units; `i7-12700K`: a processor
    (re.compile(r"\b(i[3579])-(\d{1,2})(\d{3})([A-Z]{0,2})\b"), r"\1 \2 \3 \4"),
    (re.compile(r"(?<=\d[A-Za-z])/(?=\d+ ?[A-Za-z])|(?<=\d[A-Za-z]{2})/(?=\d+ ?[A-Za-z])"), ", "),
)
EARLY: tuple[Rule, ...] = (  # before money and units: signs and ranges of amounts
    (re.compile(rf"(?<![\w.,])({NUMBER})[eE]\+?(-?\d{{1,4}})\b(?=\s[a-zA-Z]|[.,;)]|$)"), r"\1 x 10^\2"),
    (re.compile(r"(?<=[A-Z]-)(\d{2,6})-(?=\d)"), r"\1 "),
    (re.compile(r"(?<!\w)([$£€¥])-(?=\d)"), r"-\1"),
    (re.compile(r"(?<!\w)([$£€¥])\((\d[\d,.]{0,20})\)"), r"-\1\2"),  # a loss in a balance sheet
    (re.compile(r"(?<=\d) (?=000\b)"), ""),
    (re.compile(r"(?<![\w.,'])[1-9]\d{0,2}(?:(?:\.\d{3}){2,}|(?:'\d{3})+)(?![\w.,']\d|\d|')"), _grouped),
    (re.compile(r"\b(40[13]) ?\(?([kb])\b\)?"), lambda m: f"four oh {words(int(m[1][2]))} {m[2]}"),
    (
        re.compile(
            r"\b((?:Chapter|Part|Section|Page|Episode|Season|Lesson|Unit|Volume|Track|Level|Step|Day|Week|Act|Scene|No\.|"
            r"Exercise|Question|Book|Verse|Figure|Table|Grade|Round|Game|Item) )0+(?=[1-9])",
            re.IGNORECASE,
        ),
        r"\1",
    ),
    (re.compile(r"\b([Bb]etween [$£€]?\d[\d.,]*)\s?-\s?(?=[$£€]?\d)"), r"\1 and "),
    (re.compile(r"(?<![\w.,/])(\d+\.\d+)/(\d{1,3})(?![\w/]|[.,]\d)"), r"\1 out of \2"),
    (re.compile(r"(?<![\w/.-])([b-zB-HJ-Z])-(?=\d{1,2}\b(?!-))(?<=[b-z]-)"), r"\1 minus "),
    (re.compile(r"\b(\d{1,4}[a-z]) ?- ?(?=\d)(?<![a-z]{2} )"), r"\1 minus "),
    (re.compile(r"(?<![\w.,/-])(\d+) ?a\b(?![.'-]\w)(?<=\da)"), _letter),
    (re.compile(r"\bA(?=-?\d)"), LETTER_A + " "),
    (
        re.compile(r"(?<![\w.])(\d{1,4})\s?([xyz])(?=\s?(?:[+=^)]|[-*/] ?\d|minus\b|plus\b)|[,.;]?\s(?:plus|minus)\b)"),
        r"\1 \2 ",
    ),
    (re.compile(r"(?<=[+=(] )(\d{1,4})([xyz])\b|(?<=[+=(])(\d{1,4})([xyz])\b"), _term),
    (re.compile(r"\bmp(?=[34]\b)"), "M P "),
    (re.compile(r"\b(720|480|1080|1440|2160|144)p\b"), _screen),
    (re.compile(r"(?<![\w.,$£€])(\d+(?:\.\d+)?)([kK])\b(?![/'-]\w)"), _thousands),
    (re.compile(r"(?<![\w.,])(\d+\.\d+|[1-9]\d{0,2})([BT])\b(?!/|'|-[A-Z\d])(?<!\dT)"), _billions),
    (re.compile(r"(?<![\w.,])(\d+\.\d+|[1-9]\d{1,2})(M)\b(?!/|'|-[A-Z\d]|\s?[x×])"), _billions),
    (re.compile(r"(?<![\w.,/])(\d{1,3})[ -](\d{1,2})/([2-9]|1[0-6])(?![\d/])"), _mixed),
    (re.compile(r"(?<=\d) - (?=\d[\d.,]* ?=)"), " minus "),
    (re.compile(r"(?<=\d) ?\* ?(?=\d)"), " times "),
    (
        re.compile(
            r"(?<=\d)-(?=[$£€]?\d)|(?<=\d) - (?=\d)|(?<=\d%)-(?=\d)|(?<=illion)-(?=[$£€]?\d)|"
            r"(?<=\d[kKmMbBT])-(?=[$£€]\d)"
        ),
        " to ",
    ),
    (re.compile(r"(?<![\w)])-(?=\.?\d|[$£€]\d)"), "minus "),
    (
        re.compile(rf"(?<![\w.,])(\d[\d.,]*)\s?([kKmMbBT]|bn|mn|tn)(?=\s(?:{COUNTED})\b)"),
        lambda m: f"{m[1]} {SCALES[m[2].lower()]}",
    ),
    (re.compile(r"(?<![\w.,])(\d[\d.,]*)\s?(bn|mn|tn)\b"), lambda m: f"{m[1]} {SCALES[m[2]]}"),
)
LETTERS: tuple[Rule, ...] = (  # mathematics without a digit
    (re.compile(r"(?<![\w'.-])([a-z]) - (?=[a-z]\b(?!'))"), r"\1 minus "),
    (re.compile(r"(?<![\w/])(?<!\d )([a-zA-Z])/([a-zA-Z])(?![\w/])"), _letters),
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
