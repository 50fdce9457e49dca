"""A speech as files to download."""

from __future__ import annotations

import json
from pathlib import Path

from phonelm.tts import Recipe, Speech, lines_of, pack, srt, vtt

KINDS = ("wav", "mp3", "srt", "vtt", "json", "zip")


def save_speech(speech: Speech, folder: Path) -> tuple[str, str]:
    """Write the audio (WAV) and how it was made (JSON) into `folder`; returns their paths."""
    wav, info = (folder / f"phonelm-{speech.settings.seed}.{kind}" for kind in ("wav", "json"))
    speech.save(wav)
    info.write_text(json.dumps(speech.info(), indent=1) + "\n", encoding="utf-8")
    return str(wav), str(info)


def save_all(speech: Speech, recipe: Recipe, folder: Path) -> dict[str, str]:
    """Write a file of each of `KINDS` into `folder`; returns their paths by kind."""
    name = f"phonelm-{speech.settings.seed}"
    files = {kind: folder / f"{name}.{kind}" for kind in KINDS}
    save_speech(speech, folder)
    speech.save(files["mp3"])
    files["srt"].write_text(srt(lines_of(speech)), encoding="utf-8")
    files["vtt"].write_text(vtt(speech), encoding="utf-8")
    files["zip"].write_bytes(pack(speech, recipe))
    return {kind: str(path) for kind, path in files.items()}
