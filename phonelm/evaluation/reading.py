"""How many written texts are read correctly: `python -m phonelm.evaluation.reading FILE.tsv`.

A file has the columns `kind`, `text` and `spoken`. `spoken` has the expected parts of the reading, separated by `;`:

- `half a teaspoon [of] salt . then / one half teaspoon`: words in this order. Case is ignored. `[ ]` is optional,
  `(a|b)` is one of the two, ` / ` separates alternatives, `.` is the end of a sentence.
- `use#2 = Y UW1 Z / Y UW1 S`: phones of a word, here of its second occurrence. `ms/miz = ...` allows two words.

These differences are ignored: "and" after "hundred", other pauses, stress 0 and 2, IH0 and AH0.
"""

from __future__ import annotations

import argparse
import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from phonelm.text import Phonemes, Phonemizer, TextError

STOPS = frozenset((".", "?", "!", "..."))


@dataclass(frozen=True)
class Case:
    """A text, its kind, and the expected parts of its reading."""

    kind: str
    text: str
    parts: tuple[str, ...]


@dataclass(frozen=True)
class Outcome:
    """The reading of a text as one line, and the expected parts that are missing. None are missing if it is correct."""

    case: Case
    reading: str
    missing: tuple[str, ...]


def load_cases(path: str | Path) -> list[Case]:
    """Read a table of cases.

    Raises:
        ValueError: a column is missing, or a line has an empty field.
    """
    with Path(path).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    cases = []
    for number, row in enumerate(rows, 2):
        if not (row.get("kind") and row.get("text") and row.get("spoken")):
            raise ValueError(f"{path}, line {number}: the columns kind, text and spoken must be filled")
        parts = tuple(part.strip() for part in row["spoken"].split(";"))
        cases.append(Case(row["kind"], row["text"].replace("\\n", "\n"), parts))
    return cases


def evaluate(phonemizer: Phonemizer, case: Case) -> Outcome:
    """Read a text and look for the expected parts. If the text cannot be read, all are missing."""
    try:
        spoken = phonemizer.sentences(case.text)
    except TextError as error:
        return Outcome(case, f"({error})", case.parts)
    reading = _words_and_stops(spoken)
    pronounced = _pronounced(spoken)
    return Outcome(case, reading, tuple(part for part in case.parts if not _contains(part, reading, pronounced)))


def to_markdown(outcomes: Iterable[Outcome]) -> str:
    """A Markdown table of the texts and parts that were read correctly, by kind and in total."""
    by_kind: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        by_kind.setdefault(outcome.case.kind, []).append(outcome)
    rows = [_row(kind, group) for kind, group in by_kind.items()]
    total = _row("**all**", [outcome for group in by_kind.values() for outcome in group])
    return "\n".join(["| kind | texts | read right | parts right |", "|---|---|---|---|", *rows, total])


def _row(kind: str, outcomes: list[Outcome]) -> str:
    parts = sum(len(o.case.parts) for o in outcomes)
    right = sum(not o.missing for o in outcomes)
    found = parts - sum(len(o.missing) for o in outcomes)
    return f"| {kind} | {len(outcomes)} | {right / len(outcomes):.0%} | {found / parts:.0%} ({found} of {parts}) |"


def _words_and_stops(spoken: Iterable[Phonemes]) -> str:
    """Lower-case words, and `.` for each end of a sentence. Spaces are between them and at both ends."""
    tokens: list[str] = []
    for sentence in spoken:
        last = -1
        for symbol, word in zip(sentence.symbols, sentence.word_index, strict=True):
            if word >= 0 and word != last:
                tokens.append(sentence.words[word].lower())
                last = word
            elif symbol in STOPS:
                tokens.append(".")
        if tokens and tokens[-1] != ".":
            tokens.append(".")
    return _without_and(f" {' '.join(tokens)} ")


def _without_and(text: str) -> str:
    return text.replace("hundred and ", "hundred ")


def _pronounced(spoken: Iterable[Phonemes]) -> list[tuple[str, str]]:
    result = []
    for sentence in spoken:
        phones: list[list[str]] = [[] for _ in sentence.words]
        for symbol, word in zip(sentence.symbols, sentence.word_index, strict=True):
            if word >= 0:
                phones[word].append(symbol)
        result += [(w.lower(), _without_details(" ".join(p))) for w, p in zip(sentence.words, phones, strict=True)]
    return result


def _without_details(phones: str) -> str:
    return phones.replace("2", "0").replace("IH0", "AH0")


def _contains(part: str, reading: str, pronounced: list[tuple[str, str]]) -> bool:
    if " = " not in part:
        return any(re.search(_pattern(words), reading) for words in part.split(" / "))
    names, phones = part.split(" = ")
    names, _, nth = names.partition("#")
    found = [p for word, p in pronounced if word in names.lower().split("/")]
    expected = {_without_details(alternative.strip()) for alternative in phones.split(" / ")}
    return len(found) >= int(nth or 1) and found[int(nth or 1) - 1] in expected


def _pattern(words: str) -> str:
    """Regular expression that finds an alternative in a line of words with spaces around each word."""
    words = _without_and(words.strip().lower())
    pattern = re.escape(f" {words} ").replace("\\ ", " ")
    pattern = re.sub(r"\\\[(.+?)\\\] ", r"(?:\1 )?", pattern)
    return pattern.replace("\\(", "(?:").replace("\\)", ")").replace("\\|", "|")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m phonelm.evaluation.reading", description=__doc__.splitlines()[0])
    parser.add_argument("cases", type=Path, help="TSV file of texts and their expected readings")
    parser.add_argument("--wrong", action="store_true", help="also list the texts that are read incorrectly")
    args = parser.parse_args()
    phonemizer = Phonemizer()
    outcomes = [evaluate(phonemizer, case) for case in load_cases(args.cases)]
    print(to_markdown(outcomes))
    for outcome in (o for o in outcomes if args.wrong and o.missing):
        print(f"\n{outcome.case.kind}: {outcome.case.text}\n  reading: {outcome.reading.strip()}")
        print(f"  missing: {'; '.join(outcome.missing)}")


if __name__ == "__main__":
    main()
