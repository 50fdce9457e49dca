"""Who speaks: a line may begin with the name of a voice, as in `[george] Hello.`, for dialogues."""

from __future__ import annotations

import re

# A name in lower case or with a capital, alone in square brackets at the beginning of a line, with text behind it.
MARK = re.compile(r"^[ \t]*\[(?!(?i:pause)\])(?P<name>[A-Za-z][A-Za-z0-9-]{0,39})\][ \t]+(?=\S)", re.MULTILINE)
_PARAGRAPH_END = re.compile(r"\n[ \t]*\n")


def split_speakers(text: str) -> list[tuple[str, str]]:
    """The parts of a text, in order, each with the name of its speaker in lower case, or "" if it names none.

    A mark holds until the next one or until the paragraph ends. All other characters of the text stay.
    """
    marks = list(MARK.finditer(text))
    if not marks:
        return [("", text)]
    parts = [("", text[: marks[0].start()])]
    for mark, end in zip(marks, [*(m.start() for m in marks[1:]), len(text)]):
        spoken = text[mark.end() : end]
        closes = _PARAGRAPH_END.search(spoken)
        at = closes.end() if closes else len(spoken)
        parts += [(mark["name"].lower(), spoken[:at]), ("", spoken[at:])]
    return [(name, part) for name, part in parts if part.strip()]
