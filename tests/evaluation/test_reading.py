"""The measure of reading: what counts as read right, and what does not."""

from pathlib import Path

import pytest

from phonelm.evaluation.reading import Case, evaluate, load_cases, to_markdown
from phonelm.text import Phonemizer

SET = Path(__file__).parents[1] / "data/reading_evaluation.tsv"


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@pytest.mark.parametrize(
    "part",
    [
        "we live here . they",
        "WE LIVE",
        "(we|you) live",
        "we [still] live [right] here",
        "you live / they left",
        "live = L IH1 V",
        "live/stay = L AY1 V / L IH1 V",
        "they#2 = DH EY1",
        "two hundred and five",
        "two hundred five",
    ],
)
def test_a_part_that_is_said(phonemizer, part):
    text = "We live here. They left, they did, for 205 days."
    assert evaluate(phonemizer, Case("news", text, (part,))).missing == ()


@pytest.mark.parametrize(
    "part", ["we live here they", "(you|it) live", "we [live] there", "e live", "live = L AY1 V", "they#3 = DH EY1"]
)
def test_a_part_that_is_not_said(phonemizer, part):
    outcome = evaluate(phonemizer, Case("news", "We live here. They left, they did.", (part, "we live")))
    assert outcome.missing == (part,)


def test_text_that_cannot_be_read_is_read_wrong(phonemizer):
    assert evaluate(phonemizer, Case("news", "...", ("a", "b"))).missing == ("a", "b")


def test_the_table_counts_texts_and_parts(phonemizer):
    cases = [Case("x", "One.", ("one",)), Case("x", "Two.", ("two", "three")), Case("y", "Four.", ("five",))]
    lines = to_markdown(evaluate(phonemizer, case) for case in cases).splitlines()
    assert lines[2:] == [
        "| x | 2 | 50% | 67% (2 of 3) |",
        "| y | 1 | 0% | 0% (0 of 1) |",
        "| **all** | 3 | 33% | 50% (2 of 4) |",
    ]


def test_the_evaluation_set_is_of_twelve_kinds():
    cases = load_cases(SET)
    assert len({case.kind for case in cases}) == 12 and len({case.text for case in cases}) == len(cases) >= 200


def test_a_line_that_asks_for_nothing_is_refused(tmp_path):
    (tmp_path / "cases.tsv").write_text("kind\ttext\tspoken\nnews\tHello.\t\n")
    with pytest.raises(ValueError, match="line 2"):
        load_cases(tmp_path / "cases.tsv")
