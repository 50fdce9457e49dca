"""Runs of characters for every rule of the normaliser and the splitter, taken from the rules' own patterns.

A new rule is covered as soon as it stands in a table: its pattern is parsed, and each literal, each member of a class
and each repeated group of it gives a unit that is written again and again.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator

try:
    from re import _parser as parser  # Python 3.11
except ImportError:
    import sre_parse as parser

CATEGORIES = {
    "CATEGORY_DIGIT": "1", "CATEGORY_NOT_DIGIT": "a", "CATEGORY_SPACE": " \t\n", "CATEGORY_NOT_SPACE": "a1.",
    "CATEGORY_WORD": "aA1_", "CATEGORY_NOT_WORD": " .-",
}  # fmt: skip
LONGEST_UNIT = 12


def units(pattern: re.Pattern[str]) -> list[str]:
    """What a rule looks for, as short strings: its characters, and its repeated groups once and twice over."""
    tree = parser.parse(pattern.pattern, pattern.flags)
    return sorted({unit for unit in _units(tree) if 0 < len(unit) <= LONGEST_UNIT})


def runs(unit: str, length: int) -> Iterator[str]:
    """The unit again and again: alone, after a word, before a word, between digits, after an opening of its own."""
    row = (unit * (length // len(unit) + 1))[:length]
    yield from (row, f"Wait{row}", f"Wait {row}", f"{row} end.", f"7{row}x")


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """The shortest processor time of several tries: what else the machine does only makes a try longer."""
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best


def _units(tree) -> Iterator[str]:
    for op, value in tree:
        name = str(op)
        if name == "LITERAL":
            yield chr(value)
        elif name == "NOT_LITERAL":
            yield "a" if value != ord("a") else "b"
        elif name == "ANY":
            yield from "a.1 "
        elif name == "IN":
            yield from _members(value)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            _, most, inner = value
            if str(most) == "MAXREPEAT" or most > 1:
                sample = "".join(_sample(inner))
                yield sample
                yield f"{sample} "
            yield from _units(inner)
        elif name == "BRANCH":
            for branch in value[1]:
                yield from _units(branch)
        elif name == "SUBPATTERN":
            yield from _units(value[-1])
        elif name in ("ASSERT", "ASSERT_NOT"):
            yield from _units(value[1])
        elif name == "ATOMIC_GROUP":
            yield from _units(value)


def _members(items) -> Iterator[str]:
    if items and str(items[0][0]) == "NEGATE":
        excluded = {c for item in items[1:] for c in _members([item])}
        yield from [c for c in "aA1. -_@" if c not in excluded][:4]
        return
    for op, value in items:
        name = str(op)
        if name == "LITERAL":
            yield chr(value)
        elif name == "RANGE":
            yield chr(value[0])
            yield chr(value[1])
        elif name == "CATEGORY":
            yield from CATEGORIES[str(value)]


def _sample(tree) -> Iterator[str]:
    """A shortest text that the tree matches, look-arounds aside."""
    for op, value in tree:
        name = str(op)
        if name == "BRANCH":
            yield from _sample(value[1][0])
        elif name == "SUBPATTERN":
            yield from _sample(value[-1])
        elif name == "ATOMIC_GROUP":
            yield from _sample(value)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            yield "".join(_sample(value[2])) * max(1, value[0])
        elif name not in ("ASSERT", "ASSERT_NOT", "AT", "GROUPREF"):
            yield next(_units([(op, value)]), "")
