"""`python -m phonelm average`."""

import copy

import pytest
import torch

from phonelm import checkpoint
from phonelm.cli import main
from phonelm.model import weights
from phonelm.tts.system import TTS


@pytest.fixture
def runs(tiny_tts, tmp_path):
    """Two runs' weights: the tiny system's, and those with everything one higher and other codes seen."""
    model, paths = copy.deepcopy(tiny_tts.model), [tmp_path / f"{name}.safetensors" for name in "ab"]
    for i, path in enumerate(paths):
        model.load_state_dict({k: v if k.endswith(weights.CODEBOOKS) else v + i for k, v in model.state_dict().items()})
        seen = torch.zeros(model.config.n_codebooks, model.config.card, dtype=torch.bool)
        seen[:, i] = True
        weights.save(path, model, seen, tiny_tts.codec, {"progress": {"step": i}})
    return paths


def test_the_mean_lies_between_and_says_what_it_is(runs, tiny_tts, tmp_path):
    out = tmp_path / "mean.safetensors"
    assert main(["average", *map(str, runs), "-o", str(out)]) == 0
    (a, _), (mean, header) = (checkpoint.load(path, weights.KIND) for path in (runs[0], out))
    seen = mean.pop(weights.SEEN)
    assert seen[:, :2].all() and not seen[:, 2:].any()
    for name, tensor in mean.items():
        torch.testing.assert_close(tensor, a[name] + 0.5, atol=2e-3, rtol=2e-3)
    assert header["averaged"] == [{"step": 0}, {"step": 1}] and "progress" not in header
    loaded = weights.load(out, tiny_tts.codec)
    spoken = TTS(loaded, tiny_tts.codec, tiny_tts.phonemizer, tiny_tts.voices)
    assert spoken.origin["averaged"] == header["averaged"]
    assert main(["average", str(out), str(runs[0]), "-o", str(out)]) == 0  # of a mean and another
    assert checkpoint.metadata(out, weights.KIND)["averaged"] == [{"step": 0}, {"step": 1}, {"step": 0}]


def test_what_has_no_mean_is_named(runs, tmp_path, capsys):
    tensors, header = checkpoint.load(runs[0], weights.KIND)
    header.pop("format")
    other = tmp_path / "other.safetensors"
    checkpoint.save(other, tensors, {**header, "codec_fingerprint": "0"})
    few = tmp_path / "few.safetensors"
    checkpoint.save(few, dict(list(tensors.items())[1:]), header)
    for models, message in (
        ([runs[0]], "at least two"),
        ([runs[0], other], "differ in codec_fingerprint"),
        ([runs[0], few], "other tensors"),
        ([runs[0], tmp_path / "none"], "no acoustic checkpoint"),
    ):
        assert main(["average", *map(str, models), "-o", str(tmp_path / "out")]) == 2
        assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
