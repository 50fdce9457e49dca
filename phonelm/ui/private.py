"""Folders of users on the server. Nobody can guess their names, and their age is the time since their last use."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

import platformdirs

NAME = re.compile(r"[0-9a-f]{32}")


def new_name() -> str:
    """The name of a new folder."""
    return secrets.token_hex(16)


def private_root(kind: str) -> Path:
    """Where the folders of a kind lie: in Gradio's own temporary folder if the environment names one, else in the
    user's cache.
    """
    temporary = os.environ.get("GRADIO_TEMP_DIR")
    return (Path(temporary) if temporary else Path(platformdirs.user_cache_dir("phonelm"))) / kind


def private_folders(root: Path) -> list[Path]:
    """All folders there; none if there is no such root."""
    return [path for path in root.iterdir() if NAME.fullmatch(path.name)] if root.is_dir() else []


def last_used(folder: Path) -> float:
    """When it was used last, seconds since the epoch; 0 if it is gone."""
    try:
        return folder.stat().st_mtime
    except OSError:
        return 0.0
