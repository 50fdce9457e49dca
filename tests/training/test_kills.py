"""`prepare`, `train` and `read`, killed at random moments and started again, end as if nothing had happened."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from phonelm import checkpoint
from phonelm.config import SAMPLE_RATE
from phonelm.model import weights

pytestmark = pytest.mark.slow

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}
KILLS = int(os.environ.get("PHONELM_TEST_KILLS", "3"))  # of each command


def run_to_the_end(args: list[str]) -> float:
    """Run a command; seconds it took."""
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "phonelm", *args], env=ENVIRONMENT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return time.monotonic() - start


def run_with_kills(
    args: list[str], usual_s: float, rng: random.Random, check: Callable[[], None] = lambda: None
) -> int:
    """Start a command again and again, killed at random moments `KILLS` times; the kills that came in time.

    Args:
        check: what has to hold after every kill.
    """
    kills = 0
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-m", "phonelm", *args], env=ENVIRONMENT, stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            process.wait(rng.uniform(0.2, 0.8) * usual_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
            check()
    run_to_the_end(args)
    return kills


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> Path:
    """A dozen buzzing utterances."""
    folder = tmp_path_factory.mktemp("data") / "buzz"
    (folder / "wavs").mkdir(parents=True)
    t, lines = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE, []
    for i in range(12):
        wav = 0.2 * np.sin(2 * np.pi * (110 + 10 * i) * t) ** 3 * (1.2 + np.sin(2 * np.pi * (3 + i / 5) * t))
        soundfile.write(folder / "wavs" / f"{i}.wav", wav, SAMPLE_RATE)
        lines.append(f"{i}|We saw {i + 2} birds.\n")
    (folder / "metadata.csv").write_text("".join(lines))
    return folder


def test_prepare_and_train_survive_kills(dataset, tmp_path):
    rng = random.Random(time.time_ns())
    options = ["--workers", "1", "--aligner-steps", "30", "--max-deviations", "1000", "--max-phoneme-s", "10"]
    caches = [tmp_path / name for name in ("cache", "killed_cache")]
    usual_s = run_to_the_end(["prepare", str(dataset), "--out", str(caches[0]), *options])
    kills = run_with_kills(["prepare", str(dataset), "--out", str(caches[1]), *options], usual_s, rng)
    whole, killed = ({p.name: p.read_bytes() for p in cache.iterdir() if p.is_file()} for cache in caches)
    assert whole == killed

    runs = [tmp_path / name for name in ("run", "killed_run")]
    options = ["--preset", "tiny", "--max-steps", "12", "--batch-frames", "300", "--save-every", "0", "--resume"]
    usual_s = run_to_the_end(["train", str(caches[0]), "--out", str(runs[0]), *options])
    kills += run_with_kills(["train", str(caches[0]), "--out", str(runs[1]), *options], usual_s, rng)
    one, two = (checkpoint.load(run / "last.safetensors", "training")[0] for run in runs)
    assert one.keys() == two.keys() and all(torch.equal(one[k], two[k]) for k in one)
    assert kills, "no kill came before the end"


def test_speech_survives_kills(tiny_tts, voice_file, tmp_path):
    rng = random.Random(time.time_ns())
    model, text = tmp_path / "model.safetensors", tmp_path / "text.txt"
    weights.save(model, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    text.write_text("".join(f"We saw {i} boats on the river.\n" for i in range(2, 50)))
    options = ["--prompt", str(voice_file), "--checkpoint", str(model)]

    whole, killed = tmp_path / "whole.wav", tmp_path / "killed.wav"
    usual_s = run_to_the_end(["read", str(text), "-o", str(whole), *options])
    kills = run_with_kills(["read", str(text), "-o", str(killed), *options], usual_s, rng)
    assert whole.read_bytes() == killed.read_bytes()

    folders = [tmp_path / name for name in ("files", "killed_files")]
    usual_s = run_to_the_end(["speak", "--file", str(text), "-o", str(folders[0]), *options])
    kills += run_with_kills(
        ["speak", "--file", str(text), "-o", str(folders[1]), *options], usual_s, rng, lambda: intact(*folders)
    )
    intact(*folders)
    assert kills, "no kill came before the end"


def intact(whole: Path, killed: Path) -> None:
    """Every file there is, is whole."""
    for path in killed.glob("[!.]*") if killed.exists() else ():
        assert path.read_bytes() == (whole / path.name).read_bytes()
