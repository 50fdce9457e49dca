"""Decides whether the full stop of an abbreviation, of initials or of a unit also ends a sentence.

After a word a full stop ends the sentence. After an abbreviation it depends on the following text. An abbreviation of
an amount or a time is not part of a name, so any capital starts a sentence (`10 min. Add salt.`). An abbreviation that
can be part of a name ends the sentence before a word that usually starts one (`in the U.S. It was`, but `U.S. Army`).
"""

from __future__ import annotations

import re

from phonelm.text.rules import after

OPENERS = frozenset(
    "The This That These Those There Then They Their It Its He His She Her We Our You Your My Mine Who What When Where "
    "Why How Which While Whether If In On At As An And But Or So Yet Nor For From By With Without After Before During "
    "Since Until Although Though Because However Therefore Thus Hence Moreover Meanwhile Also Still Now Once Soon "
    "Later Today Yesterday Tomorrow Not No Yes Only Even Some Many Most Few All Both Each Every Any Another Such "
    "Is Are Was Were Do Does Did Has Have Had Can Could Will Would Should May Might Must Let Please Here Nobody "
    "Someone Everyone Everything Nothing Never Always Sometimes Perhaps Maybe Despite Under Over Between "
    "Instead".split()
)
_ENDS = r"[\"')\]]{0,80}(?:\s{0,80}$|\s{1,80}[\"'(\[]?"  # `after` gives 80 characters
_CAPITAL = re.compile(_ENDS + r"[A-Z])")
_OPENER = re.compile(_ENDS + r"(?:(?P<word>[A-Z][a-z]+)\b|I(?=['\s])|A(?=\s[a-z])))")
_ZONE = re.compile(r"\s(?:Eastern|Central|Mountain|Pacific|local|[A-Z][a-z]+day)\b")


def final_stop(m: re.Match[str]) -> str:
    """The full stop of an amount or a time. It is kept at the end of the text and before a capital."""
    rest = after(m)
    return "." if m[0].endswith(".") and _CAPITAL.match(rest) and not _ZONE.match(rest) else ""


def name_stop(m: re.Match[str]) -> str:
    """The full stop of a possible part of a name. It is kept at the end of the text and before `OPENERS`."""
    if not m[0].endswith("."):
        return ""
    return "." if opens_sentence(after(m)) else ""


def opens_sentence(rest: str) -> bool:
    """Whether nothing follows, or a word that starts sentences and is not part of a name."""
    opener = _OPENER.match(rest)
    return bool(opener and (opener["word"] is None or opener["word"] in OPENERS))
