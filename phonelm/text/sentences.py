"""The paragraphs of a text as it is written, and the sentences of a text, best of a normalised one.

The normaliser knows what an abbreviation or a unit is, and leaves only the full stops that end a sentence
(`rules/stops.py`).
"""

from __future__ import annotations

import re
from itertools import groupby

from phonelm.text.overrides import OVERRIDE
from phonelm.text.rules import abbreviations, dates, stops

NEVER_FINAL = re.compile(rf"(?:\b(?:{abbreviations.TITLE}|St|vs|cf|viz|e\.g|i\.e|{'|'.join(dates.SHORT)}))\.$")
INITIAL = re.compile(r"(?:(?<![A-Z] )\b(?!I\.)[A-Z]|\b[A-Za-z]\.[A-Z])\.$")  # but of `F B I.` the last letter is none
NUMBERED = re.compile(rf"\b(?:{abbreviations.NUMBERED})\.$", re.IGNORECASE)
SENTENCE_END = re.compile(rf"{OVERRIDE.pattern}|(?P<end>(?<![.!?…])[.!?…]+[\"'”’)\]]*(?=\s+\S))")
WRAPPED = range(45, 101)  # columns at which text is wrapped
LISTED = re.compile(r"(?:[-*+•>#|]|\w{1,3}[.)])\s")  # begins an item of a list, a quotation, a heading


def split_paragraphs(text: str) -> list[str]:
    """Split a text at blank lines; none of the paragraphs is blank, and wrapped lines are joined."""
    lines = (line.strip() for line in text.splitlines())
    return [_unwrapped(list(paragraph)) for full, paragraph in groupby(lines, bool) if full]


def _unwrapped(lines: list[str]) -> str:
    """The lines of a paragraph as one if they look wrapped: of nearly the same length, but for the last."""
    width = max(map(len, lines))
    if width in WRAPPED and min(map(len, lines[:-1]), default=0) > 0.6 * width and not any(map(LISTED.match, lines)):
        return re.sub(r"(?<=\w-)\n(?=[a-z])", "", "\n".join(lines)).replace("\n", " ")
    return "\n".join(lines)


def split_sentences(text: str) -> list[str]:
    """Split raw or normalised text at sentence ends and at line breaks; pieces are stripped, none is empty.

    A full stop after a title, an initial, an abbreviation or the number of a list ends no sentence; nor does
    `"Ah!" he said`, nor anything inside an override.
    """
    sentences = []
    for line in text.splitlines():
        start = 0
        for end in SENTENCE_END.finditer(line):
            if end["end"] and _ends_sentence(
                line[max(0, end.end() - 24) : end.end()], line[end.end() : end.end() + 24]
            ):
                sentences.append(line[start : end.end()].strip())
                start = end.end()
        sentences.append(line[start:].strip())
    return [s for s in sentences if s]


def _ends_sentence(before: str, after: str) -> bool:
    next_char = after.lstrip()[:1] or "A"  # after many spaces, as after one
    if next_char.isdigit() and NUMBERED.search(before) or re.fullmatch(r"\s*\d{1,2}\.", before):
        return False
    if next_char.islower():
        abbreviated = re.search(rf"\b(?:{abbreviations.ABBREVIATION}|[A-Za-z]\.[A-Za-z])\.$", before)
        return not (abbreviated or before.endswith(("...", "…")) or before[-1] in "\"'”’)]")
    return not (NEVER_FINAL.search(before) or (INITIAL.search(before) and not stops.opens_sentence(after)))
