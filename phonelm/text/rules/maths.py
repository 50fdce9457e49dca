"""Formulas of mathematics: functions, primes, factorials, products of letters, sets and bars."""

from __future__ import annotations

import re

from phonelm.text.rules import LETTER_A, Rule, after, before

FUNCTIONS = {
    "sin": "sine", "cos": "cosine", "tan": "tangent", "sec": "secant", "csc": "cosecant", "cot": "cotangent",
    "log": "log", "ln": "natural log of", "exp": "e to the", "lim": "limit", "det": "determinant of", "sinh": "sinch",
    "cosh": "cosh", "tanh": "tanch", "arcsin": "arc sine", "arccos": "arc cosine", "arctan": "arc tangent",
}  # fmt: skip

_GREEK = "theta|alpha|beta|gamma|phi|pi|omega|lambda|[xytn]"
_FUNCTION = "|".join(sorted(FUNCTIONS, key=len, reverse=True))
_NOT_PRODUCTS = "am an as at be by do go he if in is it me my no of on or so to up us we ok ft cm mm km kg mg ml"


_COMPARED = {
    "!=": "is not equal to", ">=": "greater than or equal to", "<=": "less than or equal to", "==": "equals",
}  # fmt: skip


def _function(m: re.Match[str]) -> str:
    return FUNCTIONS[m[1]]


def _prime(m: re.Match[str]) -> str:
    return f"{m[1]} {'double ' if len(m[2]) > 1 else ''}prime"


def _product(m: re.Match[str]) -> str:
    """`mx` in `y = mx + b`."""
    return m[0] if m[1] in _NOT_PRODUCTS.split() else " ".join(m[1].upper())


def _coefficient(m: re.Match[str]) -> str:
    """`4ac` and `2ab`."""
    return f"{m[1]} {' '.join(LETTER_A if c == 'a' else c.upper() for c in m[2])}"


def _divider(m: re.Match[str]) -> str:
    """`Prep: 15 min | Cook: 1 h` has parts. `left | right` has a bar."""
    return ", " if re.search(r"[:|\d]", before(m) + after(m)) else m[0]


SIGN = re.compile(rf"[(^|=+&]|\b\w!|\b(?:{_FUNCTION})\b")  # without it no rule matches
RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<=\()-(?=[a-z]\b)|(?<== )-(?=[a-z]\b)"), "minus "),
    (re.compile(r"(?<=\^\d) - (?=\w)"), " minus "),
    (re.compile(rf"(?<![\w'])({_FUNCTION})(?=\s(?:{_GREEK})\b|\(|\s?\^)"), _function),
    (re.compile(r"\b([a-zA-Z])('{1,2}|″)(?=\([a-z]\))"), _prime),
    (re.compile(r"(?<![\w.,])(\d{1,4}|[a-z])!(?=\s*(?:[=+*/×÷)-]|times\b|divided\b))"), r"\1 factorial"),
    (re.compile(r"(?<=[=+(] )([a-z]{2})(?=\s?[+=^-]|[,.;]|$)"), _product),
    (
        re.compile(
            r"(?<![\w.,])(\d{1,3})([abcxyzmnpqrt]{2,3})(?=\s?[=+)^]|\s{1,2}(?:minus|plus)\b)(?<!st)(?<!pt)(?<!cm)"
        ),
        _coefficient,
    ),
    (re.compile(r"(?<=[\w )\]])[!><=]=(?=[\w \"'(-])(?<!===)"), lambda m: f" {_COMPARED[m[0]]} "),
    (re.compile(r"(?<= )&&(?= )"), "and"),
    (re.compile(r"(?<= )\|\|(?= )"), "or"),
    (re.compile(r"(?<=\()([A-Z])\|(?=[A-Z]\))"), r"\1 given "),
    (re.compile(r"(?<=\w\w) \| (?=\w\w)"), _divider),
)
