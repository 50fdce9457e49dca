"""Where a command writes: checked before its work begins."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from phonelm.files import written_in_place


def check_outputs(audio: Sequence[Path], info: Path | None = None) -> None:
    """Refuse outputs that cannot be written before any work is done."""
    from phonelm.audio import check_output

    for path in audio:
        check_output(path)
    names = {os.path.realpath(path) for path in audio if not written_in_place(path)}
    if info is not None and os.path.realpath(info) in names:
        raise ValueError(f"{info} cannot hold both the audio and the JSON: name two files")


def report_stream(out: Path) -> TextIO:
    """The stream for reports: standard error if the audio may go to standard output."""
    return sys.stderr if written_in_place(out) else sys.stdout
