"""Settings and surroundings at their limits: tiny temperatures, several threads, no folder for compiled code."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import torch

from phonelm.config import SamplingConfig
from phonelm.generation.sampling import draw
from phonelm.generation.steppers import CompiledStepper, Rows
from phonelm.model.layers import Transformer

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("temperature", [5e-324, 1e-46, 1e-40, 1e-30, 1e-12, 1e-5])
@pytest.mark.parametrize("limits", [{}, {"top_k": 8}, {"top_p": 0.5}])
@pytest.mark.parametrize("masked", [False, True])
def test_a_tiny_temperature_takes_the_likeliest_code(temperature, limits, masked):
    generator = torch.Generator().manual_seed(0)
    mask = torch.arange(32) >= 8 if masked else None
    for _ in range(20):
        logits = 10 * torch.randn(32, generator=generator)
        likeliest = draw(logits, SamplingConfig(temperature=0.0, **limits), mask, generator)
        assert draw(logits, SamplingConfig(temperature=temperature, **limits), mask, generator) == likeliest


@torch.no_grad()
def test_threads_that_lengthen_the_rotary_table_at_once_change_nothing():
    torch.manual_seed(0)
    transformer = Transformer(1, 16, 2, causal=True).eval()
    lengths = (600, 1500, 3000)

    def speak(stepper, length, out):
        rows = Rows(transformer.new_cache(1, 4096), 1)
        rows.lengths.fill_(length)
        rows.longest = length
        x = torch.ones(1, 16)
        out[length] = [stepper(x, rows).clone() for _ in range(3)]

    alone, interval = {}, sys.getswitchinterval()
    for length in lengths:
        speak(CompiledStepper(transformer), length, alone)
    sys.setswitchinterval(1e-6)
    try:
        for _ in range(30):
            stepper, together = CompiledStepper(transformer), {}
            threads = [threading.Thread(target=speak, args=(stepper, length, together)) for length in lengths]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert all(torch.equal(a, b) for n in lengths for a, b in zip(alone[n], together[n], strict=True))
    finally:
        sys.setswitchinterval(interval)


@pytest.mark.slow
def test_without_a_folder_for_compiled_code_it_is_compiled_anew(tmp_path):
    shutil.copytree(ROOT / "phonelm", tmp_path / "phonelm", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "phonelm/generation/__pycache__").touch()  # no folder can be made there, not even by root
    (tmp_path / "home").touch()
    home = {name: str(tmp_path / "home") for name in ("HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE")}
    code = (
        "import numpy as np; from phonelm.generation import is_cached; from phonelm.generation.kernels import unit\n"
        "out = np.empty((1, 4), np.float32); unit(np.ones((1, 4), np.float32), out); print(is_cached(), out.std() == 0)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "NUMBA_CACHE_DIR"} | home
    for kept, extra in ((False, {}), (True, {"NUMBA_CACHE_DIR": str(tmp_path / "cache")})):
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, env=environment | extra
        )
        assert (done.stdout.split(), done.returncode) == ([str(kept), "True"], 0), done.stderr
