"""Words written alike and spoken apart: `read`, `lead`, `close`; chosen by part of speech and by the words around them.

`data/homographs.txt` has two pronunciations for each word and the tags that tell them apart. `data/cues.txt` is asked
first: short patterns for what a tag cannot know, as in `a sea bass` or `we wound up`. A word with a capital has its own
patterns, as `Reading` and `Nice` have.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonelm.text import lexicon
from phonelm.text.arpabet import Phones
from phonelm.text.syntax import Tagged, correct


@dataclass(frozen=True)
class Cue:
    """What surrounds a word that is spoken as `phones`; a slot is a set of words (lower case) and tags (upper case).

    Args:
        before: slots of the words just before it.
        after: slots of the words just after it.
        near: words, one of which is anywhere in the sentence; none asked for if empty.
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
    """The tables, loaded."""

    def __init__(self) -> None:
        self.by_tag = lexicon.load_homographs()
        self.cues: dict[str, list[Cue]] = {}
        for word, cue in _cues():
            self.cues.setdefault(word, []).append(cue)
        self.verbs = frozenset(
            word for word, (tags, _, _) in self.by_tag.items() if any(t.startswith(("V", "N", "J")) for t in tags)
        )

    def tags(self, tagged: Sequence[Tagged]) -> list[Tagged]:
        """The tags corrected, where that changes how a word is said."""
        return correct(tagged, self.verbs)

    def pronounce(self, tagged: Sequence[Tagged], i: int) -> Phones:
        """Phones of word `i` of a sentence; () where it has one pronunciation only."""
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
