"""From names and paths to the networks of a system, on a device that can be used."""

from __future__ import annotations

import os
from pathlib import Path

import torch

from phonelm import checkpoint
from phonelm.codec import Codec
from phonelm.model import weights

# oneDNN keeps one compiled convolution for each length of audio: 1,024 by default, which takes 100 MiB.
CONVOLUTIONS, MAX_CONVOLUTIONS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY", "32"


def limit_compiled_convolutions() -> None:
    """Keep few compiled convolutions in this process, unless the environment has a limit already."""
    os.environ.setdefault(CONVOLUTIONS, MAX_CONVOLUTIONS)


def usable_device(name: str | None) -> str:
    """The device of that name; None for the GPU if PyTorch can use one, else the CPU.

    Raises:
        ValueError: PyTorch does not know the device or cannot use it.
    """
    name = name or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.device(name)
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} cannot be used: {str(error).splitlines()[0]}") from None
    return name


def use_one_thread(*devices: torch.device) -> None:
    """Give PyTorch one thread in this process: with several threads, sums are rounded in another order.

    Raises:
        ValueError: a device is not the CPU.
    """
    if any(device.type != "cpu" for device in devices):
        raise ValueError("deterministic speech is for the CPU: choose the device cpu")
    torch.set_num_threads(1)


def load_networks(
    path: str | Path | None, codec: str | None, device: str, codec_device: str | None = None
) -> tuple[weights.Acoustic, Codec]:
    """The acoustic model and its codec; arguments as for `TTS.load`.

    Raises:
        CheckpointError, CodecError: a file is missing or damaged, or the two do not fit.
    """
    path = Path(path) if path else checkpoint.default_dir() / weights.FILE
    name = codec or checkpoint.metadata(path, weights.KIND)["config"].get("codec", "bundled")
    loaded = Codec.load(name, device=codec_device or device)
    return weights.load(path, loaded, device), loaded
