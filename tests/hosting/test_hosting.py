"""The app as a public service: behind a proxy with a prefix, within its limits, opening nothing that a user names."""

import http.client
import re
import socket
import sys
import threading
import time
import types
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import soundfile
import yaml
from gradio.route_utils import delete_files_created_by_app
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

import app
from phonelm.ui import zerogpu as zero
from phonelm.ui.events import AT_ONCE, QUEUED

ROOT = Path(__file__).parents[2]
PREFIX = "/voice/lab"
VALUES = ["Hi.", "bundled", None, 0.5, 0, 1, 4, "off", 1, 1.5, 1, False, 0, 1]  # for /generate


class Proxy(BaseHTTPRequestHandler):
    """Passes on what lies under `PREFIX`, without it, to the port of the server's `target`."""

    def pass_on(self):
        if not self.path.startswith(f"{PREFIX}/"):
            return self.send_error(404, "outside of the prefix")
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.target)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {k: v for k, v in self.headers.items() if k.lower() != "connection"}
        upstream.request(self.command, self.path.removeprefix(PREFIX), body, headers)
        answer = upstream.getresponse()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        self.end_headers()
        while part := answer.read1():
            self.wfile.write(part)
            self.wfile.flush()
        upstream.close()

    do_GET = do_POST = do_HEAD = pass_on

    def log_message(self, *_):
        pass


class PatientServer(ThreadingHTTPServer):
    request_queue_size = 128  # connections not yet accepted; with the 5 of the base class, a crowd is reset


@pytest.fixture(scope="module")
def hosted(app_tts, tmp_path_factory):
    """The app behind a proxy: the `gr.Blocks` and the address that users know."""
    proxy = PatientServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{proxy.server_port}{PREFIX}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setenv("GRADIO_ROOT_PATH", url)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            proxy.target = free.getsockname()[1]
        demo = app.build_demo(app_tts)
        app.launch(demo, server_name="127.0.0.1", server_port=proxy.target, prevent_thread_lock=True, quiet=True)
        yield demo, url
        demo.close(verbose=False)
    proxy.shutdown()


@pytest.fixture
def client(hosted, tmp_path):
    return Client(hosted[1], verbose=False, download_files=tmp_path, analytics_enabled=False)


def test_everything_works_under_the_prefix_of_a_proxy(hosted, client):
    wav, _, info = client.predict("Hi.", seed=1, new_seed=False, api_name="/generate")
    assert len(soundfile.read(wav)[0]) and info
    page = httpx.get(f"{hosted[1]}/").text
    assert f'"root":"{hosted[1]}"' in page.replace(" ", "")
    for path in re.findall(r'(?:src|href)="\.?(/?[^":]+\.(?:js|css))"', page):
        assert httpx.get(f"{hosted[1]}/{path.lstrip('./')}").status_code == 200, path


@pytest.fixture
def busy(app_tts, monkeypatch):
    """The model answers nobody until `go` is set, and then with an error; `most` used it at the same time."""
    go, active, most = threading.Event(), [], []

    def stream(*_, **__):
        active.append(1)
        most.append(len(active))
        go.wait(60)
        active.pop()
        raise ValueError("that was the model")
        yield

    monkeypatch.setattr(app_tts, "stream", stream)
    yield types.SimpleNamespace(go=go, most=most)
    go.set()


@pytest.mark.slow
def test_one_event_at_a_time_uses_the_model_and_the_queue_has_an_end(hosted, busy):
    run, room = f"{hosted[1]}/gradio_api/call/generate", AT_ONCE + QUEUED
    asked = [httpx.post(run, json={"data": VALUES}, timeout=60) for _ in range(room + 3)]  # each is another user
    assert [answer.status_code for answer in asked] == [200] * room + [503] * 3
    busy.go.set()
    for answer in asked[:room]:
        assert "that was the model" in httpx.get(f"{run}/{answer.json()['event_id']}", timeout=60).text
    assert max(busy.most) == 1 and len(busy.most) == room


def test_a_user_has_only_so_many_requests_at_a_time(client, busy, hosted, tmp_path):
    jobs = [client.submit("Hi.", api_name="/generate") for _ in range(8)]
    deadline = time.monotonic() + 60
    while sum(job.done() for job in jobs) < 4 and time.monotonic() < deadline:
        time.sleep(0.1)
    other = Client(hosted[1], verbose=False, download_files=tmp_path, analytics_enabled=False)
    late = other.submit("Hi.", api_name="/generate")
    busy.go.set()
    said = [str(job.exception(timeout=60)) for job in (*jobs, late)]
    assert sum("you have 4 requests here already" in line for line in said[:-1]) == 4, said
    assert sum("that was the model" in line for line in said) == 5 and max(busy.most) == 1


def answered(url, clip):
    """The last event of a run with whatever somebody puts in the place of an upload."""
    clip = clip and {**clip, "meta": {"_type": "gradio.FileData"}}
    values = [*VALUES[:2], clip, *VALUES[3:]]
    run = f"{url}/gradio_api/call/generate"
    event = httpx.post(run, json={"data": values}, timeout=60).json()["event_id"]
    return httpx.get(f"{run}/{event}", timeout=60).text.split("event: ")[-1]


@pytest.mark.parametrize("path", ["/etc/hostname", "../../../etc/hostname", str(ROOT / "README.md")])
def test_no_path_that_a_user_names_is_opened(hosted, path):
    assert answered(hosted[1], {"path": path}).startswith("error")
    assert httpx.get(f"{hosted[1]}/gradio_api/file={path}", timeout=60).status_code in (403, 404)


def test_no_address_that_a_user_names_is_asked(hosted):
    asked = []

    class Secret(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    secret = ThreadingHTTPServer(("127.0.0.1", 0), Secret)
    threading.Thread(target=secret.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{secret.server_port}/voice.wav"
    assert answered(hosted[1], None).startswith("complete")
    for value in ({"path": url}, {"path": "voice.wav", "url": url}):
        assert answered(hosted[1], value).startswith("error")
    secret.shutdown()
    assert not asked


def test_uploads_and_clips_have_limits(hosted, client, tmp_path):
    much = {"files": ("voice.wav", b"0" * (21 * 2**20))}
    assert httpx.post(f"{hosted[1]}/gradio_api/upload", files=much, timeout=60).status_code == 413
    soundfile.write(tmp_path / "long.flac", [0.0] * 4_000_001, 48_000)
    with pytest.raises(AppError, match="the voice clip is 83 s long; at most 83 s are taken at 48000 Hz"):
        client.predict("Hi.", clip=handle_file(tmp_path / "long.flac"), api_name="/generate")


def test_files_are_deleted_an_hour_later(hosted, client, voice_file):
    demo, _ = hosted
    assert demo.delete_cache == (3600, 3600)
    texts = "Hi.", "The rain has stopped, and we walk home along the river."  # the second is long enough for reports
    wavs = [client.predict(text, clip=handle_file(voice_file), api_name="/generate")[0] for text in texts]
    kept = [Path(f) for files in demo.temp_file_sets for f in files if Path(f).suffix == ".wav"]
    names = {*(Path(wav).name for wav in wavs), voice_file.name}
    assert {f.name for f in kept} >= names and all(f.exists() for f in kept)
    delete_files_created_by_app(demo, 3600)
    assert all(f.exists() for f in kept)
    delete_files_created_by_app(demo, 0)
    assert not any(f.exists() for f in kept)
    folder, examples = Path(demo.GRADIO_CACHE), {f for block in demo.blocks.values() for f in block.keep_in_cache}
    assert {str(f) for f in folder.rglob("*") if f.is_file()} <= examples


@pytest.mark.slow
def test_only_so_many_sessions_are_kept(hosted, monkeypatch, tmp_path):
    assert hosted[0].state_holder.capacity == app.SESSIONS
    hosted[0].state_holder.session_data.clear()  # those of other tests
    monkeypatch.setattr(hosted[0].state_holder, "capacity", 2)
    users = [Client(hosted[1], verbose=False, download_files=tmp_path, analytics_enabled=False) for _ in range(3)]
    for user in users:
        user.predict("Hi.", api_name="/generate")
    assert len(hosted[0].state_holder.session_data) == 2
    with pytest.raises(AppError, match="there is no speech to edit"):
        users[0].predict(1, 2, api_name="/edit")
    users[2].predict(1, 2, api_name="/edit")


def test_the_model_is_put_on_a_lent_gpu(monkeypatch, app_tts):
    """As far as that can be seen without one: all frames of a speech are made by what `spaces` lends."""
    asked, lent_calls = {}, []

    def lend(function, duration):
        def lent(*args):
            lent_calls.append(duration)
            yield from function(*args)

        return lent

    fake = types.SimpleNamespace(GPU=lend, config=types.SimpleNamespace(Config=types.SimpleNamespace(zero_gpu=True)))
    monkeypatch.setattr(zero, "spaces", fake)
    monkeypatch.setattr(zero.TTS, "load", lambda *args, **kwargs: asked.update(kwargs) or app_tts)
    monkeypatch.setattr(app_tts, "make_frames", app_tts.make_frames)  # to be undone
    tts = zero.load_tts(None, None)
    assert asked["device"] == "cuda" and asked["codec_device"] == "cpu"
    assert len(tts.speak("Hi. There.").frames) and lent_calls == [zero.LENT_S]
    assert "spaces" not in sys.modules


def test_the_app_speaks_by_itself_while_the_page_is_there(monkeypatch, app_tts):
    """Or the first user of a fresh installation would wait for compilers."""
    asked, clips = {}, []
    encode = app_tts.voice
    monkeypatch.setattr(zero, "spaces", None)
    monkeypatch.setattr(zero.TTS, "load", lambda *args, **kwargs: asked.update(kwargs) or app_tts)
    monkeypatch.setattr(app_tts, "voice", lambda clip=None: clips.append(clip) or encode(clip))
    assert zero.load_tts(None, "cpu") is app_tts
    assert asked == {"device": "cpu"} and not clips
    zero.warm_up(app_tts)
    assert clips


def test_the_front_matter_is_one_that_spaces_takes():
    front = yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---")[1])
    colours = {"red", "yellow", "green", "blue", "indigo", "purple", "pink", "gray"}
    assert {front["colorFrom"], front["colorTo"]} <= colours and front["sdk"] == "gradio"
    assert (ROOT / front["app_file"]).exists() and len(front["short_description"]) <= 60
    assert re.fullmatch(r"3\.\d+", front["python_version"])
