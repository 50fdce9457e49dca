"""The app as its users' programs see it, through `gradio_client`, around an untrained model and the real codec."""

import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import numpy as np
import pytest
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from gradio_client.utils import QueueError
from PIL import Image

from phonelm.audio.files import to_int16, write_audio
from phonelm.codec.parameters import DecodeControls
from phonelm.config import HOP_LENGTH, SAMPLE_RATE, SamplingConfig
from phonelm.ui import html
from phonelm.ui.differences import differing

TEXT = "I read it. Do you?"
LONG = "The rain has stopped, and we walk home along the river, all the way to the old mill and then up the hill. " * 5


@pytest.fixture
def client(app_url, tmp_path):
    return Client(app_url, verbose=False, download_files=tmp_path, analytics_enabled=False)


def generate(client, text=TEXT, seed=1, new_seed=False, **settings):
    """One call of the public endpoint, as a dict."""
    names = ("audio", "grid", "info")
    result = client.predict(text=text, seed=seed, new_seed=new_seed, api_name="/generate", **settings)
    return dict(zip(names, result, strict=True))


def samples(path):
    wav, sample_rate = soundfile.read(path, dtype="int16")
    assert sample_rate == SAMPLE_RATE
    return wav


def test_nothing_else_is_public(client):
    api = client.view_api(return_format="dict")
    names = ["/generate", "/edit", "/compare", "/speak", "/voices", "/phonemize"]
    assert list(api["named_endpoints"]) == names and not api["unnamed_endpoints"]
    parameters = api["named_endpoints"]["/generate"]["parameters"]
    settings = "temperature top_k top_p codebooks clamp speed guidance seed new_seed pitch intonation"
    assert [p["parameter_name"] for p in parameters] == ["text", "voice", "clip", *settings.split()]
    assert not any("parameter_" in p["label"] for e in api["named_endpoints"].values() for p in e["parameters"])


def test_the_client_code_of_the_docs_runs(app_url, voice_file, tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs/api.md").read_text("utf-8")
    (code,) = re.findall(r"```py\n(.*?)```", page, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    shutil.copy(voice_file, "me.wav")
    values: dict = {}
    exec(code.replace("http://127.0.0.1:7860", app_url), values)
    assert values["info"]["seed"] == 7 and len(samples(values["wav"])) > 0
    assert len(samples(values["audio_a"])) > 0 < len(samples(values["audio_b"])) and 0 < values["share"] <= 1
    info = values["info"]
    assert info["text"] == "Hello there." and len(info["edits"]) == 2
    assert " ".join(info["phonemes"][0]) == "<sil> G UH1 D B AY1 DH EH1 R . <sil>"


def test_speech_with_all_that_explains_it(client, app_tts):
    settings = SamplingConfig(temperature=0.8, top_k=50, top_p=0.9, n_codebooks=3, clamp="seen", guidance=2.0,
                              seed=7)  # fmt: skip
    got = generate(client, seed=7, temperature=0.8, top_k=50, top_p=0.9, codebooks=3, clamp="seen", speed=1.2,
                   guidance=2.0, pitch=-2, intonation=0.5)  # fmt: skip
    alone = app_tts.speak(TEXT, None, settings, controls=DecodeControls(1.2, -2, 0.5))
    assert np.array_equal(samples(got["audio"]), to_int16(alone.wav))
    info = got["info"]
    assert info["codes_shape"] == [1, 3, len(alone.frames)] and info["seed"] == 7 and info["voice"] == "bundled"
    assert len(samples(got["audio"])) == HOP_LENGTH * alone.controls.frames(info["codes_shape"][2])
    assert info["controls"] == alone.info()["controls"]
    assert info["settings"] == alone.info()["settings"] and info["timeline"] == alone.info()["timeline"]
    assert len({p["word_index"] for p in info["timeline"] if p["word"]}) == 5 and info["stop_reason"] == "end of text"
    assert any(f"in {alone.clamped.sum()} of " in note for note in info["notes"])
    with Image.open(got["grid"]) as picture:
        assert picture.width > 1000 and picture.height > 200


def test_a_span_is_said_again(client, app_tts):
    first = app_tts.speak(TEXT, None, SamplingConfig(seed=7))
    for arguments in ({"phonemes": "R EH1 D", "seed": 5}, {"seed": 6}):
        if not first.edits:
            generate(client, seed=7)
        first = app_tts.regenerate(first, 2, 5, arguments["seed"], arguments.get("phonemes"))
        wav, _, info = client.predict(start=2, end=5, api_name="/edit", **arguments)
        assert np.array_equal(samples(wav), to_int16(first.wav))
        assert info["phonemes"] == [list(p.symbols) for p in first.phonemes] and len(info["edits"]) == len(first.edits)


def test_what_cannot_be_said_again_is_named(app_url, client, tmp_path):
    other = Client(app_url, verbose=False, download_files=tmp_path, analytics_enabled=False)
    generate(client, "I read it. How are you today?")
    for user, end, message in ((client, 12, "beyond the end of a sentence"), (other, 8, "no speech to edit")):
        with pytest.raises(AppError, match=message):
            user.predict(7, end, api_name="/edit")


def test_the_clip_is_the_voice(client, tmp_path):
    t = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    write_audio(tmp_path / "other.wav", 0.4 * np.sin(2 * np.pi * 220 * t), SAMPLE_RATE)
    default = generate(client)
    other = generate(client, clip=handle_file(tmp_path / "other.wav"))
    lengths = [r["info"]["prompt_s"] for r in (default, other)]
    assert [r["info"]["voice"] for r in (default, other)] == ["bundled", "clip"]
    assert lengths == pytest.approx([2, 3], abs=0.1)
    assert not np.array_equal(samples(default["audio"]), samples(other["audio"]))


def test_a_voice_is_named(client, app_tts, monkeypatch):
    asked, stream = [], app_tts.stream
    monkeypatch.setattr(app_tts, "stream", lambda *args, **options: asked.append(args[1]) or stream(*args, **options))
    assert generate(client, voice="other")["info"]["voice"] == "other"
    client.predict("Hi.", "other", 1.2, 3, api_name="/speak")
    assert asked == ["other", "other"]


def test_short_endpoints(client, app_tts):
    wav = client.predict("Hi.", speed=1.5, seed=4, api_name="/speak")
    alone = app_tts.speak("Hi.", None, SamplingConfig(seed=4), controls=DecodeControls(1.5))
    sound = samples(wav).astype(int)
    assert len(sound) == len(alone.wav) and np.abs(sound - to_int16(alone.wav)).max() <= 4  # a stream is rounded
    assert [voice["name"] for voice in client.predict(api_name="/voices")] == ["bundled", "other"]
    [said] = client.predict("I read it.", api_name="/phonemize")
    assert said == {"spoken": "I read it.", "words": ["I", "read", "it"], "phonemes": "AY1 | R IY1 D | IH1 T ."}
    for endpoint in ("/speak", "/phonemize"):
        with pytest.raises(AppError, match="the text is empty"):
            client.predict(" ", api_name=endpoint)


def test_programs_and_the_page_take_turns_with_one_another(client, app_url, app_tts, monkeypatch):
    """One that asks over HTTP has the model; one that asks through Gradio waits for it, and sees that."""
    go, begun, stream = threading.Event(), threading.Event(), app_tts.stream

    def held(*args, **options):
        begun.set()
        go.wait(60)
        yield from stream(*args, **options)

    monkeypatch.setattr(app_tts, "stream", held)
    with ThreadPoolExecutor(1) as pool:
        asked = {"input": "Hi.", "response_format": "pcm"}
        first = pool.submit(httpx.post, f"{app_url}v1/audio/speech", json=asked, timeout=60)
        assert begun.wait(30)
        job = client.submit(text="Hi.", api_name="/generate")
        deadline = time.monotonic() + 30
        while not job.outputs() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert job.outputs()[0][2] == {"waiting_for": 1}
        go.set()
        assert first.result().status_code == 200 and job.result(60)[2]["stop_reason"] == "end of text"


def test_two_settings_compared(client, app_tts, voice_file):
    first, other = {"temperature": 0.8, "seed": 7}, {"voice": "other", "n_codebooks": 2}
    a, b, share = client.predict(TEXT, first, other, api_name="/compare")
    speeches = [app_tts.speak(TEXT, None, SamplingConfig(temperature=0.8, seed=7)),
                app_tts.speak(TEXT, "other", SamplingConfig(n_codebooks=2))]  # fmt: skip
    for path, speech in zip((a, b), speeches):
        assert np.array_equal(samples(path), to_int16(speech.wav))
    assert share == pytest.approx(differing(*speeches)) and 0.5 < share <= 1
    clips = {"clip_a": handle_file(voice_file), "clip_b": handle_file(voice_file)}
    a, b, share = client.predict(TEXT, first, first, **clips, api_name="/compare")
    assert share == 0 and np.array_equal(samples(a), samples(b))


@pytest.mark.parametrize(
    "arguments, message",
    [
        (("", {}, {}), "the text is empty"),
        (("Hi.", {"heat": 1}, {}), "unknown SamplingConfig settings heat; known are"),
        (("Hi.", {}, {"temperature": "hot"}), "temperature must be from 0.0 to 2.0, not 'hot'"),
        (("Hi.", {"n_codebooks": 8}, {}), "8"),
        (("Hi.", {}, {"voice": "/etc/passwd"}), "voice must be one of bundled, other"),
        (("Hi.", {"voice": ["bundled"]}, {}), "voice must be one of"),
        (("Hi.", {"clamp": {}}, {}), "clamp must be one of"),
        (("Hi.", [1], {}), "the settings must be an object"),
    ],
)
def test_bad_settings_to_compare_are_named(client, arguments, message):
    with pytest.raises(AppError, match=message) as error:
        client.predict(*arguments, api_name="/compare")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"text": " "}, "the text is empty; give at least one word"),
        ({"text": "?!"}, "has no word in it"),
        ({"text": "Здравствуй"}, "'З' .CYRILLIC"),
        ({"text": "no " * 201}, "the text has 603 characters; at most 600"),
        ({"seed": -1}, "seed must be from 0"),
        ({"seed": None}, "seed must be from 0"),
        ({"voice": "alloy"}, "alloy.*bundled.*other"),
        ({"clip": "words.wav"}, "^words.wav cannot be read as audio .*words.wav"),
        ({"clip": "silence.wav"}, "^silence.wav is silent"),
    ],
)
def test_bad_input_is_named(client, tmp_path, arguments, message):
    (tmp_path / "words.wav").write_text("these are words")
    soundfile.write(tmp_path / "silence.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    if "clip" in arguments:
        arguments = {"clip": handle_file(tmp_path / arguments["clip"])}
    with pytest.raises(AppError, match=message) as error:
        generate(client, **arguments)
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_twenty_users_at_the_same_time_get_what_each_would_get_alone(app_url, app_tts, tmp_path):
    def use(seed):
        client = Client(app_url, verbose=False, download_files=tmp_path / str(seed), analytics_enabled=False)
        for _ in range(600):
            try:
                return samples(generate(client, seed=seed)["audio"])
            except QueueError:  # 16 may wait
                time.sleep(0.2)

    with ThreadPoolExecutor(20) as pool:
        together = list(pool.map(use, range(20)))
    for seed, wav in enumerate(together):
        assert np.array_equal(wav, to_int16(app_tts.speak(TEXT, None, SamplingConfig(seed=seed)).wav))


def test_a_new_seed_each_time(client):
    seeds = {generate(client, text="Hi.", new_seed=True)["info"]["seed"] for _ in range(2)}
    assert len(seeds) == 2


def test_stop_gives_what_was_said_so_far(app_tts):
    stop = threading.Event()
    steps = app_tts.stream(LONG, None, SamplingConfig(), lambda _: stop.is_set())
    _, reported = next(steps)
    assert "phoneme" in html.progress(reported)
    stop.set()
    *_, (_, last) = steps
    assert last.stop_reason == "stopped" and len(last.wav) == HOP_LENGTH * len(last.frames) > 0
    assert "stopped" in html.summary(last)


def test_a_stop_at_the_first_frame_is_speech_too(app_tts):
    [(chunk, speech)] = app_tts.stream(LONG, None, SamplingConfig(), lambda _: True)
    assert len(chunk) == len(speech.wav) == HOP_LENGTH


def test_work_ends_when_the_user_goes_away(client, app_tts, monkeypatch):
    seen, stream = [], app_tts.stream

    def watched(*args, **options):
        for chunk, speech in stream(*args, **options):
            seen.append(speech)
            time.sleep(0.3)  # or all would be said before the cancelling is known
            yield chunk, speech

    monkeypatch.setattr(app_tts, "stream", watched)
    job = client.submit(text=LONG, api_name="/generate")
    deadline = time.monotonic() + 60
    while not seen and time.monotonic() < deadline:
        time.sleep(0.02)
    job.cancel()
    frames = -1
    while frames != len(seen[-1].frames) and time.monotonic() < deadline:
        frames = len(seen[-1].frames)
        time.sleep(1)
    assert 0 < len(seen[-1].frames) == frames and not seen[-1].seconds
