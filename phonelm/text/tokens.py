"""A normalised sentence as words, overrides and pauses."""

from __future__ import annotations

import re

from phonelm.text.overrides import OVERRIDE

_TOKEN = re.compile(
    rf"(?:{OVERRIDE.pattern})|'?[A-Za-z]+(?:'[A-Za-z]+)*'?|\.\.\.|[.,?!;:]|(?<![A-Za-z)])-+|-+(?![A-Za-z])|[()\[\]{{}}]"
)
_ELISIONS = frozenset("'tis 'twas 'em 'til 'cause 'bout 'round".split())  # their apostrophe is no quotation mark


def tokenize(sentence: str) -> list[str]:
    """Words, overrides and pauses of a normalised sentence; quotation marks are dropped, brackets become commas."""
    return [_token(m[0]) for m in _TOKEN.finditer(sentence)]


def _token(token: str) -> str:
    if OVERRIDE.fullmatch(token):
        return token
    if token[0] in "()[]{}":
        return ","
    if token[0] == "-":
        return "-"
    if token[0] == "'" and token.lower() not in _ELISIONS:
        return token.strip("'")
    return token if token.endswith("in'") else token.rstrip("'")


def not_shouted(tokens: list[str]) -> list[str]:
    """A sentence of capitals in lower case: the tagger takes capitals for names."""
    shouted = sum(map(len, tokens)) > len(tokens) and all(token == token.upper() for token in tokens)
    return [token if token == "I" else token.lower() for token in tokens] if shouted else tokens
