"""Splits a text into paragraphs and sentences.

Sentences are best split after normalising. The normaliser recognises abbreviations and units, and keeps only the full
stops that end a sentence (`rules/stops.py`).
"""

from __future__ import annotations

import re
from itertools import groupby

from phonelm.text.overrides import OVERRIDE
from phonelm.text.rules import abbreviations, dates, stops

NEVER_FINAL = re.compile(rf"(?:\b(?:{abbreviations.TITLE}|St|vs|cf|viz|e\.g|i\.e|{'|'.join(dates.ABBREVIATED)}))\.$")
INITIAL = re.compile(r"(?:(?<![A-Z] )\b(?!I\.)[A-Z]|\b[A-Za-z]\.[A-Z])\.$")  # not the last letter of `F B I.`
NUMBERED = re.compile(rf"\b(?:{abbreviations.NUMBERED})\.$", re.IGNORECASE)
SENTENCE_END = re.compile(rf"{OVERRIDE.pattern}|(?P<end>(?<![.!?…])[.!?…]+[\"'”’)\]]*(?=\s+\S))")
WRAPPED = range(45, 101)  # usual widths of wrapped text, in columns
LISTED = re.compile(r"(?:[-*+•>#|]|\w{1,3}[.)])\s")  # start of a list item, a quotation or a heading


def split_paragraphs(text: str) -> list[str]:
    """Split a text at blank lines. Paragraphs are not blank, and their wrapped lines are joined."""
    lines = (line.strip() for line in text.splitlines())
    return [_unwrapped(list(paragraph)) for full, paragraph in groupby(lines, bool) if full]


def _unwrapped(lines: list[str]) -> str:
    """Join the lines of a paragraph if they look wrapped: all but the last have nearly the same length."""
    width = max(map(len, lines))
    if width in WRAPPED and min(map(len, lines[:-1]), default=0) > 0.6 * width and not any(map(LISTED.match, lines)):
        return re.sub(r"(?<=\w-)\n(?=[a-z])", "", "\n".join(lines)).replace("\n", " ")
    return "\n".join(lines)


def split_sentences(text: str) -> list[str]:
    """Split raw or normalised text at sentence ends and at line breaks. Sentences are stripped and not empty.

    A full stop after a title, an initial, an abbreviation or a list number does not end a sentence. Neither does
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
    next_char = after.lstrip()[:1] or "A"  # any number of spaces
    if next_char.isdigit() and NUMBERED.search(before) or re.fullmatch(r"\s*\d{1,2}\.", before):
        return False
    if next_char.islower():
        abbreviated = re.search(rf"\b(?:{abbreviations.ABBREVIATION}|[A-Za-z]\.[A-Za-z])\.$", before)
        return not (abbreviated or before.endswith(("...", "…")) or before[-1] in "\"'”’)]")
    return not (NEVER_FINAL.search(before) or (INITIAL.search(before) and not stops.opens_sentence(after)))
