"""EncodecModel, importable whatever torchaudio does, and the official 24 kHz weights."""

from __future__ import annotations

import hashlib
import importlib
import os
import re
import sys
import types
import urllib.request
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pickle import UnpicklingError

import torch

from phonelm.files import atomic_write

ENCODEC = "encodec_24khz"
ENCODEC_FILE = "encodec_24khz-d7cc33bc.th"  # official weights; the name ends in the start of their sha256
ENCODEC_VARIABLE = "PHONELM_ENCODEC_24KHZ"
FETCH_TIMEOUT_S = 20


class CodecError(ValueError):
    """A codec that cannot be loaded; the message says in one line why and what to do."""


@contextmanager
def torchaudio_stand_in() -> Iterator[None]:
    """Let `encodec`, or a package like it, be imported where torchaudio is missing or cannot be loaded.

    `encodec.utils` imports torchaudio at its top, but uses it only to resample and to write files, which PhoneLM does
    with soxr and soundfile. The wheels of torchaudio are linked against one build of torch and fail (OSError) beside
    another. So, only if the real one cannot be imported, an empty module takes its name while `encodec` is imported,
    and is then removed: code that asks for torchaudio later gets the true error.
    """
    before = dict(sys.modules)
    try:
        importlib.import_module("torchaudio")
    except Exception:  # a broken binary wheel may raise anything: OSError, RuntimeError, AttributeError
        for name in set(sys.modules) - set(before):
            if name.split(".")[0] == "torchaudio":
                del sys.modules[name]
        sys.modules["torchaudio"] = types.ModuleType("torchaudio", "Stands in while a package is imported.")
        try:
            yield
        finally:
            del sys.modules["torchaudio"]
            if "torchaudio" in before:  # None there means that someone has blocked the import
                sys.modules["torchaudio"] = before["torchaudio"]
    else:
        yield


with torchaudio_stand_in():
    from encodec import EncodecModel as EncodecModel
    from encodec.model import ROOT_URL
    from encodec.quantization import ResidualVectorQuantizer as ResidualVectorQuantizer



def load_encodec(path: str | Path | None = None) -> EncodecModel:
    """The official 24 kHz EnCodec (arXiv:2210.13438, https://github.com/facebookresearch/encodec).

    Args:
        path: the weights `encodec_24khz-<start of sha256>.th` or a folder with them; default `$PHONELM_ENCODEC_24KHZ`,
            else torch.hub's cache, where they are fetched to on first use.
    Raises:
        CodecError: no weights there, a wrong checksum, a file that is not a state dict, or a fetch that failed.
    """
    if path := path or os.environ.get(ENCODEC_VARIABLE):
        file = _find_encodec(Path(path))
    else:
        file = Path(torch.hub.get_dir()) / "checkpoints" / ENCODEC_FILE
        if not file.is_file():
            _fetch_encodec(file)
    _check_sha256(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # encodec uses the older of torch's two weight_norm
        model = EncodecModel.encodec_model_24khz(pretrained=False)
    try:
        model.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
    except (RuntimeError, UnpicklingError, EOFError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise CodecError(f"{file} does not hold the weights of {ENCODEC}: {reason}") from None
    model.name = ENCODEC
    return model.eval()


def _find_encodec(path: Path) -> Path:
    """The weights at a path given by the user: a file, or a folder that holds one."""
    if path.is_dir():
        found = sorted(path.glob(f"{ENCODEC}-*.th"))
        official = path / ENCODEC_FILE
        path = official if official in found or not found else found[0]
    if not path.is_file():
        raise CodecError(f"no {ENCODEC} weights at {path}: download {ROOT_URL}{ENCODEC_FILE} and put the file there")
    return path


def _check_sha256(file: Path) -> None:
    """Compare a file with the start of its sha256 that ends its name, as torch.hub does."""
    match = re.fullmatch(rf"{ENCODEC}-([0-9a-f]{{8,64}})\.th", file.name)
    if not match:
        raise CodecError(f"{file} must keep its official name {ENCODEC_FILE}: the checksum is in it")
    with open(file, "rb") as stream:
        actual = hashlib.sha256(stream.read()).hexdigest()
    if not actual.startswith(match[1]):
        raise CodecError(f"{file} is damaged: its sha256 starts with {actual[:8]}, not {match[1]}; fetch it again")


def _fetch_encodec(file: Path) -> None:
    """Fetch the official weights; the file appears only once it is complete and its checksum is right."""
    url = ROOT_URL + ENCODEC_FILE
    expected = Path(ENCODEC_FILE).stem.rpartition("-")[2]
    digest = hashlib.sha256()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with urllib.request.urlopen(url, timeout=FETCH_TIMEOUT_S) as response, atomic_write(file) as output:
            while block := response.read(1 << 20):
                digest.update(block)
                output.write(block)
            if not digest.hexdigest().startswith(expected):
                raise CodecError("what came is incomplete or not the official file (wrong sha256)")
    except (OSError, CodecError) as error:  # URLError, timeouts and a full disk are all OSError
        raise CodecError(
            f"the {ENCODEC} weights could not be fetched from {url} ({error}): download them elsewhere and put them at "
            f"{file}, or name their place in {ENCODEC_VARIABLE}"
        ) from None
