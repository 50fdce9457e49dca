"""Pause marks in a text: `[pause 1s]`, `[pause: 0.5]`, `[pause 300ms]`, and SSML's `<break time="500ms"/>`."""

from __future__ import annotations

import re

LONGEST_S = 10.0
SECONDS = 0.5  # pause of a mark without a time
STRENGTHS = {"none": 0.0, "x-weak": 0.1, "weak": 0.25, "medium": 0.5, "strong": 0.75, "x-strong": 1.25}  # SSML

_TIME = r"(?P<{0}>\d{{1,9}}(?:\.\d{{0,9}})?|\.\d{{1,9}})\s?(?P<{0}_unit>ms|milliseconds?|s|secs?|seconds?)?"
MARK = re.compile(
    rf"\[[ \t]*pause(?:[ \t]*[:= \t][ \t]*{_TIME.format('time')})?[ \t]*\](?!\()"
    rf"|<break(?:\s(?:[^<>]{{0,80}}\s)?time\s?=\s?[\"']?{_TIME.format('break')}[\"']?|\s(?:[^<>]{{0,80}}\s)?strength\s?=\s?"
    r"[\"']?(?P<strength>[a-z-]{1,8})[\"']?)?[^<>]{0,80}>(?:\s?</break>)?",
    re.IGNORECASE,
)


def split_pauses(text: str) -> list[tuple[str, float]]:
    """The parts of a text between its pause marks, each with the seconds of silence after it, 0 for the last.

    A pause lasts at most `LONGEST_S`, also the sum of adjacent marks.
    """
    parts: list[tuple[str, float]] = []
    start = 0
    for mark in MARK.finditer(text):
        part, pause_s = text[start : mark.start()], _seconds(mark)
        if parts and not part.strip():
            part, before_s = parts.pop()
            pause_s = min(before_s + pause_s, LONGEST_S)
        parts.append((part, pause_s))
        start = mark.end()
    return [*parts, (text[start:], 0.0)]


def _seconds(mark: re.Match[str]) -> float:
    written, unit = mark["time"] or mark["break"], (mark["time_unit"] or mark["break_unit"] or "s").lower()
    if written is None:
        return STRENGTHS.get((mark["strength"] or "").lower(), SECONDS)
    return min(float(written) * (0.001 if unit.startswith("m") else 1.0), LONGEST_S)
