"""Acoustic checkpoints: trained weights with sizes, phoneme table, codec fingerprint and codes seen in training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from phonelm import checkpoint
from phonelm.codec import Codec
from phonelm.config import ModelConfig, from_dict
from phonelm.model.megabyte import PhoneLM
from phonelm.text import SYMBOLS

KIND = "acoustic"
FILE = "phonelm.safetensors"  # in `checkpoint.default_dir()`
CODEBOOKS = "codes.vectors"  # buffers that come from the codec, not from the checkpoint
SEEN = "seen_codes"


@dataclass(frozen=True)
class Acoustic:
    """A loaded model.

    Attributes:
        model: in eval mode, on its device.
        seen: (K, card) bool, codes that occur in the training data, on the CPU.
        metadata: of the checkpoint.
    """

    model: PhoneLM
    seen: Tensor
    metadata: dict[str, Any]


def save(path: Path, model: PhoneLM, seen: Tensor, codec: Codec, extra: dict[str, Any]) -> None:
    """Write weights for synthesis, float16, without the codec's codebooks.

    Args:
        seen: (K, card) bool, codes that occur in the training data.
        codec: the one whose codes the model speaks.
        extra: further metadata, plain JSON.
    """
    tensors = {k: v for k, v in model.state_dict().items() if not k.endswith(CODEBOOKS)} | {SEEN: seen}
    metadata = {
        "kind": KIND,
        "config": asdict(model.config),
        "symbols": list(SYMBOLS),
        "codec_fingerprint": codec.fingerprint,
    }
    checkpoint.save(path, tensors, {**extra, **metadata}, half=True)


def load(path: Path, codec: Codec, device: torch.device | str = "cpu") -> Acoustic:
    """Read weights and plug in the codec's codebooks.

    Raises:
        CheckpointError: missing, damaged or foreign file; made for another codec or for other phonemes.
    """
    tensors, metadata = checkpoint.load(path, KIND)
    try:
        config = from_dict(ModelConfig, metadata["config"])
    except (TypeError, ValueError) as error:
        raise checkpoint.CheckpointError(f"{path} is of another version of PhoneLM: {error}") from None
    if config.codec != codec.name:
        raise checkpoint.CheckpointError(f"{path} speaks codes of the codec {config.codec}, not of {codec.name}")
    if metadata.get("codec_fingerprint") != codec.fingerprint:
        raise checkpoint.CheckpointError(f"{path} was trained on another version of the codec {codec.name}")
    if metadata.get("symbols") != list(SYMBOLS):
        raise checkpoint.CheckpointError(f"{path} was trained on another set of phonemes; train it again")
    seen = tensors.pop(SEEN, torch.ones(config.n_codebooks, config.card, dtype=torch.bool))
    model = PhoneLM(config, codec.codebooks[: config.n_codebooks].cpu())
    given, wanted = set(tensors), {k for k in model.state_dict() if not k.endswith(CODEBOOKS)}
    if given != wanted:
        raise checkpoint.CheckpointError(f"{path} does not fit its own config: tensors {sorted(given ^ wanted)[:3]} …")
    try:
        model.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise checkpoint.CheckpointError(f"{path} does not fit its own config: {error}".replace("\n", " ")) from None
    return Acoustic(model.to(device).eval(), seen.bool(), metadata)
