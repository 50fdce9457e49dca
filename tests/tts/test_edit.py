"""A span said again: the rest stays to the bit, the past of the new frames is that of the utterance, all is spoken."""

import numpy as np
import pytest
import torch

from phonelm.config import HOP_LENGTH, SamplingConfig
from phonelm.text.phonemizer import SYMBOLS, PhonemeError
from phonelm.tts.edit import replaced
from phonelm.tts.speech import Edit
from phonelm.tts.system import TTS

TEXT = "I read it. How are you today?"  # <sil> AY1 R EH1 D IH1 T . <sil>, then <sil> HH AW1 AA1 R Y UW1 T ...
FIRST, READ = 9, (2, 5)  # phonemes of the first sentence; those of "read"


@pytest.fixture(scope="module")
def speech(app_tts):
    return app_tts.speak(TEXT, None, SamplingConfig(seed=3))


def frames(speech, start, end):
    """Which frames belong to phonemes of the timeline."""
    before = np.cumsum([0, *(len(p) for p in speech.phonemes)])
    at = np.array([f.pointer + before[s] for f, s in zip(speech.frames, speech.sentence, strict=True)])
    return (at >= start) & (at < end)


def codes(speech, start, end):
    return speech.codes[0][:, torch.from_numpy(frames(speech, start, end))]


def check_complete(speech):
    """Every phoneme of every sentence is spoken once, in order, and everything is as long as it says."""
    assert [s.symbol for s in speech.timeline] == [x for p in speech.phonemes for x in p.symbols]
    steps = [(s, f.pointer) for f, s in zip(speech.frames, speech.sentence, strict=True)]
    assert steps == sorted(steps) and len(speech.wav) == len(speech.frames) * HOP_LENGTH


@pytest.mark.parametrize("span", [READ, (0, 3), (7, 9), (9, 11), (15, 21), (4, 5)])
def test_the_rest_stays_and_all_is_spoken(app_tts, speech, span):
    n = sum(map(len, speech.phonemes))
    before = speech.codes.clone()
    edited = app_tts.regenerate(speech, *span, seed=8)
    check_complete(edited)
    assert torch.equal(codes(edited, 0, span[0]), codes(speech, 0, span[0]))
    assert torch.equal(codes(edited, span[1], n), codes(speech, span[1], n))
    new, old = codes(edited, *span), codes(speech, *span)
    assert new.shape != old.shape or not torch.equal(new, old)
    assert torch.equal(speech.codes, before) and not speech.edits
    assert edited.edits == (Edit(*span, 8),) and edited.info()["edits"][0]["seed"] == 8


def test_the_sound_far_from_the_span_stays(app_tts, speech):
    edited = app_tts.regenerate(speech, 15, 17, seed=8)
    same = (np.flatnonzero(frames(speech, 15, 17))[0] - 30) * HOP_LENGTH  # beyond what the decoder looks ahead
    assert same > 0 and np.allclose(edited.wav[:same], speech.wav[:same], atol=1e-5)


def test_same_seed_same_span_other_seed_another(app_tts, speech):
    a, b, c = (codes(app_tts.regenerate(speech, *READ, seed=s), 0, FIRST) for s in (5, 5, 6))
    assert torch.equal(a, b) and (a.shape != c.shape or not torch.equal(a, c))


def test_a_whole_sentence_with_its_own_seed_comes_out_as_it_was(app_tts, speech):
    for span in ((0, FIRST), (FIRST, sum(map(len, speech.phonemes)))):
        assert torch.equal(app_tts.regenerate(speech, *span, seed=3).codes, speech.codes)


@pytest.mark.parametrize("n_codebooks", [0, 2])
def test_the_past_of_the_new_frames_is_that_of_the_utterance(app_tts, n_codebooks):
    """With nothing left to chance, a span can only come out as it was if the model sees the same past."""
    exact = TTS(app_tts.acoustic, app_tts.codec, app_tts.phonemizer, app_tts.voices, "fp32")
    settings = SamplingConfig(temperature=0, pointer_temperature=0, n_codebooks=n_codebooks)
    speech = exact.speak(TEXT, None, settings)
    for span in (READ, (5, 8), (12, 19)):
        assert torch.equal(exact.regenerate(speech, *span, seed=8).codes, speech.codes)


def test_other_phonemes_are_spoken_instead(app_tts, speech):
    edited = app_tts.regenerate(speech, *READ, seed=8, symbols="L UH1 K | AE1 T")
    check_complete(edited)
    assert edited.phonemes[0].words == ("I", "L UH1 K", "AE1 T", "it")
    assert edited.phonemes[0].symbols == ("<sil>", *"AY1 L UH1 K AE1 T IH1 T .".split(), "<sil>")
    assert [s.word for s in edited.timeline[7:9]] == ["it", "it"]
    assert torch.equal(codes(edited, 0, 2), codes(speech, 0, 2))
    assert torch.equal(codes(edited, 7, 99), codes(speech, 5, 99))
    again = app_tts.regenerate(edited, 2, 7, seed=1, symbols="R IY1 D")
    check_complete(again)
    assert again.phonemes[0].symbols == speech.phonemes[0].symbols and len(again.edits) == 2
    assert torch.equal(codes(again, 5, 99), codes(speech, 5, 99))


def test_a_stopped_speech_can_be_edited_as_far_as_it_goes(app_tts):
    stopped = app_tts.speak(TEXT, None, SamplingConfig(seed=3), lambda s: s.frames[-1].pointer == 4)
    edited = app_tts.regenerate(stopped, 3, 4, seed=8)
    assert edited.stop_reason == "stopped" and len(edited.timeline) == 5
    with pytest.raises(ValueError, match="3 to 6 are no span of the 5"):
        app_tts.regenerate(stopped, 3, 6, seed=8)


def test_the_caller_can_give_up(app_tts, speech):
    assert app_tts.regenerate(speech, *READ, seed=8, on_frame=lambda frame: True) is speech


@pytest.mark.parametrize(
    "arguments, message",
    [
        ((3, 3, 1), "3 to 3 are no span of the"),
        ((-1, 3, 1), "-1 to 3 are no span"),
        ((5, 99, 1), "5 to 99 are no span"),
        ((7, 12, 1), "beyond the end of a sentence"),
        ((2, 5, -1), "seed must be from 0"),
        ((2, 5, 1, "R XX D"), "unknown phonemes XX"),
        ((2, 5, 1, " "), "nothing to say"),
        ((0, 1, 1, "AH0"), "nothing to say"),
        ((6, 7, 1, "AH0 ,"), "the pause . cannot follow a pause"),
        ((1, 2, 1, ","), "the pause , cannot follow the silence"),
    ],
)
def test_what_cannot_be_said_again_is_named(app_tts, speech, arguments, message):
    with pytest.raises(ValueError, match=message) as error:
        app_tts.regenerate(speech, *arguments)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "span, symbols, words",
    [
        ((1, 5), "HH EH1 L OW0", "hello world"),  # the whole of a word
        ((3, 7), "L OW1 | W ER1", "hello world"),  # parts of two words
        ((3, 7), "L ER1", "hello"),  # two words become one
        ((2, 4), "AH0 | L", "hello hello world"),  # one word becomes two
        ((1, 5), "HH AY1 | DH EH1 R", "HH-AY1 DH-EH1-R world"),
        ((4, 5), "OW1 ,", "hello world"),
        ((3, 4), ",", "hello hello world"),
    ],
)
def test_words_keep_their_names(app_tts, span, symbols, words):
    p = app_tts.phonemize("hello world")[0]  # <sil> HH AH0 L OW1 W ER1 L D <sil>
    changed = replaced(p, *span, symbols)
    assert [w.replace(" ", "-") for w in changed.words] == words.split()
    written = [s for s in symbols.split() if s != "|"]
    assert changed.symbols == (*p.symbols[: span[0]], *written, *p.symbols[span[1] :])
    assert sum(changed.word_starts) == len(changed.words) and changed.ids == tuple(map(SYMBOLS.index, changed.symbols))


def test_the_silence_at_the_ends_stays(app_tts):
    p = app_tts.phonemize("hello world")[0]
    assert replaced(p, 0, len(p), "HH AY1").symbols == ("<sil>", "HH", "AY1", "<sil>")
    with pytest.raises(PhonemeError):
        replaced(p, 0, len(p), "")
