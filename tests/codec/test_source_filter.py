"""The parts of the source-filter decoder: pulses, noise, filters; against vectors of the decoder as first trained."""

from pathlib import Path

import numpy as np
import pytest
import torch

from phonelm.codec.filters import FilterStream, SpectralFilter, interpolation_matrix, mel_points, minimum_phase
from phonelm.codec.source import PulseSource, interpolate_pitch, pulse_train, white_noise
from phonelm.codec.weights import build_bundled
from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from tests.codec_cases import TINY_SOURCE_FILTER, source_filter

FILE = Path(__file__).parents[1] / "data" / "source_filter_vectors.npz"
COMPLETE = -2 * HOP_LENGTH  # what comes later in the utterance of the vectors was cut off


@pytest.fixture(scope="module")
def vectors():
    with np.load(FILE) as data:
        return {name: torch.from_numpy(array)[None] for name, array in data.items()}


def test_pulses_and_harmonics_equal_the_vectors(vectors):
    f0_hz = vectors["f0"].double()
    voiced = vectors["voiced"].double()
    pitch, voicing = (
        interpolate_pitch(torch.cat([x[:, :1], x, x[:, -1:]], 1), HOP_LENGTH)[i].flatten(1)[:, 160:-160]
        for i, x in enumerate((f0_hz, voiced))
    )
    pulses = (pulse_train((pitch / SAMPLE_RATE).cumsum(1), pitch, SAMPLE_RATE) * voicing).float()
    assert (pulses - vectors["pulses"])[:, :COMPLETE].abs().max() < 0.02  # of 17
    spectral = SpectralFilter(SAMPLE_RATE, HOP_LENGTH, 1024, 80, 40)
    found = FilterStream(spectral).push(pulses, vectors["envelope"], vectors["dispersion"], vectors["dispersion"], True)
    assert found.shape == vectors["harmonic"].shape
    assert (found - vectors["harmonic"])[:, :COMPLETE].abs().max() < 1e-3  # of 0.5


def test_pulse_train_is_a_sum_of_cosines_of_unit_power():
    f0_hz = 137.0
    phase = torch.arange(SAMPLE_RATE, dtype=torch.float64) * f0_hz / SAMPLE_RATE
    pulses = pulse_train(phase, torch.full_like(phase, f0_hz), SAMPLE_RATE)
    k = torch.arange(1, int(0.98 * 12000 / f0_hz) + 1, dtype=torch.float64)[:, None]
    wanted = torch.cos(2 * torch.pi * k * phase).sum(0) * (2 * f0_hz / 12000) ** 0.5
    assert (pulses - wanted).abs().max() < 1e-6
    assert pulses.square().mean() == pytest.approx(1.0, abs=0.03)


def test_pitch_is_kept_to_the_end_of_a_voiced_stretch():
    pitch, voicing = interpolate_pitch(torch.tensor([[0.0, 0.0, 200.0, 100.0, 0.0]]).double(), HOP_LENGTH)
    assert (voicing[0, 0] == 0).all()
    assert torch.allclose(pitch[0, 1], torch.tensor(200.0).double()) and (voicing[0, 1].diff() > 0).all()
    middle = pitch[0, 2, HOP_LENGTH // 2 - 1 : HOP_LENGTH // 2 + 1].mean()
    assert middle == pytest.approx(200 / 2**0.5, rel=1e-3) and (voicing[0, 2] == 1).all()
    assert torch.allclose(pitch[0, 3], torch.tensor(100.0).double()) and (voicing[0, 3].diff() < 0).all()


def test_a_voiced_stretch_does_not_depend_on_what_was_before():
    stretch = torch.tensor([[0.0, 0.0, 120.0, 130.0, 140.0, 0.0, 0.0]])
    other = torch.tensor([[0.0, 222.0, 111.0]])
    alone = PulseSource(SAMPLE_RATE, HOP_LENGTH).push(stretch, True)
    after = PulseSource(SAMPLE_RATE, HOP_LENGTH).push(torch.cat([other, stretch], 1), True)
    start = 3 * HOP_LENGTH + HOP_LENGTH // 2
    assert torch.allclose(after[:, start:], alone[:, start - 3 * HOP_LENGTH :], atol=1e-6)


def test_noise_depends_on_the_position_alone():
    noise = white_noise(-1000, 100_000)
    assert torch.equal(white_noise(500, 77), noise[1500:1577])
    assert noise.mean().abs() < 0.01 and noise.std() == pytest.approx(1.0, abs=0.01)
    spectrum = torch.fft.rfft(noise).abs().square() / len(noise)
    for band in spectrum[:50_000].chunk(10):
        assert band.mean() == pytest.approx(1.0, abs=0.1)
    kurtosis = noise.pow(4).mean() / noise.square().mean() ** 2
    assert kurtosis == pytest.approx(3.0, abs=0.15)


def test_minimum_phase_of_a_one_pole_filter():
    turns = torch.arange(513) / 1024
    response = 1 / (1 - 0.9 * torch.exp(-2j * torch.pi * turns))
    assert (minimum_phase(response.abs().log()) - response.angle()).abs().max() < 1e-4


def test_interpolation_passes_through_the_points():
    points = mel_points(40, SAMPLE_RATE)
    assert points[0] == 0 and points[-1] == pytest.approx(SAMPLE_RATE / 2)
    line = points.float() @ interpolation_matrix(40, 1024, SAMPLE_RATE)  # linear in Hz, so interpolation is exact
    assert torch.allclose(line, torch.linspace(0, SAMPLE_RATE / 2, 513), atol=0.01)


def test_filtering_flat_envelopes_changes_nothing_inside():
    spectral = SpectralFilter(SAMPLE_RATE, HOP_LENGTH, 1024, 80, 40)
    pulses, flat, quiet = torch.randn(2, 3200), torch.zeros(2, 20, 80), torch.zeros(2, 20, 40)
    found = FilterStream(spectral).push(pulses, flat, quiet, quiet, True)
    assert torch.allclose(found[:, 80:-80], pulses[:, 80:-80], atol=1e-5)
    with_noise = FilterStream(spectral, white_noise).push(torch.zeros(2, 3200), flat - 12, quiet, quiet, True)
    assert torch.allclose(with_noise[1, 80:-80], white_noise(80, 3040), atol=1e-4)


def test_everything_that_speaks_learns():
    torch.manual_seed(0)
    model = build_bundled(TINY_SOURCE_FILTER)
    torch.nn.init.normal_(model.decoder.voicing.weight)
    wav = torch.randn(2, 1, 9 * HOP_LENGTH, requires_grad=True)
    model.decoder(model.encoder(wav)).square().mean().backward()
    assert wav.grad.isfinite().all()
    for name, parameter in model.decoder.named_parameters():
        if name.startswith("voicing"):  # a threshold; it learns by a loss of its own
            assert parameter.grad is None
        else:
            assert parameter.grad.isfinite().all() and parameter.grad.abs().sum() > 0, name


def test_noise_of_voiced_frames_has_its_own_level():
    codec = source_filter()
    decoder, codes = codec.model.decoder, torch.arange(40).reshape(1, 1, 40)
    plain = codec.parameters(codes)
    decoder.voiced_noise_db.fill_(-20.0)
    try:
        changed = codec.parameters(codes)
    finally:
        decoder.voiced_noise_db.fill_(0.0)
    voiced = plain.voiced.repeat_interleave(2, 1)
    assert 0 < voiced.sum() < voiced.numel()
    gain = (changed.noise - plain.noise).exp().mean(2)
    assert torch.allclose(gain[voiced], torch.tensor(0.1)) and torch.allclose(gain[~voiced], torch.tensor(1.0))
