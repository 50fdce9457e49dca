"""The package as it is installed: which packages speaking needs, and a wheel without the repository."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
import soundfile

from phonelm.config import SAMPLE_RATE

ROOT = Path(__file__).parent.parent
EXTRAS = ("gradio", "gradio_client", "matplotlib", "accelerate", "tensorboard", "psutil", "torchaudio")
WITHOUT = f"import sys; sys.modules.update(dict.fromkeys({EXTRAS}))\n"  # None there makes an import fail


def run(*command, folder, **environment) -> subprocess.CompletedProcess:
    inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PHONELM_CHECKPOINTS")}
    return subprocess.run(command, cwd=folder, env=inherited | environment, capture_output=True, text=True)


def phonelm_without_extras(*arguments, folder):
    code = WITHOUT + f"from phonelm.cli import main; sys.exit(main({arguments!r}))"
    return run(sys.executable, "-c", code, folder=folder, PYTHONPATH=str(ROOT))


def check_speech(path: Path) -> None:
    audio, rate = soundfile.read(path)
    assert rate == SAMPLE_RATE and 0.5 < len(audio) / rate < 4.0
    assert (audio**2).mean() ** 0.5 > 0.01


@pytest.mark.slow
def test_speaking_needs_no_extra(tmp_path):
    done = phonelm_without_extras("speak", "Hello there.", "-o", "hello.wav", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    check_speech(tmp_path / "hello.wav")


@pytest.mark.parametrize(("command", "extra"), [("app", "app"), ("train", "train"), ("bench", "eval")])
def test_a_command_without_its_extra_says_how_to_install_it(tmp_path, command, extra):
    done = phonelm_without_extras(command, folder=tmp_path)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert any(f"package {name}:" in done.stderr for name in EXTRAS) and f"phonelm[{extra}]" in done.stderr


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
