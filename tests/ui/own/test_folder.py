"""The recordings and the adaptation of one user: kept, listed, deleted; the log of the process is its state."""

import json
import subprocess
import sys
import time

import numpy as np
import pytest

from phonelm.audio import write_audio
from phonelm.config import SAMPLE_RATE
from phonelm.text import SYMBOLS, Phonemizer
from phonelm.tts import bundled_voices
from phonelm.ui.own import folder as own
from phonelm.ui.own.folder import LOG, OwnFolder, look, root_folder
from phonelm.ui.own.html import progress_html, recording_list
from phonelm.ui.own.sentences import SENTENCES
from phonelm.ui.private import new_name


@pytest.fixture
def clip():
    """A few seconds of speech."""
    return bundled_voices()["kathleen"].path


@pytest.fixture
def folder(tmp_path):
    return OwnFolder(new_name(), tmp_path)


def test_the_sentences_have_every_phoneme():
    phonemizer = Phonemizer()
    heard = {symbol.rstrip("012") for sentence in SENTENCES for symbol in phonemizer(sentence).symbols}
    assert {s.rstrip("012") for s in SYMBOLS if s[0].isalpha()} <= heard
    assert len(set(SENTENCES)) == 40


def test_recordings_are_kept_with_their_text_and_taken_back(folder, clip):
    assert not folder.add(str(clip), SENTENCES[0]).problem
    folder.add(str(clip))
    first, second = folder.files()
    assert first.with_suffix(".txt").read_text(encoding="utf-8") == SENTENCES[0]
    assert not second.with_suffix(".txt").exists()
    assert "<b>2 recordings, " in recording_list([look(p) for p in folder.files()])
    folder.remove_last()
    assert folder.files() == [first]


def test_a_recording_that_cannot_be_used_is_not_kept(folder, tmp_path):
    path = tmp_path / "noise.wav"
    write_audio(path, np.random.default_rng(0).normal(0, 0.1, SAMPLE_RATE).astype(np.float32), SAMPLE_RATE)
    assert "no quiet moments" in folder.add(str(path), "text").problem
    (tmp_path / "text.wav").write_text("no sound")
    assert "cannot be read as audio" in folder.add(str(tmp_path / "text.wav")).problem
    assert list((folder.path / own.RECORDINGS).iterdir()) == []


def test_a_folder_has_a_name_that_nobody_can_choose(tmp_path):
    for name in ("../other", "0" * 31, "", "A" * 32):
        with pytest.raises(ValueError, match="no name of a folder"):
            OwnFolder(name, tmp_path)


def test_folders_that_nobody_uses_are_deleted(tmp_path, monkeypatch):
    import os

    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    old, new = (OwnFolder(new_name(), root_folder()) for _ in range(2))
    os.utime(old.path, (0, time.time() - own.KEEP_S - 1))
    root_folder()
    assert new.path.exists() and not old.path.exists()


def test_the_log_is_the_state(folder):
    events = [
        {"event": "transcribed", "done": 2, "total": 5},
        {"event": "left_out", "parts": [{"place": "a.wav at 1.0 s", "text": "<b>", "reason": "not clear"}]},
        {"event": "measured", "history": [{"seconds": 0.0, "likeness": 0.7, "word_errors": 0.02}]},
        {"event": "step", "share": 0.5, "left": "0:07:00 left"},
    ]
    lines = [json.dumps(e) + "\n" for e in events]
    (folder.path / LOG).write_text(lines[0] + lines[1][:20], encoding="utf-8")
    assert folder.state().stage == "Listening to your recordings: 2 of 5 parts"
    (folder.path / LOG).write_text("".join(lines), encoding="utf-8")
    state = folder.state()
    assert (state.share, state.left, state.running, state.done) == (0.5, "0:07:00 left", False, None)
    html = progress_html(state)
    assert "Start goes on" in html and "Likeness 0.70" in html and "&lt;b&gt;" in html and "<b>" not in html


def test_one_voice_is_learned_at_a_time(folder, tmp_path):
    other = OwnFolder(new_name(), tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        own._processes[str(other.path)] = process
        with pytest.raises(ValueError, match="another voice is being learned"):
            folder.start("me", "mine", 1)
        other.stop()
    assert process.returncode and str(other.path) not in own._processes


@pytest.mark.slow
def test_a_process_that_fails_says_why(folder, clip):
    folder.add(str(clip))
    with pytest.raises(ValueError, match="cannot be the name of a voice"):
        folder.start("No name", "mine", 1)
    folder.start("me", "mine", 1)
    assert folder.state().running
    deadline = time.monotonic() + 120
    while folder.state().running and time.monotonic() < deadline:
        time.sleep(0.2)
    assert folder.state().failed  # a few seconds of speech are too few, or a package is missing
    folder.delete()
    assert not folder.path.exists()
