"""Give a codec checkpoint a source-filter decoder: `python -m phonelm.codec.convert CODEC DECODER -o OUT`.

Encoder and codebooks stay, so codes and acoustic checkpoints stay valid.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import safetensors.torch
import torch

from phonelm import checkpoint
from phonelm.codec.decoder import SourceFilterDecoder
from phonelm.codec.weights import load_bundled, save_bundled

NAMES = {  # of the first trainings -> here
    "pblocks": "pitch_blocks", "pnorm": "pitch_norm", "env": "envelope", "noi": "noise", "f0": "pitch",
    "vuv": "voicing", "dph": "dispersion",
}  # fmt: skip


def convert(codec: Path, decoder: Path, out: Path, voiced_noise_db: float = 0.0) -> None:
    """Write a codec checkpoint of the encoder and codebooks of one file and the decoder of another.

    Args:
        codec: checkpoint of the bundled codec, with any decoder.
        decoder: safetensors of a source-filter decoder trained for its codes; float16 or float32; names as here, or as
            in the first trainings (`NAMES`).
        out: the file to write; may be `codec` itself.
        voiced_noise_db: added to the noise of voiced frames, unless the decoder's file says it.
    Raises:
        checkpoint.CheckpointError: files that are not what they should be.
    """
    model, config = load_bundled(codec)
    config = replace(config, decoder="source_filter")
    model.decoder = SourceFilterDecoder(config)
    try:
        tensors = {_rename(k): v.float() for k, v in safetensors.torch.load_file(decoder).items()}
        tensors.setdefault("voiced_noise_db", torch.tensor(float(voiced_noise_db)))
        model.decoder.load_state_dict(tensors)
    except (RuntimeError, OSError, safetensors.SafetensorError) as error:
        reason = " ".join(str(error).split())
        raise checkpoint.CheckpointError(f"{decoder} does not hold a source-filter decoder: {reason}") from None
    known = {"kind", "config", "format", "train", "progress"}  # training of the decoder that is no longer there
    extra = {k: v for k, v in checkpoint.metadata(codec, "codec").items() if k not in known}
    save_bundled(out, model, config, **extra)


def _rename(name: str) -> str:
    first, dot, rest = name.partition(".")
    return NAMES.get(first, first) + dot + rest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m phonelm.codec.convert", description=__doc__.split(":")[0])
    parser.add_argument("codec", type=Path, help="codec.safetensors with encoder and codebooks")
    parser.add_argument("decoder", type=Path, help="safetensors of the source-filter decoder")
    parser.add_argument("-o", "--out", type=Path, required=True)
    parser.add_argument("--voiced-noise-db", type=float, default=0.0, metavar="DB",
                        help="added to the noise of voiced frames (default 0)")  # fmt: skip
    args = parser.parse_args()
    try:
        convert(args.codec, args.decoder, args.out, args.voiced_noise_db)
    except (ValueError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
