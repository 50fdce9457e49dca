"""The bundled voices: what is listed is there, whole and different; a damaged list is refused."""

import json
from dataclasses import replace
from itertools import combinations

import pytest

from phonelm import cli
from phonelm.audio.files import read_audio
from phonelm.checkpoint import CheckpointError
from phonelm.config import SAMPLE_RATE, SamplingConfig
from phonelm.tts.recipe import voice_identity
from phonelm.tts.system import TTS
from phonelm.tts.voices import bundled_voices


@pytest.fixture(scope="module")
def tts():
    return TTS.load()


def test_the_bundled_voices_are_whole(tts):
    assert tts.voices and list(tts.voices) == list(bundled_voices())
    encoded = {name: tts.voice(name) for name in tts.voices}
    for name, voice in encoded.items():
        about = tts.voices[name]
        assert about.about and about.licence and about.source
        assert 3 <= len(voice.wav) / SAMPLE_RATE <= 10, name
        assert tts.voice(name) is voice
    assert tts.voice() is encoded[next(iter(tts.voices))]
    for a, b in combinations(encoded.values(), 2):
        assert voice_identity(a) != voice_identity(b)


def test_the_command_lists_them(capsys):
    assert cli.main(["voices"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(bundled_voices())


@pytest.mark.parametrize(
    "content, message",
    [
        ("[", "is damaged"),
        ('[{"name": "a"}]', "is damaged"),
        ('[{"name": "a", "about": "", "licence": "", "source": "", "size": 3}]', "size"),
        ('[{"name": "../a", "about": "", "licence": "", "source": ""}]', "is no name"),
        ('[{"name": "a", "about": "", "licence": "", "source": ""}]', "a.flac, which is not there"),
    ],
)
def test_a_damaged_list_is_refused(tmp_path, content, message):
    (tmp_path / "voices.json").write_text(content)
    with pytest.raises(CheckpointError, match=message):
        bundled_voices(tmp_path)


def test_no_list_no_voices(tmp_path, tiny_tts):
    assert bundled_voices(tmp_path) == {}
    with pytest.raises(ValueError, match="no bundled voice"):
        tiny_tts.voice()


def test_an_unknown_voice_is_named(capsys):
    assert cli.main(["speak", "Hi.", "--voice", "nobody"]) == 2
    error = capsys.readouterr().err
    assert "'nobody'" in error and all(name in error for name in bundled_voices())


def test_speaking_with_a_bundled_voice(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = list(bundled_voices())[-1]
    assert cli.main(["speak", "Hi.", "--voice", name, "--json", "hi.json"]) == 0
    assert json.loads((tmp_path / "hi.json").read_text())["duration_s"] > 0.2


def test_a_line_is_spoken_by_the_voice_that_it_names(app_tts, voice_file):
    """Each sentence is as that voice speaks it alone."""
    wav, rate = read_audio(voice_file)
    tts = TTS(app_tts.acoustic, app_tts.codec, app_tts.phonemizer, app_tts.voices)
    tts._encoded["other"] = replace(tts.voice((wav[rate // 2 :], rate)), name="other")
    speech = tts.speak("How are you?\n[other] How are you?", None, SamplingConfig(seed=5))
    of_first = [f.codes.tolist() for f, s in zip(speech.frames, speech.sentence) if s == 0]
    of_other = [f.codes.tolist() for f, s in zip(speech.frames, speech.sentence) if s == 1]
    alone = tts.speak("How are you?", "other", SamplingConfig(seed=6))
    assert of_other == [f.codes.tolist() for f in alone.frames]
    assert of_first == [f.codes.tolist() for f in tts.speak("How are you?", None, SamplingConfig(seed=5)).frames]


def test_an_unknown_speaker_is_named_with_those_that_there_are(app_tts):
    with pytest.raises(ValueError, match=r"\[narrator\].*there are bundled, other"):
        app_tts.phonemize("Hi.\n[narrator] Hello.")
