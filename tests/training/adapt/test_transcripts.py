"""Given texts are laid beside what was heard; doubtful words and other speakers are left out."""

from pathlib import Path

import numpy as np
import pytest

from phonelm.audio import AudioError
from phonelm.config import SAMPLE_RATE
from phonelm.training.adapt.recordings import Segment
from phonelm.training.adapt.transcripts import (
    Transcript,
    check_one_speaker,
    given_texts,
    transcribe,
    use_texts,
)

TALK = Path("talk.wav")


def segment(start, path=TALK, value=0.0):
    return Segment(path, start, start + 3, np.full(3 * SAMPLE_RATE, value, np.float32))


def heard(start, text, path=TALK, value=0.0):
    words = tuple(text.split())
    return Transcript(segment(start, path, value), words, (0.9,) * len(words))


class Listener:
    """Stands for the ASR and the speaker encoder: it is told what each segment says, by the value of its samples."""

    def __init__(self, words=(), languages="en", voices=()):
        self.words, self.languages, self.voices = dict(words), languages, dict(voices)

    def transcribe_words(self, wav, _):
        return self.words[round(float(wav[0]), 3)]

    def language(self, _wav, _rate):
        return self.languages, 0.9

    def voice(self, wav, _):
        return np.array(self.voices[round(float(wav[0]), 3)])


def test_a_given_text_is_shared_out_among_the_segments():
    found = use_texts(
        [heard(0, "It was a bright day"), heard(4, "and the doors were open")],
        {TALK: "It was a BRIGHT day, and the doors where open."},
    )
    assert [t.text for t in found] == ["It was a BRIGHT day,", "and the doors where open."]


def test_words_that_were_not_heard_go_to_their_neighbours():
    text = "One two three four five six seven eight."
    found = use_texts([heard(0, "one two three"), heard(4, "five six seven eight")], {TALK: text})
    assert " ".join(t.text for t in found) == text


def test_another_text_is_refused_with_the_second():
    transcripts = [heard(0, "it was"), heard(4.5, "nobody wished to get up"), heard(9, "or to work so early")]
    with pytest.raises(AudioError, match=r"text of talk.wav does not match.*at 4\.5 s"):
        use_texts(transcripts, {TALK: "It was. Prices rose by three percent in May, they say, and again in June."})


def test_a_part_that_the_text_does_not_have_is_left_out():
    transcripts = [heard(0, "it was a bright cold day"), heard(4.5, "nobody wished to get up")]
    found = use_texts(transcripts, {TALK: "It was a bright cold day. Prices rose by three percent in May."})
    assert [t.problem for t in found] == ["", "the text says something else"]


def test_recordings_without_a_text_keep_what_was_heard(tmp_path):
    (tmp_path / "a.txt").write_text("A text.", encoding="utf-8")
    assert given_texts([tmp_path / "a.wav", tmp_path / "b.wav"]) == {tmp_path / "a.wav": "A text."}
    assert use_texts([heard(0, "hello there")], {})[0].text == "hello there"


def test_doubtful_words_are_left_out():
    words = {0.1: [("clear", 0.9), ("words", 0.95)], 0.2: [("clear", 0.9), ("mumble", 0.2)], 0.3: []}
    segments = [segment(4 * i, value=v) for i, v in enumerate(words)]
    assert [t.problem for t in transcribe(segments, Listener(words))] == [
        "", "the words are not clear", "no words were heard",
    ]  # fmt: skip


def test_another_language_is_refused():
    german = Listener({0.1: [("Guten", 0.9)]}, "de")
    with pytest.raises(AudioError, match="talk.wav is in another language \\(de\\)"):
        transcribe([segment(start, value=0.1) for start in (0, 4, 8, 13)], german)
    with pytest.raises(AudioError, match="the recordings are in another language"):
        transcribe([segment(0, value=0.1), segment(0, Path("other.wav"), 0.1)], german)


def test_a_few_words_of_somebody_else_are_left_out_and_many_are_refused():
    voices = {0.1: [1.0, 0.0], 0.2: [0.0, 1.0]}
    mine, other = (lambda i: heard(4 * i, "hello", value=0.1)), (lambda i: heard(4 * i, "hello", value=0.2))
    found = check_one_speaker([*map(mine, range(9)), other(9)], Listener(voices=voices))
    assert [t.problem for t in found] == [""] * 9 + ["another person speaks"]
    with pytest.raises(AudioError, match=r"several speakers.*talk.wav at 2[48]\.0 s"):
        check_one_speaker([*map(mine, range(6)), *map(other, (6, 7))], Listener(voices=voices))
