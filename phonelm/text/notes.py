"""Notes for the user about the reading of a text."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from phonelm.text.language import other_language
from phonelm.text.phonemizer import Phonemes

MAX_NAMED = 12  # characters; any others are only counted


def left_out(spoken: Iterable[Phonemes], text: str = "") -> str:
    """A line about characters without a reading and about another language. "" if there are none.

    Args:
        spoken: phonemes of the text.
        text: the written text. It gives the lines of the characters and the language.
    """
    unread = list(dict.fromkeys(c for p in spoken for c in p.unread))
    notes = []
    if unread:
        named = ", ".join(_named(c, text) for c in unread[:MAX_NAMED])
        more = f" and {len(unread) - MAX_NAMED} more" if len(unread) > MAX_NAMED else ""
        notes.append(f"left out because they have no English reading: {named}{more}")
    if language := other_language(text):
        notes.append(f"this looks like {language}, but it is read as English, the only supported language")
    return "; ".join(notes)


def _named(c: str, text: str) -> str:
    """`世 (CJK UNIFIED IDEOGRAPH-4E16, line 12)`. The line is omitted if the text has only one."""
    about = [unicodedata.name(c, f"U+{ord(c):04X}")]
    at = text.find(c)
    if at >= 0 and "\n" in text:
        about.append(f"line {text.count(chr(10), 0, at) + 1}")
    return f"{c if c.isprintable() else '?'} ({', '.join(about)})"
