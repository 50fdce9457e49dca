"""A small cache of random codes, for tests of training."""

import json

import numpy as np
import pytest

from phonelm.codec.codec import Codec
from phonelm.text.phonemizer import SYMBOLS
from phonelm.training.data.dataset import CACHE_FORMAT


@pytest.fixture(scope="session")
def training_cache(tmp_path_factory):
    """24 utterances of 4 speakers, in the form that `prepare` writes."""
    folder, rng = tmp_path_factory.mktemp("cache"), np.random.default_rng(0)
    codec = Codec.load()
    codes, phonemes, starts, durations, lines = [], [], [], [], []
    for i in range(24):
        n = int(rng.integers(8, 16))
        d = rng.integers(1, 9, n)
        lines.append(
            {
                "id": f"set/{i}", "speaker": f"set/{i % 4}", "text": "", "frame": sum(map(len, codes)),
                "frames": int(d.sum()), "phoneme": sum(map(len, phonemes)), "phonemes": n,
            }
        )  # fmt: skip
        codes.append(rng.integers(0, codec.card, (d.sum(), codec.n_q)))
        phonemes.append(np.concatenate([[1], rng.integers(10, 70, n - 2), [1]]))
        starts.append(np.concatenate([[0], rng.random(n - 2) < 0.4, [0]]))
        durations.append(d)
    for name, arrays, dtype in (
        ("codes", codes, np.int16), ("phonemes", phonemes, np.uint8), ("word_starts", starts, bool),
        ("durations", durations, np.uint16),
    ):  # fmt: skip
        np.save(folder / f"{name}.npy", np.concatenate(arrays).astype(dtype))
    (folder / "utterances.jsonl").write_text("".join(json.dumps(x) + "\n" for x in lines))
    info = {"format": CACHE_FORMAT, "codec": {"name": codec.name, "fingerprint": codec.fingerprint}, "symbols": SYMBOLS}
    (folder / "cache.json").write_text(json.dumps(info))
    return folder
