"""A speech's words as subtitles: SRT, and WebVTT with the time of each word. The times are the pointer's."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from phonelm.tts.speech import Speech

LINE = 42  # characters in a cue


class Word(NamedTuple):
    """A word and its times in seconds."""

    text: str
    start_s: float
    end_s: float


def words_of(speech: Speech) -> list[Word]:
    """The spoken words, in order."""
    stretches = speech.timeline_by_word
    return [Word(s[0].word, s[0].start_s, s[-1].end_s) for s in stretches if s[0].word]


def cues_of(speech: Speech) -> list[list[Word]]:
    """The words in lines of at most `LINE` characters; a sentence begins a new one."""
    ends, count = set(), 0
    for phonemes in speech.phonemes:
        count += len(phonemes.words)
        ends.add(count)
    cues: list[list[Word]] = [[]]
    for i, word in enumerate(words_of(speech)):
        if cues[-1] and (i in ends or len(" ".join(w.text for w in [*cues[-1], word])) > LINE):
            cues.append([])
        cues[-1].append(word)
    return [cue for cue in cues if cue]


def lines_of(speech: Speech) -> list[Word]:
    """The cues, each as one text."""
    return [Word(" ".join(w.text for w in cue), cue[0].start_s, cue[-1].end_s) for cue in cues_of(speech)]


def srt(lines: Iterable[Word]) -> str:
    """SubRip: numbered cues, as `lines_of` gives them."""
    return "".join(
        f"{i}\n{_time(line.start_s, ',')} --> {_time(line.end_s, ',')}\n{line.text}\n\n"
        for i, line in enumerate(lines, 1)
    )


def vtt(speech: Speech) -> str:
    """WebVTT (W3C): cues, in them the time at which each word begins."""
    lines = ["WEBVTT\n\n"]
    for cue in cues_of(speech):
        first, *rest = cue
        text = " ".join([escape(first.text, False), *(f"<{_time(w.start_s)}>{escape(w.text, False)}" for w in rest)])
        lines.append(f"{_time(first.start_s)} --> {_time(cue[-1].end_s)}\n{text}\n\n")
    return "".join(lines)


def _time(seconds: float, point: str = ".") -> str:
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{point}{ms % 1000:03}"
