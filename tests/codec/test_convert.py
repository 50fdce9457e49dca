"""A codec checkpoint gets a source-filter decoder; its codes stay what they were."""

import pytest
import safetensors.torch
import torch

from phonelm import checkpoint
from phonelm.codec import convert
from phonelm.codec.codec import Codec
from phonelm.codec.weights import build_bundled, save_bundled
from tests.codec_cases import TINY, TINY_SOURCE_FILTER, fill_codebooks, random_codes, source_filter


@pytest.fixture
def files(tmp_path):
    """A codec that does not name its decoder, as the first ones; and decoder weights under the first names."""
    before = save_first(tmp_path / "old.safetensors")
    old_names = {new: old for old, new in convert.NAMES.items()}
    weights = {}
    for name, tensor in source_filter().model.decoder.state_dict().items():
        head, dot, rest = name.partition(".")
        weights[old_names.get(head, head) + dot + rest] = tensor.half()
    del weights["voiced_noise_db"]
    safetensors.torch.save_file(weights, tmp_path / "decoder.safetensors")
    return before, tmp_path


def save_first(path):
    model = fill_codebooks(build_bundled(TINY))
    save_bundled(path, model, TINY, datasets=["set"], progress={"step": 1})
    tensors, header = checkpoint.load(path, "codec")
    for name in ("decoder", "pitch_blocks", "pitch_bins", "envelope_points", "noise_points", "segment"):
        del header["config"][name]
    checkpoint.save(path, tensors, header)
    return Codec(model, "bundled")


def test_the_decoder_is_new_and_codes_stay(files, monkeypatch):
    before, folder = files
    arguments = ["old.safetensors", "decoder.safetensors", "-o", "new.safetensors", "--voiced-noise-db", "-12"]
    monkeypatch.chdir(folder)
    monkeypatch.setattr("sys.argv", ["convert", *arguments])
    assert convert.main() == 0
    after = Codec.load(path=folder / "new.safetensors")
    assert after.fingerprint == before.fingerprint
    wav = torch.randn(3200)
    assert torch.equal(after.encode(wav, 24_000), before.encode(wav, 24_000))
    found, wanted = after.parameters(random_codes(30)), source_filter().parameters(random_codes(30))
    both = (found.voiced & wanted.voiced).repeat_interleave(2, 1)
    assert (found.voiced == wanted.voiced).float().mean() > 0.9  # weights are rounded to float16
    assert torch.allclose(found.envelope, wanted.envelope, atol=0.02)
    gain = (found.noise - wanted.noise)[both].exp().mean()
    assert gain.item() == pytest.approx(10 ** (-12 / 20), rel=0.01)
    header = checkpoint.metadata(folder / "new.safetensors", "codec")
    assert header["config"]["decoder"] == "source_filter" and header["datasets"] == ["set"]
    assert "progress" not in header  # it was that of the old decoder


def test_what_is_no_such_decoder_is_refused(files, capsys, monkeypatch):
    _, folder = files
    monkeypatch.chdir(folder)
    for content in ({"input.weight": torch.zeros(1)}, None):
        if content is None:
            (folder / "wrong.safetensors").write_bytes(b"nothing")
        else:
            safetensors.torch.save_file(content, folder / "wrong.safetensors")
        monkeypatch.setattr("sys.argv", ["convert", "old.safetensors", "wrong.safetensors", "-o", "new.safetensors"])
        assert convert.main() == 2
        assert "does not hold a source-filter decoder" in capsys.readouterr().err
        assert not (folder / "new.safetensors").exists()


def test_a_new_decoder_alone_can_be_exchanged(files, tmp_path):
    _, folder = files
    convert.convert(folder / "old.safetensors", folder / "decoder.safetensors", folder / "new.safetensors")
    model = build_bundled(TINY_SOURCE_FILTER)
    model.decoder.voiced_noise_db.fill_(-6.0)
    safetensors.torch.save_file(dict(model.decoder.state_dict()), folder / "better.safetensors")
    convert.convert(folder / "new.safetensors", folder / "better.safetensors", folder / "new.safetensors", -12.0)
    codec = Codec.load(path=folder / "new.safetensors")
    assert codec.model.decoder.voiced_noise_db == -6.0
    assert torch.allclose(codec.model.decoder.envelope.weight, model.decoder.envelope.weight, atol=1e-3)


def test_an_unknown_decoder_is_named(tmp_path):
    path = tmp_path / "codec.safetensors"
    save_bundled(path, build_bundled(TINY), TINY)
    tensors, header = checkpoint.load(path, "codec")
    header["config"]["decoder"] = "parrot"
    checkpoint.save(path, tensors, header)
    with pytest.raises(checkpoint.CheckpointError, match="unknown decoder 'parrot'"):
        Codec.load(path=path)
