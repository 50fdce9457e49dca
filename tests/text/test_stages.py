"""Stages of rules are skipped where no rule of theirs matches, and only there."""

import csv
import re
from pathlib import Path

from phonelm.text import normalizer

ROOT = Path(__file__).parents[2]


def texts() -> list[str]:
    """Written examples of all tables, prose of the docs, and their words and pairs of words."""
    found = []
    for name in ("normalization", "reading", "reading_development", "reading_evaluation", "reading_phonemes"):
        with (ROOT / f"tests/data/{name}.tsv").open(encoding="utf-8") as file:
            found += [
                row.get("written") or row["text"]
                for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            ]
    for name in ("docs/READING.md", "docs/LOG.md", "README.md"):
        found += (ROOT / name).read_text("utf-8").splitlines()
    words = " ".join(found).split()
    return [*found, *words, *(" ".join(pair) for pair in zip(words, words[1:]))]


def test_skipped_stages_change_nothing():
    always = tuple(stage._replace(sign=re.compile("")) for stage in normalizer.STAGES)
    written = sorted(set(texts()))
    quick = [normalizer.apply(normalizer.STAGES, text) for text in written]
    assert [text for text, read in zip(written, quick, strict=True) if normalizer.apply(always, text) != read] == []
    assert len(written) > 5000
