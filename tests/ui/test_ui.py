"""The page's pure parts: the grid's data, notation of phonemes, pieces of HTML, messages of sound."""

import json
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest

from phonelm.config import FRAME_RATE, HOP_LENGTH, SAMPLE_RATE, SamplingConfig
from phonelm.tts.recipe import MAX_EDITS
from phonelm.tts.speech import Edit
from phonelm.ui import html
from phonelm.ui.assets import FOLDER
from phonelm.ui.grid import PARTS, WAVE_BINS, grid_data, grid_json
from phonelm.ui.live import WINDOW, LiveSound
from phonelm.ui.phonemes import MAX_PHONEMES, notation, say_again, sentences, span_notation

TEXT = "I read it. Do you?"


@pytest.fixture(scope="module")
def speech(app_tts):
    return app_tts.speak(TEXT, None, SamplingConfig(seed=3, clamp="seen"))


def test_every_cell_of_the_grid_is_told_as_it_was(speech):
    data = grid_data(speech)
    t, k, r = data["frames"], data["codebooks"], data["likeliest"]
    assert (k, t) == speech.codes.shape[1:] and data["clamp"] == "seen" and data["card"] == 1024
    assert np.array_equal(np.reshape(data["codes"], (k, t)), speech.codes[0].numpy())
    for i, j in ((0, 0), (k - 1, t - 1), (1, t // 2)):
        pick, cell = speech.frames[j].picks[i], i * t + j
        assert data["probability"][cell] / PARTS == pytest.approx(pick.probability, abs=1 / PARTS)
        assert data["entropy"][cell] / 100 == pytest.approx(pick.entropy, abs=0.01)
        assert data["top"][cell * r : cell * r + r] == [code for code, _ in pick.top]
        assert data["top_probability"][cell * r] / PARTS == pytest.approx(pick.top[0][1], abs=1 / PARTS)
    assert len(data["top"]) == len(data["top_probability"]) == k * t * r
    assert len(data["clamped"]) == speech.clamped.sum() > 0
    assert all(speech.clamped.flat[cell] for cell in data["clamped"])


def test_words_and_phonemes_of_the_grid_cover_all_frames(speech):
    data = grid_data(speech)
    for spans in (data["words"], data["phonemes"]):
        assert spans[0][1] == 0 and spans[-1][2] == data["frames"] == round(speech.duration_s * FRAME_RATE)
        assert all(here[2] == after[1] for here, after in zip(spans, spans[1:]))
    assert [word for word, *_ in data["words"] if word] == ["I", "read", "it", "Do", "you"]
    assert [p for p, *_ in data["phonemes"]] == [s.symbol.strip("<>") for s in speech.timeline]


@pytest.fixture(scope="module")
def two_sentences(app_tts):
    return app_tts.speak([app_tts.phonemizer(s) for s in ("I read it.", "Do you?")], None, SamplingConfig(seed=3))


def test_sentences_and_chosen_phonemes_of_the_grid(two_sentences):
    data = grid_data(two_sentences, chosen=(2, 5))
    assert data["sentences"] == [9, 16] and len(data["phonemes"]) == 16
    assert data["chosen"] == (2, 5) and grid_data(two_sentences)["chosen"] is None


def test_a_span_in_the_notation_of_phonemes(two_sentences):
    speech = two_sentences
    assert span_notation(speech, 0, 9) == "AY1 | R IY1 D | IH1 T ."
    assert span_notation(speech, 4, 6) == "D | IH1" and span_notation(speech, 8, 9) == ""
    assert span_notation(speech, 10, 14) == "D UW1 | Y UW1"


def test_how_much_can_be_said_again_is_limited(app_tts, speech):
    with pytest.raises(ValueError, match=f"at most {MAX_PHONEMES} phonemes"):
        say_again(app_tts, speech, Edit(2, 5, 1, "AH0 " * MAX_PHONEMES))
    with pytest.raises(ValueError, match=f"edited {MAX_EDITS} times"):
        say_again(app_tts, replace(speech, edits=(Edit(2, 5, 1),) * MAX_EDITS), Edit(2, 5, 1))


def test_the_wave_of_the_grid_is_the_outline_of_the_sound(speech):
    wave = np.reshape(grid_data(speech)["wave"], (-1, 2))
    assert len(wave) == len(speech.frames) * WAVE_BINS and np.abs(wave).max() == 100
    assert (wave[:, 0] <= wave[:, 1]).all()


def test_the_grid_is_compact_json(speech):
    text = grid_json(speech)
    assert (
        json.loads(text) == json.loads(json.dumps(grid_data(speech))) and "." not in text.replace("0.0133", "", 1)[:20]
    )
    assert len(text) < 80 * speech.codes.numel()


def test_nothing_spoken_has_no_grid(app_tts):
    from phonelm.tts.speech import Speech

    with pytest.raises(ValueError, match="nothing was spoken"):
        grid_data(Speech("", [], app_tts.voice(), SamplingConfig(), SAMPLE_RATE))


@pytest.mark.parametrize("text", [TEXT, "Well, I am - hm - here; are you?!", "It cost $4.50 on the 3rd of June."])
def test_the_notation_of_phonemes_is_read_back(app_tts, text):
    spoken = app_tts.phonemize(text)
    again = sentences(app_tts, text, True, notation(spoken))
    assert [p.symbols for p in again] == [p.symbols for p in spoken]
    assert [p.words for p in again] == [p.words for p in spoken]


def test_the_notation_of_a_text():
    from phonelm.text.phonemizer import Phonemizer

    assert notation([Phonemizer()("Hello world.")]) == "HH AH0 L OW1 | W ER1 L D ."


def test_words_keep_their_names_when_phonemes_change(app_tts):
    edited = sentences(app_tts, "I read it.", True, "AY1 | R EH1 D | IH1 T .")
    assert edited[0].words == ("I", "read", "it")
    longer = sentences(app_tts, "I read it.", True, "AY1 | HH AE1 V | B IY1 | R IY1 D | IH1 T .")
    assert longer[0].words == ("I", "HH AE1 V", "B IY1", "read", "it")
    assert sentences(app_tts, "", True, "HH AY1")[0].words == ("HH AY1",)


@pytest.mark.parametrize(
    "written, message",
    [
        ("HH AH0 XX L", "unknown phonemes XX; allowed are"),
        (" \n ", "there are no phonemes"),
        (". ,", "nothing to say"),
        ("AH0 " * MAX_PHONEMES, "phonemes; at most"),
    ],
)
def test_phonemes_that_cannot_be_spoken_are_named(app_tts, written, message):
    with pytest.raises(ValueError, match=message):
        sentences(app_tts, TEXT, True, written)


def test_words_over_phonemes(app_tts, speech):
    live = html.interlinear(app_tts.phonemize(TEXT))
    assert live.count("<b>") == 5 and "<code>R IY1 D</code>" in live and "sil" not in live
    assert html.spoken(speech).count("<b>") == 5
    assert "unread" not in live
    unread = html.interlinear(app_tts.phonemize("I ⸎ read. It ⸿ is.")).partition("<p class=unread>")[2]
    assert "⸎" in unread and "⸿" in unread


def test_long_silences_are_found():
    loud, quiet = np.full(HOP_LENGTH * 75, 0.5, np.float32), np.zeros(HOP_LENGTH * 90, np.float32)
    assert html.long_silences(np.concatenate([loud, quiet, loud])) == [(1.0, pytest.approx(2.2))]
    assert html.long_silences(np.concatenate([loud, quiet[: HOP_LENGTH * 40], loud])) == []
    assert html.long_silences(np.zeros(0, np.float32)) == []


def test_what_looks_wrong_is_said(app_tts, voice_file):
    from phonelm.audio.files import read_audio

    wav, rate = read_audio(voice_file)
    speech = app_tts.speak("Hello.", (np.tile(wav, 7), rate), SamplingConfig(clamp="prompt", max_phoneme_frames=1))
    speech.wav = np.concatenate([np.ones(1000, np.float32), np.zeros(2 * SAMPLE_RATE, np.float32)])
    found = " / ".join(html.warnings(speech))
    for part in ("2.0 s of silence at 0.1 s", "clamp changed", "voice clip cut", "phonemes forced on"):
        assert part in found
    assert html.summary(speech).count("<li>") == 4


def test_what_is_shown_is_escaped(speech):
    speech.notes.append("<script>")
    assert "<script>" not in html.summary(speech) and "&lt;script&gt;" in html.summary(speech)
    assert "<b>" not in html.problem("<b>")


def test_sound_arrives_in_order_and_complete():
    chunks = [np.arange(i, i + 5, dtype=np.int16) - 3 for i in range(0, 50, 5)]
    sound, got, taken = LiveSound("run", SAMPLE_RATE), [], 0
    for i, chunk in enumerate([*chunks, None]):
        message = json.loads(sound.message(chunk))
        assert message["last"] == (chunk is None) and message["rate"] == SAMPLE_RATE
        assert len(message["chunks"]) <= WINDOW
        if i % 3 and chunk is not None:
            continue  # a browser that is busy misses messages, but no sound
        new = message["chunks"][taken - message["first"] :]
        taken = message["first"] + len(message["chunks"])
        got += [np.frombuffer(b64decode(c), "<i2") for c in new]
    assert np.array_equal(np.concatenate(got), np.concatenate(chunks))


def test_scripts_are_short_and_fetch_nothing():
    for path in FOLDER.iterdir():
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= 300 and "http" not in text and "@import" not in text
        if path.suffix != ".js":
            assert "`" not in text and "${" not in text and "{{" not in text, "Gradio takes these as templates"
