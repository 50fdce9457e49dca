"""The page's own HTML, CSS and JavaScript: plain files in the folder `assets/` of this package."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "assets"


def asset(*names: str) -> str:
    """The text of the files, joined: scripts of one component share one function's scope."""
    return "\n".join(FOLDER.joinpath(name).read_text(encoding="utf-8") for name in names)
