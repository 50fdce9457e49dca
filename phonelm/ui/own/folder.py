"""The recordings and voice of one user on the server: a folder that a secret in the user's browser names."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from phonelm.audio import Quality, measure_quality, read_audio, resample
from phonelm.config import SAMPLE_RATE
from phonelm.tts import NAME
from phonelm.ui.private import NAME as FOLDER_NAME
from phonelm.ui.private import last_used, private_folders, private_root

KEEP_S = 2 * 86_400  # a folder that nobody has used for this long is deleted
RECORDINGS, LOG = "recordings", "log.jsonl"
MAX_RECORDINGS, MAX_BYTES = 200, 20 * 2**20


@dataclass(frozen=True)
class Recording:
    """One recording and how good it is; `problem` says why it cannot be used."""

    name: str
    quality: Quality | None
    problem: str = ""


@dataclass
class State:
    """How far an adaptation is, as its log says."""

    running: bool = False
    stage: str = ""
    share: float = 0.0
    left: str = ""
    history: list[dict[str, float]] = field(default_factory=list)
    left_out: list[dict[str, str]] = field(default_factory=list)
    sample: str | None = None
    failed: str = ""
    done: str | None = None
    figures: dict[str, float] = field(default_factory=dict)  # of the finished voice


class OwnFolder:
    """The folder of one user.

    Args:
        token: 32 hex digits; another text is an error, since it comes from a browser.
        root: of all such folders.
    """

    def __init__(self, token: str, root: Path):
        if not FOLDER_NAME.fullmatch(token):
            raise ValueError("this is no name of a folder")
        self.path = root / token
        (self.path / RECORDINGS).mkdir(parents=True, exist_ok=True)
        os.utime(self.path)

    def add(self, source: str, text: str = "") -> Recording:
        """Keep a recording, with the text that was read if there was one.

        Raises:
            ValueError: too many recordings, or a file that is too large.
        """
        kept = self.files()
        if len(kept) >= MAX_RECORDINGS:
            raise ValueError(f"there are {MAX_RECORDINGS} recordings already: that is enough")
        if Path(source).stat().st_size > MAX_BYTES:
            raise ValueError(f"{Path(source).name} has more than {MAX_BYTES >> 20} MiB: cut it into parts")
        number = 1 + max((int(p.stem) for p in kept), default=0)
        target = self.path / RECORDINGS / f"{number:03d}{Path(source).suffix.lower()}"
        shutil.copyfile(source, target)
        if text:
            target.with_suffix(".txt").write_text(text, encoding="utf-8")
        found = look(target)
        if found.problem:
            target.unlink()
            target.with_suffix(".txt").unlink(missing_ok=True)
        return found

    def files(self) -> list[Path]:
        """The recordings in the order in which they came."""
        return sorted(p for p in (self.path / RECORDINGS).iterdir() if p.suffix != ".txt")

    def remove_last(self) -> None:
        """Forget the last recording."""
        for path in self.files()[-1:]:
            path.with_suffix(".txt").unlink(missing_ok=True)
            path.unlink()

    def delete(self) -> None:
        """Stop what runs and delete everything."""
        self.stop()
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, name: str, consent: str, minutes: float) -> None:
        """Start the adaptation, or go on with it, in a process of its own.

        Raises:
            ValueError: a name that cannot be used, or another user's voice is being learned.
        """
        if any(folder != str(self.path) and other.poll() is None for folder, other in _processes.items()):
            raise ValueError("another voice is being learned on this server at the moment; start again later")
        if not NAME.fullmatch(name):
            raise ValueError(f"{name!r} cannot be the name of a voice: use a-z, 0-9 and -, at most 40 characters")
        self.stop()
        (self.path / LOG).unlink(missing_ok=True)
        command = [
            sys.executable, "-m", "phonelm", "adapt", str(self.path / RECORDINGS),
            "-o", str(self.path / f"{name}.safetensors"), "--consent", consent, "--minutes", str(minutes),
            "--log", str(self.path / LOG), "--samples", str(self.path / "samples"),
        ]  # fmt: skip
        with open(self.path / "errors.txt", "wb") as errors:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        _processes[str(self.path)] = process

    def stop(self) -> None:
        """Stop the adaptation; what is made stays."""
        if process := _processes.pop(str(self.path), None):
            process.terminate()
            process.wait()

    def state(self) -> State:
        """How far it is."""
        process = _processes.get(str(self.path))
        state = State(running=process is not None and process.poll() is None)
        if (self.path / LOG).is_file():
            for line in (self.path / LOG).read_text(encoding="utf-8").splitlines(keepends=True):
                if line.endswith("\n"):  # the last one may be half written
                    _apply(state, json.loads(line))
        ended_badly = process is not None and process.poll() not in (None, 0)
        if ended_badly and not state.failed and not state.done:
            lines = (self.path / "errors.txt").read_text(encoding="utf-8", errors="replace").strip().splitlines()
            state.failed = lines[-1].removeprefix("phonelm: error: ") if lines else "it ended without a word"
        return state


_processes: dict[str, subprocess.Popen[bytes]] = {}  # of the adaptations that this server has started, by folder


@atexit.register
def _stop_all() -> None:
    """Nothing goes on when the server ends; Start goes on where it was."""
    for process in _processes.values():
        process.terminate()


def _apply(state: State, event: dict[str, Any]) -> None:
    """Bring a state up to date by one line of the log."""
    kind = event["event"]
    if kind == "transcribed":
        state.stage = f"Listening to your recordings: {event['done']} of {event['total']} parts"
    elif kind == "left_out":
        state.left_out, state.stage = event["parts"], "Speaking with the first recording alone, to compare"
    elif kind == "measured":
        state.history = event["history"]
    elif kind == "step":
        state.share, state.left, state.stage = event["share"], event["left"], "Learning your voice"
    elif kind == "sample":
        state.sample = event["path"]
    elif kind == "failed":
        state.failed = event["reason"]
    elif kind == "done":
        state.done, state.share, state.stage = event["path"], 1.0, "Your voice is ready"
        state.figures = event["figures"]


def look(path: Path) -> Recording:
    """How good a recording is."""
    return _look(path, path.stat().st_mtime_ns)


@lru_cache(MAX_RECORDINGS * 4)
def _look(path: Path, _changed_ns: int) -> Recording:
    """`look`; a recording is decoded once, however often the list of all of them is shown."""
    try:
        wav, sample_rate = read_audio(path)
        quality = measure_quality(resample(wav, sample_rate, SAMPLE_RATE))
    except ValueError as error:
        return Recording(path.stem, None, str(error).replace(str(path), "the recording"))
    return Recording(path.stem, quality, "; ".join(quality.problems))


def root_folder() -> Path:
    """Where all folders lie. Those that nobody has used for `KEEP_S` are deleted."""
    root = private_root("own-voices")
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in private_folders(root):
        if time.time() - last_used(folder) > KEEP_S:
            shutil.rmtree(folder, ignore_errors=True)
    return root
