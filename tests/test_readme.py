"""What README and guide say can be copied and run."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

from phonelm.config import SAMPLE_RATE

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ["README.md", "CONTRIBUTING.md", *sorted(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
GUIDE = (ROOT / "docs/guide.md").read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def run(arguments: list[str], folder: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_speech(path: Path, least_s: float, most_s: float) -> None:
    audio, rate = soundfile.read(path)
    assert rate == SAMPLE_RATE and least_s < len(audio) / rate < most_s
    assert (audio**2).mean() ** 0.5 > 0.01


def test_a_few_lines_of_python(tmp_path):
    (code,) = blocks(README, "python")
    assert len([line for line in code.splitlines() if line.strip()]) <= 5
    run(["-c", code], tmp_path)
    check_speech(tmp_path / "hello.wav", 0.8, 4.0)


@pytest.mark.slow
def test_commands(tmp_path):
    lines = [c for text in (README, GUIDE) for block in blocks(text, "bash") for c in block.splitlines()]
    commands = list(dict.fromkeys(c for c in lines if c.startswith("phonelm ") and "--help" not in c))
    assert len(commands) >= 5
    printed = {}
    (tmp_path / "story.txt").write_text("Once there was a king.\n\nHe had no daughter.")
    (tmp_path / "story.md").write_text("# One\n\nThere was a king.\n\n# Two\n\nHe had no *daughter*.")
    for command in commands:
        words = shlex.split(command)
        printed[words[1]] = printed.get(words[1], "") + run(["-m", *words], tmp_path)
    check_speech(tmp_path / "hello.wav", 0.8, 4.0)
    check_speech(tmp_path / "faster.wav", 0.6, 4.0)
    check_speech(tmp_path / "codec.wav", 0.8, 4.0)
    check_speech(tmp_path / "story.wav", 2.0, 7.0)
    check_speech(tmp_path / "story.mp3", 2.0, 9.0)
    assert all(said in printed["phonemize"] for said in ("R EH1 D", "R IY1 D", "JH IH1 F"))


@pytest.mark.parametrize("page", PAGES)
def test_files_that_are_named_exist(page):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(((?!http|#)[^)#]+)", prose):
        assert ((ROOT / page).parent / target).exists(), target


def test_front_matter_names_the_pinned_gradio():
    version = re.search(r"^sdk_version: (\S+)$", README, re.MULTILINE)[1]
    assert f"gradio=={version}\n" in (ROOT / "requirements.txt").read_text()
