"""`average`: the mean of the weights of several runs that began with the same ones (arXiv:2203.05482)."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from phonelm import checkpoint
from phonelm.files import check_writable
from phonelm.model import weights
from phonelm.training.guard import check_finite

SAME = ("config", "symbols", "codec_fingerprint")


def average(models: Sequence[Path], out: Path) -> None:
    """Write the mean of several `model.safetensors`.

    The codes seen in training are the union of those of all models. Instead of its own progress, the result lists
    the progress of the models in `averaged`.

    Raises:
        ValueError: fewer than two.
        OSError: `out` cannot be written.
        DivergedError: one of them has weights that are not finite.
        CheckpointError: one cannot be read, or its sizes, phonemes or codec differ from the first one's.
    """
    if len(models) < 2:
        raise ValueError("name at least two models to average")
    check_writable(out)
    read = [checkpoint.load(path, weights.KIND) for path in models]
    tensors, metadata = read[0]
    for path, (other, header) in zip(models[1:], read[1:]):
        for name in SAME:
            if header.get(name) != metadata.get(name):
                raise checkpoint.CheckpointError(f"{path} and {models[0]} differ in {name}: they have no mean")
        if {k: v.shape for k, v in other.items()} != {k: v.shape for k, v in tensors.items()}:
            raise checkpoint.CheckpointError(f"{path} and {models[0]} have other tensors: they have no mean")
    mean = {}
    for name in tensors:
        all_of_them = torch.stack([other[name] for other, _ in read])
        mean[name] = all_of_them.any(0) if name == weights.SEEN else all_of_them.mean(0)
    check_finite(mean)
    kept = {k: v for k, v in metadata.items() if k not in ("format", "progress")}
    progress = [p for _, header in read for p in header.get("averaged") or [header.get("progress")]]
    checkpoint.save(out, mean, {**kept, "averaged": progress}, half=True)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", type=Path, nargs="+", metavar="MODEL", help="model.safetensors of two or more runs")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.safetensors")


def run(args: argparse.Namespace) -> int:
    average(args.models, args.out)
    return 0
