"""Words with two pronunciations (`read`, `lead`, `close`), chosen by part of speech and by neighbouring words.

`data/homographs.txt` has two pronunciations of each word, and the tags that select them. `data/cues.txt` has
precedence: short patterns for what a tag cannot tell, as in `a sea bass` or `we wound up`. A capitalised word can have
its own patterns, such as `Reading` and `Nice`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonelm.text import lexicon
from phonelm.text.arpabet import Phones
from phonelm.text.syntax import Tagged, correct


@dataclass(frozen=True)
class Cue:
    """A context in which a word has the pronunciation `phones`.

    A slot is a set of words (lower case) and tags (upper case).

    Args:
        before: slots of the words just before it.
        after: slots of the words just after it.
        near: one of these words must be in the sentence, unless the set is empty.
    """

    before: tuple[frozenset[str], ...]
    after: tuple[frozenset[str], ...]
    near: frozenset[str]
    phones: Phones

    def fits(self, tagged: Sequence[Tagged], i: int) -> bool:
        start, end = i - len(self.before), i + 1 + len(self.after)
        if start < 0 or end > len(tagged):
            return False
        around = zip((*self.before, *self.after), (*tagged[start:i], *tagged[i + 1 : end]), strict=True)
        return all({word.lower(), tag} & slot for slot, (word, tag) in around) and (
            not self.near or any(word.lower() in self.near for word, _ in tagged)
        )


class Homographs:
    """The homographs and cues of the data files."""

    def __init__(self) -> None:
        self.by_tag = lexicon.load_homographs()
        self.cues: dict[str, list[Cue]] = {}
        for word, cue in _cues():
            self.cues.setdefault(word, []).append(cue)
        self.verbs = frozenset(
            word for word, (tags, _, _) in self.by_tag.items() if any(t.startswith(("V", "N", "J")) for t in tags)
        )

    def tags(self, tagged: Sequence[Tagged]) -> list[Tagged]:
        """Correct the tags that affect the pronunciation of a word."""
        return correct(tagged, self.verbs)

    def pronounce(self, tagged: Sequence[Tagged], i: int) -> Phones:
        """Phones of word `i` of a sentence, () if it is not a homograph."""
        written, tag = tagged[i]
        word = written.lower()
        for cue in (*self.cues.get(written, ()), *self.cues.get(word, ())):
            if cue.fits(tagged, i):
                return cue.phones
        if word not in self.by_tag:
            return ()
        tags, phones, otherwise = self.by_tag[word]
        return phones if tag.startswith(tags) else otherwise


def _cues() -> Iterator[tuple[str, Cue]]:
    for word, pattern, phones in lexicon.table_rows(lexicon.CUES):
        around, _, near = pattern.partition("~")
        before, _, after = around.partition("_")
        first, second = (tuple(frozenset(slot.split("/")) for slot in side.split()) for side in (before, after))
        yield word, Cue(first, second, frozenset(near.split()), tuple(phones.split()))
