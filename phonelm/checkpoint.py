"""Checkpoints: safetensors with one JSON header of metadata. Nothing is ever unpickled.

Format: https://github.com/huggingface/safetensors
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from phonelm.files import atomic_write

FORMAT = 1  # raised when a reader of today could not read the file
KEY = "phonelm"  # the header entry that holds the metadata
DIRECTORY_VARIABLE = "PHONELM_CHECKPOINTS"


class CheckpointError(ValueError):
    """A checkpoint that cannot be used; the message says in one line why and what to do."""


def default_dir() -> Path:
    """The folder of the checkpoints: `$PHONELM_CHECKPOINTS`, else the one that comes with PhoneLM.

    A wheel has it inside the package; a clone has it beside the package.
    """
    if named := os.environ.get(DIRECTORY_VARIABLE):
        return Path(named)
    package = Path(__file__).resolve().parent
    installed = package / "checkpoints"
    return installed if installed.is_dir() else package.parent / "checkpoints"


def save(path: str | Path, tensors: dict[str, Tensor], metadata: dict[str, Any], half: bool | str = False) -> None:
    """Write a checkpoint, whole or not at all.

    Args:
        path: the file; its folder is made if needed.
        tensors: any shapes and dtypes, on any device.
        metadata: plain JSON types with at least `kind` ("codec", "acoustic") and `config` (a dict); `format` is added.
        half: store floating-point tensors as float16 (`load` gives them back as float32): all of them, or those whose
            name starts with this.
    Raises:
        ValueError: metadata without `kind` or `config`, or not JSON; a value that float16 cannot hold.
        OSError: the file cannot be written.
    """
    if not isinstance(metadata.get("kind"), str) or not isinstance(metadata.get("config"), dict):
        raise ValueError("checkpoint metadata needs `kind` (str) and `config` (dict)")
    try:
        header = json.dumps({**metadata, "format": FORMAT}, allow_nan=False)
    except TypeError as error:
        raise ValueError(f"checkpoint metadata is not plain JSON: {error}") from None
    stored = {}
    for name, tensor in tensors.items():
        halved = half if isinstance(half, bool) else name.startswith(half)
        dtype = torch.float16 if halved and tensor.is_floating_point() else tensor.dtype
        # a copy, because safetensors refuses tensors that share memory
        stored[name] = tensor.detach().to("cpu", dtype, copy=True).contiguous()
        if dtype != tensor.dtype and not torch.equal(stored[name].isfinite(), tensor.detach().cpu().isfinite()):
            raise ValueError(f"tensor {name} has values beyond the range of float16")
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as file:
        file.write(safetensors.torch.save(stored, {KEY: header}))


def load(path: str | Path, kind: str) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Read a checkpoint of the given kind.

    Args:
        path: the file.
        kind: what it must hold, e.g. "codec" or "acoustic".
    Returns:
        The tensors on the CPU (float16 widened to float32) and the metadata (`format`, `kind`, `config`, extras).
    Raises:
        CheckpointError: no such file, truncated or foreign file, another kind, a format this version does not know.
    """
    with _opened(path, kind) as (file, header):
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    return {k: v.float() if v.dtype == torch.float16 else v for k, v in tensors.items()}, header


def metadata(path: str | Path, kind: str) -> dict[str, Any]:
    """The metadata of a checkpoint alone, without reading its tensors; raises as `load` does."""
    with _opened(path, kind) as (_, header):
        return header


def fingerprint(tensors: Iterable[Tensor]) -> str:
    """16 hex digits of the SHA-256 of tensors, their dtypes and shapes."""
    digest = hashlib.sha256()
    for tensor in tensors:
        digest.update(f"{tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()[:16]


@contextmanager
def _opened(path: str | Path, kind: str) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The open file and its metadata, checked; `CheckpointError` for whatever goes wrong while it is open."""
    path = Path(path)
    if not path.is_file():
        raise CheckpointError(
            f"no {kind} checkpoint at {path}: put the file there, name its folder in {DIRECTORY_VARIABLE}, "
            "or train one (README, Training)"
        )
    try:
        with safetensors.safe_open(path, "pt") as file:
            header = _parse(path, (file.metadata() or {}).get(KEY))
            if header["kind"] != kind:
                raise CheckpointError(f"{path} is a checkpoint of kind {header['kind']!r}, not {kind!r}")
            yield file, header
    except (safetensors.SafetensorError, OSError) as error:
        reason = " ".join(str(error).split())
        raise CheckpointError(f"{path} is not a checkpoint, or only a part of one ({reason}): copy it again") from None


def _parse(path: Path, header: str | None) -> dict[str, Any]:
    """The metadata in a header, or `CheckpointError`."""
    try:
        metadata = json.loads(header or "")
    except ValueError:
        metadata = None
    if not isinstance(metadata, dict):
        raise CheckpointError(f"{path} holds tensors, but is not a PhoneLM checkpoint (no {KEY!r} header)")
    if metadata.get("format") != FORMAT:
        raise CheckpointError(
            f"{path} has checkpoint format {metadata.get('format')!r}; this version of PhoneLM reads format {FORMAT}"
        )
    if not isinstance(metadata.get("kind"), str) or not isinstance(metadata.get("config"), dict):
        raise CheckpointError(f"{path} has a {KEY!r} header without `kind` and `config`")
    return metadata
