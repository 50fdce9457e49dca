"""The model that a training run starts from: new, trained, or trained with parts added."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from phonelm.codec import Codec
from phonelm.config import ModelConfig
from phonelm.model import PhoneLM, weights

ADDED = ("speaker_encoder.", "speaker_out.", "guidance_input.")  # parts that trained weights may not have


def start_model(init: Path | None, sizes: ModelConfig, codec: Codec, seed: int) -> PhoneLM:
    """Args:
        init: trained weights. Their sizes are used; only `speaker_dim` and `one_pass_guidance` come from `sizes`.
            None for random weights.
        sizes: of a new model.
        codec: the one whose codes the model speaks.
        seed: of the random weights.
    Returns:
        A model in training mode. Parts that are added to trained weights change nothing at first.
    Raises:
        CheckpointError: see `weights.load`.
        ValueError: `init` has a speaker vector of another width.
    """
    torch.manual_seed(seed)
    if init is None:
        return PhoneLM(replace(sizes, codec=codec.name), codec.codebooks[: sizes.n_codebooks])
    found = weights.load(init, codec).model
    have, want = found.config.speaker_dim, sizes.speaker_dim or found.config.speaker_dim
    if have and have != want:
        raise ValueError(f"{init} has a speaker vector of {have} numbers, not {want}: leave --speaker-dim out")
    one_pass = found.config.one_pass_guidance or sizes.one_pass_guidance
    grown = replace(found.config, speaker_dim=want, one_pass_guidance=one_pass)
    if grown == found.config:
        return found.train()
    model = PhoneLM(grown, codec.codebooks[: grown.n_codebooks])
    missing, unexpected = model.load_state_dict(found.state_dict(), strict=False)
    assert not unexpected and all(name.startswith(ADDED) for name in missing)
    return model.train()
