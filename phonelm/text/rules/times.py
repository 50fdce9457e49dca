"""Times of day and durations."""

from __future__ import annotations

import re
from typing import Any

from phonelm.text.rules import Rule, after, before
from phonelm.text.rules.numbers import number
from phonelm.text.rules.stops import final_stop

_HALF = r"(?P<half>[AaPp])\.?\s?[Mm]\b\.?"
_CLOCK = r"(?P<hour>[01]?\d|2[0-4]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?![\d:])"


def _time(m: re.Match[str]) -> str:
    groups: dict[str, Any] = m.groupdict()
    hour, minute, second, half = (groups.get(part, "") for part in ("hour", "minute", "second", "half"))
    if (hour, minute, second or None, half or None) == ("00", "00", None, None):
        return "midnight"
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


_LASTS = re.compile(
    r"\b(?:prep|cook|bake|rest|simmer|boil|wait|for|in|after|took|takes?|lasts?|lasted|about|under|every|next|last|past|"
    r"timeout|within|only|just|of|chill|roast|grill|steam|fry|knead|rise|total|time|sleep|nap|plank|hold|snooze):?\s$|\w=$",
    re.IGNORECASE,
)
_LEFT = re.compile(
    r"[- ](?:left|remaining|ago|later|early|late|read|timer|break|delay|timeout|walk|drive|nap|rest|each|"
    r"interval|video|clip|"
    r"plank|per|from now|then|and \d+s)\b|\s\d{1,2}s\b"
)
_MAX_MINUTES = 90  # 100m is a distance


def _short(m: re.Match[str]) -> str:
    """`15m` and `30s` are times if the context is about time, otherwise meters and the thirties."""
    if not (_LASTS.search(before(m)) or _LEFT.match(after(m))) or int(m[1]) > _MAX_MINUTES:
        return m[0]
    return f"{number(m[1])} {'minute' if m[2] == 'm' else 'second'}{'' if m[1] == '1' else 's'}"


_TRAVEL = {"dep": "departs", "arr": "arrives", "ret": "returns", "Dep": "Departs", "Arr": "Arrives", "Ret": "Returns"}


def _military(m: re.Match[str]) -> str:
    """`0530 hrs` and `1400 hours`."""
    hour, minute = m[1], m[2]
    first = f"{'zero ' if hour[0] == '0' else ''}{number(str(int(hour)))}" if hour != "00" else "zero zero"
    last = "hundred" if minute == "00" else f"{'zero ' if minute[0] == '0' else ''}{number(str(int(minute)))}"
    return f"{first} {last}" + (" hours" if m[3] else "")


def _military_range(m: re.Match[str]) -> str:
    """`0600-2200`: of two times one has a zero at its start."""
    if "0" not in (m[1][0], m[2][0]):
        return m[0]
    return " to ".join(re.sub(r"(\d\d)(\d\d)()", _military, time) for time in m.groups())


RULES: tuple[Rule, ...] = (
    (
        re.compile(r"\b([Dd]ep|[Aa]rr|[Rr]et)\b\.?(?=:? (?:[A-Z]{3} |at |@ ?)?(?:\d{1,2}[:.]\d\d|\d{4}\b))"),
        lambda m: _TRAVEL[m[1]],
    ),
    (re.compile(r"(?:(?<=eparts )|(?<=rrives )|(?<=eturns ))([01]\d|2[0-4])([0-5]\d)()\b"), _military),
    (re.compile(r"(?<![\d:])(\d{1,2}(?::\d\d)?)([ap])\s?-\s?(\d{1,2}(?::\d\d)?)([ap])\b(?![.'])"), r"\1\2m to \3\4m"),
    (re.compile(r"(?<!\d)(\d{1,2}:\d\d)\s?([ap])\b(?![.'])"), r"\1 \2m"),
    (re.compile(r"(?<=[ap]m)\s?-\s?(?=midnight|noon|late\b|close\b)|(?<=noon)-(?=\d)|(?<=midnight)-(?=\d)"), " to "),
    (re.compile(r"(?<![\d.,])([01]\d|2[0-4])([0-5]\d)\s?(h|hrs?\.?|hours)(?!\w)"), _military),
    (
        re.compile(r"(?<![\d.,/-])((?:[01]\d|2[0-4])[0-5]\d)\s?-\s?((?:[01]\d|2[0-4])[0-5]\d)(?![\d/-]|[.,]\d)"),
        _military_range,
    ),
    (re.compile(r"(?<![\w:]):([0-5]\d)\b(?!:)"), lambda m: number(m[1])),
    (re.compile(r"\b(\d{1,2})h([0-5]\d)\b"), r"\1h \2m"),
    (re.compile(r"(?<=\d)\s?-\s?(?=\d{1,2}(?::\d\d)?\s?[AaPp]\.?[Mm]\b)|(?<=:\d\d)\s?-\s?(?=\d{1,2}:\d\d)"), " to "),
    (re.compile(r"(?<=[ap])\s?-\s?(?=\d{1,2}(?::\d\d)?\s?[ap]\.?m\b)"), " to "),
    (re.compile(r"(?<=[AaPp][Mm])-(?=\d)"), " to "),
    (re.compile(rf"(?<![\d:.]){_CLOCK}(?:\s?{_HALF})?"), _time),
    (re.compile(rf"(?<![\d:.,/])(?P<hour>1[0-2]|0?\d)(?:\.(?P<minute>[0-5]\d))?\s?{_HALF}"), _time),
    (re.compile(r"\b(\d{1,3})\s?hr?s?\s?(\d{1,2})\s?m(?:ins?)?(?:\s?(\d{1,2})\s?s(?:ecs?)?)?\b"), _duration),
    (re.compile(r"(?<![\w.,])()(\d{1,3})m\s(\d{1,2})s\b"), _duration),
    (re.compile(r"(?<![\w.,$])(\d{1,3})([ms])\b(?![/^²'-])"), _short),
    (re.compile(r"(?<![\d:])(\d+):(\d+)(?![\d:])"), r"\1 to \2"),
)
