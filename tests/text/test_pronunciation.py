"""How single words are said, and what decided."""

import time

import pytest

from phonelm.text import guesses, lexicon, morphology
from phonelm.text.pronunciation import SOURCES, Pronouncer


@pytest.fixture(scope="module")
def pronounce() -> Pronouncer:
    return Pronouncer()


@pytest.mark.parametrize(
    ("word", "phones", "source"),
    [
        ("console's", "K AA1 N S OW0 L Z", "homograph rule"),
        ("Miz", "M IH1 Z", "word list"),
        ("Siobhan", "SH IH0 V AO1 N", "word list"),
        ("hello", "HH AH0 L OW1", "CMUdict"),
        ("forbidden", "F ER0 B IH1 D AH0 N", "CMUdict"),  # not its first variant
        ("segue", "S EH1 G W EY0", "CMUdict"),
        ("preheat", "P R IY0 HH IY1 T", "misaki"),
        ("earlobe", "IH1 R L OW2 B", "misaki"),
        ("unfollowed", "AH0 N F AA1 L OW0 D", "misaki"),
        ("touchscreen", "T AH1 CH S K R IY2 N", "compound"),
        ("frontend", "F R AH1 N T EH2 N D", "compound"),
        ("SnowTube", "S N OW1 T UW1 B", "compound"),
        ("livestream", "L AY1 V S T R IY2 M", "compound"),
        ("retries", "R IY0 T R AY1 Z", "stem"),
        ("vlogged", "V L AA1 G D", "stem"),
        ("microplastics", "M AY2 K R OW0 P L AE1 S T IH0 K S", "stem"),
        ("earbuds", "IH1 R B AH2 D Z", "stem"),
        ("jumpin'", "JH AH1 M P IH0 N", "stem"),
        ("Sooooo", "S OW1", "elongated"),
        ("Whyyyy", "W AY1", "elongated"),
        ("gooood", "G UH1 D", "elongated"),
        ("goooo", "G OW1", "elongated"),
        ("npm", "EH1 N P IY1 EH1 M", "spelled"),
        ("lgbt", "EH1 L JH IY1 B IY1 T IY1", "spelled"),
    ],
)
def test_a_word_and_what_decided(pronounce, word, phones, source):
    said = pronounce.alone(word)
    assert (" ".join(said.phones), said.source) == (phones, source)


def test_the_network_comes_last(pronounce):
    said = pronounce.alone("blorfing")
    assert said.source == "network" and said.phones[:4] == ("B", "L", "AO1", "R")
    assert {"network", "homograph rule", "user dictionary"} <= set(SOURCES)


def test_lists_name_no_word_twice_and_say_what_cmudict_does_not():
    first = {word: phones for word, variant, phones in lexicon._cmudict_entries() if variant == 1}
    for table in (lexicon.WORDS, lexicon.VARIANTS):
        rows = lexicon.table_rows(table)
        assert len({word for word, _ in rows}) == len(rows)
        assert [word for word, phones in rows if first.get(word) == phones] == []


def test_the_dictionary_has_words_that_cmudict_lacks():
    dictionary, common = lexicon.load_dictionary()
    assert len(dictionary) > 100_000 and len(common) > 50_000
    assert not set(dictionary) & set(lexicon.load_pronunciations())
    assert lexicon.DICTIONARY.stat().st_size < 2_000_000


@pytest.mark.parametrize(
    ("word", "guess", "kept"),
    [
        ("retrovirus", "R EH1 T R OW0 V AY2 R AH0 S T", "R EH1 T R OW0 V AY2 R AH0 S"),
        ("gondor", "G AA1 N D ER0 D AH0", "G AA1 N D ER0"),
        ("gondor", "G AA1 N D ER0", "G AA1 N D ER0"),
        ("zeb", "Z EH0 B", "Z EH1 B"),  # a word has a stress
        ("bob", "K AA1 T", "K AA1 T"),  # nothing fits: left as it is
    ],
)
def test_a_guess_ends_with_the_word(word, guess, kept):
    assert guesses.trimmed(word, tuple(guess.split())) == tuple(kept.split())


@pytest.mark.parametrize("word", ["xzqj", "npm", "ftpi", "osdf"])
def test_words_that_nobody_can_say(word):
    assert not guesses.can_be_said(word)


@pytest.mark.parametrize("word", ["strength", "blorf", "tsar", "ohms", "rhythm", "ask"])
def test_words_that_can_be_said(word):
    assert guesses.can_be_said(word)


def test_stems():
    known = {"retry": ("R",), "box": ("B",), "try": ("AY1",), "vlog": ("V",), "google": ("G",), "viru": ("X",)}

    def look_up(word: str) -> tuple[str, ...]:
        return known.get(word, ())

    found = {w: morphology.from_stem(w, look_up)[:1] for w in ("retries", "boxes", "vlogging", "googled", "virus")}
    assert found == {"retries": ("R",), "boxes": ("B",), "vlogging": ("V",), "googled": ("G",), "virus": ()}
    assert morphology.from_stem("multitries", look_up)[-2:] == ("AY1", "Z")


DRAWN_OUT = "".join(3 * letter for letter in "bcdfghjklmnp")  # each run could be one letter or two
ROWS = [DRAWN_OUT * 16, "'s" * 300, "cat" * 200, "un" * 300, "ing" * 200, "overcat" * 85, "CamelCase" * 66, "aB" * 300]


@pytest.mark.parametrize("word", ROWS)
def test_long_unknown_words_take_linear_time(pronounce, word):
    def seconds(word: str) -> float:
        start = time.process_time()
        pronounce.alone(word)
        return time.process_time() - start

    pronounce.alone("zzyzx")  # what is loaded once is loaded now
    short, long = (min(seconds("z" * i + word[:size]) for i in (0, 1)) for size in (300, 600))
    assert long < 0.5 and long < 4 * max(short, 0.01)
