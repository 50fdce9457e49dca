"""The bundled codec's networks as an `encodec.EncodecModel`, and its checkpoint."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from torch import Tensor

from phonelm import checkpoint
from phonelm.codec.decoder import SourceFilterDecoder
from phonelm.codec.encodec import EncodecModel, ResidualVectorQuantizer
from phonelm.codec.istft import IstftDecoder
from phonelm.codec.nets import Encoder
from phonelm.config import CodecConfig, from_dict

BUNDLED = "bundled"
BUNDLED_FILE = "codec.safetensors"
DECODERS = {"istft": IstftDecoder, "source_filter": SourceFilterDecoder}
FIRST = {"decoder": "istft"}  # what checkpoints mean that say nothing about their decoder


def build_bundled(config: CodecConfig = CodecConfig()) -> EncodecModel:
    """The bundled codec, untrained: the networks of this package, in which the codebooks are zero.

    Raises:
        ValueError: a decoder that is not one of `DECODERS`, sizes that do not go together.
    """
    if config.decoder not in DECODERS:
        raise ValueError(f"unknown decoder {config.decoder!r}; known are {', '.join(DECODERS)}")
    per_codebook = config.sample_rate / config.hop_length * (config.card - 1).bit_length() / 1000  # kbit/s
    model = EncodecModel(
        Encoder(config),
        DECODERS[config.decoder](config),
        ResidualVectorQuantizer(dimension=config.dimension, n_q=config.n_q, bins=config.card),
        target_bandwidths=[per_codebook * (k + 1) for k in range(config.n_q)],
        sample_rate=config.sample_rate,
        channels=1,
        name=BUNDLED,
    )
    return model.eval()


def load_bundled(path: str | Path | None = None) -> tuple[EncodecModel, CodecConfig]:
    """The bundled codec with the weights of a checkpoint (default: `codec.safetensors` of the checkpoint folder).

    Raises:
        checkpoint.CheckpointError: no such file, not a codec checkpoint, tensors that do not fit its config.
    """
    path = Path(path or checkpoint.default_dir() / BUNDLED_FILE)
    tensors, metadata = checkpoint.load(path, "codec")
    try:
        config = from_dict(CodecConfig, FIRST | metadata["config"])
        model = build_bundled(config)
        for k, layer in enumerate(model.quantizer.vq.layers):
            set_codebook(layer._codebook, tensors.pop(f"quantizer.{k}.codebook"))
        for part in ("encoder", "decoder"):
            names = [name for name in tensors if name.startswith(f"{part}.")]
            model.get_submodule(part).load_state_dict({n.removeprefix(f"{part}."): tensors.pop(n) for n in names})
        if tensors:
            raise ValueError(f"unexpected tensor {min(tensors)}")
    except (ValueError, TypeError, KeyError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise checkpoint.CheckpointError(f"{path} does not fit the codec it describes: {reason}") from None
    return model, config


def save_bundled(path: str | Path, model: EncodecModel, config: CodecConfig, **extra) -> None:
    """Write a model made by `build_bundled` as a checkpoint that `load_bundled` reads.

    The decoder is stored as float16, which nobody hears; encoder and codebooks as float32, because rounding them
    changes 1 to 2 % of the codes of the last codebooks.

    Args:
        path: the file, replaced as a whole.
        model: the trained model.
        config: the one it was built with.
        extra: more metadata, plain JSON types.
    """
    parts = ("encoder", "decoder")
    tensors = {f"{part}.{k}": v for part in parts for k, v in model.get_submodule(part).state_dict().items()}
    tensors |= {f"quantizer.{k}.codebook": layer.codebook for k, layer in enumerate(model.quantizer.vq.layers)}
    checkpoint.save(path, tensors, {**extra, "kind": "codec", "config": asdict(config)}, half="decoder.")


def set_codebook(codebook: Any, vectors: Tensor) -> None:
    """Give a `EuclideanCodebook` its (card, dim) vectors, marked as initialised, so that k-means never runs on them."""
    if vectors.shape != codebook.embed.shape:
        raise ValueError(f"codebook is {tuple(vectors.shape)}, not {tuple(codebook.embed.shape)}")
    codebook.embed.copy_(vectors)
    codebook.embed_avg.copy_(vectors)
    codebook.cluster_size.fill_(1.0)
    codebook.inited.fill_(1.0)
