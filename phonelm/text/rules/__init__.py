"""Rules for everything that is not a word: one module per kind, with its tables and `RULES`. `normalizer.py` runs them.

Each pattern takes linear time. `re` backtracks over what it has matched, and blocks the interpreter meanwhile. So a
pattern starts at only one place of a run (`(?<!\\d)\\d+`), and two neighbouring parts never match the same characters.
If neither is possible, the number of repetitions is limited. A replacement looks only at the text near its match.
`tests/text/test_text_time.py` measures each rule of these tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Rule = tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]]

LETTER_A = "\ue002"  # private-use character for the letter A where it could be read as the article
_NEAR = 80  # characters before and after a match that a replacement can see


def behind(*patterns: str) -> str:
    """A look-behind for several patterns of different widths."""
    return f"(?:{'|'.join(f'(?<={pattern})' for pattern in patterns)})"


def before(m: re.Match[str]) -> str:
    """The last `_NEAR` characters before a match. The limit keeps the time of many matches linear."""
    return m.string[max(0, m.start() - _NEAR) : m.start()]


def after(m: re.Match[str]) -> str:
    """The first `_NEAR` characters after a match."""
    return m.string[m.end() : m.end() + _NEAR]
