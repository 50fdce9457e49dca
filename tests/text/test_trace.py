"""The trace of a reading: written words, spoken words, phones, and what decided."""

import pytest

from phonelm.text import SOURCES, Phonemizer, TextError, UserLexicon, trace


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer(UserLexicon({"sql": ("S", "IY1", "K", "W", "AH0", "L")}))


def test_what_decided(phonemizer):
    text = "Close the [Nguyen](W IH1 N)'s SQL earlobe touchscreen, npm and Miz, sooo blorfing 5kg!"
    decided = {t.written: (t.rule, [w.source for w in t.spoken]) for t in trace(phonemizer, text)}
    assert decided == {
        "Close": ("", ["homograph rule"]),
        "the": ("", ["CMUdict"]),
        "[Nguyen](W IH1 N)'s": ("", ["override"]),
        "SQL": ("", ["user dictionary"]),
        "earlobe": ("", ["misaki"]),
        "touchscreen,": ("", ["compound"]),
        "npm": decided["npm"],
        "and": ("", ["CMUdict"]),
        "Miz,": ("", ["word list"]),
        "sooo": ("", ["elongated"]),
        "blorfing": ("", ["network"]),
        "5kg!": ("units", ["CMUdict", "CMUdict"]),
    }
    assert {source for _, sources in decided.values() for source in sources} <= set(SOURCES)


@pytest.mark.parametrize(
    ("text", "written", "spoken", "rule"),
    [
        ("Add 1½ cups.", "1½", "one and a half", "numbers"),
        ("Pay $5 now.", "$5", "five dollars", "money"),
        ("It is 5 kg of flour.", "kg", "kilograms", "units"),
        ("A well-known, twenty-one.", "well-known,", "well known", ""),
        ("“Hello,” she said.", "“Hello,”", "hello", ""),
        ("Wait — what?", "—", "", ""),
        ("On 3/4/2020 we met.", "3/4/2020", "march fourth twenty twenty", "dates"),
    ],
)
def test_a_word_and_how_it_is_written_out(phonemizer, text, written, spoken, rule):
    found = next(t for t in trace(phonemizer, text) if t.written == written)
    assert (" ".join(w.word.lower() for w in found.spoken), found.rule) == (spoken, rule)
    assert text[found.start : found.end] == written


def test_all_spoken_words_are_there_in_order(phonemizer):
    text = "Dr. Lee paid $2.5m (12% more) on Jan. 5th.\n\nIn 1999 it's 7:30 p.m., see https://a.org/x & call 911 :) ok?"
    traces = trace(phonemizer, text)
    words = [w for t in traces for w in t.spoken]
    spoken = phonemizer.sentences(text)
    assert [w.word for w in words] == [word for p in spoken for word in p.words]
    assert [phone for w in words for phone in w.phones] == [
        s for p in spoken for s, i in zip(p.symbols, p.word_index, strict=True) if i >= 0
    ]
    assert [t.written for t in traces] == text.split()


def test_a_long_text_is_traced_quickly_and_nothing_to_say_is_an_error(phonemizer):
    text = "On 3 May it rose by 5% to $20, said Mr. Lee. " * 60
    assert len(trace(phonemizer, text)) == len(text.split())
    with pytest.raises(TextError):
        trace(phonemizer, "...")


def test_each_word_of_phonemes_has_its_source(phonemizer):
    spoken = phonemizer("Close plan A, earlobe.")
    assert dict(zip(spoken.words, spoken.sources, strict=True)) == {
        "Close": "homograph rule", "plan": "CMUdict", "A": "letter", "earlobe": "misaki",
    }  # fmt: skip
    assert phonemizer.from_symbols("HH AY1 | DH EH1 R").sources == ("override", "override")
