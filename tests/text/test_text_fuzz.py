"""Whatever is written: phonemes or a `TextError`, nothing else; soon, and nothing is lost unseen."""

import os
import re
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonelm.text.errors import TextError
from phonelm.text.normalizer import normalize
from phonelm.text.overrides import OVERRIDE, LexiconError, UserLexicon
from phonelm.text.phonemizer import SYMBOLS, Phonemizer
from phonelm.text.rules.characters import to_ascii
from phonelm.text.sentences import split_sentences
from phonelm.text.tokens import tokenize

LONGEST, DEADLINE_S = 600, 0.05  # characters of a run; processor time for so many
TRIES = int(os.environ.get("FUZZ_TRIES", 0))  # 0: the same 200 texts each time
fuzzed = settings(
    max_examples=TRIES or 200, derandomize=not TRIES, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
FRAGMENTS = (
    "1 2 10 99 007 1984 2024 1,234 3.14 .5 1/2 ½ $ £ € ¥ % ° °C km m s kg ' \" - – — . , : ; ! ? / \\ ( ) [ ] { } < > "
    "# @ & * _ ` ~ + = ^ | x × am p.m. st th Mr. Dr. St. Jan. May Mon e.g. etc. No. p. pp. vs C++ NASA FBI II "
    "VIII Henry Chapter http:// www. .com a@b.co #tag @me ** __ ``` --- 1. é ß ﬁ Œ 😀 "
    "👩‍💻 🇬🇧 1️⃣ ♥ → ² ⁻³ α Ω µ Ж 日 ع ٣ \u200b \ufeff "
    "\ue000 \0 [a](AH0) [b](QQ1) [c](http://d) ](AH0) &amp; &#xE000; <b> </b> the read a I word"
).split(" ")
RUNS = st.builds(
    lambda before, unit, length, after: before + (unit * length)[:LONGEST] + after,
    st.sampled_from(["", "Wait", "Wait ", "7"]),
    st.one_of(st.characters(), st.sampled_from([*FRAGMENTS, "\n", " \n", ". "])),
    st.integers(20, LONGEST), st.sampled_from(["", " x", " End."]),
)  # fmt: skip
WRITTEN = st.one_of(
    RUNS,
    st.text(max_size=60),
    st.lists(st.sampled_from([*FRAGMENTS, " ", "\n", "\t"]), max_size=14).map("".join),
    st.lists(st.sampled_from(FRAGMENTS), max_size=14).map(" ".join),
)
LINES = st.lists(st.sampled_from("a\tAH0|\t|\n|b c|[|QQ|#| ".split("|"))).map(lambda parts: "".join(parts).encode())
SPOKEN = re.compile(r"[A-Za-z'\".,?!;:()\[\]{} -]*")


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@fuzzed
@given(WRITTEN)
def test_normalised_text_is_words_and_punctuation(text):
    try:
        spoken = in_time(normalize, text)
    except TextError:
        return
    words = OVERRIDE.sub(" ", spoken.text)
    assert SPOKEN.fullmatch(words), spoken
    assert all(len(c) == 1 and not SPOKEN.fullmatch(c) for c in spoken.unread)
    assert letters(" ".join(tokenize(words))) == letters(words)  # every letter is in a word


@fuzzed
@given(text=WRITTEN)
def test_any_text_is_phonemes_or_a_text_error(phonemizer, text):
    try:
        sentences = phonemizer.sentences(text)
    except TextError as error:
        assert "\n" not in str(error)
        return
    for spoken in sentences:
        assert spoken.words and set(spoken.symbols) <= set(SYMBOLS)
        assert sorted({i for i in spoken.word_index if i >= 0}) == list(range(len(spoken.words)))


@fuzzed
@given(WRITTEN)
def test_sentences_hold_the_whole_text(text):
    assert "".join("".join(in_time(split_sentences, text)).split()) == "".join(text.split())


@fuzzed
@given(st.characters(categories=["Sm", "Sc", "So", "Co", "Cn", "No", "Nl", "Pc"]))
def test_a_sign_is_read_or_reported(sign):
    try:
        spoken = normalize(f"left {sign} right")
    except TextError:
        return
    is_punctuation = SPOKEN.fullmatch(to_ascii(sign)) and not letters(to_ascii(sign))
    assert letters(spoken.text) != "leftright" or spoken.unread or is_punctuation


@fuzzed
@given(st.one_of(st.binary(max_size=60), LINES))
def test_any_file_is_a_lexicon_or_a_lexicon_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzzed.tsv"
    path.write_bytes(content)
    try:
        lexicon = UserLexicon.load(path)
    except LexiconError as error:
        assert "\n" not in str(error)
        return
    assert all(OVERRIDE.search(lexicon.apply(word)) for word in lexicon.entries)


def in_time(work, text):
    """What `work` makes of the text, which must take no longer than `DEADLINE_S`; a disturbed try is repeated."""
    for _ in range(5):
        start = time.process_time()
        try:
            result = work(text)
        finally:
            took = time.process_time() - start
        if took <= DEADLINE_S:
            return result
    raise AssertionError(f"{took:.3f} s for {len(text)} characters: {text[:40]!r}")


def letters(text: str) -> str:
    return "".join(re.findall("[A-Za-z]", text))
