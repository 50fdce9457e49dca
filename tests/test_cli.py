"""The command line: what it writes, and one clear line with exit code 2 for bad input."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pytest
import soundfile

from phonelm import __version__
from phonelm.cli import main
from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.model import weights
from phonelm.tts.voices import bundled_voices

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def model(tiny_tts, tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.safetensors"
    weights.save(path, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    return str(path)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("clip") / "clip.wav"
    t = np.arange(2 * 16_000) / 16_000
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * 150 * t) * (1 + 0.3 * np.sin(20 * t)), 16_000)
    return str(path)


def speak(*args):
    return main(["speak", *map(str, args)])


def test_speak_writes_audio_and_how_it_was_made(model, clip, tmp_path):
    wav, info = tmp_path / "a.wav", tmp_path / "a.json"
    assert speak("Hello there.", "--prompt", clip, "-o", wav, "--seed", 7, "--checkpoint", model, "--json", info) == 0
    audio, rate = soundfile.read(wav)
    made = json.loads(info.read_text())
    assert rate == SAMPLE_RATE and len(audio) == made["codes_shape"][2] * HOP_LENGTH
    assert made["text"] == "Hello there." and made["seed"] == 7 and made["settings"]["temperature"] > 0
    assert made["timeline"][0]["symbol"] == "<sil>"
    assert made["timeline"][-1]["end_s"] == pytest.approx(len(audio) / rate)
    assert made["stop_reason"] == "end of text" and made["real_time_factor"] > 0


def test_speed_pitch_and_intonation_change_the_sound_and_no_code(model, clip, tmp_path):
    made, text = {}, "We are all here, and you are there."  # long enough that some of its random codes are voiced
    for name, options in (("plain", ()), ("slow", ("--speed", 0.5)), ("high", ("--pitch", 4, "--intonation", 0))):
        wav, info = tmp_path / f"{name}.wav", tmp_path / f"{name}.json"
        assert speak(text, "--prompt", clip, "-o", wav, "--checkpoint", model, "--json", info, *options) == 0
        made[name] = soundfile.read(wav)[0], json.loads(info.read_text())
    (plain, before), (slow, slower), (high, _) = made.values()
    assert len(slow) == 2 * len(plain) and len(high) == len(plain) and not (high == plain).all()
    assert slower["codes_shape"] == before["codes_shape"] and slower["controls"]["speed"] == 0.5
    assert slower["timeline"][-1]["end_s"] == pytest.approx(2 * before["timeline"][-1]["end_s"])


def test_same_seed_writes_the_same_file(model, clip, tmp_path):
    for name in ("a", "b"):
        assert speak("Hi.", "--prompt", clip, "-o", tmp_path / f"{name}.wav", "--seed", 3, "--checkpoint", model) == 0
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_speak_a_file_line_by_line(model, clip, tmp_path):
    lines = tmp_path / "lines.txt"
    lines.write_text("One.\nTwo words.\n")
    assert speak("--file", lines, "-o", tmp_path / "out", "--prompt", clip, "--checkpoint", model) == 0
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["000.wav", "001.wav"]


def test_speak_phonemes(model, clip, tmp_path):
    info = tmp_path / "a.json"
    args = ("--phonemes", "HH AY1 | DH EH1 R .", "--prompt", clip, "-o", tmp_path / "a.wav", "--json", info)
    assert speak(*args, "--checkpoint", model) == 0
    assert [s["symbol"] for s in json.loads(info.read_text())["timeline"]][1:3] == ["HH", "AY1"]


def test_fewer_codebooks_and_clamping(model, clip, tmp_path):
    info = tmp_path / "a.json"
    args = ("Hi.", "--codebooks", 2, "--clamp", "prompt", "--prompt", clip, "-o", tmp_path / "a.wav", "--json", info)
    assert speak(*args, "--checkpoint", model) == 0
    assert json.loads(info.read_text())["codes_shape"][1] == 2


def test_codec_round_trip(tmp_path):
    clip = bundled_voices()["hibari"].path
    assert main(["codec", str(clip), "-o", str(tmp_path / "b.wav"), "--codebooks", "4"]) == 0
    (before, rate), (after, rate_after) = soundfile.read(clip), soundfile.read(tmp_path / "b.wav")
    assert rate == rate_after == SAMPLE_RATE and 0 <= len(after) - len(before) < HOP_LENGTH  # whole frames
    assert 0.7 < after.std() / before.std() < 1.4


@pytest.mark.parametrize(("suffix", "kind"), [("mp3", "MP3"), ("flac", "FLAC"), ("opus", "OGG")])
def test_the_suffix_decides_the_format(model, clip, tmp_path, suffix, kind):
    a, b = tmp_path / f"a.{suffix}", tmp_path / f"b.{suffix}"
    assert speak("Hi.", "--prompt", clip, "-o", a, "--checkpoint", model) == 0
    assert main(["codec", clip, "-o", str(b)]) == 0
    assert soundfile.info(a).format == soundfile.info(b).format == kind


@pytest.mark.skipif(os.name != "posix", reason="devices as POSIX has them")
def test_a_device_stays_a_device(model, clip, capsys):
    assert speak("Hi.", "--prompt", clip, "-o", "/dev/null", "--checkpoint", model) == 0
    assert main(["codec", clip, "-o", "/dev/null"]) == 0
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode) and capsys.readouterr().out == ""


@pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_closed_pipe_ends_quietly(buffered):
    environment = {**os.environ, "PYTHONUNBUFFERED": buffered}
    process = subprocess.Popen(
        [sys.executable, "-m", "phonelm", "voices"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment,
    )  # fmt: skip
    process.stdout.close()
    assert process.stderr.read() == b"" and process.wait(60) == 128 + signal.SIGPIPE


def test_version(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0 and __version__ in capsys.readouterr().out


def test_read_a_dialogue(model, clip, tmp_path, capsys):
    (tmp_path / "a.txt").write_text("[george] Is it late?\n[emma] Not yet.\n", encoding="utf-8")
    out = tmp_path / "a.wav"
    assert main(["read", str(tmp_path / "a.txt"), "-o", str(out), "--prompt", clip, "--checkpoint", model]) == 0
    assert len(soundfile.read(out)[0])
    (tmp_path / "a.txt").write_text("[narrator] It was late.", encoding="utf-8")
    assert main(["read", str(tmp_path / "a.txt"), "-o", str(out), "--prompt", clip, "--checkpoint", model]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("phonelm: error: ") and "[narrator]" in error and "emma" in error


def test_phonemize(capsys):
    assert main(["phonemize", "I read it yesterday."]) == 0
    assert "R EH1 D" in capsys.readouterr().out


def test_phonemize_with_a_lexicon(tmp_path, capsys):
    lexicon = tmp_path / "lexicon.tsv"
    lexicon.write_text("SQL\tS IY1 K W AH0 L\n")
    assert main(["phonemize", "My [own](OW1 N) SQL ⌬.", "--lexicon", str(lexicon)]) == 0
    printed = capsys.readouterr()
    assert "| OW1 N | S IY1 K W AH0 L" in printed.out and "⌬" in printed.err
    lexicon.write_text("SQL\n")
    assert main(["phonemize", "SQL", "--lexicon", str(lexicon)]) == 2
    assert "line 1" in capsys.readouterr().err


def test_info(model, capsys):
    assert main(["info", "--checkpoint", model]) == 0
    out = capsys.readouterr().out
    assert "fingerprint" in out and "parameters" in out


@pytest.fixture
def bad(tmp_path):
    """Files that cannot be used."""
    (tmp_path / "text.wav").write_text("not audio")
    soundfile.write(tmp_path / "silent.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    soundfile.write(tmp_path / "short.wav", 0.3 * np.sin(np.arange(3000) / 9), SAMPLE_RATE)
    (tmp_path / "model.safetensors").write_bytes(b"\x08\0\0\0\0\0\0\0nonsense")
    return tmp_path


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["", "--prompt", "CLIP"], "nothing to say"),
        (["?!...", "--prompt", "CLIP"], "nothing to say"),
        (["Привет", "--prompt", "CLIP"], "П"),
        (["Hi.", "--prompt", "BAD/none.wav"], "none.wav"),
        (["Hi.", "--prompt", "BAD/text.wav"], "cannot be read"),
        (["Hi.", "--prompt", "BAD/silent.wav"], "silent"),
        (["Hi.", "--prompt", "BAD/short.wav"], "0.5 s"),
        (["--phonemes", "HH QQ", "--prompt", "CLIP"], "QQ"),
        (["Hi.", "--prompt", "CLIP", "--checkpoint", "BAD/none.safetensors"], "none.safetensors"),
        (["Hi.", "--prompt", "CLIP", "--checkpoint", "BAD/model.safetensors"], "model.safetensors"),
        (["Hi.", "--prompt", "CLIP", "--temperature", "-1"], "temperature"),
        (["Hi.", "--prompt", "CLIP", "--codebooks", "7"], "4 codebooks"),
        (["Hi.", "--prompt", "CLIP", "--speed", "nan"], "speed"),
        (["Hi.", "--prompt", "CLIP", "--pitch", "7"], "pitch_semitones must be from -6 to 6"),
        (["Hi.", "--prompt", "CLIP", "--intonation", "-1"], "intonation"),
        (["Hi.", "--prompt", "CLIP", "-o", "BAD/no/where.wav"], "no folder"),
        (["Hi.", "--prompt", "CLIP", "-o", "BAD"], "folder"),
        (["Hi.", "--prompt", "CLIP", "-o", "BAD/a.txt"], ".opus"),
        (["Hi.", "--prompt", "CLIP", "-o", "BAD/a"], ".opus"),
        (["Hi.", "--prompt", "CLIP", "--json", "BAD/no/where.json"], "no folder"),
        (["Hi.", "--prompt", "CLIP", "-o", "BAD/a.wav", "--json", "BAD/a.wav"], "two files"),
        (["Hi.", "--prompt", "CLIP", "--device", "warp"], "warp"),
        (["Hi.", "--prompt", "CLIP", "--lexicon", "BAD/text.wav"], "text.wav, line 1"),
        (["A [b](QQ AH0).", "--prompt", "CLIP"], "unknown phonemes QQ"),
        (["Hi.", "--file", "BAD/text.wav"], "one of"),
        ([], "one of"),
    ],
)
def test_bad_input_is_one_clear_line(model, clip, bad, capsys, monkeypatch, args, says):
    monkeypatch.chdir(bad)
    before = sorted(p.name for p in bad.iterdir())
    args = [a.replace("CLIP", clip).replace("BAD", str(bad)) for a in args]
    if "--checkpoint" not in args:
        args += ["--checkpoint", model]
    assert speak(*args) == 2
    error = capsys.readouterr().err
    assert error.startswith("phonelm: error: ") and error.count("\n") == 1 and says in error
    assert sorted(p.name for p in bad.iterdir()) == before  # no partial file


def test_app_with_a_checkpoint_that_is_missing(capsys):
    pytest.importorskip("gradio")
    assert main(["app", "--checkpoint", "none.safetensors"]) == 2
    assert "none.safetensors" in capsys.readouterr().err


@pytest.mark.slow
def test_app_serves_the_page(model):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "phonelm", "app", "--port", str(port), "--checkpoint", model]
    app = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline, page = time.monotonic() + 120, ""
    try:
        while not page and app.poll() is None and time.monotonic() < deadline:
            try:
                page = urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10).read().decode("utf-8")
            except OSError:
                time.sleep(0.5)  # not there yet
    finally:
        app.terminate()
        app.wait(30)
    assert "PhoneLM" in page


def test_wrong_usage_exits_with_2_and_no_traceback():
    done = subprocess.run([sys.executable, "-m", "phonelm", "sing"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "Traceback" not in done.stderr and "sing" in done.stderr
