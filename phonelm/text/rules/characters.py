"""Converts characters to ASCII if they have a plain form or a name: quotes, dashes, accents, symbols, emoji."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from phonelm.text.overrides import PLACEHOLDER

PLAIN = (
    ("“”„«»‟〝〞″", '"'), ("‘’‚‹›′`´ʼʻʹ", "'"), ("—―⸺⸻", " - "), ("‐‑−﹣", "-"), ("¿¡", ""), ("‽", "?!"), ("。", ". "),
    ("、", ", "), ("•·‣◦▪●■", ", "), ("№", "number "), ("⁄∕", "/"), ("º", "°"), ("µ", "μ"),
)  # fmt: skip
PUNCTUATION = str.maketrans({c: plain for chars, plain in PLAIN for c in chars})
LIGATURES = str.maketrans(
    {"ß": "ss", "ẞ": "Ss", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ð": "th", "Ð": "Th", "þ": "th", "Þ": "Th"}
    | {"ŋ": "ng", "Ŋ": "Ng", "ə": "e", "ĸ": "k", "ſ": "s"}
)
SYMBOLS = {
    "&": "and", "@": "at", "+": "plus", "=": "equals", "%": "percent", "#": "hash", "×": "times", "÷": "divided by",
    "<": "less than", ">": "greater than", "±": "plus or minus", "≈": "about", "~": "about", "/": "slash",
    "\\": "backslash", "§": "section", "°": "degrees", "$": "dollars", "£": "pounds", "€": "euros", "_": "underscore",
    "*": "star", "©": "copyright", "®": "registered", "^": "to the power of", "|": "bar", "¥": "yen", "₹": "rupees",
    "₩": "won", "₽": "rubles", "₿": "bitcoin", "₺": "lira", "₴": "hryvnia", "₪": "shekels", "¢": "cents",
    "™": "trademark", "≤": "less than or equal to", "≥": "greater than or equal to", "≠": "not equal to",
    "≡": "is equivalent to", "∞": "infinity", "√": "square root of", "∑": "the sum of", "∏": "the product of",
    "∫": "the integral of", "∈": "in", "∉": "not in", "∪": "union", "∩": "intersection", "∀": "for all",
    "∃": "there exists", "¬": "not", "∧": "and", "∨": "or", "∴": "therefore", "∝": "proportional to", "∂": "partial",
    "∇": "nabla", "→": "to", "⇒": "implies", "←": "left arrow", "↑": "up arrow", "↓": "down arrow",
    "⇔": "if and only if", "✓": "check mark", "✗": "cross mark", "★": "star", "☆": "star", "†": "dagger",
    "∠": "angle", "⊥": "is perpendicular to", "∥": "is parallel to", "△": "triangle", "≅": "is congruent to",
    "⊂": "is a subset of", "⊆": "is a subset of", "∅": "the empty set", "↦": "maps to", "‡": "double dagger",
    "¶": "paragraph",
    "‰": "per mille", "℅": "care of", "⌘": "command",
}  # fmt: skip
SYMBOL = re.compile("[" + re.escape("".join(SYMBOLS)) + "]")
SPECIAL = re.compile("[" + "".join(c for c in SYMBOLS if not c.isascii() and c not in "×÷°£€¥₹₩₽₿₺₴₪¢") + "]")
ROW = re.compile(rf"({SPECIAL.pattern})\1{{8,}}")  # a row of one symbol is a decoration and is named once
SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "0123456789+-n")

_GREEK = "\u0370-\u03ff"
_RANGE = re.compile(r"(?<=[\d%KkMmBb])\s*[–‒]\s*(?=[$£€]?\d)|(?<=\d)\s*[–‒]\s*(?=[$£€])|(?<=\d[ap])[–‒](?=\d)")
_IGNORABLE = re.compile("[\u00ad\u034f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufe00-\ufe0f\ufeff\u20e3]")


def to_ascii(text: str) -> str:
    """Plain quotes and dashes, no accents, digits of any script as 0-9, names of symbols and emoji.

    Characters without a plain form, also letters of another script, do not change.
    """
    if text.isascii():
        return text
    text = re.sub(r"(?<=\d)[\u00a0\u2009\u202f](?=\d{3}\b)", "", _named_emoji(text))
    text = re.sub(r"(?<=[\w)] )−(?= [\w(])|(?<=[\w)])−(?=[\w(])", " minus ", text)
    text = re.sub(r"(?<=\d)′(?!\s?\d)", " ft", text)
    text = re.sub(r"log([₀-₉]{1,3}) ?", lambda m: f"log base {m[1]} of ", text)
    text = re.sub(r"(?<=[A-Za-z] )–(?=\d)|(?<=\()–(?=\d)|^–(?=\d)", "-", text)
    text = _RANGE.sub("-", text).translate({ord("–"): " - ", ord("‒"): " - "})
    text = ROW.sub(r"\1", text.translate(PUNCTUATION))
    text = SPECIAL.sub(lambda m: f" {SYMBOLS[m[0]]} ", text)
    text = re.sub("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ]+", lambda m: "^" + m[0].translate(SUPERSCRIPTS), text)
    text = re.sub(r"(?<=\d)(?=[¼-¾⅐-⅞])", " ", text)
    text = unicodedata.normalize("NFKC", _IGNORABLE.sub("", text)).translate(PUNCTUATION).translate(LIGATURES)
    text = re.sub(rf"(?<![{_GREEK}])[{_GREEK}](?![{_GREEK}])", _greek_name, text)
    return _without_accents(text)


def _named_emoji(text: str) -> str:
    """Replace each emoji by its name between commas. A row of the same emoji is named once."""
    if not any(ord(c) > 0x2000 for c in text):
        return text
    import emoji  # takes a quarter of a second

    def name(chars: str, data: dict[str, str]) -> str:
        if chars in SYMBOLS or "\u20e3" in chars:
            return chars
        words = re.sub(r"[:_]", " ", re.sub("_(?:light|medium|dark|-)+_skin_tone", "", data["en"])).strip()
        flag = all("\U0001f1e6" <= c <= "\U0001f1ff" for c in chars)
        return f"\0 {words}{' flag' if flag else ''}\0"

    text = emoji.replace_emoji(text, name)
    text = re.sub(r"(\0[^\0]+\0)(?:\s*\1)+", r"\1", text)
    text = re.sub(r"^(\s*)\0 ", r"\1", re.sub(r"\0\s*\0", ",", text))
    return re.sub(r"\0(?=\s*(?:$|[.,?!;:)]))", "", re.sub(r"(?<=[.,?!;:(])\s*\0", " ", text)).replace("\0", ",")


def _greek_name(m: re.Match[str]) -> str:
    name = unicodedata.name(m[0], "")
    if "LETTER" not in name:
        return m[0]
    before, after = m.string[max(0, m.start() - 1) : m.start()], m.string[m.end() : m.end() + 1]
    spoken = name.split(" WITH ")[0].split()[-1].lower().replace("lamda", "lambda")
    return " " * before.isalnum() + spoken + " " * after.isalnum()


def _without_accents(text: str) -> str:
    plain: list[str] = []
    for c in _decomposed(text):
        if c.isascii() or c == PLACEHOLDER:
            plain.append(c)
        elif c.isdecimal():
            plain.append(str(unicodedata.decimal(c)))
        elif c.isalpha():
            plain.append(_latin(c))
        elif not (unicodedata.category(c)[0] == "M" and plain and plain[-1].isalpha()):
            plain.append(c)
    return "".join(plain)


def _decomposed(text: str) -> Iterator[str]:
    """Split Latin letters from their accents. Other characters are not split, so that they are reported as written."""
    for c in unicodedata.normalize("NFC", text):
        parts = unicodedata.normalize("NFD", c)
        if parts[0].isascii() or "LATIN" in unicodedata.name(parts[0], ""):
            yield from parts
        else:
            yield c


def _latin(letter: str) -> str:
    """The base letter of `ø`, `ł` or `ħ`. A letter without one does not change."""
    name = unicodedata.name(letter, f"U+{ord(letter):04X}")
    if plain := re.fullmatch(r"LATIN (SMALL|CAPITAL) LETTER (?:DOTLESS )?([A-Z])(?: WITH .*)?", name):
        return plain[2] if plain[1] == "CAPITAL" else plain[2].lower()
    return letter


RULES = ((SYMBOL, lambda m: f" {SYMBOLS[m[0]]} "),)
