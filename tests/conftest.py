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
    from phonelm.model.megabyte import PhoneLM

    torch.manual_seed(0)
    model = PhoneLM(TINY, torch.randn(3, 32, 8)).eval()
    torch.nn.init.normal_(model.local_model.free, std=0.3)
    torch.nn.init.normal_(model.local_model.to_code_space, std=0.1)
    return model


@pytest.fixture(scope="session")
def tiny_tts():
    """A whole system that speaks noise: the bundled codec and an untrained model; a phoneme lasts a few frames."""
    from phonelm.codec.codec import Codec
    from phonelm.config import CARD, PRESETS
    from phonelm.model.megabyte import PhoneLM
    from phonelm.model.weights import Acoustic
    from phonelm.text.phonemizer import Phonemizer
    from phonelm.tts.system import TTS

    codec = Codec.load()
    torch.manual_seed(0)
    model = PhoneLM(PRESETS["tiny"], codec.codebooks[: PRESETS["tiny"].n_codebooks]).eval()
    torch.nn.init.normal_(model.local_model.to_code_space, std=0.1)
    torch.nn.init.constant_(model.local_model.advance.bias, -1.0)
    seen = torch.rand(model.config.n_codebooks, CARD) < 0.8
    return TTS(Acoustic(model, seen, {}), codec, Phonemizer())


@pytest.fixture(scope="session")
def voice_file(tmp_path_factory):
    """A clip of two seconds, voice-like: a buzzing tone with changing pitch and loudness."""
    from phonelm.audio.files import write_audio
    from phonelm.config import SAMPLE_RATE

    t = torch.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    wav = 0.3 * torch.sin(2 * torch.pi * (140 * t + 3 * torch.sin(5 * t))) ** 3 * (1 + 0.5 * torch.sin(9 * t))
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    write_audio(path, wav.numpy(), SAMPLE_RATE)
    return path


@pytest.fixture(scope="session")
def app_tts(tiny_tts, voice_file):
    """The tiny system with two bundled voices, which are the same."""
    from phonelm.tts.system import TTS
    from phonelm.tts.voices import NamedVoice

    voices = {name: NamedVoice(name, "a buzz", "MIT", "these tests", voice_file) for name in ("bundled", "other")}
    return TTS(tiny_tts.acoustic, tiny_tts.codec, tiny_tts.phonemizer, voices)


@pytest.fixture(scope="session")
def app_url(app_tts, tmp_path_factory):
    """The address of the app around the tiny system; it must speak to no other machine."""
    import socket

    import app

    connect, elsewhere = socket.socket.connect, []

    def watched(self, address):
        if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost"):
            elsewhere.append(address)
        return connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADIO_TEMP_DIR", str(tmp_path_factory.mktemp("gradio")))
        patch.setattr(socket.socket, "connect", watched)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        demo = app.build_demo(app_tts)
        options = {"server_name": "127.0.0.1", "server_port": port, "prevent_thread_lock": True, "quiet": True}
        yield app.launch(demo, **options)[1]
        demo.close(verbose=False)
    assert not elsewhere, f"the app connected to {elsewhere}"
