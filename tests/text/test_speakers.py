"""Lines that name their speaker."""

import time

import pytest

from phonelm.text import Phonemizer, pieces, split_speakers, trace


@pytest.fixture(scope="module")
def phonemizer():
    return Phonemizer()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Hello.", [("", "Hello.")]),
        ("[george] Hello.", [("george", "Hello.")]),
        ("[George] Hello.\nHow are you?", [("george", "Hello.\nHow are you?")]),
        ("So:\n[george] Hi.\n[emma] Ho.", [("", "So:\n"), ("george", "Hi.\n"), ("emma", "Ho.")]),
        ("[george] Hi.\n\nHe went.", [("george", "Hi.\n\n"), ("", "He went.")]),
        ("I said [sic] no.", [("", "I said [sic] no.")]),
        ("[pause] Hi.", [("", "[pause] Hi.")]),
        ("[Nguyen](W IH1 N) came.", [("", "[Nguyen](W IH1 N) came.")]),
        ("[1] A reference.", [("", "[1] A reference.")]),
    ],
)
def test_who_speaks_what(text, parts):
    assert split_speakers(text) == parts


def test_sentences_know_their_speaker(phonemizer):
    said = pieces(phonemizer.sentences("[george] Yes. Is it late?\n[emma] No.\n\nThey went home."))
    assert [(p.speaker, p.words[0]) for p in said] == [("george", "Yes"), ("emma", "No"), ("", "They")]
    assert [p.closes_paragraph for p in said] == [False, True, False]


def test_a_text_without_speakers_is_read_as_before(phonemizer):
    text = "One line.\nAnother [pause 1s] line.\n\nA paragraph. The end."
    assert [p.speaker for p in phonemizer.sentences(text)] == [""] * 5
    assert phonemizer("[emma] Hello.").words == ("Hello",)


def test_pauses_stay_where_they_are(phonemizer):
    said = phonemizer.sentences("[pause 2s]\n[george] Hi. [pause 1s]\n[emma] Ho.")
    assert [(p.lead_s, p.pause_s, p.speaker) for p in said] == [(2.0, 1.0, "george"), (0.0, 0.0, "emma")]


def test_a_long_sentence_keeps_its_speaker_in_all_its_pieces(phonemizer):
    said = pieces(phonemizer.sentences("[emma] " + "we walk home along the river and " * 12 + "then we sleep."))
    assert len(said) > 1 and {p.speaker for p in said} == {"emma"}


def test_long_odd_texts_are_split_in_time():
    start = time.process_time()
    for text in ("[a" * 100_000, "\n" * 100_000 + "x", "[a] x\n" * 20_000, "[a] " + " \n" * 50_000 + "x"):
        split_speakers(text)
    assert time.process_time() - start < 2


def test_a_mark_is_no_word(phonemizer):
    first, second, *_ = trace(phonemizer, "[emma] Hello there.")
    assert (first.written, first.spoken, first.rule) == ("[emma]", (), "speakers") and second.written == "Hello"
