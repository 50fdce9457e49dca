"""Held-out people and utterances: those that PhoneLM is developed and evaluated with. No training uses them.

`heldout.json` names them. The speakers are those of speechocean762 (so...), of Common Voice as `cv-<language>-<number>`
and of LibriSpeech by its own numbers; ten of its part test-other are in the repository of Resemblyzer. They are left
out of every dataset, whatever its folder is called. Utterances of voices in the training data are named together
with their dataset's folder. Choose among settings on "development", and report on "evaluation".
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from phonelm.datasets import Problem, Row

PARTS = ("evaluation", "development")
REASON = "held out for evaluation"


class Names(NamedTuple):
    """Names of held-out people and utterances."""

    speakers: frozenset[str]  # without their dataset
    utterances: frozenset[str]  # "dataset/id"


@cache
def names(part: str | None = None) -> Names:
    """The names of one part (one of `PARTS`), or of both.

    Raises:
        ValueError: no such part.
    """
    if part not in (None, *PARTS):
        raise ValueError(f"unknown part {part!r} of the people held out; known are {', '.join(PARTS)}")
    text = (resources.files(__package__) / "heldout.json").read_text(encoding="utf-8")
    lists: dict[str, Any] = json.loads(text)
    chosen = [lists[name] for name in ([part] if part else PARTS)]
    speakers = {speaker for found in chosen for group in found["speakers"].values() for speaker in group}
    utterances = {f"{data}/{i}" for found in chosen for data, ids in found["utterances"].items() for i in ids}
    return Names(frozenset(speakers), frozenset(utterances))


def is_held_out(row: Row, part: str | None = None) -> bool:
    """Whether an utterance, as `read_dataset` gives it, is held out."""
    known = names(part)
    return row.speaker.partition("/")[2] in known.speakers or row.id in known.utterances


def leave_out(rows: Iterable[Row]) -> tuple[list[Row], list[Problem]]:
    """Rows to train on, and the others with the reason."""
    kept: list[Row] = []
    problems: list[Problem] = []
    for row in rows:
        if is_held_out(row):
            problems.append(Problem(row.id, REASON))
        else:
            kept.append(row)
    return kept, problems


def pick(rows: Iterable[Row], part: str) -> list[Row]:
    """Rows of one part of the people held out; errors as `names`."""
    return [row for row in rows if is_held_out(row, part)]
