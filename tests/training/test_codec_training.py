"""Codec training: data, losses, discriminators, both stages, resuming, and the report."""

from dataclasses import replace
from importlib.util import find_spec

import numpy as np
import pytest
import soundfile
import torch

from phonelm import checkpoint
from phonelm.cli import main
from phonelm.codec.codec import Codec
from phonelm.codec.weights import build_bundled, save_bundled
from phonelm.config import SAMPLE_RATE, CodecConfig
from phonelm.datasets import Row, read_dataset
from phonelm.evaluation import to_markdown
from phonelm.training.codec import crops as codec_data
from phonelm.training.codec.crops import Crops, decode_rows, read_rows, split_speakers
from phonelm.training.codec.discriminators import Discriminators
from phonelm.training.codec.losses import MelLoss, adversarial_loss, discriminator_loss, feature_loss, normalise_level
from phonelm.training.codec.report import decoders, pick_rows, report
from phonelm.training.codec.rvq import perplexity
from phonelm.training.codec.train import LAST, Run
from phonelm.training.config import CodecTrainConfig
from tests.codec_cases import VECTORS

TINY = CodecConfig(
    n_q=3, card=32, dimension=16, encoder_width=32, encoder_blocks=1, decoder_width=48, decoder_blocks=1,
    decoder="istft",
)  # fmt: skip
CONFIG = CodecTrainConfig(
    batch_size=4, crop_frames=16, max_steps=8, quantise_from=3, start_batches=3, warmup_steps=2, lr=3e-3,
    codebooks_used=(1, 3), discriminator_width=4,
)  # fmt: skip


def babble(seed: int, seconds: float = 1.5) -> np.ndarray:
    """(S,) float32, speech-like: a buzz of changing pitch through two changing resonances, noise, and pauses."""
    rng, t = np.random.default_rng(seed), np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    pitch = rng.uniform(90, 250) * (1 + 0.2 * np.sin(2 * np.pi * rng.uniform(1, 3) * t))
    phase = 2 * np.pi * np.cumsum(pitch) / SAMPLE_RATE
    formants = [f * (1 + 0.3 * np.sin(2 * np.pi * rng.uniform(2, 5) * t + rng.uniform(0, 6))) for f in (600, 1800)]
    buzz = sum(np.sin(n * phase) * sum(np.exp(-(((n * pitch - f) / 200) ** 2)) for f in formants) for n in range(1, 30))
    loud = np.clip(np.sin(2 * np.pi * 3 * t + rng.uniform(0, 6)) + 0.5, 0, 1)
    return (0.1 * loud * (buzz + 0.1 * rng.standard_normal(len(t)))).astype(np.float32)


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Six recordings of three speakers, at two sample rates, some without text."""
    folder = tmp_path_factory.mktemp("data") / "set"
    (folder / "audio").mkdir(parents=True)
    for i in range(6):
        soundfile.write(folder / "audio" / f"{i}.wav", babble(i)[:: 1 + i % 2], SAMPLE_RATE // (1 + i % 2))
    (folder / "metadata.csv").write_text("".join(f"{i}|s{i % 3}|{'Hello.' if i < 2 else ''}\n" for i in range(6)))
    return folder


def test_recordings_without_text_are_used_here_and_left_out_elsewhere(data):
    rows, problems = read_rows([data])
    assert len(rows) == 6 and not problems
    rows, problems = read_dataset(data)
    assert len(rows) == 2 and {p.reason for p in problems} == {"empty text"}
    with pytest.raises(ValueError, match="several datasets named"):
        read_rows([data, data])


def test_audio_is_decoded_once_and_after_an_interruption_goes_on(data, tmp_path, monkeypatch):
    monkeypatch.setattr(codec_data, "CHUNK", 2)
    rows, _ = read_rows([data])
    rows[3].path.with_name("bad.wav").write_text("not audio")
    rows.append(replace(rows[3], id="set/bad", path=rows[3].path.with_name("bad.wav"), line=6))
    decoded, read = [], codec_data.read_audio

    def counting(path):
        decoded.append(path)
        if len(decoded) == 4:
            raise KeyboardInterrupt
        return read(path)

    monkeypatch.setattr(codec_data, "read_audio", counting)
    with pytest.raises(KeyboardInterrupt):
        decode_rows(rows, tmp_path, quiet=True)
    clips, problems = decode_rows(rows, tmp_path, quiet=True)
    assert len(decoded) == 4 + 5  # the first two were kept
    assert [clip.id for clip in clips] == [f"set/{i}" for i in range(6)] and [p.id for p in problems] == ["set/bad"]
    again, _ = decode_rows(rows, tmp_path, quiet=True)
    assert len(decoded) == 9 and all(np.array_equal(a.wav, b.wav) for a, b in zip(clips, again))
    assert isinstance(clips[0].wav, np.memmap) and np.abs(clips[0].wav / 32768 - babble(0)).max() < 1e-3
    assert len(clips[1].wav) == pytest.approx(1.5 * SAMPLE_RATE, abs=2)
    rows[3].path.with_name("bad.wav").unlink()


def test_held_out_speakers_stay_so_when_data_are_added():
    rows = [Row(f"a/{i}", f"a/s{i // 2}", "", None, i) for i in range(400)]
    train, held = split_speakers(rows, 0.1)
    assert len(train) + len(held) == 400 and not {r.speaker for r in train} & {r.speaker for r in held}
    assert 10 <= len({r.speaker for r in held}) <= 32
    few = [Row(f"b/{i}", f"b/s{i % 9}", "", None, i) for i in range(99)]
    more = [Row(f"a/{i}", f"a/s{i // 2}", "", None, i) for i in range(400, 500)]
    assert [r for r in split_speakers(rows + few + more, 0.1)[1] if r in rows] == held
    assert not split_speakers(few, 0.99)[1]


def test_crops(data, tmp_path):
    clips, _ = decode_rows(read_rows([data])[0], tmp_path, quiet=True)
    crops = Crops(clips, 6400, CONFIG)
    inputs, targets = crops([1], 64)
    assert inputs.shape == targets.shape == (64, 1, 6400) and torch.equal(inputs, targets)
    assert torch.equal(targets, crops([1], 64)[1]) and not torch.equal(targets, crops([2], 64)[1])
    assert targets.abs().max() <= codec_data.MAX_PEAK + 1e-4
    level = 20 * targets.square().mean((1, 2)).sqrt().log10()
    assert level.std() > 4  # dB
    inputs, targets = Crops(clips, 6400, replace(CONFIG, p_spoiled=0.5))([1], 64)
    changed = (inputs != targets).flatten(1).any(1).float().mean()
    assert 0.3 < changed < 0.7
    assert torch.equal(*Crops(clips, 6400, replace(CONFIG, p_spoiled=1.0))([1], 8, augment=False))
    longer = Crops(clips, 2 * SAMPLE_RATE, CONFIG)([1], 2)[1]
    assert (longer[..., -1000:] == 0).all() and longer.abs().max() > 0.01


def test_mel_loss_tells_speech_apart_but_not_silences():
    loss, wav = MelLoss(), torch.from_numpy(babble(0))[None, None]
    other, quieter = torch.from_numpy(babble(1))[None, None], 0.9 * wav
    assert loss(wav, wav) == 0 and 0.01 < loss(quieter, wav) < 0.12 < 5 * loss(quieter, wav) < loss(other, wav)
    hiss = [10**-5 * torch.randn(1, 1, SAMPLE_RATE) for _ in range(2)]  # at -100 dBFS
    assert loss(*hiss) < 0.05


@pytest.mark.slow
def test_discriminators_learn_to_separate_and_teach_the_waveform():
    torch.manual_seed(0)
    critics = Discriminators(4)
    wav = torch.from_numpy(np.stack([babble(i, 0.2) for i in range(4)]))[:, None]
    real, fake = normalise_level(wav, wav), normalise_level(wav.abs() - wav.abs().mean(), wav).requires_grad_()
    assert real.square().mean((1, 2)).sqrt().allclose(torch.tensor(0.1))
    optimizer = torch.optim.AdamW(critics.parameters(), 3e-3)
    losses = []
    for _ in range(25):
        loss = discriminator_loss(critics(real)[0], critics(fake.detach())[0])
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None for p in critics.parameters())
        optimizer.step()
        losses.append(loss.item())
    assert losses[0] > 1.8 and losses[-1] < 1.2
    logits, features = critics(fake)
    right = [(r.mean() > f.mean()).item() for r, f in zip(critics(real)[0], logits)]
    assert all(right)
    told = adversarial_loss(logits)
    matching = feature_loss(critics(real)[1], features)
    for loss in (told, matching):
        (gradient,) = torch.autograd.grad(loss, fake, retain_graph=True)
        assert gradient.abs().sum() > 0 and gradient.isfinite().all()
    assert feature_loss(features, features) == 0 < matching
    assert told > adversarial_loss(critics(real)[0])


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    """A tiny codec after stage mel: its run, and the mel loss on the training data before and after."""
    out = tmp_path_factory.mktemp("mel")
    torch.manual_seed(0)
    run = Run([data], out, TINY, replace(CONFIG, max_steps=120, quantise_from=40, batch_size=8))
    run.held = run.crops  # nobody is held out of so few speakers; the same measure will do
    assert run.held_losses() == {}
    first = run.step()
    run.train()
    return run, first


@pytest.mark.slow
def test_stage_mel_learns_uses_its_codebooks_and_writes_a_codec(trained, data):
    run, first = trained
    held = run.held_losses()
    assert held.keys() == {"mel_2_codebooks"}  # of 2, 4 and 8 codebooks those that there are
    assert held["mel_2_codebooks"] < 0.7 * first["mel"]
    assert (perplexity(run.model.quantizer) > 0.4 * TINY.card).all()
    codec = Codec.load(path=run.out / "codec.safetensors")
    wav = torch.from_numpy(babble(0))
    codes = codec.encode(wav, SAMPLE_RATE)
    assert codes.shape[1] == TINY.n_q and len(codes[0, 0].unique()) > 8
    loss = MelLoss()
    errors = [loss(codec.decode(codes[:, :k])[..., : len(wav)], wav[None, None]).item() for k in (1, 3)]
    assert errors[1] < errors[0] < first["mel"]
    assert checkpoint.metadata(run.out / "codec.safetensors", "codec")["datasets"] == ["set"]
    assert (run.out / "log.jsonl").exists() and list((run.out / "events").iterdir())


@pytest.mark.slow
def test_stage_gan_changes_the_decoder_and_no_code(trained, data, tmp_path):
    start = trained[0].out / "codec.safetensors"
    config = replace(CONFIG, stage="gan", freeze_encoder=True, max_steps=3, gan_lr=1e-3)
    run = Run([data], tmp_path, CodecConfig(), config, init=start)
    assert run.sizes == TINY  # they come with the weights
    parts = run.step()
    assert parts.keys() == {"mel", "commitment", "discriminator", "adversarial", "feature"}
    assert all(np.isfinite(value) for value in parts.values())
    run.train()
    before, after = Codec.load(path=start), Codec.load(path=tmp_path / "codec.safetensors")
    wav = torch.from_numpy(babble(7))
    codes = before.encode(wav, SAMPLE_RATE)
    assert torch.equal(codes, after.encode(wav, SAMPLE_RATE)) and before.fingerprint == after.fingerprint
    for name, tensor in before.model.encoder.state_dict().items():
        assert torch.equal(tensor, after.model.encoder.state_dict()[name])
    changed = [
        not torch.equal(tensor, after.model.decoder.state_dict()[name])
        for name, tensor in before.model.decoder.state_dict().items()
    ]
    assert sum(changed) > 0.9 * len(changed)
    mean, last = run.learner.average.module.state_dict(), run.model.decoder.state_dict()
    for name, tensor in after.model.decoder.state_dict().items():
        assert torch.allclose(tensor, mean[name], atol=1e-3, rtol=1e-3), "the averaged weights are saved"
    assert any(not torch.equal(mean[name], last[name]) for name in mean)
    assert not torch.allclose(before.decode(codes), after.decode(codes), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["mel", "gan"])
def test_a_resumed_run_equals_an_undisturbed_one(stage, trained, data, tmp_path):
    config, init = replace(CONFIG, stage=stage), trained[0].out / "codec.safetensors" if stage == "gan" else None
    Run([data], tmp_path / "straight", TINY, config, init).train()
    broken = Run([data], tmp_path / "broken", TINY, config, init)
    step = broken.step

    def stop_after_five():
        if broken.progress.step == 5:
            broken.save()
            raise KeyboardInterrupt
        return step()

    broken.step = stop_after_five
    with pytest.raises(KeyboardInterrupt):
        broken.train()
    Run([data], tmp_path / "broken", TINY, replace(config, lr=1.0), init, resume=True).train()
    one, two = (checkpoint.load(tmp_path / name / LAST, "codec_training")[0] for name in ("straight", "broken"))
    assert one.keys() == two.keys() and any(k.startswith("optimizer.0") for k in one)
    assert any(k.startswith("critics.") for k in one) == (stage == "gan")
    assert [k for k in one if not torch.equal(one[k], two[k])] == []


@pytest.mark.parametrize("setting", [{"codebooks_used": (4, 9)}, {"codebooks_used": ()}, {"stage": "none"}, {"lr": 2}])
def test_settings_that_cannot_be_are_named(setting):
    with pytest.raises(ValueError, match=next(iter(setting))):
        replace(CONFIG, **setting)


def test_a_run_too_short_for_a_codec_says_so(data, tmp_path):
    with pytest.raises(ValueError, match="no codec yet"):
        Run([data], tmp_path, TINY, replace(CONFIG, max_steps=2)).train()
    assert not (tmp_path / "codec.safetensors").exists() and (tmp_path / LAST).exists()


def test_a_codec_with_another_decoder_is_refused(data, tmp_path):
    sizes = replace(TINY, decoder="source_filter", pitch_blocks=1)
    save_bundled(tmp_path / "codec.safetensors", build_bundled(sizes), sizes)
    with pytest.raises(ValueError, match="use --stage source-filter"):
        Run([data], tmp_path / "run", TINY, CONFIG, init=tmp_path / "codec.safetensors")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["--data", "DATA"], "--out"),
        (["--data", "DATA", "--out", "OUT", "--stage", "gan"], "--init"),
        (["--data", "DATA", "--out", "OUT", "--init", "none.safetensors"], "none.safetensors"),
        (["--data", "OUT", "--out", "OUT"], "metadata.csv"),
        (["--data", "DATA", "--out", "OUT", "--batch-size", "0"], "batch_size"),
        (["--data", "DATA", "--out", "OUT", "--max-minutes", "0"], "max_minutes"),
        (["--data", "DATA", "--report", "none.safetensors"], "none.safetensors"),
    ],
)
def test_bad_input_is_one_clear_line(trained, data, tmp_path, capsys, monkeypatch, args, says):
    monkeypatch.chdir(tmp_path)
    places = {"DATA": str(data), "OUT": str(tmp_path), "CODEC": str(trained[0].out / "codec.safetensors")}
    assert main(["train-codec", *(places.get(a, a) for a in args)]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("phonelm: error: ") and says in error


def test_report_measures_as_many_recordings_of_a_speaker_as_asked(data):
    assert [row.id for row in pick_rows([data], None, per_speaker=1)["set"]] == ["set/0", "set/1", "set/2"]
    assert len(pick_rows([data], None)["set"]) == 6
    with pytest.raises(ValueError, match="--all-speakers"):
        pick_rows([data], "evaluation")


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distillmos") is None, reason="needs requirements-eval.txt")
def test_report_ranks_more_codebooks_higher(tmp_path):
    from phonelm.checkpoint import default_dir
    from phonelm.evaluation import Judges

    folder = tmp_path / "real"
    (folder / "audio").mkdir(parents=True)
    with np.load(VECTORS) as vectors:
        names = [name for name in vectors if name.endswith("_wav")]
        for name in names:
            soundfile.write(folder / "audio" / f"{name}.wav", vectors[name], SAMPLE_RATE)
    (folder / "metadata.csv").write_text("".join(f"{name}|{name}|\n" for name in names))
    rows = pick_rows([folder], None)
    scores = report(rows, decoders([default_dir() / "codec.safetensors"], [2, 8]), Judges(1))["real"]
    recording, copy, two, eight = scores.values()
    mean = lambda found, name: np.nanmean([getattr(s, name) for s in found])  # noqa: E731
    assert mean(recording, "stoi") > 0.999 and mean(recording, "pesq") > 4.5 and mean(recording, "similarity") > 0.99
    for name in ("stoi", "pesq", "similarity", "voicing"):
        assert mean(copy, name) > mean(eight, name) > mean(two, name), name
    # Without a reference, a decoder trained with discriminators is better than a noisy recording or its WORLD copy.
    assert mean(eight, "distillmos") > mean(two, "distillmos")
    table = to_markdown("real", scores)
    assert table.count("\n") == 5 and f"{len(names)} utterances" in table
