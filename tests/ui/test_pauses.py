"""Marks of pauses and of speakers, wherever a text is taken: command line, `read`, endpoints, HTTP, page."""

import io

import httpx
import numpy as np
import pytest
import soundfile
from gradio_client import Client
from gradio_client.exceptions import AppError

from phonelm.cli import main
from phonelm.model import weights
from tests.ui.browser import generate, needs_browser

MARKS = (("[pause 1s]", 1), ("[pause:0.5]", 0.5), ('<break time="500ms"/>', 0.5), ("[pause 60s]", 10))
TEXT = "We are all here, and you are there."
ENTRIES = ("command line", "read", "generate", "speak", "http")
LOUD = 0.02


def lasts_s(sound, silent_s: float = 0) -> float:
    """Seconds of a file that is silent at its beginning."""
    wav, rate = soundfile.read(sound)
    assert np.abs(wav[: int(silent_s * 0.9 * rate)]).max(initial=0) < LOUD
    return len(wav) / rate


@pytest.fixture(scope="module")
def checkpoint(tiny_tts, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    weights.save(path, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    return path


@pytest.fixture
def spoken(app_url, checkpoint, voice_file, tmp_path):
    """Says a text through an entry; returns a sound file."""

    def command(name, *args):
        out = tmp_path / "a.wav"
        options = ["--prompt", str(voice_file), "--seed", "3", "--checkpoint", str(checkpoint), "-o", str(out)]
        assert main([name, *args, *options]) == 0
        return out

    def read(text):
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        return command("read", str(tmp_path / "a.txt"))

    def client():
        return Client(app_url, verbose=False, download_files=tmp_path, analytics_enabled=False)

    def post(text):
        asked = {"input": text, "response_format": "wav", "seed": 3}
        answer = httpx.post(f"{app_url}v1/audio/speech", json=asked, timeout=60)
        answer.raise_for_status()
        return io.BytesIO(answer.content)

    says = {
        "command line": lambda text: command("speak", text),
        "read": read,
        "generate": lambda text: client().predict(text=text, seed=3, new_seed=False, api_name="/generate")[0],
        "speak": lambda text: client().predict(text=text, seed=3, api_name="/speak"),
        "http": post,
    }
    return lambda entry, text: says[entry](text)


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES)
def test_a_pause_is_heard_wherever_a_text_is_taken(spoken, entry):
    without = lasts_s(spoken(entry, TEXT))
    for mark, seconds in MARKS:
        assert lasts_s(spoken(entry, f"{mark} {TEXT}"), seconds) - without == pytest.approx(seconds, abs=0.03), mark


@pytest.mark.slow
@pytest.mark.parametrize("entry", ENTRIES[2:])
def test_a_line_names_its_speaker_wherever_a_text_is_taken(spoken, entry):
    two_lines = soundfile.info(spoken(entry, f"[other] {TEXT}\n[bundled] Hi.")).duration
    assert two_lines > soundfile.info(spoken(entry, f"[other] {TEXT}")).duration
    with pytest.raises((AppError, httpx.HTTPStatusError)) as refused:
        spoken(entry, f"[nobody] {TEXT}")
    error = refused.value
    said = error.response.text if isinstance(error, httpx.HTTPStatusError) else str(error)
    assert "nobody" in said and "bundled" in said


@pytest.mark.slow
@needs_browser
def test_the_page_knows_the_marks(page):
    for mark, seconds in MARKS:
        generate(page, f"[other] {mark} Hello there.")
        heard_s, loudest = page.evaluate(
            """async (seconds) => {
              const bytes = await (await fetch(document.querySelector("#speech audio").src)).arrayBuffer();
              const sound = await new AudioContext().decodeAudioData(bytes), samples = sound.getChannelData(0);
              const pause = samples.subarray(0, 0.9 * seconds * sound.sampleRate);
              return [sound.duration, pause.reduce((most, x) => Math.max(most, Math.abs(x)), 0)];
            }""",
            seconds,
        )
        assert seconds < heard_s < seconds + 3 and loudest < LOUD, mark
    assert page.locator("#live b").all_inner_texts() == ["Hello", "there"]
