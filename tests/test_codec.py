"""Both codecs: known vectors, shapes, streaming, loading of weights, and errors."""

import dataclasses
import hashlib
import io
import os
import subprocess
import sys
import urllib.error
from pathlib import Path

import numpy as np
import pytest
import torch

from phonelm import checkpoint, codec_weights
from phonelm.audio import resample
from phonelm.codec import Codec, CodecError
from phonelm.codec_weights import ENCODEC_FILE, build_bundled, load_bundled, save_bundled
from phonelm.config import CARD, CODE_DIM, HOP_LENGTH, N_Q, SAMPLE_RATE, CodecConfig

VECTORS = Path(__file__).parent / "data" / "codec_vectors.npz"
VOICES = ("kathleen", "librispeech", "voice")


@pytest.fixture(scope="module")
def bundled():
    return Codec.load()


@pytest.fixture(scope="module")
def vectors():
    with np.load(VECTORS) as data:
        return dict(data)


@pytest.fixture(scope="module")
def wav(vectors):
    return vectors["voice_wav"].astype(np.float32) / 32768


@pytest.fixture(scope="module")
def encodec_file(tmp_path_factory):
    """Untrained weights of the official architecture, named after their own checksum."""
    with pytest.warns(FutureWarning):
        model = codec_weights.EncodecModel.encodec_model_24khz(pretrained=False)
    generator = torch.Generator().manual_seed(0)
    for layer in model.quantizer.vq.layers:
        codec_weights.set_codebook(layer._codebook, torch.randn(CARD, CODE_DIM, generator=generator))
    path = tmp_path_factory.mktemp("encodec") / "weights.th"
    torch.save(model.state_dict(), path)
    return path.rename(path.with_name(f"encodec_24khz-{hashlib.sha256(path.read_bytes()).hexdigest()[:8]}.th"))


@pytest.fixture(scope="module")
def encodec(encodec_file):
    return Codec.load("encodec_24khz", path=encodec_file)


def random_codes(frames, n_q=N_Q, batch=1, seed=0):
    return torch.randint(0, CARD, (batch, n_q, frames), generator=torch.Generator().manual_seed(seed))


# The bundled codec against vectors from the code that trained it


@pytest.mark.parametrize("voice", VOICES)
def test_codes_equal_the_vectors(bundled, vectors, voice):
    expected = torch.from_numpy(vectors[f"{voice}_codes"].astype(np.int64))[None]
    codes = bundled.encode(vectors[f"{voice}_wav"].astype(np.float32) / 32768, SAMPLE_RATE)
    assert codes.shape == expected.shape and codes.dtype == torch.int64
    assert (codes == expected).float().mean() >= 0.999  # all but ties


def test_waveforms_equal_the_vectors(bundled, vectors):
    names = [name for name in vectors if "_decoded" in name]
    assert len(names) == 4
    for name in names:
        voice, n_q = name.split("_decoded")
        codes = torch.from_numpy(vectors[f"{voice}_codes"][: int(n_q)])[None]
        assert np.abs(bundled.decode(codes)[0, 0].numpy() - vectors[name].astype(np.float32)).max() < 1e-2


def test_properties(bundled):
    assert (bundled.name, bundled.sample_rate, bundled.hop_length) == ("bundled", SAMPLE_RATE, HOP_LENGTH)
    assert (bundled.frame_rate, bundled.n_q, bundled.card) == (SAMPLE_RATE / HOP_LENGTH, N_Q, CARD)
    assert bundled.codebooks.shape == (N_Q, CARD, CODE_DIM) and bundled.codebooks.dtype == torch.float32
    assert bundled.model.target_bandwidths[-1] == pytest.approx(6.0)


def test_latent_is_the_sum_of_code_vectors(bundled):
    codes = random_codes(5)
    latent = sum(bundled.codebooks[k][codes[0, k]] for k in range(N_Q)).T[None]
    assert torch.allclose(bundled.model.decoder(latent), bundled.decode(codes), atol=1e-5)


# Encoding and decoding


@pytest.mark.parametrize("samples", [HOP_LENGTH, HOP_LENGTH + 1, 10 * HOP_LENGTH - 1, 10 * HOP_LENGTH])
def test_frames_cover_the_audio(bundled, encodec, wav, samples):
    for codec in (bundled, encodec):
        codes = codec.encode(wav[:samples], SAMPLE_RATE, n_q=3)
        assert codes.shape == (1, 3, -(-samples // HOP_LENGTH))
        assert codec.decode(codes).shape == (1, 1, codes.shape[2] * HOP_LENGTH)


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_any_rate(bundled, wav, rate):
    other = resample(wav, SAMPLE_RATE, rate)
    codes = bundled.encode(other, rate)
    assert abs(codes.shape[2] - len(wav) / HOP_LENGTH) <= 1
    if rate > SAMPLE_RATE:  # nothing is lost but the filter's edge near 12 kHz, to which quiet frames are sensitive
        frames = min(codes.shape[2], len(wav) // HOP_LENGTH)
        same = codes[0, 0, :frames] == bundled.encode(wav, SAMPLE_RATE)[0, 0, :frames]
        assert same.float().mean() > 0.7


def test_channels_are_averaged_and_batches_independent(bundled, wav):
    mono = bundled.encode(wav, SAMPLE_RATE)
    stereo = np.stack([wav + 0.1 * wav[::-1], wav - 0.1 * wav[::-1]])
    assert (bundled.encode(stereo, SAMPLE_RATE) == mono).float().mean() > 0.98
    batch = bundled.encode(torch.from_numpy(np.stack([wav, wav[::-1]])[:, None]), 2 * SAMPLE_RATE)
    assert batch.shape[:2] == (2, N_Q)
    assert (batch[:1] == bundled.encode(wav, 2 * SAMPLE_RATE)).float().mean() > 0.98
    decoded = bundled.decode(batch)
    assert torch.allclose(decoded[1:], bundled.decode(batch[1:]), atol=1e-4)


def test_fewer_codebooks_are_a_prefix(bundled, wav):
    codes = bundled.encode(wav, SAMPLE_RATE)
    assert torch.equal(bundled.encode(wav, SAMPLE_RATE, n_q=2), codes[:, :2])
    for n_q in range(1, N_Q + 1):
        assert bundled.decode(codes[:, :n_q, :20]).isfinite().all()


def test_outputs_are_plain_tensors(bundled, wav):
    codes = bundled.encode(wav[:6400], SAMPLE_RATE)
    assert not any(x.is_inference() for x in (codes, bundled.decode(codes), bundled.codebooks))
    stream = bundled.decode_stream()
    assert not stream.push(codes).is_inference() and not stream.flush().is_inference()


@pytest.mark.parametrize(
    "audio, message",
    [
        (np.zeros(0, np.float32), "empty"),
        (np.zeros((2, 0), np.float32), "empty"),
        (np.zeros(HOP_LENGTH - 1, np.float32), "too short"),
        (np.full(SAMPLE_RATE, np.nan, np.float32), "NaN"),
        (np.full(SAMPLE_RATE, np.inf, np.float32), "NaN or infinite"),
        (np.zeros(SAMPLE_RATE, np.int16), "float"),
        (np.zeros((SAMPLE_RATE, 2), np.float32), "more channels than samples"),
        (np.zeros((1, 1, 1, SAMPLE_RATE), np.float32), "must be"),
    ],
)
def test_encode_refuses(bundled, audio, message):
    with pytest.raises(ValueError, match=message):
        bundled.encode(audio, SAMPLE_RATE)


def test_encode_refuses_bad_settings(bundled, wav):
    for n_q in (0, N_Q + 1):
        with pytest.raises(ValueError, match="n_q must be 1 to 8"):
            bundled.encode(wav, SAMPLE_RATE, n_q=n_q)
    with pytest.raises(ValueError, match="positive"):
        bundled.encode(wav, 0)


@pytest.mark.parametrize("value", [CARD, -1])
def test_decode_names_the_code_out_of_range(bundled, value):
    codes = random_codes(6)
    codes[0, 2, 4] = value
    for decode in (bundled.decode, bundled.decode_stream().push):
        with pytest.raises(ValueError, match=rf"code {value} at codebook 2, frame 4 is outside 0\.\.{CARD - 1}"):
            decode(codes)


def test_decode_refuses_other_shapes(bundled):
    codes = random_codes(6)
    for bad, message in [
        (codes[0], "B, K, T"),
        (codes.float(), "integers"),
        (codes[:, :0], "takes 1 to 8"),
        (torch.cat([codes, codes], 1), "takes 1 to 8"),
        (codes[..., :0], "empty"),
    ]:
        with pytest.raises(ValueError, match=message):
            bundled.decode(bad)


# Streaming


@pytest.mark.parametrize("frames", [1, 2, 6, 7, 23, 24, 90])
@pytest.mark.parametrize("sizes, chunk_frames", [([1], 1), ([1], 12), ([5, 1, 30], 4), ([1000], 12)])
@pytest.mark.parametrize("name", ["bundled", "encodec"])
def test_streaming_equals_batch(request, name, frames, sizes, chunk_frames):
    if name == "encodec" and frames == 90:
        frames = 30  # the larger decoder
    codec = request.getfixturevalue(name)
    codes = random_codes(frames, n_q=4, batch=2)
    stream, chunks, start = codec.decode_stream(chunk_frames), [], 0
    while start < frames:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(stream.push(codes[..., start : start + size]))
        start += size
    chunks.append(stream.flush())
    whole = codec.decode(codes)
    joined = torch.cat(chunks, dim=2)
    assert joined.shape == whole.shape
    assert (joined - whole).abs().max() <= 1e-4 * max(1.0, whole.abs().max().item())


def test_stream_lag_is_the_decoders_context(bundled):
    frames, context = 40, bundled.model.decoder.context
    assert context == 23
    stream = bundled.decode_stream(chunk_frames=1)
    assert sum(stream.push(c).shape[2] for c in random_codes(frames).split(1, 2)) >= (frames - context) * HOP_LENGTH
    codes, other = random_codes(60), random_codes(60)
    other[..., 30] = (other[..., 30] + 1) % CARD
    changed = (bundled.decode(codes) != bundled.decode(other))[0, 0].nonzero()
    assert changed.min() >= (30 - context) * HOP_LENGTH and changed.max() < (30 + context + 1) * HOP_LENGTH


def test_streams_are_independent(bundled):
    ones, twos = random_codes(50, seed=1), random_codes(50, seed=2)
    first, second, heard = bundled.decode_stream(), bundled.decode_stream(), []
    for a, b in zip(ones.split(10, 2), twos.split(10, 2)):
        heard.append(first.push(a))
        second.push(b)
    assert torch.allclose(torch.cat([*heard, first.flush()], 2), bundled.decode(ones), atol=1e-4)


def test_stream_misuse(bundled):
    stream = bundled.decode_stream()
    stream.push(random_codes(3, n_q=4))
    with pytest.raises(ValueError, match="changed"):
        stream.push(random_codes(3, n_q=5))
    stream.flush()
    assert stream.flush().shape == (1, 1, 0)
    with pytest.raises(ValueError, match="flushed"):
        stream.push(random_codes(3, n_q=4))
    assert bundled.decode_stream().flush().shape == (1, 1, 0)
    with pytest.raises(ValueError, match="chunk_frames"):
        bundled.decode_stream(0)


# The networks in training


def test_decoder_is_differentiable():
    config = CodecConfig(encoder_width=16, encoder_blocks=1, decoder_width=16, decoder_blocks=2)
    model = build_bundled(config)
    wav = torch.randn(2, 1, 5 * HOP_LENGTH, requires_grad=True)
    model.decoder(model.encoder(wav)).square().mean().backward()
    assert wav.grad.isfinite().all()
    assert all(p.grad.abs().sum() > 0 for p in [*model.decoder.parameters(), *model.encoder.parameters()])


def test_bundled_round_trip_and_fingerprint(tmp_path, bundled):
    config = CodecConfig(encoder_width=16, encoder_blocks=1, decoder_width=16, decoder_blocks=2)
    model = build_bundled(config)
    for layer in model.quantizer.vq.layers:
        codec_weights.set_codebook(layer._codebook, torch.randn(CARD, CODE_DIM))
    save_bundled(tmp_path / "codec.safetensors", model, config, note="test")
    again, read = load_bundled(tmp_path / "codec.safetensors")
    assert read == config
    assert all(layer._codebook.inited.item() == 1 for layer in again.quantizer.vq.layers)
    codec, same = Codec(model, "bundled"), Codec(again, "bundled")
    assert codec.fingerprint == same.fingerprint != bundled.fingerprint
    assert len(codec.fingerprint) == 16
    wav = torch.randn(3200)
    assert torch.equal(codec.encode(wav, SAMPLE_RATE), same.encode(wav, SAMPLE_RATE))
    assert torch.allclose(codec.decode(random_codes(9)), same.decode(random_codes(9)), atol=1e-2)


# Loading


def test_unknown_codec_and_missing_weights(tmp_path, monkeypatch):
    with pytest.raises(CodecError, match="bundled, encodec_24khz"):
        Codec.load("soundstream")
    monkeypatch.setenv("PHONELM_CHECKPOINTS", str(tmp_path))
    with pytest.raises(checkpoint.CheckpointError, match="no codec checkpoint"):
        Codec.load()


def test_bundled_weights_that_do_not_fit(tmp_path):
    path = tmp_path / "codec.safetensors"
    config = CodecConfig(encoder_width=16, encoder_blocks=1, decoder_width=16, decoder_blocks=2)
    model = build_bundled(config)
    for wrong in ({"decoder_width": 24}, {"n_q": 9}, {"n_q": 7}, {"hop_length": 300}):
        save_bundled(path, model, dataclasses.replace(config, **wrong))
        with pytest.raises(checkpoint.CheckpointError, match="does not fit") as caught:
            Codec.load(path=path)
        assert "\n" not in str(caught.value)


def test_encodec_from_a_file_a_folder_and_the_environment(encodec_file, encodec, monkeypatch, wav):
    assert (encodec.name, encodec.n_q, encodec.card) == ("encodec_24khz", N_Q, CARD)
    assert encodec.codebooks.shape == (N_Q, CARD, CODE_DIM)
    assert encodec.encode(wav[:3200], SAMPLE_RATE).shape == (1, N_Q, 10)
    assert Codec.load("encodec_24khz", path=encodec_file.parent).fingerprint == encodec.fingerprint
    monkeypatch.setenv("PHONELM_ENCODEC_24KHZ", str(encodec_file))
    assert Codec.load("encodec_24khz").fingerprint == encodec.fingerprint


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
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(
        [sys.executable, "-c", IMPORTS, str(tmp_path)], cwd=root, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
