"""Times of day and durations."""

from __future__ import annotations

import re
from typing import Any

from phonelm.text.rules import Rule, after
from phonelm.text.rules.numbers import number

_HALF = r"(?P<half>[AaPp])\.?\s?[Mm]\b\.?"
_CLOCK = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"


def final_stop(m: re.Match[str]) -> str:
    """The full stop of an abbreviation ends the sentence too when nothing or a capital follows it."""
    return "." if m[0].endswith(".") and re.match(r"[\"')\]]*(?:\s*$|\s+[A-Z])", after(m)) else ""


def _time(m: re.Match[str]) -> str:
    groups: dict[str, Any] = m.groupdict()
    hour, minute, second, half = (groups.get(part, "") for part in ("hour", "minute", "second", "half"))
    spoken = number(str(int(hour)))
    if minute and minute != "00":
        spoken += f" {'oh ' if minute[0] == '0' else ''}{number(str(int(minute)))}"
    elif minute and not half:
        spoken += " o'clock" if int(hour) <= 12 else " hundred"
    if second:
        spoken += f" and {number(str(int(second)))} seconds"
    return f"{spoken} {half.upper()} M{final_stop(m)}" if half else spoken


def _duration(m: re.Match[str]) -> str:
    spoken = [
        f"{number(n)} {unit}{'' if n == '1' else 's'}" for n, unit in zip(m.groups(), ("hour", "minute", "second")) if n
    ]
    return " ".join(spoken)


RULES: tuple[Rule, ...] = (
    (re.compile(r"(?<=\d)\s?-\s?(?=\d{1,2}(?::\d\d)?\s?[AaPp]\.?[Mm]\b)|(?<=:\d\d)\s?-\s?(?=\d{1,2}:\d\d)"), " to "),
    (re.compile(r"(?<=[ap])\s?-\s?(?=\d{1,2}(?::\d\d)?\s?[ap]\.?m\b)"), " to "),
    (re.compile(r"(?<=[AaPp][Mm])-(?=\d)"), " to "),
    (re.compile(rf"(?<![\d:.]){_CLOCK}(?:\s?{_HALF})?"), _time),
    (re.compile(rf"(?<![\d:.,/])(?P<hour>1[0-2]|0?\d)\s?{_HALF}"), _time),
    (re.compile(r"\b(\d{1,3})\s?hr?s?\s?(\d{1,2})\s?m(?:ins?)?(?:\s?(\d{1,2})\s?s(?:ecs?)?)?\b"), _duration),
    (re.compile(r"(?<![\d:])(\d+):(\d+)(?![\d:])"), r"\1 to \2"),
)
