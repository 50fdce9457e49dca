"""Roman numerals after names: `Henry VIII`, `World War II`, `Chapter IV`."""

from __future__ import annotations

import re

import roman

from phonelm.text.rules import Rule
from phonelm.text.rules.numbers import ordinal, words

COUNTED = (
    "World War|Chapter|Type|Class|Phase|Schedule|Stage|Grade|Tier|Super Bowl|Volume|Section|Article|Appendix|Vatican|"
    "Psalm"
)
COUNTED_UNLESS_I = (  # "the part I like"
    "Part|Act|Scene|Book|Level|Title|Figure|Table|Unit|Mark|Mk|Episode|Rocky|Final Fantasy|Apollo|Saturn|Division|"
    "Group|Form|Category|Round|Theorem|Canto|Symphony|Sonata|Lesson|Factor|Godfather|Civilization|Street Fighter|"
    "Terminator|Rambo|Star Wars|Zone|Region|Corps|Photosystem"
)
RULERS = (
    "Henry|Louis|Charles|Edward|George|William|James|Richard|Elizabeth|Mary|John|Paul|Pius|Benedict|Francis|Gregory|Leo|"
    "Innocent|Clement|Urban|Alexander|Nicholas|Catherine|Peter|Ivan|Frederick|Wilhelm|Napoleon|Philip|Ferdinand|Alfonso|"
    "Carlos|Juan|Haakon|Gustav|Christian|Harald|Olav|Margrethe|Ramesses|Ramses|Rameses|Ptolemy|Cleopatra|Xerxes|Darius|"
    "Constantine|Theodosius|Otto|Robert|Kenneth|Pedro|Umberto|Leopold|Albert|Rama|Mehmed|Murad|Selim|Boniface|"
    "Julius|Sixtus|Adrian|Celestine|Maximilian|Joseph|Franz|Friedrich|Thutmose|Amenhotep|Stephen|Felipe|Victor Emmanuel"
)
_NUMERAL = r"[IVXL]+|[ivx]{2,}"
_NOT_I = r"(?!I\b(?! *(?:$|[.,:;)–-]|and\b|of\b|or\b)))"


def _value(numeral: str) -> int | None:
    try:
        return roman.fromRoman(numeral.upper())
    except roman.InvalidRomanNumeralError:
        return None


def _counted(m: re.Match[str]) -> str:
    value = _value(m[2])
    return f"{m[1]}{words(value)}" if value else m[0]


def _ruler(m: re.Match[str]) -> str:
    value = _value(m[2])
    return f"{m[1]}the {ordinal(str(value))}" if value else m[0]


def _roman_year(m: re.Match[str]) -> str:
    value = _value(m[0])
    return words(value, to="year" if 1000 < value < 2100 else "cardinal") if value else m[0]


def _item(m: re.Match[str]) -> str:
    value = _value(m[1] or m[2])
    return f"({words(value)})" if value else m[0]


SIGN = re.compile(r"[IVXLCDM]{2}|WW|\b[ivx]{2,}\b|\b[VXLC]\b|\w I\b|\([ivx]")  # without it no rule matches
RULES: tuple[Rule, ...] = (
    (re.compile(r"\bWW(II?|[12])\b"), lambda m: f"World War {'two' if m[1] in ('II', '2') else 'one'}"),
    (re.compile(r"\b(?=[MDC])[MDCLXVI]{4,15}\b"), _roman_year),
    (re.compile(r"(?<=\))\(([ivx]{1,5})\)|(?<![\w)])\(([ivx]{2,5})\)"), _item),
    (re.compile(rf"\b((?:{COUNTED})s? )({_NUMERAL})\b(?!')"), _counted),
    (re.compile(rf"\b((?i:{COUNTED}|{COUNTED_UNLESS_I})s? ){_NOT_I}({_NUMERAL})\b(?!')"), _counted),
    (
        re.compile(
            rf"\b((?:King|Queen|Pope|Emperor|Tsar|Czar|Kaiser|Prince|Princess|Sultan) [A-Z][a-z]+ )({_NUMERAL})\b"
        ),
        _ruler,
    ),
    (re.compile(rf"\b((?:{RULERS}) )(I(?= of [A-Z])|V|X|[IVX]{{2,}})\b"), _ruler),
    (re.compile(r"\b([A-Z][a-z]+,? )(II|III|IV|VI|VII|VIII|IX|XI{1,3}|XIV|XV|XVI{1,3})\b"), _ruler),
)
