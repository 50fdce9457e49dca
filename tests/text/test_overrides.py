"""Pronunciations given by the user: in the text, and in a lexicon file."""

import pytest

from phonelm.text.errors import PhonemeError
from phonelm.text.normalizer import normalize
from phonelm.text.overrides import LexiconError, UserLexicon, protect, restore
from phonelm.text.phonemizer import Phonemizer
from phonelm.text.sentences import split_sentences


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


def said(phonemizer: Phonemizer, text: str) -> dict[str, str]:
    spoken = phonemizer(text)
    return {
        word: " ".join(s for s, w in zip(spoken.symbols, spoken.word_index, strict=True) if w == i)
        for i, word in enumerate(spoken.words)
    }


@pytest.mark.parametrize(
    ("text", "word", "phones"),
    [
        ("An [word](W AH2 D) here.", "word", "W AH2 D"),
        ("[Nguyen](W IH1 N)'s book cost $5.", "Nguyen's", "W IH1 N Z"),
        ("Say [日本](N IH0 P AA1 N)!", "日本", "N IH0 P AA1 N"),
        ("Go to [St. Ives? No.](S EY1 N T). Then stop.", "St. Ives? No.", "S EY1 N T"),
        ("[the](DH AH0) apple", "the", "DH AH0"),
        ("**[bold](B AA1 L D)** and _[it](AH0 T)_", "bold", "B AA1 L D"),
        ("Hush: [sh](SH).", "sh", "SH"),
        ("[read](R EH1 D) it", "read", "R EH1 D"),
        ("on https://[x](EH1 K S).org/", "x", "EH1 K S"),
    ],
)
def test_an_override_is_said_as_written(phonemizer, text, word, phones):
    assert said(phonemizer, text)[word] == phones


def test_overrides_survive_sentences_and_normalisation():
    text = "I [read](R EH1 D) p. 5. Then [Dr. No. Yes](N OW1) said £3?"
    assert split_sentences(text) == ["I [read](R EH1 D) p. 5.", "Then [Dr. No. Yes](N OW1) said £3?"]
    assert normalize(text).text == "I [read](R EH1 D) page five. Then [Dr. No. Yes](N OW1) said three pounds?"
    assert normalize(normalize(text).text).text == normalize(text).text


@pytest.mark.parametrize("link", ["[licence](LICENSE)", "[here](https://a.b/AH0)", "[a](b c)", "[see](#AH0)"])
def test_links_are_no_overrides(link):
    assert protect(link) == (link, [])


def test_overrides_are_put_back_in_order():
    text, overrides = protect("[a](AH0) b [c](S IY1)")
    assert len(overrides) == 2 and restore(text, overrides) == "[a](AH0) b [c](S IY1)"


@pytest.mark.parametrize(
    ("text", "unknown"), [("a [b](QQ R OW0)", "QQ;"), ("[b](B r OW1)", "r;"), ("[b](S IY1 3)", "3;")]
)
def test_unknown_phonemes_are_named(phonemizer, text, unknown):
    with pytest.raises(PhonemeError, match=f"unknown phonemes {unknown}"):
        phonemizer(text)


def test_a_lexicon_goes_before_all_rules(tmp_path):
    path = tmp_path / "lexicon.tsv"
    path.write_text(
        "# names\nSQL\tS IY1 K W AH0 L\nc++\tS IY1 P L AH1 S\n\nDr. No\tN OW1\nnguyen\tW IH1 N\n", "utf-8-sig"
    )
    phonemizer = Phonemizer(UserLexicon.load(path))
    words = said(phonemizer, "Nguyen's SQL and C++ by Dr. No, not [SQL](EH1 S) or mysql.")
    assert words["Nguyen's"] == "W IH1 N Z" and words["C++"] == "S IY1 P L AH1 S" and words["Dr. No"] == "N OW1"
    assert words["SQL"] == "EH1 S"  # the last one: an override in the text is stronger
    assert "[SQL](S IY1 K W AH0 L)" in phonemizer("SQL").text  # what was done is seen
    assert said(phonemizer, "sql")["sql"] != "S IY1 K W AH0 L"  # capitals are kept


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("ok\tOW1 K\nbad line", "line 2: 'bad line' is not a word, a tab and its phonemes"),
        ("a\tQQ", "line 1: unknown phonemes QQ"),
        ("a\t", "line 1: there are no phonemes"),
        ("\tAH0", "line 1"),
        ("a]b\tAH0", "line 1"),
        ("a\tAH0\na\tEY1", "line 2: 'a' is there twice"),
        (b"\xff\xfe\x00", "no UTF-8 text"),
    ],
)
def test_a_malformed_lexicon_is_refused_in_one_line(tmp_path, content, says):
    path = tmp_path / "lexicon.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LexiconError) as error:
        UserLexicon.load(path)
    assert says in str(error.value) and str(path) in str(error.value) and "\n" not in str(error.value)
