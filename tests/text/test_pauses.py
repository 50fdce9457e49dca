"""Pauses that a text asks for: how they are written, where they come, how long they sound."""

import numpy as np
import pytest

from phonelm.config import SamplingConfig
from phonelm.text.chunks import pieces
from phonelm.text.errors import TextError
from phonelm.text.pauses import LONGEST_S, split_pauses
from phonelm.text.phonemizer import Phonemizer

RATE = 24_000


@pytest.fixture(scope="module")
def phonemizer() -> Phonemizer:
    return Phonemizer()


@pytest.mark.parametrize(
    ("mark", "seconds"),
    [
        ("[pause 1s]", 1), ("[pause:0.5]", 0.5), ("[pause: 300 ms]", 0.3), ("[Pause 2 seconds]", 2),
        ("[pause .25]", 0.25),
        ("[pause]", 0.5), ('<break time="500ms"/>', 0.5), ("<break time='1.5s' />", 1.5), ("<break/>", 0.5),
        ('<break strength="strong"></break>', 0.75), ("[pause 9999s]", LONGEST_S), ("[pause 6s] [pause 6s]", LONGEST_S),
        ("[pause 1s]\n\n[pause 1s]", 2), ("[pause 0s]", 0),
    ],
)  # fmt: skip
def test_marks(mark, seconds):
    assert split_pauses(f"One {mark} two") == [("One ", pytest.approx(seconds)), (" two", 0)]


@pytest.mark.parametrize("text", ["[pause] (a)", "[pause](P AO1 Z)", "[pause one]", "[paused]", "a < break > b"])
def test_what_is_no_mark(text, phonemizer):
    assert split_pauses(text) == [(text, 0)] or text == "[pause] (a)"


def test_a_pause_parts_sentences_and_is_no_word(phonemizer):
    first, second, third = phonemizer.sentences("[pause 2s] Wait. [pause 1s] Now <break time='300ms'/> go. [pause 4s]")
    assert [p.words for p in (first, second, third)] == [("Wait",), ("Now",), ("go",)]
    assert (first.lead_s, first.pause_s, second.lead_s, second.pause_s, third.pause_s) == (2, 1, 0, 0.3, 4)
    assert [p.pause_s for p in pieces([first, second, third])] == [1, 0.3, 4]  # short, but not joined
    assert phonemizer("Wait [pause 1s] here").words == ("Wait", "here")


def test_a_long_sentence_keeps_its_pauses_at_its_ends(phonemizer):
    parts = pieces(
        phonemizer.sentences("[pause 1s]" + "we walked along the river, " * 12 + "[pause 2s] End of it all.")
    )
    assert len(parts) > 2 and parts[0].lead_s == 1 and [p.pause_s for p in parts[:-1]] == [0] * (len(parts) - 2) + [2]


def test_a_text_of_pauses_only_has_nothing_to_say(phonemizer):
    with pytest.raises(TextError, match="nothing to say"):
        phonemizer.sentences("[pause 1s] <break/>")


def test_other_tags_are_not_read(phonemizer):
    (spoken,) = phonemizer.sentences(
        '<speak><prosody rate="slow">Hello</prosody> <voice name="a">there</voice></speak>'
    )
    assert spoken.words == ("Hello", "there")
    assert phonemizer("if x < 3 and y > 2").words[2:4] == ("less", "than")


def test_a_pause_sounds_as_long_as_it_says(app_tts):
    settings = SamplingConfig(seed=3)
    plain, paused = (app_tts.speak(text, None, settings) for text in ("I read. You go.", "I read. [pause 2s] You go."))
    with_pause = app_tts.speak("[pause 1s] I read it long ago.", None, settings)
    without = app_tts.speak("I read it long ago.", None, settings)
    assert with_pause.duration_s - without.duration_s == pytest.approx(1, abs=0.02)
    assert np.abs(with_pause.wav[: RATE * 9 // 10]).max() < 0.02
    assert paused.duration_s > plain.duration_s + 1
    *_, (_, streamed) = app_tts.stream("I read. [pause 2s] You go.", None, settings)
    assert streamed.sentence == paused.sentence and np.abs(streamed.wav - paused.wav).max() < 1e-3
    frames = [f.pointer for f, s in zip(paused.frames, paused.sentence) if s == 0]
    assert frames.count(len(paused.phonemes[0]) - 1) >= 150 and len(paused.phonemes) == 2
