"""How the words of a text are shown, and the user's dictionary."""

import html
import json
import re

import pytest

from phonelm.config import SamplingConfig
from phonelm.text import LexiconError, UserLexicon
from phonelm.ui.dictionary import MAX_WORDS, applied, key_of, lexicon, merged, with_word, without_word
from phonelm.ui.phonemes import MAX_CHARACTERS, length, sentences
from phonelm.ui.reading import traced

MINE = "worcester\tW UH1 S T ER0\nSQL\tS IY1 K W AH0 L\n"


def read(shown):
    """What the buttons of `traced` know."""
    return [json.loads(html.unescape(data)) for data in re.findall(r'data-read="([^"]*)"', shown)]


def test_each_written_word_knows_how_it_is_read(app_tts):
    shown = traced(app_tts, "Dr. Lee paid $5, in Worcester.", MINE)
    words = {word["written"]: word for word in read(shown)}
    assert list(words) == ["Dr.", "Lee", "paid", "$5,", "in", "Worcester."]
    assert [s["word"] for s in words["$5,"]["spoken"]] == ["five", "dollars"] and words["$5,"]["rule"] == "money"
    assert words["paid"]["rule"] == "as written" and words["paid"]["spoken"][0]["phones"] == "P EY1 D"
    assert words["Worcester."]["mine"] == "worcester"
    assert words["Worcester."]["spoken"] == [
        {"word": "Worcester", "phones": "W UH1 S T ER0", "source": "user dictionary"}
    ]
    assert shown.count("tabindex=0") == 1 and shown.count("<span class=pause>") == 2


def test_what_is_written_is_escaped(app_tts):
    shown = traced(app_tts, "A <b>\"x\"</b> & 'y'.", "")
    assert '<b>"x' not in shown and all(isinstance(word["written"], str) for word in read(shown))


@pytest.mark.parametrize("said_as", ["wooster", "W UH1 S T ER0"])
def test_a_word_is_added_as_a_spelling_or_as_phonemes(app_tts, said_as):
    new = with_word("", "Worcester", said_as, app_tts.phonemizer)
    assert list(lexicon(new).entries) == ["Worcester"]
    assert app_tts.phonemizer(applied("Worcester.", new)).symbols[1] == "W"
    assert with_word(new, "Worcester", "W ER1 S T ER0", app_tts.phonemizer) == "Worcester\tW ER1 S T ER0\n"
    assert without_word(new, "Worcester") == ""


@pytest.mark.parametrize(
    ("word", "said_as", "says"),
    [("", "x", "letter"), ("?!", "x", "letter"), ("#a", "x", "#"), ("a]b", "x", "["), ("a", " ", "'a'"),
     ("a", "?!", "nothing to say"), ("a" * 61, "B", "61 characters")],
)  # fmt: skip
def test_what_no_dictionary_can_hold_is_named(app_tts, word, said_as, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        with_word("", word, said_as, app_tts.phonemizer)


def test_a_file_is_merged_and_what_is_written_is_what_the_command_line_reads(tmp_path):
    both = merged(MINE, "# mine\nsql\tEH1 S\n\nSQL\tEH1 S K Y UW1 EH1 L\n")
    (tmp_path / "a.tsv").write_text(both, encoding="utf-8")
    assert UserLexicon.load(tmp_path / "a.tsv").entries == lexicon(both).entries
    assert list(lexicon(both).entries) == ["worcester", "SQL", "sql"]
    with pytest.raises(LexiconError, match="line 1"):
        merged(MINE, "no phonemes\n")
    with pytest.raises(LexiconError, match=f"at most {MAX_WORDS}"):
        lexicon("".join(f"w{i}\tB IY1\n" for i in range(MAX_WORDS + 1)))


@pytest.mark.parametrize(
    ("written", "key"), [("Worcester,", "worcester"), ("“Nguyen”", "nguyen"), ("SQL.", "SQL"), ("5kg", "5kg"),
                         ("A", "a"), ("[own](OW1 N)", "own")],
)  # fmt: skip
def test_the_word_that_is_proposed(written, key):
    assert key_of(written) == key


def test_the_dictionary_is_applied_to_words_not_to_marks(app_tts):
    mine = "george\tJH AO1\npause\tP AO1\nother\tAH1 DH\n"
    text = "[other] The other one, [pause 1s] not george.\n[own](OW1 N)"
    assert applied(text, mine) == ("[other] The [other](AH1 DH) one, [pause 1s] not [george](JH AO1).\n[own](OW1 N)")
    assert applied(text, "") == applied(text, None) == text
    [first, *_] = app_tts.phonemize(applied(text, mine))
    assert first.speaker == "other"


def test_phonemes_in_a_text_do_not_count_as_its_characters(app_tts):
    text = "SQL " * (MAX_CHARACTERS // 4)
    assert length(applied(text, MINE)) == length(text) == MAX_CHARACTERS
    assert sentences(app_tts, applied("SQL " * 50, MINE))
    with pytest.raises(ValueError, match="at most"):
        sentences(app_tts, text + "!")


def test_a_speech_made_with_a_dictionary_needs_none_to_be_made_again(app_tts):
    text = applied("My SQL.", MINE)
    speech = app_tts.speak(sentences(app_tts, text), None, SamplingConfig(seed=1))
    assert [p.symbol for p in speech.timeline][3:9] == "S IY1 K W AH0 L".split()
