"""Dataset folders as they come: `metadata.csv` and audio files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import soundfile

from phonelm.files import file_digest

METADATA = "metadata.csv"
AUDIO_FOLDERS = ("audio", "wavs")
FORMS = ("ljspeech", "speaker")


@dataclass(frozen=True)
class Row:
    """One utterance of a dataset; `id` and `speaker` begin with the name of the dataset's folder."""

    id: str
    speaker: str
    text: str
    path: Path
    line: int  # of metadata.csv, from 0
    speed: float = 1.0  # played this much faster, pitch and formants included
    is_augmented: bool = False  # by `augment_waveform`

    def at_speed(self, speed: float) -> Row:
        """The same utterance played faster or slower, which makes it another voice (Ko et al., Interspeech 2015)."""
        suffix = f"@{speed:g}"
        return replace(self, id=self.id + suffix, speaker=self.speaker + suffix, speed=speed)

    def augmented(self) -> Row:
        """The same utterance as a worse recording; its conditions are its own, so it counts as a speaker of its own."""
        name = f"{self.id}@spoiled"
        return replace(self, id=name, speaker=name, is_augmented=True)


class Problem(NamedTuple):
    """Why an utterance was left out."""

    id: str
    reason: str


def audio_digest(path: Path) -> str:
    """32 hex digits that change with the content of an audio file; "" if it cannot be read."""
    try:
        return file_digest(path)
    except OSError:  # whoever needs the audio says so
        return ""


def detect_form(folder: Path, lines: list[str]) -> str:
    """Tell `id|text|normalised text` (LJSpeech) from `id|speaker|text`.

    A folder `audio/` means the form with speakers. With `wavs/` the second column decides: speaker names hold no
    spaces, sentences do.
    """
    if (folder / "audio").is_dir():
        return "speaker"
    second = [columns[1].strip() for line in lines if len(columns := line.split("|")) > 1]
    return "ljspeech" if sum(" " in s for s in second) * 2 > len(second) else "speaker"


def _audio_files(folder: Path) -> dict[str, Path]:
    """Every readable audio file by its path below the audio folder without extension."""
    known = {"." + name.lower() for name in soundfile.available_formats()} | {".opus", ".oga", ".aif"}
    found: dict[str, Path] = {}
    for top in (folder / name for name in AUDIO_FOLDERS if (folder / name).is_dir()):
        for path in sorted(top.rglob("*")):
            if path.suffix.lower() in known:
                found.setdefault(path.relative_to(top).with_suffix("").as_posix(), path)
    return found


def read_dataset(folder: Path, form: str | None = None, need_text: bool = True) -> tuple[list[Row], list[Problem]]:
    """Read a dataset folder: `metadata.csv` and audio in `audio/` or `wavs/`.

    Args:
        folder: its name prefixes ids and speakers, so that datasets can be merged.
        form: "ljspeech" (`id|text|normalised text`), "speaker" (`id|speaker|text`), None to detect it.
        need_text: leave out rows whose text is empty.
    Returns:
        the usable rows in order, and the rows left out: wrong columns, empty text, no audio file, repeated id.
    Raises:
        FileNotFoundError: no `metadata.csv`, or neither `audio/` nor `wavs/`.
        ValueError: unknown `form`.
    """
    folder = folder.resolve()
    if form not in (None, *FORMS):
        raise ValueError(f"unknown form {form!r}; known are {', '.join(FORMS)}")
    if not (folder / METADATA).is_file():
        raise FileNotFoundError(f"{folder}: no {METADATA}")
    if not any((folder / name).is_dir() for name in AUDIO_FOLDERS):
        raise FileNotFoundError(f"{folder}: neither {' nor '.join(f'{name}/' for name in AUDIO_FOLDERS)}")
    # Split at newlines only: str.splitlines would also split at separators that a text may hold.
    lines = (folder / METADATA).read_text(encoding="utf-8-sig", errors="replace").split("\n")
    form = form or detect_form(folder, lines)
    files, rows, problems, seen = _audio_files(folder), [], [], set()
    for number, line in enumerate(lines):
        if not line.strip():
            continue
        key, *rest = (column.strip() for column in line.split("|", 2))
        name = f"{folder.name}/{key or f'line {number + 1}'}"
        if not key or not rest or (form == "speaker" and len(rest) < 2):
            problems.append(Problem(name, "wrong number of columns"))
            continue
        speaker, text = rest if form == "speaker" else (folder.name, rest[-1] or rest[0])
        path = files.get(key) or files.get(Path(key).with_suffix("").as_posix())
        if name in seen:
            problems.append(Problem(name, "repeated id"))
        elif need_text and not text:
            problems.append(Problem(name, "empty text"))
        elif "\ufffd" in line:
            problems.append(Problem(name, "not UTF-8"))
        elif path is None:
            problems.append(Problem(name, "no audio file"))
        else:
            rows.append(Row(name, f"{folder.name}/{speaker}", text, path, number))
        seen.add(name)
    return rows, problems


def read_datasets(
    folders: Sequence[Path], form: str | None = None, need_text: bool = True
) -> tuple[list[Row], list[Problem]]:
    """Several dataset folders in order; arguments and errors are those of `read_dataset`.

    Raises:
        ValueError: two folders of the same name, too.
    """
    names = Counter(folder.resolve().name for folder in folders)
    if double := [name for name, n in names.items() if n > 1]:
        raise ValueError(f"several datasets named {', '.join(double)}: ids would clash, rename a folder")
    found = [read_dataset(folder, form, need_text) for folder in folders]
    return [row for rows, _ in found for row in rows], [problem for _, problems in found for problem in problems]
