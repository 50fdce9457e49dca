"""Codecs and codes that several tests share."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch

from phonelm.codec import weights as codec_weights
from phonelm.codec.codec import Codec
from phonelm.config import CARD, CODE_DIM, N_Q, CodecConfig

VECTORS = Path(__file__).parent / "data" / "codec_vectors.npz"
TINY = CodecConfig(encoder_width=16, encoder_blocks=1, decoder_width=16, decoder_blocks=3)
TINY_SOURCE_FILTER = replace(TINY, decoder="source_filter")


def random_codes(frames, n_q=N_Q, batch=1, seed=0):
    return torch.randint(0, CARD, (batch, n_q, frames), generator=torch.Generator().manual_seed(seed))


def fill_codebooks(model):
    generator = torch.Generator().manual_seed(0)
    for layer in model.quantizer.vq.layers:
        codec_weights.set_codebook(layer._codebook, torch.randn(CARD, CODE_DIM, generator=generator))
    return model


@cache
def bundled():
    return Codec.load()


@cache
def source_filter():
    """A small source-filter decoder with random weights: its pitch jumps, half of its frames are voiced."""
    torch.manual_seed(0)
    model = codec_weights.build_bundled(TINY_SOURCE_FILTER)
    for head in (model.decoder.pitch, model.decoder.voicing, model.decoder.envelope, model.decoder.dispersion):
        torch.nn.init.normal_(head.weight, std=0.5)
    return Codec(fill_codebooks(model), "bundled")


@cache
def istft():
    """A small decoder by inverse STFT, in which codebooks are trained, with random weights."""
    torch.manual_seed(0)
    return Codec(fill_codebooks(codec_weights.build_bundled(TINY)), "bundled")


@cache
def encodec():
    """The official architecture with random weights."""
    with pytest.warns(FutureWarning):
        model = codec_weights.EncodecModel.encodec_model_24khz(pretrained=False)
    model.set_target_bandwidth(6.0)
    return Codec(fill_codebooks(model), "encodec_24khz")


CODECS = {"bundled": bundled, "source_filter": source_filter, "istft": istft, "encodec": encodec}
