"""Homographs in 200 sentences written before the rules, which were made for failures of the `dev` half only."""

import csv
from pathlib import Path

import pytest

from phonelm.text.homographs import Homographs
from phonelm.text.phonemizer import Phonemizer
from phonelm.text.syntax import correct

ROWS = list(csv.DictReader((Path(__file__).parents[1] / "data/homographs.tsv").open(encoding="utf-8"), delimiter="\t"))


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@pytest.mark.parametrize(
    ("half", "least"), [("dev", 0.98), ("held-out", 0.95)]
)  # as measured; 0.89 and 0.89 by tag only
def test_homographs_in_sentences(phonemizer, half, least):
    rows = [row for row in ROWS if row["half"] == half]
    wrong = [row for row in rows if said(phonemizer, row["sentence"], row["word"]) != row["pronunciation"]]
    assert len(rows) == 100
    assert len(wrong) <= (1 - least) * 100 + 1e-9, wrong


def said(phonemizer: Phonemizer, sentence: str, word: str) -> str:
    spoken = phonemizer(sentence)
    i = spoken.words.index(word)
    return " ".join(s for s, w in zip(spoken.symbols, spoken.word_index, strict=True) if w == i)


@pytest.mark.parametrize(
    ("sentence", "word", "phones"),
    [
        ("A knife was used to open it.", "used", "Y UW1 Z D"),  # a cue with a tag
        ("She used to sing.", "used", "Y UW1 S T"),  # the cue after it
        ("Drums and bass came later.", "bass", "B EY1 S"),
        ("The angler was proud of his bass.", "bass", "B AE1 S"),  # a word far away
        ("PLEASE TRY TO RECORD WHAT THEY SAY!", "RECORD", "R IH0 K AO1 R D"),
    ],
)
def test_cues(phonemizer, sentence, word, phones):
    assert said(phonemizer, sentence, word) == phones


def test_a_pattern_at_the_edge_of_a_sentence_does_not_fit():
    assert Homographs().pronounce([("bow", "NN")], 0) == ("B", "OW1")


def test_tags_are_corrected_by_words_far_away():
    tagged = [("Record", "NN"), ("the", "DT"), ("end", "NN"), (".", ".")]
    assert [tag for _, tag in correct(tagged)] == ["VB", "DT", "NN", "."]
    tagged = [("I", "PRP"), ("read", "VBP"), ("what", "WP"), ("she", "PRP"), ("wrote", "VBD")]
    assert correct(tagged)[1] == ("read", "VBD")
