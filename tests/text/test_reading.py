"""Real texts are read as a careful reader does: after public bug reports of other systems; and the docs' examples."""

import csv
import pkgutil
import re
from pathlib import Path

import pytest

from phonelm.text import rules
from phonelm.text.normalizer import normalize
from phonelm.text.sentences import split_paragraphs, split_sentences

ROOT = Path(__file__).parents[2]
with (ROOT / "tests/data/reading.tsv").open(encoding="utf-8") as file:
    CASES = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
EXAMPLES = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in (ROOT / "docs/READING.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and line != "| written | spoken |"
]


def read(text: str) -> str:
    """The sentences of a text in spoken words, ` | ` between them."""
    lines = [line for paragraph in split_paragraphs(text) for line in paragraph.splitlines()]
    return " | ".join(sentence for line in lines for sentence in split_sentences(normalize(line).text))


@pytest.mark.parametrize("case", CASES, ids=[case["written"][:30] for case in CASES])
def test_real_texts(case):
    written = case["written"].replace("\\n", "\n").replace("\\\\", "\\")
    assert read(written) == case["spoken"]


def test_the_examples_of_the_docs_are_right():
    assert len(EXAMPLES) > 50
    assert {written: normalize(written).text for written, _ in EXAMPLES} == {a: b for a, b in EXAMPLES}


def test_the_docs_have_every_module_of_rules():
    page = (ROOT / "docs/READING.md").read_text("utf-8")
    named = re.findall(r"^`rules/(\w+)\.py`$", page, re.MULTILINE)
    modules = {module.name for module in pkgutil.iter_modules(rules.__path__)} - {"stops"}
    assert set(named) == modules and len(named) == len(modules)


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Meet me at 5 p.m. John left.", 2),
        ("He works for the FBI. Mary left.", 2),
        ("Then J. R. R. Tolkien and E. Smith came.", 1),
        ("We chose Plan B. Then we left.", 2),
        ("The U.S. Army won. It left the U.S. It won.", 3),
        ("Add 5 oz. cream and bake 10 min. Serve.", 2),
        ("It is 6 ft. tall, 3 in. wide and weighs 10 lb. in all.", 1),
        ("See Eq. 5, Ref. 12 and Hwy. 61 in Calif. near Acme Corp. (ACME).", 1),
        ("He took E. coli to Roe v. Wade Blvd. on Fri. morning.", 1),
        ("She left.He stayed!They won.", 3),
        ("Martin Luther King Jr. Blvd. is long. Mr. Smith, etc. Then more.", 3),
    ],
)
def test_where_sentences_end(text, sentences):
    assert len(read(text).split(" | ")) == sentences
