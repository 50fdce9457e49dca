"""Speed, pitch and intonation of decoded codes."""

import math

import pytest
import torch

from phonelm.codec.codec import CodecError
from phonelm.codec.decoder import SourceFilterDecoder
from phonelm.codec.filters import mel_points
from phonelm.codec.parameters import DecodeControls, DecoderParameters, TimeStretch, change_pitch
from phonelm.config import FRAME_RATE, HOP_LENGTH, SAMPLE_RATE, CodecConfig
from tests.codec_cases import encodec, random_codes, source_filter

CHANGES = [
    DecodeControls(speed=0.5),
    DecodeControls(speed=0.83, pitch_semitones=3.0),
    DecodeControls(speed=1.37, intonation=0.0, mean_hz=120.0),
    DecodeControls(speed=2.0, pitch_semitones=-6.0, intonation=2.0, mean_hz=150.0),
    DecodeControls(intonation=1.5, mean_hz=200.0),
]


@pytest.fixture(scope="module")
def decoder():
    torch.manual_seed(0)
    return SourceFilterDecoder(CodecConfig(decoder_width=8, decoder_blocks=2))


def vowel(frames=60, f0_hz=150.0, peak_hz=2000.0):
    """Parameters of a steady voice with one resonance and hardly any noise."""
    points = mel_points(80, SAMPLE_RATE).float()
    envelope = -2 - ((points - peak_hz) / 400).square().clamp(max=6)
    pitch = torch.full((1, frames), f0_hz)
    quiet = torch.full((1, 2 * frames, 40), -14.0)
    return DecoderParameters(pitch, envelope.expand(1, 2 * frames, 80), quiet, torch.zeros_like(quiet))


def spectrum(wav):
    """Magnitudes in bins of 1 Hz, of the middle of a waveform."""
    middle = wav[0, 0, 1600:-1600]
    return torch.fft.rfft(middle * torch.hann_window(len(middle)), SAMPLE_RATE).abs()


def measured_hz(wav):
    """Pitch by the autocorrelation of the middle of a waveform."""
    middle = wav[0, 0, 1600:-1600]
    power = torch.fft.rfft(middle, 2 * len(middle)).abs().square()
    lags = torch.fft.irfft(power)[: SAMPLE_RATE // 60]
    return SAMPLE_RATE / (lags[40:].argmax().item() + 40)


@pytest.mark.parametrize("speed", [0.5, 0.77, 1.0, 1.5, 2.0])
def test_speed_changes_the_length_and_nothing_else(decoder, speed):
    for frames in (1, 2, 61, 200):
        wav = decoder.synthesize(vowel(frames), DecodeControls(speed=speed))
        assert wav.shape[2] % HOP_LENGTH == 0 and abs(wav.shape[2] - frames * HOP_LENGTH / speed) <= HOP_LENGTH
    assert measured_hz(wav) == pytest.approx(150, rel=0.01)
    assert abs(spectrum(wav).argmax().item() - 2000) < 150


@pytest.mark.parametrize("semitones", [-6.0, -2.5, 4.0, 6.0])
def test_pitch_moves_and_the_resonance_stays(decoder, semitones):
    wav = decoder.synthesize(vowel(), DecodeControls(pitch_semitones=semitones))
    assert wav.shape[2] == 60 * HOP_LENGTH
    assert measured_hz(wav) == pytest.approx(150 * 2 ** (semitones / 12), rel=0.01)
    assert abs(spectrum(wav).argmax().item() - 2000) < 150


def test_intonation_scales_around_the_mean(decoder):
    steady = vowel()
    gliding = DecoderParameters(
        torch.linspace(math.log(100), math.log(225), 60)[None].exp(), steady.envelope, steady.noise, steady.dispersion
    )
    assert gliding.mean_hz.item() == pytest.approx(150, rel=1e-4)
    flat = decoder.synthesize(gliding, DecodeControls(intonation=0.0))
    assert torch.allclose(flat, decoder.synthesize(steady), atol=1e-3)
    low = decoder.synthesize(gliding, DecodeControls(intonation=0.0, mean_hz=120.0))
    assert measured_hz(low) == pytest.approx(120, rel=0.01)
    lively = change_pitch(gliding.f0_hz, DecodeControls(intonation=2.0), gliding.mean_hz)
    assert torch.allclose(lively, gliding.f0_hz.square() / 150)
    up = change_pitch(torch.tensor([[0.0, 150.0]]), DecodeControls(intonation=2.0, pitch_semitones=6.0), 150.0)
    assert torch.allclose(up, torch.tensor([[0.0, 150 * 2**0.5]]))


def test_stretching_keeps_order_and_ends():
    frames = 60
    ramp = torch.arange(2.0 * frames)[None, :, None]
    pitch = torch.where(torch.arange(frames) % 20 < 10, 100.0, 0.0)[None]
    for speed in (0.5, 0.9, 1.3, 2.0):
        stretched = TimeStretch(DecodeControls(speed=speed)).push(DecoderParameters(pitch, ramp, ramp, ramp), True)
        values = stretched.envelope[0, :, 0]
        assert (values.diff() >= 0).all() and values[0] <= 1 and values[-1] >= 2 * frames - 3
        assert stretched.f0_hz.unique().tolist() == [0, pytest.approx(100)]
        assert stretched.voiced.float().mean() == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("controls", CHANGES)
@pytest.mark.parametrize("sizes", [(1,), (7, 1, 30), (200,)])
def test_a_stream_with_controls_equals_the_whole(controls, sizes):
    codec, codes = source_filter(), random_codes(120, n_q=4, batch=2)
    stream, chunks, start = codec.decode_stream(3, controls), [], 0
    while start < codes.shape[2]:
        size = sizes[len(chunks) % len(sizes)]
        chunks.append(stream.push(codes[..., start : start + size]))
        start += size
    joined = torch.cat([*chunks, stream.flush()], dim=2)
    whole = codec.decode(codes, controls)
    assert whole.shape == (2, 1, controls.frames(120) * HOP_LENGTH) == joined.shape
    assert (joined - whole).abs().max() <= 1e-4 * whole.abs().max()


def test_short_utterances_with_controls():
    codec = source_filter()
    for frames in (1, 2, 3):
        for controls in CHANGES:
            codes = random_codes(frames, seed=frames)
            stream = codec.decode_stream(1, controls)
            joined = torch.cat([*(stream.push(c) for c in codes.split(1, 2)), stream.flush()], 2)
            whole = codec.decode(codes, controls)
            assert joined.shape == whole.shape and torch.allclose(joined, whole, atol=1e-3)


def test_parameters_are_those_that_are_spoken():
    codec, codes = source_filter(), random_codes(40, batch=2)
    found = codec.parameters(codes)
    assert found.f0_hz.shape == found.voiced.shape == (2, 40) and found.envelope.shape == (2, 80, 80)
    assert found.noise.shape == found.dispersion.shape == (2, 80, 40)
    assert ((found.f0_hz == 0) | ((found.f0_hz >= 54.9) & (found.f0_hz <= 520.1))).all()
    assert (found.voiced == (found.f0_hz > 0)).all() and found.voiced.any() and not found.voiced.all()
    assert not any(x.is_inference() for x in (found.f0_hz, found.envelope))
    assert torch.equal(codec.model.decoder.synthesize(found), codec.decode(codes))
    silent = DecoderParameters(torch.zeros(1, 4), found.envelope[:1, :8], found.noise[:1, :8], found.dispersion[:1, :8])
    assert silent.mean_hz.item() == 0
    assert codec.model.decoder.synthesize(silent, DecodeControls(intonation=2.0)).isfinite().all()


def test_controls_refuse():
    for wrong in ({"speed": 0.4}, {"speed": math.nan}, {"pitch_semitones": 7}, {"intonation": -0.1}, {"mean_hz": 5.0},
                  {"speed": True}, {"mean_hz": "high"}):  # fmt: skip
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} must be from"):
            DecodeControls(**wrong)
    with pytest.raises(ValueError, match="mean_hz"):
        source_filter().decode_stream(controls=DecodeControls(intonation=0.5))
    codes, faster = random_codes(5), DecodeControls(speed=1.5)
    assert source_filter().has_controls and not encodec().has_controls
    for call in (
        lambda: encodec().decode(codes, faster),
        lambda: encodec().decode_stream(controls=faster),
        lambda: encodec().parameters(codes),
    ):
        with pytest.raises(CodecError, match="source-filter"):
            call()


def test_frames_and_seconds():
    assert DecodeControls(speed=1.5).frames(150) == 100 and DecodeControls().frames(150) / FRAME_RATE == 2.0
