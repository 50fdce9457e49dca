"""Loading both codecs: their weights, every way in which they can be missing or wrong, and a troublesome import."""

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import urllib.error
from pathlib import Path

import pytest
import torch

from phonelm import checkpoint
from phonelm.codec.codec import Codec, CodecError
from phonelm.codec.encodec import ENCODEC_FILE
from phonelm.codec.weights import build_bundled, load_bundled, save_bundled
from phonelm.config import CARD, HOP_LENGTH, N_Q, SAMPLE_RATE, CodecConfig
from tests.codec_cases import TINY, bundled, encodec, fill_codebooks, random_codes


@pytest.fixture(scope="module")
def encodec_file(tmp_path_factory):
    """Weights of the official architecture, named after their own checksum."""
    path = tmp_path_factory.mktemp("encodec") / "weights.th"
    torch.save(encodec().model.state_dict(), path)
    return path.rename(path.with_name(f"encodec_24khz-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.th"))


def test_bundled_round_trip_and_fingerprint(tmp_path):
    model = fill_codebooks(build_bundled(TINY))
    save_bundled(tmp_path / "codec.safetensors", model, TINY, note="test")
    again, read = load_bundled(tmp_path / "codec.safetensors")
    assert read == TINY
    assert all(layer._codebook.inited.item() == 1 for layer in again.quantizer.vq.layers)
    codec, same = Codec(model, "bundled"), Codec(again, "bundled")
    assert codec.fingerprint == same.fingerprint != bundled().fingerprint
    assert len(codec.fingerprint) == 16
    wav = torch.randn(3200)
    assert torch.equal(codec.encode(wav, SAMPLE_RATE), same.encode(wav, SAMPLE_RATE))
    assert torch.allclose(codec.decode(random_codes(9)), same.decode(random_codes(9)), atol=1e-2)


def test_unknown_codec_and_missing_weights(tmp_path, monkeypatch):
    with pytest.raises(CodecError, match="bundled, encodec_24khz"):
        Codec.load("soundstream")
    monkeypatch.setenv("PHONELM_CHECKPOINTS", str(tmp_path))
    with pytest.raises(checkpoint.CheckpointError, match="no codec checkpoint"):
        Codec.load()


def test_bundled_weights_that_do_not_fit(tmp_path):
    path = tmp_path / "codec.safetensors"
    model = build_bundled(TINY)
    for wrong in ({"decoder_width": 24}, {"n_q": 9}, {"n_q": 7}, {"hop_length": 300}):
        save_bundled(path, model, dataclasses.replace(TINY, **wrong))
        with pytest.raises(checkpoint.CheckpointError, match="does not fit") as caught:
            Codec.load(path=path)
        assert "\n" not in str(caught.value)


def test_encodec_from_a_file_a_folder_and_the_environment(encodec_file, monkeypatch):
    codec = Codec.load("encodec_24khz", path=encodec_file)
    assert (codec.name, codec.n_q, codec.card) == ("encodec_24khz", N_Q, CARD)
    assert codec.fingerprint == encodec().fingerprint
    wav = 0.1 * torch.randn(10 * HOP_LENGTH)
    assert torch.equal(codec.encode(wav, SAMPLE_RATE), encodec().encode(wav, SAMPLE_RATE))
    assert torch.equal(codec.decode(random_codes(5)), encodec().decode(random_codes(5)))
    assert Codec.load("encodec_24khz", path=encodec_file.parent).fingerprint == codec.fingerprint
    monkeypatch.setenv("PHONELM_ENCODEC_24KHZ", str(encodec_file))
    assert Codec.load("encodec_24khz").fingerprint == codec.fingerprint


def test_encodec_refuses_damaged_and_foreign_weights(encodec_file, tmp_path):
    damaged = tmp_path / encodec_file.name
    damaged.write_bytes(encodec_file.read_bytes()[:-1] + b"x")
    with pytest.raises(CodecError, match="damaged"):
        Codec.load("encodec_24khz", path=damaged)
    with pytest.raises(CodecError, match="official name"):
        Codec.load("encodec_24khz", path=damaged.rename(tmp_path / "weights.th"))
    with pytest.raises(CodecError, match="no encodec_24khz weights"):
        Codec.load("encodec_24khz", path=tmp_path / "none")
    for content in ({"decoder": torch.zeros(1)}, {"config": CodecConfig()}):  # the latter would run code when unpickled
        torch.save(content, tmp_path / "other")
        digest = hashlib.sha256((tmp_path / "other").read_bytes()).hexdigest()
        path = (tmp_path / "other").rename(tmp_path / f"encodec_24khz-{digest[:12]}.th")
        with pytest.raises(CodecError, match="does not hold the weights"):
            Codec.load("encodec_24khz", path=path)


class Truncated(io.BytesIO):
    """A connection that sends the beginning of the file and closes."""


def no_network(*_, **__):
    raise urllib.error.URLError("name resolution failed")


@pytest.mark.parametrize(
    "urlopen, reason", [(no_network, "name resolution failed"), (lambda *_, **__: Truncated(b"PK" * 999), "incomplete")]
)
def test_failed_fetch_is_clear_and_leaves_nothing(tmp_path, monkeypatch, urlopen, reason):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.delenv("PHONELM_ENCODEC_24KHZ", raising=False)
    monkeypatch.setattr("urllib.request.urlopen", urlopen)
    with pytest.raises(CodecError, match=reason) as caught:
        Codec.load("encodec_24khz")
    assert ENCODEC_FILE in str(caught.value) and "PHONELM_ENCODEC_24KHZ" in str(caught.value)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


IMPORTS = """
import importlib, sys
folder = sys.argv[1]
def fresh():
    for name in list(sys.modules):
        if name.split(".")[0] in ("encodec", "torchaudio") or name.startswith("phonelm.codec"):
            del sys.modules[name]
    importlib.invalidate_caches()
    import phonelm.codec
for state in ("broken", "present"):
    sys.path.insert(0, f"{folder}/{state}")
    fresh()
    loaded = [name for name in sys.modules if name.split(".")[0] == "torchaudio"]
    assert loaded == (["torchaudio"] if state == "present" else []), (state, loaded)
    sys.path.pop(0)
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == "torchaudio":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
fresh()
assert "torchaudio" not in sys.modules
sys.modules["torchaudio"] = None
del sys.modules["encodec"]
from phonelm.codec import Codec
assert Codec.load().card
"""


def test_import_with_torchaudio_broken_present_or_absent(tmp_path):
    for state, lines in {
        "broken": "import torchaudio.part\nraise OSError('libcudart.so: cannot open shared object file')",
        "present": "",
    }.items():
        (tmp_path / state / "torchaudio").mkdir(parents=True)
        (tmp_path / state / "torchaudio" / "__init__.py").write_text(lines)
        (tmp_path / state / "torchaudio" / "part.py").touch()
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, str(tmp_path)], cwd=root, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
