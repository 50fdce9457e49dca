"""What a user should know about how a text was read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from phonelm.text.language import other_language
from phonelm.text.phonemizer import Phonemes

MOST_NAMED = 12  # characters; of a page in another script the rest is counted


def left_out(spoken: Iterable[Phonemes], text: str = "") -> str:
    """A line about the characters that have no reading and about another language; "" if all was read.

    Args:
        spoken: the text's phonemes.
        text: as it was written, for the lines on which the characters first stand, and for its language.
    """
    unread = list(dict.fromkeys(c for p in spoken for c in p.unread))
    notes = []
    if unread:
        named = ", ".join(_named(c, text) for c in unread[:MOST_NAMED])
        more = f" and {len(unread) - MOST_NAMED} more" if len(unread) > MOST_NAMED else ""
        notes.append(f"left out, as there is no English reading: {named}{more}")
    if language := other_language(text):
        notes.append(f"this looks like {language}: it is read as if it were English, the only language that is known")
    return "; ".join(notes)


def _named(c: str, text: str) -> str:
    """`世 (CJK UNIFIED IDEOGRAPH-4E16, line 12)`; the line only where there are several."""
    about = [unicodedata.name(c, f"U+{ord(c):04X}")]
    at = text.find(c)
    if at >= 0 and "\n" in text:
        about.append(f"line {text.count(chr(10), 0, at) + 1}")
    return f"{c if c.isprintable() else '?'} ({', '.join(about)})"
