"""The package as it is installed: which packages speaking needs, and a wheel without the repository."""

import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
from pathlib import Path

import pytest
import soundfile

from phonelm.config import SAMPLE_RATE

ROOT = Path(__file__).parent.parent
SERVE = ("fastapi", "uvicorn")
EXTRAS = ("gradio", "gradio_client", "matplotlib", "accelerate", "tensorboard", "psutil", "torchaudio")


def run(*command, folder, **environment) -> subprocess.CompletedProcess:
    inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PHONELM_CHECKPOINTS")}
    return subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True)


def without(packages, arguments):
    """A command of `phonelm` in a Python without some packages: None in `sys.modules` makes an import fail."""
    code = f"import sys; sys.modules.update(dict.fromkeys({packages}))\n"
    return sys.executable, "-c", code + f"from phonelm.cli import main; sys.exit(main({arguments!r}))"


def phonelm_without_extras(*arguments, folder):
    return run(*without(EXTRAS + SERVE, arguments), folder=folder, PYTHONPATH=str(ROOT))


def check_speech(path: Path) -> None:
    audio, rate = soundfile.read(path)
    assert rate == SAMPLE_RATE and 0.5 < len(audio) / rate < 4.0
    assert (audio**2).mean() ** 0.5 > 0.01


@pytest.mark.slow
def test_speaking_needs_no_extra(tmp_path):
    done = phonelm_without_extras("speak", "Hello there.", "-o", "hello.wav", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    check_speech(tmp_path / "hello.wav")


@pytest.mark.slow
def test_serving_programs_needs_no_page(tmp_path):
    """The real weights, asked by OpenAI's client."""
    openai = pytest.importorskip("openai", reason="this test needs the package openai")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = without(EXTRAS, ("serve", "--port", str(port)))
    server = subprocess.Popen(command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        deadline = time.monotonic() + 180
        while server.poll() is None and time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10)
                break
            except OSError:
                time.sleep(0.5)  # not there yet
        client = openai.OpenAI(base_url=f"http://127.0.0.1:{port}/v1", api_key="none")
        asked = {"model": "phonelm", "voice": "george", "input": "Hello there.", "response_format": "wav"}
        answer = client.audio.speech.create(**asked)
    finally:
        server.terminate()
        server.wait(30)
    (tmp_path / "hello.wav").write_bytes(answer.content)
    check_speech(tmp_path / "hello.wav")


@pytest.mark.parametrize(
    ("command", "extra"), [("app", "app"), ("serve", "serve"), ("train", "train"), ("bench", "eval")]
)
def test_a_command_without_its_extra_says_how_to_install_it(tmp_path, command, extra):
    done = phonelm_without_extras(command, folder=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert any(f"package {name}:" in done.stderr for name in EXTRAS + SERVE) and f"phonelm[{extra}]" in done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder of the programs of a fresh virtual environment with the wheel.

    The wheel's dependencies are those of the environment of this test: to download them again would show nothing more.
    """
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"  # a copy, so that nothing is written to the repository
    keep = shutil.ignore_patterns("__pycache__")
    for name in ("phonelm", "checkpoints"):
        shutil.copytree(ROOT / name, source / name, ignore=keep)
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    build = ("-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), ".")
    done = run(sys.executable, *build, folder=source)
    assert done.returncode == 0, done.stderr
    shutil.rmtree(source)
    [wheel] = folder.glob("*.whl")
    done = run(sys.executable, "-m", "venv", "venv", folder=folder)
    assert done.returncode == 0, done.stderr
    scheme = {"base": str(folder / "venv"), "platbase": str(folder / "venv")}
    programs, packages = (Path(sysconfig.get_path(name, "venv", scheme)) for name in ("scripts", "purelib"))
    here = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (packages / "dependencies.pth").write_text("\n".join(sorted(here)), encoding="utf-8")
    done = run(programs / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel, folder=folder)
    assert done.returncode == 0, done.stderr
    return programs


@pytest.mark.slow
def test_a_wheel_speaks_without_the_repository(installed, tmp_path):
    done = run(installed / "phonelm", "speak", "Hello there.", "--voice", "george", "-o", "hello.wav", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    check_speech(tmp_path / "hello.wav")
    code = "import phonelm, phonelm.checkpoint as c; print(phonelm.__file__, c.default_dir(), sep='\\n')"
    for path in run(installed / "python", "-c", code, folder=tmp_path).stdout.splitlines():
        assert Path(path).is_relative_to(installed.parent), path


@pytest.mark.slow
def test_a_wheel_has_the_files_of_the_app_and_its_licence(installed, tmp_path):
    code = (
        "import importlib.metadata as m, phonelm; from pathlib import Path; folder = Path(phonelm.__file__).parent\n"
        "for file in sorted(folder.rglob('*')): print(file.relative_to(folder).as_posix())\n"
        "print(m.version('phonelm'), m.metadata('phonelm')['License-Expression'], phonelm.__version__)"
    )
    *files, about = run(installed / "python", "-c", code, folder=tmp_path).stdout.splitlines()
    source = {p.relative_to(ROOT / "phonelm").as_posix() for p in (ROOT / "phonelm").rglob("*") if p.is_file()}
    assert {name for name in source if "__pycache__" not in name} <= set(files)
    assert {"checkpoints/phonelm.safetensors", "checkpoints/voices/voices.json", "py.typed"} <= set(files)
    version, licence, own = about.split()
    assert version == own and licence == "MIT"
