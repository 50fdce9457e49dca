"""Sentences of twelve kinds, written to find what is read wrong, are read as a careful reader reads them."""

from pathlib import Path

import pytest

from phonelm.evaluation.reading import evaluate, load_cases
from phonelm.text import Phonemizer

CASES = load_cases(Path(__file__).parents[1] / "data/reading_development.tsv")


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@pytest.mark.parametrize("case", CASES, ids=[f"{case.kind}: {case.text[:30]}" for case in CASES])
def test_sentences_of_twelve_kinds(phonemizer, case):
    outcome = evaluate(phonemizer, case)
    assert outcome.missing == (), outcome.reading
