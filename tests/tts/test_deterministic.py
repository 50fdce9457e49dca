"""`--deterministic`: the number of threads decides nothing, down to the last bit of every probability."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from phonelm.model import weights
from phonelm.tts.recipe import identity
from phonelm.tts.system import TTS

CODE = """
import hashlib, sys, torch
from phonelm.config import SamplingConfig
from phonelm.tts import TTS
path, clip = sys.argv[1:]
tts = TTS.load(path, deterministic=True)
speech = tts.speak("Hello there, how are you?", clip, SamplingConfig(seed=3))
print(torch.get_num_threads(), hashlib.sha256(speech.wav.tobytes()).hexdigest(),
      [p.probability.hex() for f in speech.frames for p in f.picks])
"""


@pytest.fixture(scope="module")
def model(tiny_tts, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    weights.save(path, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    return path


@pytest.mark.slow
def test_any_number_of_threads_gives_the_same_bits(model, voice_file):
    said = set()
    for threads in "14":
        command = [sys.executable, "-c", CODE, model, voice_file]
        done = subprocess.run(command, cwd=Path(__file__).parents[2], env=os.environ | {"OMP_NUM_THREADS": threads},
                              capture_output=True, text=True, check=True)  # fmt: skip
        said.add(done.stdout)
    assert len(said) == 1 and said.pop().startswith("1 ")


def test_it_is_recorded(tiny_tts, voice_file, tmp_path, monkeypatch):
    monkeypatch.setattr("torch.set_num_threads", lambda n: None)  # of the whole process, and the other tests'
    tts = TTS(tiny_tts.acoustic, tiny_tts.codec, tiny_tts.phonemizer, deterministic=True)
    speech = tts.speak("Hi.", voice_file)
    speech.save(tmp_path / "a.wav")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert '"deterministic":true' in file.comment
    assert speech.info()["deterministic"] and not tiny_tts.speak("Hi.", voice_file).info()["deterministic"]
    assert identity(tts)["device"] == "cpu, one thread" and identity(tiny_tts)["device"] == "cpu"
