"""Checkpoints: round trip, atomic writing, and one clear line for every file that cannot be used."""

import json
from pathlib import Path

import pytest
import safetensors.torch
import torch

from phonelm import checkpoint
from phonelm.checkpoint import CheckpointError
from phonelm.files import atomic_write

METADATA = {"kind": "acoustic", "config": {"n_codebooks": 4, "dropout": 0.0}, "steps": 7}


@pytest.fixture
def tensors():
    generator = torch.Generator().manual_seed(0)
    weight = torch.randn(3, 5, generator=generator)
    return {"weight": weight, "tied": weight, "transposed": weight.T, "ids": torch.arange(4)}


def test_round_trip_keeps_values_and_metadata(tmp_path, tensors):
    path = tmp_path / "new" / "folder" / "model.safetensors"
    checkpoint.save(path, tensors, METADATA)
    loaded, metadata = checkpoint.load(path, "acoustic")
    assert metadata == {**METADATA, "format": checkpoint.FORMAT} == checkpoint.metadata(path, "acoustic")
    assert loaded.keys() == tensors.keys()
    assert all(torch.equal(loaded[k], tensors[k]) and loaded[k].dtype == tensors[k].dtype for k in tensors)


@pytest.mark.parametrize("half, rounded", [(True, {"weight", "tied", "transposed"}), ("t", {"tied", "transposed"})])
def test_half_is_smaller_and_comes_back_as_float32(tmp_path, tensors, half, rounded):
    path = tmp_path / "half.safetensors"
    checkpoint.save(path, tensors, METADATA, half=half)
    loaded, _ = checkpoint.load(path, "acoustic")
    assert {k for k in tensors if not torch.equal(loaded[k], tensors[k])} == rounded
    assert all(loaded[k].dtype == tensors[k].dtype for k in tensors)
    assert torch.allclose(loaded["tied"], tensors["tied"], rtol=1e-3)


def test_half_refuses_what_float16_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match="big.*float16"):
        checkpoint.save(tmp_path / "a.safetensors", {"big": torch.tensor([1e6])}, METADATA, half=True)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("metadata", [{}, {"kind": "codec"}, {"kind": "codec", "config": 3}, METADATA | {"x": Path()}])
def test_save_refuses_bad_metadata(tmp_path, metadata):
    with pytest.raises(ValueError, match="metadata"):
        checkpoint.save(tmp_path / "a.safetensors", {}, metadata)


def one_line(path, kind="acoustic"):
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(path, kind)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    return str(caught.value)


def test_missing_file_says_what_to_do(tmp_path):
    message = one_line(tmp_path / "none.safetensors")
    assert "put the file there" in message and "train" in message


def test_unusable_files_are_refused(tmp_path, tensors):
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, tensors, METADATA)
    whole = path.read_bytes()
    for size in (0, 5, 60, len(whole) - 1):
        path.write_bytes(whole[:size])
        assert "not a checkpoint" in one_line(path)
    path.write_bytes(b"RIFF" + bytes(300))
    assert "not a checkpoint" in one_line(path)


def test_foreign_safetensors_are_refused(tmp_path):
    path = tmp_path / "a.safetensors"
    for header in (None, {"other": "1"}, {"phonelm": "not json"}, {"phonelm": "[]"}):
        safetensors.torch.save_file({"a": torch.zeros(1)}, path, metadata=header)
        assert "not a PhoneLM checkpoint" in one_line(path)
    safetensors.torch.save_file({"a": torch.zeros(1)}, path, metadata={"phonelm": json.dumps({"format": 1})})
    assert "without `kind`" in one_line(path)


def test_wrong_kind_and_unknown_format(tmp_path):
    path = tmp_path / "a.safetensors"
    checkpoint.save(path, {}, METADATA)
    assert "'acoustic', not 'codec'" in one_line(path, "codec")
    newer = {"phonelm": json.dumps(METADATA | {"format": 99})}
    safetensors.torch.save_file({"a": torch.zeros(1)}, path, metadata=newer)
    assert "format 99" in one_line(path)


def test_default_dir_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.delenv("PHONELM_CHECKPOINTS", raising=False)
    assert checkpoint.default_dir() == Path(checkpoint.__file__).resolve().parents[1] / "checkpoints"
    monkeypatch.setenv("PHONELM_CHECKPOINTS", str(tmp_path))
    assert checkpoint.default_dir() == tmp_path


def test_atomic_write_keeps_the_old_file_on_an_error(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), atomic_write(path) as file:
        file.write(b"half of the n")
        raise RuntimeError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]
    with atomic_write(path) as file:
        file.write(b"new")
    assert path.read_bytes() == b"new" and list(tmp_path.iterdir()) == [path]
