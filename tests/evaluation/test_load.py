"""The app under load: no request is lost without an error, even when the server is killed; nothing is left behind."""

import shutil

import numpy as np
import pytest

from benchmarks.load import TEXTS, ask, load, serving
from phonelm.model import weights


@pytest.mark.slow
def test_every_request_ends_with_speech_or_an_error_that_its_client_sees(tiny_tts, tmp_path):
    checkpoint = tmp_path / "model.safetensors"
    weights.save(checkpoint, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    with serving(checkpoint) as server:
        outcome = load(server, requests=30, clients=8, kills=1)
        assert outcome.ends["spoken"] + outcome.ends["left"] == 30 and outcome.ends["spoken"] > 15
        assert outcome.ends["left"] > 0 and outcome.errors  # the kill was seen
        for wavs in outcome.wavs.values():
            assert all(np.array_equal(wav, wavs[0]) for wav in wavs)
        (text, seed), wavs = next(iter(outcome.wavs.items()))
        assert text in TEXTS and np.array_equal(ask(server.url, text, seed, "quick"), wavs[0])
        assert len(server.left_over()) <= 8  # a folder for each request that was being written when it was killed
        server.stop(kill=True)
        for left in server.folder.glob("tmp*"):
            shutil.rmtree(left)
        server.start()
        assert load(server, requests=6, clients=3, kills=0).errors.total() == 0 and server.left_over() == []
