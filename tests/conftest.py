"""Small real components shared by the tests."""

import pytest
import torch

from phonelm.config import ModelConfig

TINY = ModelConfig(
    n_symbols=96, n_codebooks=3, card=32, code_dim=8, text_layers=1, text_dim=32, text_heads=2, global_layers=2,
    global_dim=48, global_heads=3, local_layers=1, local_dim=32, local_heads=2, max_hold=16,
)  # fmt: skip


@pytest.fixture
def tiny_model():
    """An untrained model with random, non-zero heads, in eval mode."""
    from phonelm.megabyte import PhoneLM

    torch.manual_seed(0)
    model = PhoneLM(TINY, torch.randn(3, 32, 8)).eval()
    torch.nn.init.normal_(model.local_model.free, std=0.3)
    torch.nn.init.normal_(model.local_model.to_code_space, std=0.1)
    return model


@pytest.fixture(scope="session")
def tiny_tts():
    """A whole system that speaks noise: the bundled codec, and an untrained model that says a phoneme in a few frames."""
    from phonelm.codec import Codec
    from phonelm.config import CARD, PRESETS
    from phonelm.megabyte import PhoneLM
    from phonelm.phonemes import Phonemizer
    from phonelm.tts import TTS
    from phonelm.weights import Acoustic

    codec = Codec.load()
    torch.manual_seed(0)
    model = PhoneLM(PRESETS["tiny"], codec.codebooks[: PRESETS["tiny"].n_codebooks]).eval()
    torch.nn.init.normal_(model.local_model.to_code_space, std=0.1)
    torch.nn.init.constant_(model.local_model.advance.bias, -1.0)
    seen = torch.rand(model.config.n_codebooks, CARD) < 0.8
    return TTS(Acoustic(model, seen, {}), codec, Phonemizer())
