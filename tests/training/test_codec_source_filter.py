"""Training of the source-filter decoder: its targets, the cache, the losses, resuming."""

from dataclasses import replace

import numpy as np
import pytest
import soundfile
import torch

pytest.importorskip("pyworld")

from phonelm import checkpoint
from phonelm.audio import read_audio
from phonelm.cli import main
from phonelm.codec import (
    Codec,
    DecoderParameters,
    SourceFilterDecoder,
    build_bundled,
    load_bundled,
    pulse_train,
    save_bundled,
    set_codebook,
)
from phonelm.config import HOP_LENGTH, SAMPLE_RATE, CodecConfig
from phonelm.datasets import read_dataset
from phonelm.evaluation import frame_pitch, track_pitch
from phonelm.training.codec.loop import LAST
from phonelm.training.codec.source_filter import cache as cache_module
from phonelm.training.codec.source_filter.alignment import align, interpolate_phase
from phonelm.training.codec.source_filter.cache import make_cache
from phonelm.training.codec.source_filter.crops import SIDE, Crops
from phonelm.training.codec.source_filter.energy import SpectralEnergyDistance
from phonelm.training.codec.source_filter.step import Learner, noise_loss, pitch_loss, source
from phonelm.training.codec.source_filter.targets import MIN_S, make_targets, noise_level
from phonelm.training.codec.source_filter.teacher_forced import TeacherForcedDecoder
from phonelm.training.codec.source_filter.train import SourceFilterRun
from phonelm.training.config import SourceFilterConfig
from phonelm.training.run import make_accelerator

TINY = CodecConfig(
    n_q=2, card=16, dimension=8, encoder_width=16, encoder_blocks=1, decoder_width=32, decoder_blocks=2,
    decoder="istft", pitch_blocks=1, pitch_bins=64, envelope_points=24, noise_points=12,
)  # fmt: skip
CONFIG = SourceFilterConfig(
    batch_size=2, crop_frames=16, max_steps=4, warmup_steps=2, codebooks_used=(1, 2),
    holdout_share=0.0,
)  # fmt: skip
ADVERSARIAL = replace(
    CONFIG, adversarial_weight=0.4, likeness_weight=0.1, free_noise=True, adversarial_from=0.0, discriminator_steps=1,
    adversarial_ramp=2, discriminator_width=4, adversarial_frames=10,
)  # fmt: skip


def voice(seed: int, seconds: float = 2.0, polarity: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """A voice whose pulses are known: a pulse train through two resonances (minimum phase), and a little noise.

    Returns:
        (S,) float32, and (S,) float64 Hz of its pitch, 0 in pauses.
    """
    rng, samples = np.random.default_rng(seed), round(seconds * SAMPLE_RATE)
    time = np.arange(samples) / SAMPLE_RATE
    pitch = rng.uniform(110, 200) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.5, 1.5) * time))
    loud = (np.sin(2 * np.pi * 1.5 * time + seed) > -0.5).astype(float)
    cycles = np.cumsum(pitch) / SAMPLE_RATE
    wav = np.diff(np.floor(cycles), prepend=0.0) * loud
    for hz in (500 + 40 * (seed % 5), 1500):
        radius, angle = np.exp(-np.pi * 120 / SAMPLE_RATE), 2 * np.pi * hz / SAMPLE_RATE
        one, two = 2 * radius * np.cos(angle), -(radius**2)
        for n in range(2, samples):
            wav[n] += one * wav[n - 1] + two * wav[n - 2]
    wav = polarity * 0.1 * wav / np.abs(wav).max() * 5 + 1e-4 * rng.standard_normal(samples)
    return wav.astype(np.float32), pitch * loud


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Three speakers, two recordings each; the microphone of the second is turned over."""
    folder = tmp_path_factory.mktemp("data") / "set"
    (folder / "audio").mkdir(parents=True)
    for i in range(6):
        soundfile.write(folder / "audio" / f"{i}.wav", voice(i, polarity=1 - 2 * (i % 3 == 1))[0], SAMPLE_RATE)
    (folder / "metadata.csv").write_text("".join(f"{i}|s{i % 3}|\n" for i in range(6)))
    return folder


@pytest.fixture(scope="module")
def codec(tmp_path_factory):
    """A codec file with random weights and an inverse-STFT decoder."""
    torch.manual_seed(0)
    model = build_bundled(TINY)
    for layer in model.quantizer.vq.layers:
        set_codebook(layer._codebook, 0.1 * torch.randn(TINY.card, TINY.dimension))
    path = tmp_path_factory.mktemp("codec") / "codec.safetensors"
    save_bundled(path, model, TINY)
    return path


@pytest.fixture(scope="module")
def utterances(data, codec, tmp_path_factory):
    rows, _ = read_dataset(data, need_text=False)
    return make_cache(rows, tmp_path_factory.mktemp("cache"), codec, TINY.noise_points, quiet=True)[0]


@pytest.mark.parametrize("polarity", [1, -1])
def test_the_pulses_of_a_known_voice_are_found(polarity):
    wav, pitch = voice(0, polarity=polarity)
    wav = wav[: len(wav) // HOP_LENGTH * HOP_LENGTH]
    f0_hz = frame_pitch(wav)
    true = pitch[HOP_LENGTH // 2 :: HOP_LENGTH][: len(f0_hz)]
    both = (f0_hz > 0) & (true > 0)
    assert both.mean() > 0.4 and np.abs(1200 * np.log2(f0_hz[both] / true[both])).max() < 60
    aligned = align(wav, *track_pitch(wav), f0_hz)
    right, wrong = (0, 1) if polarity == 1 else (1, 0)
    assert aligned.coherence[right] > 0.8 > aligned.coherence[wrong] + 0.15
    phase = interpolate_phase(aligned.phase[right], 0, len(wav))
    pulses = np.flatnonzero(np.diff(np.floor(np.cumsum(voice_pitch(0)) / SAMPLE_RATE), prepend=0.0))
    safe = np.convolve(both, np.ones(9), "same") == 9
    inside = [n for n in pulses if n < len(wav) and safe[n // HOP_LENGTH]]
    away = (phase[inside] + 0.5) % 1 - 0.5  # cycles
    assert len(inside) > 40 and np.abs(away).max() < 0.1 and np.abs(np.median(away)) < 0.03


def voice_pitch(seed: int, seconds: float = 2.0) -> np.ndarray:
    """(S,) Hz: the pitch of `voice` through its pauses."""
    rng, time = np.random.default_rng(seed), np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return rng.uniform(110, 200) * (1 + 0.15 * np.sin(2 * np.pi * rng.uniform(0.5, 1.5) * time))


def test_noise_level_is_that_of_the_noise():
    rng = np.random.default_rng(0)
    hiss = 0.05 * rng.standard_normal(SAMPLE_RATE // HOP_LENGTH * HOP_LENGTH)
    level = noise_level(hiss, np.zeros(len(hiss) // HOP_LENGTH, np.float32), 10)
    assert np.abs(level[5:-5, 1:-1].mean() - np.log(0.05)) < 0.3
    wav, _ = voice(0)
    wav = wav[: len(wav) // HOP_LENGTH * HOP_LENGTH]
    f0_hz = frame_pitch(wav)
    loud = wav + 0.05 * rng.standard_normal(len(wav))
    quiet_noise, loud_noise = (noise_level(x, f0_hz, 10)[f0_hz > 0].mean() for x in (wav, loud))
    assert loud_noise > quiet_noise + 1


def test_cache_keeps_what_was_made(data, codec, utterances, tmp_path, monkeypatch):
    rows, _ = read_dataset(data, need_text=False)
    assert [one.id for one in utterances] == [row.id for row in rows]
    monkeypatch.setattr(cache_module, "CHUNK", 2)
    made, whole = [], cache_module.make_targets

    def counting(*args):
        made.append(args)
        if len(made) == 4:
            raise KeyboardInterrupt
        return whole(*args)

    monkeypatch.setattr(cache_module, "make_targets", counting)
    with pytest.raises(KeyboardInterrupt):
        make_cache(rows, tmp_path, codec, TINY.noise_points, quiet=True)
    again, problems = make_cache(rows, tmp_path, codec, TINY.noise_points, quiet=True)
    assert len(made) == 4 + 4 and not problems  # the first two were kept
    for one, other in zip(utterances, again, strict=True):
        assert one.frames == other.frames
        for a, b in zip(one.read(3, 40, 1), other.read(3, 40, 1)):
            assert np.array_equal(a, b)
    wav, _ = read_audio(rows[4].path)
    wav = wav - wav.mean()
    targets = make_targets(wav, Codec.load(path=codec), TINY.noise_points)
    piece = utterances[4].read(10, 50, -1)
    assert np.array_equal(piece.codes, targets.codes[10:50])
    assert np.allclose(piece.wav, -targets.wav[10 * HOP_LENGTH : 50 * HOP_LENGTH] / 32767, atol=1e-6)
    expected = interpolate_phase(targets.phase[1], 10 * HOP_LENGTH, 50 * HOP_LENGTH)
    assert np.abs(piece.phase - expected).max() < 1e-9
    with pytest.raises(ValueError, match=f"shorter than {MIN_S}"):
        make_targets(wav[:5000], Codec.load(path=codec), TINY.noise_points)


def test_crops_turn_voices_to_one_polarity_and_pulses_lie_where_speech_is_loud(utterances):
    crops = Crops(utterances, 40, 8)
    assert crops.polarity == {"set/s0": 1, "set/s1": -1, "set/s2": 1}
    batch = crops([1], 6)
    assert all(torch.equal(a, b) for a, b in zip(batch, crops([1], 6)))
    assert not torch.equal(batch.wav, crops([2], 6).wav)
    pulses = source(batch, SourceFilterDecoder(replace(TINY, decoder="source_filter")))
    assert pulses.shape == batch.phase.shape and pulses.isfinite().all()
    held = pulses[:, 4 * HOP_LENGTH : -HOP_LENGTH]
    voiced = batch.f0_hz[:, 5:-2].repeat_interleave(HOP_LENGTH, 1) > 0
    power = held.square()
    assert 0.8 < power[voiced].mean() < 1.25 and power[~voiced].mean() < 0.2
    lonely = Crops(utterances, 400, 8)([0], 1)  # longer than any utterance
    assert (lonely.wav[0, -1000:] == 0).all() and not lonely.valid[0, -20:].any() and lonely.valid.any()


def test_losses_are_least_at_the_truth():
    f0_hz = torch.tensor([[100.0, 0.0, 200.0]])
    place = (f0_hz.clamp(min=55) / 55).log() / np.log(520 / 55) * 63
    right = -0.5 * ((torch.arange(64) - place[..., None]) / 1.5) ** 2
    assert pitch_loss(right, f0_hz) < 1e-4 and pitch_loss(right.roll(8, -1), f0_hz) > 1
    assert pitch_loss(torch.zeros(1, 3, 64), torch.zeros(1, 3)) == 0
    pitch_hz = SourceFilterDecoder(replace(TINY, decoder="source_filter")).pitch_hz(right)
    assert pitch_hz[0, 0] == pytest.approx(100, rel=2e-3) and pitch_hz[0, 2] == pytest.approx(200, rel=2e-3)
    noise = torch.randn(1, 4, 5)
    target = noise.unflatten(1, (2, 2)).mean(2)
    voiced = torch.tensor([[True, False]])
    assert noise_loss(noise, target, voiced) < noise_loss(noise + 1, target, voiced)
    assert noise_loss(noise, target + torch.tensor([[[0.0], [9.0]]]), voiced) == noise_loss(noise, target, voiced)
    torch.manual_seed(0)
    distance, draw = SpectralEnergyDistance(), lambda level: level * torch.randn(2, SAMPLE_RATE)
    real = draw(0.05)
    energies = [distance(real, draw(level), draw(level)).energy for level in (0.02, 0.05, 0.12)]
    assert energies[1] < energies[0] and energies[1] < energies[2]
    constant = real.roll(5000, 1)
    assert energies[1] < distance(real, constant, constant).energy  # no noise of its own is worse than the right noise


def test_speech_from_true_parameters_is_that_of_the_decoder(utterances, codec):
    """With the decoder's own pulses and no noise, training synthesises what `synthesize` does, edges included."""
    torch.manual_seed(0)
    sizes = replace(TINY, decoder="source_filter")
    decoder = SourceFilterDecoder(sizes).eval()
    margin, frames = decoder.trunk_context + SIDE, 30
    latent = torch.randn(1, TINY.dimension, frames + 2 * margin)
    with torch.no_grad():
        x, y = decoder.trunk(latent)
        prediction = decoder.heads(x, y)
        f0_hz = torch.full((1, latent.shape[2]), 150.0)
        silent = torch.full_like(prediction.noise, -60.0)
        whole = decoder.synthesize(DecoderParameters(f0_hz, prediction.envelope, silent, prediction.dispersion))[0, 0]
        start = (margin - 4) * HOP_LENGTH
        samples = torch.arange(latent.shape[2] * HOP_LENGTH, dtype=torch.float64)
        cycles = (samples + 1 - HOP_LENGTH // 2) * 150 / SAMPLE_RATE
        train = pulse_train(cycles, torch.full_like(cycles, 150.0), SAMPLE_RATE).float()
        pulses = train[None, start : start + (4 + frames + SIDE) * HOP_LENGTH]
        valid, voiced = torch.ones(1, latent.shape[2], dtype=torch.bool), torch.ones(1, frames + 2, dtype=torch.bool)
        spectral = decoder.filter
        noises = torch.zeros(1, 1, spectral.before + (frames + 2) * HOP_LENGTH + spectral.hop // 2)
        decoded = TeacherForcedDecoder(decoder, margin)(latent, valid, voiced, pulses, noises)
    expected = whole[margin * HOP_LENGTH : (margin + frames) * HOP_LENGTH]
    assert decoded.wavs[0].shape == (1, frames * HOP_LENGTH) and decoded.prediction.noise.shape == (1, 2 * frames, 12)
    assert (decoded.wavs[0][0] - expected).abs().max() < 1e-4 * expected.abs().max()


@pytest.mark.slow
def test_a_few_steps_lower_every_loss(utterances, codec):
    torch.manual_seed(0)
    model, sizes = load_bundled(codec)
    model.decoder = SourceFilterDecoder(replace(sizes, decoder="source_filter"))
    margin = model.decoder.trunk_context + SIDE
    crops = Crops(utterances, 16, margin)
    learner = Learner(model, replace(CONFIG, lr=1e-2, trunk_lr=3e-3, ema_decay=0.5), make_accelerator("bf16"), margin)
    batch = crops([7], 2)
    before = learner.measure(batch)
    for number in range(15):
        learner.step(number, 0.0, batch)
    after = learner.measure(batch)
    for name in ("distance", "pitch", "noise", "spectral"):
        assert after[name] < 0.9 * before[name], name
    assert after["voicing"] < before["voicing"]


@pytest.mark.slow
@pytest.mark.parametrize("config", [CONFIG, ADVERSARIAL], ids=["alone", "adversarial"])
def test_a_resumed_run_equals_an_undisturbed_one_and_no_code_changes(data, codec, tmp_path, config):
    SourceFilterRun([data], tmp_path / "straight", config, codec, cache=tmp_path / "targets").train()
    broken = SourceFilterRun([data], tmp_path / "broken", config, codec, cache=tmp_path / "targets")
    step = broken.step

    def stop_after_two():
        if broken.progress.step == 2:
            broken.save()
            raise KeyboardInterrupt
        return step()

    broken.step = stop_after_two
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    other = replace(config, lr=1.0)
    SourceFilterRun([data], tmp_path / "broken", other, codec, resume=True, cache=tmp_path / "targets").train()
    one, two = (checkpoint.load(tmp_path / name / LAST, SourceFilterRun.kind)[0] for name in ("straight", "broken"))
    assert one.keys() == two.keys() and any(k.startswith("optimizer.0") for k in one)
    assert [k for k in one if not torch.equal(one[k], two[k])] == []
    old, new = Codec.load(path=codec), Codec.load(path=tmp_path / "straight" / "codec.safetensors")
    wav = torch.from_numpy(voice(9)[0])
    codes = old.encode(wav, SAMPLE_RATE)
    assert torch.equal(codes, new.encode(wav, SAMPLE_RATE)) and old.fingerprint == new.fingerprint
    assert isinstance(new.model.decoder, SourceFilterDecoder)
    assert new.waveform(codes).shape == (len(codes[0, 0]) * HOP_LENGTH,)


def test_a_new_decoder_starts_with_the_layers_of_the_old_one(data, codec, tmp_path):
    run = SourceFilterRun([data], tmp_path, CONFIG, codec)
    old, new = load_bundled(codec)[0].decoder.state_dict(), run.model.decoder.state_dict()
    assert torch.equal(new["blocks.0.expand.weight"], old["blocks.0.expand.weight"])
    assert torch.equal(new["pitch_blocks.0.expand.weight"], old["blocks.1.expand.weight"])
    assert torch.equal(new["pitch_norm.weight"], old["final_norm.weight"])


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--stage", "source-filter"], "--init"),
        (["--stage", "source-filter", "--init", "CODEC", "--batch-size", "0"], "batch_size"),
        (["--stage", "source-filter", "--init", "CODEC", "--adversarial-weight", "-1"], "adversarial_weight"),
        (["--stage", "source-filter", "--init", "CODEC", "--weights", "set=0"], "no utterance"),
    ],
)
def test_bad_input_is_one_clear_line(data, codec, tmp_path, capsys, args, says):
    args = [str(codec) if a == "CODEC" else a for a in args]
    assert main(["train-codec", "--data", str(data), "--out", str(tmp_path), *args]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("phonelm: error: ") and says in error
