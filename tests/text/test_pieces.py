"""Pieces of a text: none too long, none tiny, nothing lost; a text is spoken on from where it stopped."""

import numpy as np
import pytest
import torch

from phonelm.config import SamplingConfig
from phonelm.text.chunks import MAX_PHONEMES, MIN_PHONEMES, pieces
from phonelm.text.phonemizer import PAUSES, SILENCE, Phonemizer

CLAUSE = "we walked along the river, past the mill and the bridge"


@pytest.fixture(scope="module")
def phonemizer():
    return Phonemizer()


def spoken(sentences):
    """Words and pauses, without the silences at the ends."""
    symbols = [s for p in sentences for s in p.symbols if s != SILENCE]
    return symbols, [w for p in sentences for w in p.words]


@pytest.mark.parametrize(
    "text",
    ["; ".join([CLAUSE] * 9) + ".", " ".join(["river"] * 90), "Yes. No. Oh! " + CLAUSE + ". Hm.", "Yes.", CLAUSE],
)
def test_nothing_is_lost_and_every_piece_has_a_good_length(phonemizer, text):
    sentences = [phonemizer(s) for s in text.split(". ")]
    parts = pieces(sentences)
    assert spoken(parts) == spoken(sentences)
    for p in parts:
        assert p.symbols[0] == p.symbols[-1] == SILENCE and len(p.ids) == len(p.symbols) == len(p.word_index)
        assert len(p) <= MAX_PHONEMES and (len(p) >= MIN_PHONEMES or len(parts) == 1)
        assert max(p.word_index) == len(p.words) - 1 and sum(p.word_starts) == len(p.words)
        assert all(word in p.text for word in p.words)


def test_a_long_sentence_is_cut_after_pauses_into_equal_parts(phonemizer):
    parts = pieces([phonemizer("; ".join([CLAUSE] * 9) + ".")])
    assert len(parts) > 2 and all(p.symbols[-2] in PAUSES for p in parts)
    assert max(map(len, parts)) < 2 * min(map(len, parts))


def test_a_single_endless_word_stays_whole(phonemizer):
    endless = phonemizer.from_symbols("AH0 B " * MAX_PHONEMES)
    assert pieces([endless]) == [endless]


def loudness(wav):
    """RMS of every 20 ms."""
    return np.sqrt((wav[: len(wav) // 480 * 480].reshape(-1, 480) ** 2).mean(1))


def test_streaming_goes_on_from_a_sentence(app_tts):
    text, settings = "I read it long ago. How are you today? We walked home along the river.", SamplingConfig(seed=4)
    whole = app_tts.speak(text, None, settings)
    *_, (_, stopped) = app_tts.stream(text, None, settings, lambda s: s.sentence[-1] == 1)
    assert stopped.stop_reason == "stopped" and stopped.sentence[-1] == 1
    *_, (_, rest) = app_tts.stream(text, None, settings, first=stopped.sentence[-1])
    before = whole.sentence.index(1)
    assert rest.sentence == whole.sentence[before:] and torch.equal(rest.codes, whole.codes[..., before:])
    assert [p.word for p in rest.timeline if p.word][:3] == ["How", "How", "are"]
    ours, theirs = rest.wav[24_000:], whole.wav[-len(rest.wav) :][24_000:]  # noise goes by the place in the speech
    assert loudness(ours) == pytest.approx(loudness(theirs), rel=0.3, abs=1e-3)
    with pytest.raises(ValueError, match="3 sentences"):
        next(app_tts.stream(text, None, settings, first=3))
