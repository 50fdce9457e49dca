"""Waveform to codes and back: known vectors, shapes, and errors."""

import numpy as np
import pytest
import torch

from phonelm.audio.files import resample
from phonelm.codec.weights import build_bundled
from phonelm.config import CARD, CODE_DIM, HOP_LENGTH, N_Q, SAMPLE_RATE
from phonelm.training.codec.losses import MelLoss
from tests import codec_cases
from tests.codec_cases import TINY, VECTORS, random_codes

VOICES = ("kathleen", "librispeech", "voice")


@pytest.fixture(scope="module")
def bundled():
    return codec_cases.bundled()


@pytest.fixture(scope="module")
def vectors():
    with np.load(VECTORS) as data:
        return dict(data)


@pytest.fixture(scope="module")
def wav(vectors):
    return vectors["voice_wav"].astype(np.float32) / 32768


# The bundled codec against vectors: codes from the code that first trained it, waveforms from the decoder as shipped


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


def test_what_is_decoded_is_like_the_recording(bundled, vectors):
    loss = MelLoss()
    for voice in VOICES:
        wav = torch.from_numpy(vectors[f"{voice}_wav"].astype(np.float32) / 32768)[None, None]
        codes = torch.from_numpy(vectors[f"{voice}_codes"].astype(np.int64))[None]
        errors = [loss(bundled.decode(codes[:, :k]), wav).item() for k in (1, 4, N_Q)]
        assert errors == sorted(errors, reverse=True) and errors[1] < 0.6  # noise is other noise, and quieter


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
def test_frames_cover_the_audio(wav, samples):
    for codec in (codec_cases.bundled(), codec_cases.encodec()):
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


# The networks in training


def test_decoder_is_differentiable():
    model = build_bundled(TINY)
    wav = torch.randn(2, 1, 5 * HOP_LENGTH, requires_grad=True)
    model.decoder(model.encoder(wav)).square().mean().backward()
    assert wav.grad.isfinite().all()
    assert all(p.grad.abs().sum() > 0 for p in [*model.decoder.parameters(), *model.encoder.parameters()])


def test_one_codebook_alone_is_the_sound_of_its_vectors(bundled):
    codes = random_codes(20, n_q=3)
    assert np.abs(bundled.alone(codes, 0) - bundled.waveform(codes[:, :1])).max() < 1e-4
    other = codes.clone()
    other[:, [0, 2]] = (other[:, [0, 2]] + 1) % CARD
    assert (bundled.alone(other, 1) == bundled.alone(codes, 1)).all()
    assert np.abs(bundled.alone(codes, 1) - bundled.alone(codes, 2)).max() > 1e-3
    with pytest.raises(ValueError, match="3 codebooks"):
        bundled.alone(codes, 3)
