"""The routes for programs, asked by OpenAI's own client and by plain HTTP, around an untrained model."""

import base64
import io
import json
import re
import socket
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile

from phonelm.audio import to_int16
from phonelm.audio.decode import decode
from phonelm.codec import DecodeControls
from phonelm.config import SAMPLE_RATE, SamplingConfig

openai = pytest.importorskip("openai", reason="these tests need the package openai")
uvicorn = pytest.importorskip("uvicorn", reason="these tests need the extra serve")

TEXT = "I read it. Do you?"
LONG = "The rain has stopped, and we walk home along the river, all the way to the old mill. " * 12


@pytest.fixture(scope="module")
def served(app_tts):
    """The address of `phonelm serve` around the tiny system."""
    from phonelm.server.serve import build_server

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(build_server(app_tts), port=port, log_level="error"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(10)


@pytest.fixture(params=["serve", "app"])
def url(request):
    """Both servers: without the page, and beside it."""
    return request.getfixturevalue("served" if request.param == "serve" else "app_url").rstrip("/")


def openai_client(url):
    return openai.OpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)


@pytest.fixture
def client(served):
    return openai_client(served)


def expected(app_tts, text=TEXT, voice=None, **settings):
    return to_int16(app_tts.speak(text, voice, SamplingConfig(**settings)).wav)


def assert_same(got, wav):
    """Up to rounding: a stream is decoded in parts."""
    assert len(got) == len(wav) and np.abs(got.astype(int) - wav).max() <= 1


def test_models_and_voices(url):
    client = openai_client(url)
    assert [model.id for model in client.models.list()] == ["phonelm"]
    assert client.models.retrieve("phonelm").owned_by == "phonelm"
    voices = httpx.get(f"{url}/v1/audio/voices").json()["voices"]
    assert [voice["id"] for voice in voices] == ["bundled", "other"] and voices[0]["about"] == "a buzz"


def test_lossless_formats_hold_the_speech(url, app_tts, tmp_path):
    client = openai_client(url)
    wav = expected(app_tts, seed=5)
    for kind in ("wav", "flac", "pcm"):
        with client.audio.speech.with_streaming_response.create(
            model="tts-1", voice="other", input=TEXT, response_format=kind, extra_body={"seed": 5}
        ) as answer:
            answer.stream_to_file(tmp_path / f"a.{kind}")
        if kind == "pcm":
            got = np.fromfile(tmp_path / "a.pcm", "<i2")
        else:
            got, rate = soundfile.read(tmp_path / f"a.{kind}", dtype="int16")
            assert rate == SAMPLE_RATE
        assert_same(got, wav)


def test_speed_and_pitch(url, app_tts):
    asked = {"input": "Hello there.", "response_format": "pcm", "seed": 5, "speed": 0.5, "pitch": 3}
    answer = httpx.post(f"{url}/v1/audio/speech", json=asked, timeout=60)
    controls = DecodeControls(speed=0.5, pitch_semitones=3)
    alone = to_int16(app_tts.speak("Hello there.", settings=SamplingConfig(seed=5), controls=controls).wav)
    sound = np.frombuffer(answer.content, "<i2")
    assert len(sound) == len(alone) and np.abs(sound.astype(int) - alone).max() <= 4


@pytest.mark.parametrize("kind", ["mp3", "opus", "aac"])
def test_lossy_formats_hold_about_the_speech(client, app_tts, tmp_path, kind):
    answer = client.audio.speech.create(model="phonelm", voice="bundled", input=TEXT, response_format=kind)
    path = tmp_path / f"a.{kind}"
    path.write_bytes(answer.content)
    wav, rate = decode(path)
    assert abs(len(wav) / rate - len(expected(app_tts)) / SAMPLE_RATE) < 0.15
    assert 0.5 < wav.std() / (expected(app_tts) / 32768).std() < 1.5


def test_files_say_that_they_are_synthetic(client):
    answer = client.audio.speech.create(model="phonelm", voice="other", input=TEXT, response_format="wav")
    with soundfile.SoundFile(io.BytesIO(answer.content)) as file:
        assert "Synthetic" in file.title and '"voice":"other"' in file.comment


def test_mp3_is_the_default_and_the_media_type_says_so(served):
    answer = httpx.post(f"{served}/v1/audio/speech", json={"input": "Hi."}, timeout=60)
    assert answer.headers["content-type"] == "audio/mpeg" and answer.content.startswith(b"ID3")


@pytest.mark.parametrize("kind", ["wav", "mp3", "opus", "aac", "pcm"])
def test_sound_comes_while_the_rest_is_made(served, app_tts, monkeypatch, kind):
    made, stream = [], app_tts.stream

    def watched(*arguments, **options):
        for chunk, speech in stream(*arguments, **options):
            made.append(speech)
            time.sleep(0.02)
            yield chunk, speech

    monkeypatch.setattr(app_tts, "stream", watched)
    asked = {"input": LONG, "response_format": kind}
    with httpx.stream("POST", f"{served}/v1/audio/speech", json=asked, timeout=60) as answer:
        parts = answer.iter_bytes()
        size = 0
        while size < 4000:
            size += len(next(parts))
        at_first = len(made)
        for part in parts:
            size += len(part)
    assert at_first < len(made) / 2


def test_a_long_text_is_the_same_as_read_aloud(client, app_tts, tmp_path):
    from phonelm.tts import read_aloud

    read_aloud(app_tts, LONG, app_tts.voice(), tmp_path / "a.wav", SamplingConfig(seed=2))
    got = client.audio.speech.create(
        model="phonelm", voice="bundled", input=LONG, response_format="pcm", extra_body={"seed": 2}
    )
    assert_same(np.frombuffer(got.content, "<i2"), soundfile.read(tmp_path / "a.wav", dtype="int16")[0])


@pytest.mark.parametrize(
    ("body", "status", "param", "says"),
    [
        ({"input": ""}, 400, "input", "the text is empty"),
        ({}, 400, "input", "missing required parameter: input"),
        ({"input": "?!"}, 400, "input", "nothing to say"),
        ({"input": "a" * 4097}, 400, "input", "4096"),
        ({"input": 5}, 400, "input", "string"),
        ({"input": "Hi.", "voice": "alloy"}, 400, "voice", "there are bundled, other"),
        ({"input": "Hi.", "voice": {"id": "alloy"}}, 400, "voice", "there are bundled, other"),
        ({"input": "Hi.", "model": "gpt-9"}, 404, "model", "there is phonelm"),
        ({"input": "Hi.", "response_format": "midi"}, 400, "response_format", "'mp3'"),
        ({"input": "Hi.", "speed": 4}, 400, "speed", "speed must be from 0.5 to 2"),
        ({"input": "Hi.", "speed": "fast"}, 400, "speed", "number"),
        ({"input": "Hi.", "pitch": -7}, 400, "pitch", "pitch must be from -6 to 6, not -7"),
        ({"input": "Hi.", "intonation": 3}, 400, "intonation", "intonation must be from 0 to 2"),
        ({"input": "Hi.", "temperature": 9}, 400, "temperature", "temperature must be from"),
        ({"input": "Hi.", "seed": -1}, 400, "seed", "seed must be from 0"),
        ({"input": "Hi.", "pich": 2}, 400, "pich", "unknown parameter: pich"),
    ],
)
def test_errors_have_openai_s_shape(served, body, status, param, says):
    answer = httpx.post(f"{served}/v1/audio/speech", json=body, timeout=60)
    error = answer.json()["error"]
    assert answer.status_code == status and error["param"] == param and says in error["message"]
    assert error["type"] == "invalid_request_error" and error["code"] and "\n" not in error["message"]


def test_what_is_no_request_is_refused(served):
    for content, status in ((b"{", 400), (b"[1]", 400), (b"[" * 5_000, 400), (b" " * 70_000, 413)):
        answer = httpx.post(f"{served}/v1/audio/speech", content=content, headers={"content-type": "application/json"})
        assert answer.status_code == status and answer.json()["error"]["message"]
    for path in ("audio/transcriptions", "models/gpt-9", "chat/completions"):
        answer = httpx.get(f"{served}/v1/{path}")
        assert answer.status_code == 404 and answer.json()["error"]["message"]


def test_the_client_knows_the_errors(url):
    client = openai_client(url)
    with pytest.raises(openai.BadRequestError, match="there are bundled, other"):
        client.audio.speech.create(model="phonelm", voice="alloy", input="Hi.")
    with pytest.raises(openai.NotFoundError):
        client.audio.speech.create(model="gpt-9", voice="other", input="Hi.")


@pytest.fixture
def held(app_tts, monkeypatch):
    """The model makes nothing until `go` is set; `begun` counts who has had a turn, `ended` who is done."""
    go, begun, ended, stream = threading.Event(), [], [], app_tts.stream

    def waits(*arguments, **options):
        begun.append(1)
        try:
            go.wait(60)
            yield from stream(*arguments, **options)
        finally:
            ended.append(1)

    monkeypatch.setattr(app_tts, "stream", waits)
    yield go, begun, ended
    go.set()


def test_one_client_has_four_requests_and_takes_turns(served, held):
    go, begun, _ = held
    answers, ask = [], {"input": "Hi.", "response_format": "pcm"}
    threads = [
        threading.Thread(target=lambda: answers.append(httpx.post(f"{served}/v1/audio/speech", json=ask, timeout=60)))
        for _ in range(5)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 30
    while not answers and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [answer.status_code for answer in answers] == [429] and len(begun) == 1
    assert answers[0].json()["error"]["type"] == "rate_limit_error"
    go.set()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429]


def test_work_ends_when_the_client_goes_away(served, app_tts, monkeypatch):
    made, ended, stream = [], threading.Event(), app_tts.stream

    def watched(*arguments, **options):
        try:
            for chunk, speech in stream(*arguments, **options):
                made.append(speech)
                time.sleep(0.1)
                yield chunk, speech
        finally:
            ended.set()

    monkeypatch.setattr(app_tts, "stream", watched)
    asked = {"input": LONG, "response_format": "pcm"}
    with httpx.stream("POST", f"{served}/v1/audio/speech", json=asked, timeout=60) as answer:
        next(answer.iter_bytes())
    assert ended.wait(20)
    again = httpx.post(f"{served}/v1/audio/speech", json={"input": "Hi.", "response_format": "pcm"}, timeout=60)
    assert again.status_code == 200 and len(again.content)


def test_the_example_of_the_docs_runs(served, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    [code] = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(code.replace("http://127.0.0.1:8000", served).replace("george", "other"), {})
    wav, rate = decode(tmp_path / "hello.mp3")
    assert len(wav) > rate / 4


def test_events_hold_the_same_file_as_it_is_made(url, app_tts):
    asked = {"input": TEXT, "response_format": "wav", "seed": 3}
    whole = httpx.post(f"{url}/v1/audio/speech", json=asked, timeout=60).content
    with httpx.stream("POST", f"{url}/v1/audio/speech", json={**asked, "stream_format": "sse"}, timeout=60) as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/event-stream")
        lines = [line for line in answer.iter_lines() if line]
    assert len(lines) >= 3 and all(line.startswith("data: ") for line in lines)
    *deltas, done = (json.loads(line[6:]) for line in lines)
    assert {delta["type"] for delta in deltas} == {"speech.audio.delta"}
    assert b"".join(base64.b64decode(delta["audio"]) for delta in deltas) == whole
    speech = app_tts.speak(TEXT, None, SamplingConfig(seed=3))
    usage = {"input_tokens": sum(map(len, speech.phonemes)), "output_tokens": len(speech.frames)}
    assert done == {"type": "speech.audio.done", "usage": usage | {"total_tokens": sum(usage.values())}}
    wrong = httpx.post(f"{url}/v1/audio/speech", json={**asked, "stream_format": "sse", "voice": "x"}, timeout=60)
    assert wrong.status_code == 400 and wrong.json()["error"]["code"] == "voice_not_found"
