"""Words written alike and spoken apart: `read`, `lead`, `close`; chosen by part of speech and by the words around them.

`data/homographs.txt` has two pronunciations for each word and the tags that tell them apart. `data/cues.txt` is asked
first: short patterns for what a tag cannot know, as in `a sea bass` or `we wound up`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from phonelm.text import lexicon
from phonelm.text.arpabet import Phones

Tagged = tuple[str, str]  # a word or pause, and its Penn Treebank tag

_PAST = frozenset("yesterday ago last".split())
_HAVE = frozenset("have has had".split())
_BEFORE_VERB = frozenset("will would can could should must might may cannot i we they you please let's".split())
_DETERMINERS = frozenset("the a an your my his her their our its this that these those all each".split())


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

    def pronounce(self, tagged: Sequence[Tagged], i: int) -> Phones:
        """Phones of word `i` of a sentence; () where it has one pronunciation only."""
        word, tag = tagged[i][0].lower(), tagged[i][1]
        for cue in self.cues.get(word, ()):
            if cue.fits(tagged, i):
                return cue.phones
        if word not in self.by_tag:
            return ()
        tags, phones, otherwise = self.by_tag[word]
        return phones if tag.startswith(tags) else otherwise


def correct(tagged: Sequence[Tagged]) -> list[Tagged]:
    """Tags that the tagger's window of two words misses.

    A verb after a modal or at the start of a command; the past in `I read it long ago`, `have you ever read it`.
    """
    past = any(tag == "VBD" or word.lower() in _PAST for word, tag in tagged)
    result: list[Tagged] = []
    perfect = False
    for i, (word, tag) in enumerate(tagged):
        if tag.startswith(("NN", "JJ")) and _is_verb(tagged, i):
            tag = "VB"
        if word.lower() in _HAVE:
            perfect = True
        elif perfect and tag in ("VB", "VBP"):
            tag, perfect = "VBN", False
        elif not tag.startswith(("RB", "PRP")):
            perfect = False
        result.append((word, "VBD" if past and tag == "VBP" else tag))
    return result


def _is_verb(tagged: Sequence[Tagged], i: int) -> bool:
    after = tagged[i + 1][0].lower() if i + 1 < len(tagged) else ""
    if i == 0:
        return after in _DETERMINERS
    return tagged[i][1] in ("NN", "NNP") and tagged[i - 1][0].lower() in _BEFORE_VERB


def _cues() -> Iterator[tuple[str, Cue]]:
    for word, pattern, phones in lexicon.table_rows(lexicon.CUES):
        around, _, near = pattern.partition("~")
        before, _, after = around.partition("_")
        slots = [tuple(frozenset(slot.split("/")) for slot in side.split()) for side in (before, after)]
        yield word, Cue(*slots, frozenset(near.split()), tuple(phones.split()))
