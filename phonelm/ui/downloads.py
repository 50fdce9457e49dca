"""A speech as files to download."""

from __future__ import annotations

import json
from pathlib import Path

from phonelm.tts import Speech


def save_speech(speech: Speech, folder: Path) -> tuple[str, str]:
    """Write the audio (WAV) and how it was made (JSON) into `folder`; returns their paths."""
    wav, info = (folder / f"phonelm-{speech.settings.seed}.{kind}" for kind in ("wav", "json"))
    speech.save(wav)
    info.write_text(json.dumps(speech.info(), indent=1) + "\n", encoding="utf-8")
    return str(wav), str(info)
