"""What adaptation needs of the training data: the aligner, and some utterances of other people.

Utterances of many voices are mixed into the batches of an adaptation, so that the model keeps the words it can say.
They come from a training cache:

    python -m phonelm.training.adapt.prior CACHE -o checkpoints/adaptation.safetensors --minutes 12
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from phonelm import checkpoint
from phonelm.codec import Codec
from phonelm.config import FRAME_RATE, from_dict
from phonelm.text import SYMBOLS
from phonelm.training.config import AlignerConfig
from phonelm.training.data.aligner import VERSION, Aligner
from phonelm.training.data.dataset import CodesDataset, Utterance

KIND = "adaptation"
FILE = "adaptation.safetensors"  # in `checkpoint.default_dir()`
LENGTH_S = (2.0, 8.0)  # of an utterance that is taken
CODEBOOKS = 4
FIELDS = {"symbols": torch.uint8, "word_starts": torch.bool, "durations": torch.int16, "codes": torch.int16}


class Prior(NamedTuple):
    """Both parts, read back."""

    aligner: Aligner
    utterances: list[Utterance]


def choose(dataset: CodesDataset, datasets: Sequence[str], minutes: float, seed: int = 0) -> list[int]:
    """Utterances of as many speakers as possible, `minutes` in all, the same length from each dataset.

    Args:
        datasets: names of those to choose from; copies at other speeds and worse recordings are not taken.
    """
    rng = np.random.default_rng(seed)
    chosen: list[int] = []
    for name in datasets:
        fits = [
            i for i, r in enumerate(dataset.records)
            if r["speaker"].startswith(f"{name}/") and "@" not in r["id"]
            and LENGTH_S[0] <= r["frames"] / FRAME_RATE <= LENGTH_S[1]
        ]  # fmt: skip
        rounds: dict[int, int] = {}  # how many of the same speaker come before
        counts: dict[str, int] = {}
        for i in rng.permutation(fits).tolist():
            speaker = dataset.records[i]["speaker"]
            rounds[i] = counts.get(speaker, 0)
            counts[speaker] = rounds[i] + 1
        left = minutes * 60 * FRAME_RATE / len(datasets)
        for i in sorted(rounds, key=lambda i: rounds[i]):
            if left <= 0:
                break
            chosen.append(i)
            left -= dataset.records[i]["frames"]
    return chosen


def save_prior(path: Path, aligner: Path, dataset: CodesDataset, chosen: Sequence[int]) -> None:
    """Write aligner and utterances as one checkpoint."""
    weights, metadata = checkpoint.load(aligner, "aligner")
    parts: dict[str, list[Tensor]] = {name: [] for name in FIELDS}
    records = []
    for i in chosen:
        u = dataset[i]
        records.append({"id": u.id, "speaker": u.speaker, "text": u.text, "frames": u.codes.shape[1]})
        for name in FIELDS:
            value = u.codes[:CODEBOOKS].T if name == "codes" else getattr(u, name)
            parts[name].append(value)
    tensors = {name: torch.cat(parts[name]).to(dtype) for name, dtype in FIELDS.items()}
    tensors |= {f"aligner.{k}": v for k, v in weights.items()}
    lengths = [len(x) for x in parts["symbols"]]
    extra = {"records": records, "phonemes": lengths, "codec": dataset.info["codec"], "symbols": list(SYMBOLS)}
    header = {"kind": KIND, "config": metadata["config"], "version": VERSION, **extra}
    checkpoint.save(path, tensors, header, half="aligner.")


def load_prior(codec: Codec, path: Path | None = None) -> Prior:
    """Read what `save_prior` wrote.

    Args:
        path: default `FILE` in `checkpoint.default_dir()`.
    Raises:
        CheckpointError: no such file, or one for another codec, aligner or table of phonemes.
    """
    path = path or checkpoint.default_dir() / FILE
    tensors, metadata = checkpoint.load(path, KIND)
    if metadata["version"] != VERSION or metadata["symbols"] != list(SYMBOLS):
        raise checkpoint.CheckpointError(f"{path} is of another version of PhoneLM: take the one of this version")
    if metadata["codec"]["fingerprint"] != codec.fingerprint:
        raise checkpoint.CheckpointError(f"{path} holds codes of another codec than {codec.name}")
    aligner = Aligner(from_dict(AlignerConfig, metadata["config"]))
    prefix = "aligner."
    aligner.load_state_dict({k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)})
    return Prior(aligner.eval(), _utterances(tensors, metadata))


def _utterances(tensors: dict[str, Tensor], metadata: dict[str, Any]) -> list[Utterance]:
    records, n, t = metadata["records"], metadata["phonemes"], [r["frames"] for r in metadata["records"]]
    parts = zip(
        tensors["symbols"].long().split(n), tensors["word_starts"].split(n), tensors["codes"].split(t),
        tensors["durations"].long().split(n), strict=True,
    )  # fmt: skip
    return [
        Utterance(r["id"], r["speaker"], r["text"], symbols, starts, codes.T, durations)
        for r, (symbols, starts, codes, durations) in zip(records, parts, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cache", type=Path)
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--datasets", nargs="+", default=["minilibrispeech", "voices", "kspace"])
    parser.add_argument("--minutes", type=float, default=12.0)
    args = parser.parse_args()
    dataset = CodesDataset(args.cache)
    chosen = choose(dataset, args.datasets, args.minutes)
    save_prior(args.out, args.cache / "aligner.safetensors", dataset, chosen)
    print(f"{len(chosen)} utterances of {len({dataset.records[i]['speaker'] for i in chosen})} speakers")


if __name__ == "__main__":
    main()
