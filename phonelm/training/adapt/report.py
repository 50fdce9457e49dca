"""What an adaptation says while it runs: to a terminal, or as lines of JSON to a program, such as the app."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from phonelm.training.adapt.dataset import LeftOut
from phonelm.training.adapt.learn import Adaptation
from phonelm.tts import Speech


class Reporter:
    """Is told what happens; here it does nothing."""

    def transcribed(self, done: int, total: int) -> None:
        """So many of the utterances are transcribed."""

    def left_out(self, parts: Sequence[LeftOut]) -> None:
        """What is not used, before the training starts."""

    def step(self, state: Adaptation) -> None:
        """A step or an evaluation is done."""

    def sample(self, speech: Speech) -> None:
        """The first sentence of an evaluation."""


class TerminalReporter(Reporter):
    """A progress bar, and samples in a folder."""

    def __init__(self, samples: Path | None):
        self.samples = samples
        self.bar = tqdm(total=100, bar_format="{l_bar}{bar}| {postfix}")

    def transcribed(self, done: int, total: int) -> None:
        self.bar.set_postfix_str(f"listening: {done} of {total} utterances")

    def left_out(self, parts: Sequence[LeftOut]) -> None:
        for part in parts:
            self.bar.write(f"left out: {part.place}: {part.reason}" + (f' ("{part.text}")' if part.text else ""))

    def step(self, state: Adaptation) -> None:
        now = state.history[-1]
        left = f"{state.progress.left(state.config)}, " if state.progress.step else ""
        heard = f"likeness {now.likeness:.3f}, word errors {now.word_errors:.1%}"
        self.bar.set_postfix_str(f"{left}{heard}", refresh=False)
        self.bar.update(100 * state.progress.share(state.config) - self.bar.n)

    def sample(self, speech: Speech) -> None:
        if self.samples:
            _save_sample(speech, self.samples)


class LogReporter(Reporter):
    """Lines of JSON in a file, each with the key `event`; a program reads them while the adaptation runs."""

    def __init__(self, path: Path, samples: Path | None):
        self.path, self.samples, self.evaluations = path, samples, 0
        self.last_share = -1.0

    def write(self, event: str, **values: Any) -> None:
        """Add a line."""
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, **values}) + "\n")

    def transcribed(self, done: int, total: int) -> None:
        self.write("transcribed", done=done, total=total)

    def left_out(self, parts: Sequence[LeftOut]) -> None:
        self.write("left_out", parts=[asdict(part) for part in parts])

    def step(self, state: Adaptation) -> None:
        share = state.progress.share(state.config)
        if len(state.history) != self.evaluations:
            self.evaluations = len(state.history)
            self.write("measured", history=[asdict(m) for m in state.history])
        if share - self.last_share >= 0.005 or share == 1:
            self.last_share = share
            self.write("step", share=share, left=state.progress.left(state.config))

    def sample(self, speech: Speech) -> None:
        if self.samples:
            self.write("sample", path=str(_save_sample(speech, self.samples)))


def _save_sample(speech: Speech, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{len(list(folder.glob('*.wav'))):03d}.wav"
    speech.save(path)
    return path


def make_reporter(args: argparse.Namespace) -> Reporter:
    """The reporter that the command line asks for."""
    return LogReporter(args.log, args.samples) if args.log else TerminalReporter(args.samples)
