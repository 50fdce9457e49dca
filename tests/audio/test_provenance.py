"""Every file with speech says that it is synthetic and how it was made, and nothing about who lent the voice."""

import io
import json

import numpy as np
import pytest
import soundfile

from phonelm.audio import provenance
from phonelm.audio.files import FORMATS, audio_bytes, to_int16
from phonelm.config import SamplingConfig, from_dict
from phonelm.tts.bundle import SMALL

TEXT = "I read it – naïvely. Do you?"
SETTINGS = SamplingConfig(temperature=0.7, clamp="prompt", seed=5)


def said_about_itself(file):
    """(title, software, recipe) of an audio file."""
    with soundfile.SoundFile(file) as found:
        statement, brace, recipe = found.comment.partition("{")
        assert statement == f"{provenance.STATEMENT} "
        return found.title, found.software, json.loads(brace + recipe)


@pytest.fixture(scope="module")
def speech(app_tts):
    return app_tts.speak(TEXT, "other", SETTINGS)


def test_a_wav_file_says_what_it_is_and_repeats_itself(app_tts, speech, tmp_path):
    speech.save(tmp_path / "a.wav")
    title, software, recipe = said_about_itself(tmp_path / "a.wav")
    assert "ynthetic" in title and software.startswith("PhoneLM ")
    assert recipe["text"] == TEXT and recipe["voice"] == "other" and recipe["stop_reason"] == "end of text"
    assert recipe["phonemes"] == [" ".join(p.symbols) for p in speech.phonemes]
    app_tts.speak(recipe["text"], recipe["voice"], from_dict(SamplingConfig, recipe["settings"])).save(
        tmp_path / "b.wav"
    )
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert np.array_equal(soundfile.read(tmp_path / "a.wav", dtype="int16")[0], to_int16(speech.wav))


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_that_is_saved_says_what_it_is(speech, tmp_path, suffix):
    speech.save(tmp_path / f"a{suffix}")
    title, _, recipe = said_about_itself(tmp_path / f"a{suffix}")
    assert "ynthetic" in title and recipe["text"] == TEXT and recipe["settings"]["seed"] == SETTINGS.seed


def test_of_a_clip_nothing_is_written_but_that_there_was_one(tiny_tts, voice_file, tmp_path):
    tiny_tts.speak("Hi.", voice_file).save(tmp_path / "a.wav")
    assert said_about_itself(tmp_path / "a.wav")[2]["voice"] == "a clip"
    content = (tmp_path / "a.wav").read_bytes()
    assert voice_file.name.encode() not in content and str(voice_file.parent).encode() not in content


@pytest.mark.parametrize("kind", SMALL.values(), ids=SMALL)
def test_compressed_files_say_it_too(speech, kind):
    if kind[1] not in soundfile.available_subtypes(kind[0]):
        pytest.skip("libsndfile cannot write it here")
    content = audio_bytes(to_int16(speech.wav), speech.sample_rate, *kind, speech.tags)
    title, _, recipe = said_about_itself(io.BytesIO(content))
    assert "ynthetic" in title and recipe["text"] == TEXT


@pytest.mark.parametrize(
    ("text", "phonemes", "edits", "left_out"),
    [(10, 10, 1, None), (600, 1800, 1, ["phonemes"]), (600, 0, 1800, ["phonemes", "edits"]),
     (5000, 10, 1, ["phonemes", "edits", "text"]), (1900, 10, 1, ["phonemes", "edits", "text"])],
)  # fmt: skip
def test_what_does_not_fit_is_named(text, phonemes, edits, left_out):
    values = {"text": "t" * text, "phonemes": "p" * phonemes, "edits": "e" * edits, "settings": {"seed": 1}}
    content = audio_bytes(np.zeros(100, np.int16), 24_000, "WAV", "PCM_16", provenance.tags(values))
    recipe = said_about_itself(io.BytesIO(content))[2]
    assert recipe.pop("left_out", None) == left_out
    assert recipe == {k: v for k, v in values.items() if k not in (left_out or ())}


def test_the_longest_comment_is_read_back():
    tags = {"comment": "c" * provenance.MAX_BYTES}
    with soundfile.SoundFile(io.BytesIO(audio_bytes(np.zeros(9, np.int16), 24_000, "WAV", "PCM_16", tags))) as file:
        assert file.comment == tags["comment"]
