"""How what is no word is read: a module for each kind, with its tables and its `RULES`, run by `normalizer.py`.

Each pattern takes linear time: `re` goes back over what it has matched, and holds the interpreter while it does. So a
pattern begins at one place of a run only (`(?<!\\d)\\d+`), never has two neighbours that match the same characters, and
counts what it repeats where neither can be had. A replacement looks at the text near its match only. Shown by
`tests/text/test_text_time.py`, for each rule of these tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

LETTER_A = "\ue002"  # stands for the letter A where it could be taken for the article; a private-use character
_NEAR = 80  # characters that a replacement looks back or ahead


def behind(*patterns: str) -> str:
    """A look-behind for several patterns, each of its own width."""
    return f"(?:{'|'.join(f'(?<={pattern})' for pattern in patterns)})"


def before(m: re.Match[str]) -> str:
    """The text just before a match; the last characters only, so that many matches take linear time."""
    return m.string[max(0, m.start() - _NEAR) : m.start()]


def after(m: re.Match[str]) -> str:
    """The text just after a match, as `before`."""
    return m.string[m.end() : m.end() + _NEAR]
