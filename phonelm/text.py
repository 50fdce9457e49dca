"""Written text to spoken words: sentences, numbers, abbreviations, symbols.

Nothing is dropped in silence: what cannot be read is listed in `Normalized.unread`, and letters of another script are
a `TextError`. Rules are tables at the top of the file; they run in the order of `RULES`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from num2words import num2words


class TextError(ValueError):
    """Text that cannot be spoken; the message says what is wrong and what to do."""


@dataclass(frozen=True)
class Normalized:
    """Text as it is spoken: ASCII words and punctuation, no digits.

    `unread` holds each character (once, in order) that has no reading and was left out.
    """

    text: str
    unread: tuple[str, ...] = ()


PLAIN = (("“”„«»‟", '"'), ("‘’‚‹›′`´", "'"), ("—―", " - "), ("‐‑−", "-"))
PUNCTUATION = str.maketrans({c: plain for chars, plain in PLAIN for c in chars})
LIGATURES = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th", "ı": "i"}
)

TITLES = {
    "Dr": "Doctor", "Mr": "Mister", "Mrs": "Missis", "Ms": "Miz", "Prof": "Professor", "Rev": "Reverend",
    "Gen": "General", "Col": "Colonel", "Capt": "Captain", "Lt": "Lieutenant", "Sgt": "Sergeant", "Hon": "Honorable",
    "Sen": "Senator", "Gov": "Governor", "Messrs": "Messers", "Mt": "Mount",
}  # fmt: skip
ABBREVIATIONS = {
    "e.g": "for example", "i.e": "that is", "etc": "et cetera", "vs": "versus", "cf": "compare", "viz": "namely",
    "approx": "approximately", "dept": "department", "Ave": "Avenue", "Blvd": "Boulevard", "Rd": "Road",
    "Jr": "Junior", "Sr": "Senior", "Ltd": "Limited", "Inc": "Incorporated", "Co": "Company", "Corp": "Corporation",
}  # fmt: skip
MONTHS = {
    "Jan": "January", "Feb": "February", "Mar": "March", "Apr": "April", "Aug": "August", "Sep": "September",
    "Sept": "September", "Oct": "October", "Nov": "November", "Dec": "December",
}  # fmt: skip
CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "€": ("euro", "euros", "cent", "cents"),
}
SCALES = {"k": "thousand", "m": "million", "mn": "million", "b": "billion", "bn": "billion"}
FRACTIONS = {"1/2": "one half", "1/3": "one third", "2/3": "two thirds", "1/4": "one quarter", "3/4": "three quarters"}
SYMBOL_WORDS = {
    "&": "and", "@": "at", "+": "plus", "=": "equals", "%": "percent", "#": "hash", "×": "times", "÷": "divided by",
    "<": "less than", ">": "greater than", "±": "plus or minus", "≈": "about", "~": "about", "/": "slash",
    "\\": "backslash", "§": "section", "°": "degrees", "$": "dollars", "£": "pounds", "€": "euros", "_": "underscore",
    "*": "star", "©": "copyright", "®": "registered", "^": "to the power of", "|": "bar",
}  # fmt: skip
SPELLED = frozenset(
    "FBI USA BBC CIA UK EU UN UAE CEO CFO CTO AI API IBM ATM DIY DNA RNA EEG ECG FAQ GPU CPU UI IQ IRA IRS ISP IOU ITV "
    "NBA NHL MIT UCLA USB URL UFO VIP AA AC IP IPO KO OK OS TBA USSR EV SUV UV ID AGI OCR BA MBA IPA".split()
)
SPELLED_UNLESS_SHOUTED = frozenset(("US", "IT", "LA"))  # "TELL IT TO US" has no acronym
NOTHING = "nothing to say: {}; give at least one word or number"

_TITLE = "|".join(TITLES)
_ABBREVIATION = "|".join(map(re.escape, sorted(ABBREVIATIONS, key=len, reverse=True)))
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_SCALE = r"thousand|(?:m|b|tr)illion|[kKmMbB]n?"
_NUMBER = r"\d+(?:,\d{3})+(?:\.\d+)?|\d*\.\d+|\d+"

NEVER_FINAL = re.compile(rf"(?:\b(?:{_TITLE}|St|vs|cf|viz|e\.g|i\.e|{_MONTH})|\b(?!I\.)[A-Z]|(?:[A-Za-z]\.)+[A-Z])\.$")
SENTENCE_END = re.compile(r"(?:\.{3}|…|[.!?])+[\"'”’)\]]*(?=\s+(\S))")


def split_sentences(text: str) -> list[str]:
    """Split raw or normalised text at sentence ends and at line breaks; pieces are stripped, none is empty.

    A full stop after a title, an initial or an abbreviation ends no sentence; nor does `"Ah!" he said`.
    """
    sentences = []
    for line in text.splitlines():
        start = 0
        for end in SENTENCE_END.finditer(line):
            if _ends_sentence(line[max(0, end.end() - 24) : end.end()], end[1]):
                sentences.append(line[start : end.end()].strip())
                start = end.end()
        sentences.append(line[start:].strip())
    return [s for s in sentences if s]


def _ends_sentence(before: str, next_char: str) -> bool:
    if before.endswith("No.") and next_char.isdigit():
        return False
    if next_char.islower():
        abbreviated = re.search(rf"\b(?:{_ABBREVIATION}|[A-Za-z]\.[A-Za-z])\.$", before)
        return not (abbreviated or before.endswith(("...", "…")) or before[-1] in "\"'”’)]")
    return not NEVER_FINAL.search(before)


def normalize(text: str) -> Normalized:
    """Write out everything that is not a word or punctuation.

    Raises:
        TextError: the text is empty, has nothing to say, or has letters of another script.
    """
    if not text.strip():
        raise TextError(NOTHING.format("the text is empty"))
    plain = _to_ascii(text)
    for pattern, spoken in RULES:
        plain = pattern.sub(spoken, plain)
    readable, unread = _separate_unread(plain)
    if not re.search(r"[A-Za-z]", readable):
        raise TextError(NOTHING.format(f"{text.strip()[:40]!r} has no word in it"))
    return Normalized(_tidy(readable), unread)


def _to_ascii(text: str) -> str:
    """Plain quotes and dashes, no accents; digits of any script as 0-9."""
    text = re.sub(r"(?<=\d)\s*–\s*(?=\d)", " to ", text).replace("–", " - ")
    text = unicodedata.normalize("NFKC", text.translate(PUNCTUATION)).replace("\u2044", "/").translate(LIGATURES)
    text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    for c in text:
        if c.isalpha() and not c.isascii():
            name = unicodedata.name(c, f"U+{ord(c):04X}")
            raise TextError(f"cannot read {c!r} ({name}): only English text in Latin letters can be spoken")
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in text)


def _separate_unread(text: str) -> tuple[str, tuple[str, ...]]:
    unread = dict.fromkeys(re.findall(r"[^A-Za-z\s'\".,?!;:()\[\]{}-]", text))
    return "".join(" " if c in unread else c for c in text), tuple(unread)


def _tidy(text: str) -> str:
    text = re.sub(r"\s+(?=[.,?!;:)\]}])|(?<=[(\[{])\s+", "", text)
    return re.sub(r"\s+", " ", text).strip()


def _words(number: str | int | float, to: str = "cardinal") -> str:
    return re.sub(r"-|, ", " ", num2words(number, to=to))


def _digits(text: str) -> str:
    return " ".join(_words(int(d)) for d in text if d.isdigit())


def _number(text: str) -> str:
    """Digits, perhaps with thousands commas or decimals, as words."""
    text = text.replace(",", "")
    whole, _, decimals = text.partition(".")
    if decimals:
        return f"{_number(whole) if whole else 'zero'} point {_digits(decimals)}"
    if len(whole) > 15 or (whole[0] == "0" and len(whole) > 1):
        return _digits(whole)
    return _words(int(whole))


def _year(m: re.Match[str]) -> str:
    return _words(int(m[0]), to="year")


def _decade(m: re.Match[str]) -> str:
    words = _words(int(m[1]), to="year") if len(m[1]) == 4 else _words(int(m[1]))
    return re.sub(r"y$", "ie", words) + ("es" if words.endswith("x") else "s")


def _money(m: re.Match[str]) -> str:
    one, many, cent, cents = CURRENCIES[m["sign"]]
    amount, scale = m["amount"].replace(",", ""), m["scale"]
    whole, _, fraction = amount.partition(".")
    if scale:
        return f"{_number(amount)} {SCALES.get(scale.lower(), scale)} {many}"
    if fraction and len(fraction) != 2:
        return f"{_number(amount)} {many}"
    parts = [f"{_number(whole)} {one if whole == '1' else many}"] if int(whole or 0) or not int(fraction or 0) else []
    if int(fraction or 0):
        parts.append(f"{_words(int(fraction))} {cent if fraction == '01' else cents}")
    return " and ".join(parts)


def _time(m: re.Match[str]) -> str:
    hour, minute, half = _words(int(m["hour"])), m.groupdict().get("minute"), m["half"]
    if not minute or (half and minute == "00"):
        spoken = hour
    elif minute == "00":
        spoken = f"{hour} o'clock"
    else:
        spoken = f"{hour} {'oh ' if minute[0] == '0' else ''}{_words(int(minute))}"
    return f"{spoken} {half.upper()} M{_final_stop(m)}" if half else spoken


def _final_stop(m: re.Match[str]) -> str:
    """The full stop of an abbreviation ends the sentence too when nothing or a capital follows it."""
    return "." if m[0].endswith(".") and re.match(r"[\"')\]]*(?:\s*$|\s+[A-Z])", m.string[m.end() :]) else ""


def _acronym(m: re.Match[str]) -> str:
    word, ending = m[1], m[2]
    if word in SPELLED or not re.search("[AEIOUY]", word) or (word in SPELLED_UNLESS_SHOUTED and not _shouted(m)):
        return " ".join(word) + ("'s" if ending else "")
    return m[0]


def _shouted(m: re.Match[str]) -> bool:
    before, after = m.string[: m.start()], m.string[m.end() :]
    return bool(re.search(r"\b[A-Z]{2,}\W+$", before) or re.match(r"\W+[A-Z]{2,}\b", after))


def _abbreviation(m: re.Match[str]) -> str:
    return ABBREVIATIONS[m[1]] + _final_stop(m)


def _street(m: re.Match[str]) -> str:
    """`Main St.` is a street, `in St. Ives` a saint."""
    named = re.search(r"(?:[A-Z0-9]\w*)\s+$", m.string[: m.start()])
    return "Street" + _final_stop(m) if named else "Saint"


def _initials(m: re.Match[str]) -> str:
    at_end = not m.string[m.end() :].strip(" \"')]")
    return m[0].replace(".", " ").strip() + ("." if at_end else "")


Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]
RULES: tuple[Rule, ...] = (
    (re.compile(r"([.?!,;:-]?)[ \t]*[\r\n]+\s*(?=\S)"), lambda m: (m[1] or ".") + " "),
    (re.compile(rf"\b({_TITLE})\.(?=\s|$)"), lambda m: TITLES[m[1]]),
    (re.compile(r"\b(Dr|Mr|Mrs|Ms)\b(?=\s+[A-Z])"), lambda m: TITLES[m[1]]),
    (re.compile(r"\bSt\."), _street),
    (re.compile(r"\b(?:[A-Z]\.){2,}"), _initials),
    (re.compile(r"\b((?!I\b)[A-Z])\.(?=\s+[A-Z])"), r"\1"),
    (re.compile(rf"\b({_MONTH})\.?(?=\s+\d)"), lambda m: MONTHS[m[1]]),
    (re.compile(r"\b[Nn]os?\.\s*(?=\d)|#(?=\d)"), "number "),
    (re.compile(rf"(?<![\w.])({_ABBREVIATION})\."), _abbreviation),
    (re.compile(r"\b(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?![\d:])(?:\s*(?P<half>[AaPp])\.?[Mm]\b\.?)?"), _time),
    (re.compile(r"\b(?P<hour>1[0-2]|0?\d)\s*(?P<half>[AaPp])\.?[Mm]\b\.?"), _time),
    (
        re.compile(
            rf"(?P<sign>[$£€])\s?(?P<amount>{_NUMBER})(?:\s?(?P<scale>{_SCALE}))?(?![A-Za-z\d])"
        ),
        _money,
    ),
    (re.compile(r"(?<![\d/])[1-3]/[2-4](?![\d/])"), lambda m: FRACTIONS.get(m[0], m[0])),
    (re.compile(r"\b(\d+)(?:st|nd|rd|th)\b"), lambda m: _words(int(m[1]), to="ordinal")),
    (re.compile(r"(?<![\w])'?(1[1-9]\d0|20\d0|[2-9]0)'?s\b"), _decade),
    (re.compile(r"\b(\d{3})-(\d{4})\b"), lambda m: f"{_digits(m[1])}, {_digits(m[2])}"),
    (re.compile(r"\d+(?:\.\d+){2,}"), lambda m: " point ".join(m[0].split("."))),
    (re.compile(r"(?<=\d)-(?=\d)"), " to "),
    (re.compile(r"(?<=\d)-(?=[A-Za-z])|(?<=[A-Za-z])-(?=\d)"), " "),
    (re.compile(r"(?<![\w)])-(?=\.?\d)"), "minus "),
    (re.compile(r"°\s?([CF])\b"), lambda m: " degrees " + {"C": "Celsius", "F": "Fahrenheit"}[m[1]]),
    (re.compile(r"(?<![\d.,])(?:1[1-9]|20)\d\d(?![\d]|[.,]\d)"), lambda m: f" {_words(int(m[0]), to='year')} "),
    (re.compile(_NUMBER), lambda m: f" {_number(m[0])} "),
    (re.compile(r"(?<=[a-z])(?=[A-Z]{2,}\b)"), " "),
    (re.compile(r"\b([A-Z]{2,})((?:'?s)?)\b"), _acronym),
    (re.compile(r"(?<=[A-Za-z])\.(?=[A-Za-z])"), " dot "),
    (re.compile("|".join(map(re.escape, SYMBOL_WORDS))), lambda m: f" {SYMBOL_WORDS[m[0]]} "),
)
