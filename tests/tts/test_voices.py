"""The bundled voices: what is listed is there, whole and different; a damaged list is refused."""

import json
from itertools import combinations

import pytest

from phonelm import cli
from phonelm.checkpoint import CheckpointError
from phonelm.config import SAMPLE_RATE
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
