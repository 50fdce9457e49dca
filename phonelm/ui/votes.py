"""Votes of blind comparisons: their counts, and a table to download. They stay in the session of the user."""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass

from phonelm.config import SamplingConfig
from phonelm.tts import DecodeControls
from phonelm.ui.take_along import DECODED, SAMPLED, control_values

NEITHER = "neither"


@dataclass(frozen=True)
class Vote:
    """The result of one blind trial.

    Attributes:
        better: "A", "B" or `NEITHER`.
        text: that was spoken.
        differing: share of cells that differ.
        voices: of A and B, names of bundled voices or "clip".
        settings: of A and B.
        controls: of A and B.
    """

    better: str
    text: str
    differing: float
    voices: tuple[str, str]
    settings: tuple[SamplingConfig, SamplingConfig]
    controls: tuple[DecodeControls, DecodeControls]


def tally(votes: list[Vote]) -> str:
    """The counts as HTML; empty before the first vote."""
    if not votes:
        return ""
    count = Counter(vote.better for vote in votes)
    cells = "".join(f"<span>{name}: <b>{count[name]}</b></span>" for name in ("A", "B", NEITHER))
    return f"<p class=facts><span>Votes:</span>{cells}</p>"


def votes_csv(votes: list[Vote]) -> str:
    """A CSV row for each vote: which was better, the text, and voice, settings and seed of A and of B."""
    names = ("voice", *SAMPLED, *DECODED, "seed")
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(["better", "text", "differing", *(f"{name}_{side}" for side in "AB" for name in names)])
    for vote in votes:
        sides = zip(vote.voices, vote.settings, vote.controls, strict=True)
        values = [v for voice, made, tuned in sides for v in (voice, *control_values(made, tuned), made.seed)]
        rows.writerow([vote.better, vote.text, f"{vote.differing:.4f}", *values])
    return table.getvalue()
