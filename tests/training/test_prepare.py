"""`prepare`: both forms of metadata, bad rows, interruption, shards, workers, and the cache it leaves."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from phonelm.codec.codec import Codec
from phonelm.config import HOP_LENGTH, SAMPLE_RATE
from phonelm.datasets import Row, read_dataset
from phonelm.text.phonemizer import SYMBOLS, Phonemizer
from phonelm.training.codec.crops import decode_rows
from phonelm.training.config import AlignerConfig
from phonelm.training.data import align, augment, encode
from phonelm.training.data import prepare as prepare_module
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.data.encode import KEEP_SILENCE_S, Part, make_chunks, trim
from phonelm.training.data.mel import N_MELS
from phonelm.training.data.pauses import COMMA, insert_pauses, silences
from phonelm.training.data.prepare import prepare
from phonelm.training.data.report import KeepRule, drop_reasons, to_text

CONFIG = AlignerConfig(width=16, steps=8, batch_frames=1500)
TEXTS = ("The cat sat down.", "A dog ran home, fast!", "We saw two birds.", "Come in here.", "It is late now?")
LOOSE = KeepRule(max_deviations=1e6, max_phoneme_s=60.0)  # an aligner of 8 steps aligns nothing


class FakeCodec:
    """Codes that say how loud each frame is: quick, and the same on every machine."""

    name, n_q, frame_rate, fingerprint = "fake", 8, SAMPLE_RATE / HOP_LENGTH, "f" * 16
    encoded = 0

    @classmethod
    def load(cls, name):
        return cls()

    def encode(self, wav, sample_rate):
        type(self).encoded += 1
        frames = -(-len(wav) // HOP_LENGTH)
        padded = np.pad(wav, (0, frames * HOP_LENGTH - len(wav))).reshape(frames, HOP_LENGTH)
        level = (np.abs(padded).max(1) * 1000).astype(np.int64).clip(0, 1023)
        return torch.from_numpy(np.stack([(level + k) % 1024 for k in range(8)]))[None]


@pytest.fixture(autouse=True)
def fake_codec(monkeypatch):
    monkeypatch.setattr(prepare_module, "Codec", FakeCodec)
    monkeypatch.setattr(encode, "CHUNK", 4)
    FakeCodec.encoded = 0


def speech(seed: int, seconds: float = 1.6, sample_rate: int = SAMPLE_RATE) -> np.ndarray:
    """A voice-like buzz with syllables, between 0.4 s of silence."""
    t = np.arange(int(seconds * sample_rate)) / sample_rate
    rng = np.random.default_rng(seed)
    wav = sum(np.sin(2 * np.pi * f * t) / f for f in rng.uniform(100, 4000, 12)) * 200
    wav = wav * (0.3 + np.abs(np.sin(2 * np.pi * 3 * t + seed))) * 0.1
    silence = np.zeros(int(0.4 * sample_rate))
    return np.concatenate([silence, wav, silence])


def write_dataset(folder: Path, form: str, count: int = 10) -> Path:
    audio = folder / ("wavs" if form == "ljspeech" else "audio")
    audio.mkdir(parents=True)
    lines = []
    for i in range(count):
        text = TEXTS[i % len(TEXTS)]
        soundfile.write(audio / f"u{i:02}.{'wav' if i % 2 else 'flac'}", speech(i), SAMPLE_RATE)
        lines.append(f"u{i:02}|No. {i}, raw|{text}" if form == "ljspeech" else f"u{i:02}|voice{i % 3}|{text}")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def dataset(tmp_path) -> Path:
    return write_dataset(tmp_path / "voices", "speaker")


def finish(datasets: list[Path], out: Path, **options):
    return prepare(datasets, out, **{"rule": LOOSE, "config": CONFIG, **options})


def contents(cache: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(cache.iterdir()) if path.is_file()}


def test_reads_both_forms(tmp_path, dataset):
    lj = write_dataset(tmp_path / "LJSpeech-1.1", "ljspeech")
    rows, problems = read_dataset(lj)
    assert not problems and len(rows) == 10
    assert rows[0] == Row(
        "LJSpeech-1.1/u00", "LJSpeech-1.1/LJSpeech-1.1", TEXTS[0], (lj / "wavs/u00.flac").resolve(), 0
    )
    rows, problems = read_dataset(dataset)
    assert not problems
    assert (rows[4].id, rows[4].speaker, rows[4].text) == ("voices/u04", "voices/voice1", TEXTS[4])


def test_speaker_form_may_use_wavs_and_form_overrides(dataset):
    (dataset / "audio").rename(dataset / "wavs")
    assert read_dataset(dataset)[0][1].speaker == "voices/voice1"
    assert read_dataset(dataset, "ljspeech")[0][1].speaker == "voices/voices"


def test_ljspeech_without_normalised_text(tmp_path):
    lj = write_dataset(tmp_path / "lj", "ljspeech", 3)
    (lj / "metadata.csv").write_text("u00|Only the raw text.\nu01|Raw again.|\nu02|Raw, at last.|Normalised.\n")
    assert [row.text for row in read_dataset(lj)[0]] == ["Only the raw text.", "Raw again.", "Normalised."]


def test_folders_that_are_no_dataset(tmp_path, dataset):
    with pytest.raises(FileNotFoundError, match="metadata.csv"):
        read_dataset(tmp_path)
    with pytest.raises(ValueError, match="unknown form"):
        read_dataset(dataset, "csv")
    with pytest.raises(ValueError, match="several datasets named voices"):
        finish([dataset, dataset], tmp_path / "cache")
    with pytest.raises(ValueError, match="shard"):
        finish([dataset], tmp_path / "cache", shard=(2, 2))


def test_cache_holds_what_was_said(tmp_path, dataset):
    lj = write_dataset(tmp_path / "lj", "ljspeech", 5)
    report = finish([dataset, lj], tmp_path / "cache")
    cache = CodesDataset(tmp_path / "cache")
    assert len(cache) == report["utterances"] == 15
    assert [cache[i].id for i in (0, 9, 10)] == ["voices/u00", "voices/u09", "lj/u00"]
    phonemizer = Phonemizer()
    for utterance, record in zip(cache, cache.records, strict=True):
        phonemes = phonemizer(utterance.text)
        assert utterance.symbols.tolist() == list(phonemes.ids)
        assert utterance.word_starts.tolist() == list(phonemes.word_starts)
        assert utterance.codes.shape[0] == 8
        assert utterance.codes.shape[1] == utterance.durations.sum() == record["frames"]
        assert utterance.durations.min() >= 1
        assert record["frames"] / cache.info["frame_rate"] == pytest.approx(1.6 + 2 * KEEP_SILENCE_S, abs=0.06)
        assert record["start_s"] == pytest.approx(0.4 - KEEP_SILENCE_S, abs=0.03)
    u = cache[0]
    assert (u.symbols.dtype, u.word_starts.dtype, u.codes.dtype) == (torch.int64, torch.bool, torch.int16)
    assert u.durations.dtype == torch.int64 and u.speaker == "voices/voice0"
    assert cache.info["codec"] == {"name": "fake", "fingerprint": "f" * 16}
    assert cache.info["symbols"] == list(SYMBOLS) and cache.info["speakers"] == 4
    batch = torch.utils.data.DataLoader(cache, batch_size=2, collate_fn=list, num_workers=1)
    assert next(iter(batch))[1].id == "voices/u01"
    files = [p for p in (tmp_path / "cache").rglob("*") if p.is_file() and "aligner" not in p.name]
    assert sum(p.stat().st_size for p in files) / report["hours"] < 25e6  # bytes per hour


def test_bad_rows_are_reported_and_the_rest_goes_on(tmp_path, dataset):
    audio = dataset / "audio"
    soundfile.write(audio / "short.wav", speech(1, 0.2)[9000:14000], SAMPLE_RATE)
    soundfile.write(audio / "silent.wav", np.zeros(SAMPLE_RATE), SAMPLE_RATE)
    soundfile.write(audio / "stereo.wav", np.stack([speech(3, sample_rate=16000)] * 2, 1), 16000)
    (audio / "broken.wav").write_bytes(b"RIFF, but no audio")
    for name in ("foreign", "mute"):
        soundfile.write(audio / f"{name}.wav", speech(2), SAMPLE_RATE)
    bad = (
        "missing|v|Nobody is there.",
        "mute|v|",
        "short|v|A long sentence that nobody on this planet could say in so short a time.",
        "silent|v|Nothing to hear.",
        "broken|v|Cannot be read.",
        "foreign|v|\u0416\u0434\u0438 \u043c\u0435\u043d\u044f",
        "u00|v|Again.",
        "two columns only",
        "stereo|v|This one is fine.",
    )
    with open(dataset / "metadata.csv", "a", encoding="utf-8") as file:
        file.write("\n".join(bad) + "\n")
    report = finish([dataset], tmp_path / "cache")
    assert report["utterances"] == 11
    assert CodesDataset(tmp_path / "cache")[10].id == "voices/stereo"
    reasons = dict(report["left_out"])
    expected = {
        "missing": "no audio file", "mute": "empty text", "short": "shorter than its", "silent": "silent",
        "broken": "cannot be read", "foreign": "", "u00": "repeated id", "two columns only": "columns",
    }  # fmt: skip
    assert set(reasons) == {f"voices/{name}" for name in expected}
    assert all(part in reasons[f"voices/{name}"] for name, part in expected.items())
    assert json.loads((tmp_path / "cache/report.json").read_text()) == report
    assert "left out: 8" in to_text(report)
    assert str(tmp_path) not in (tmp_path / "cache/report.json").read_text()


def test_nothing_usable(tmp_path, dataset):
    (dataset / "metadata.csv").write_text("u00|v|\nu01|v|\n")
    with pytest.raises(ValueError, match="no usable utterance.*empty text"):
        finish([dataset], tmp_path / "cache")


def test_audio_that_was_changed_in_place_is_read_again(tmp_path, dataset):
    def keys():
        return [chunk.key for chunk in make_chunks(read_dataset(dataset)[0], "codec")]

    def cached(index):
        return decode_rows(read_dataset(dataset)[0], tmp_path / "audio", quiet=True)[0][index].wav.copy()

    before, samples, again = keys(), cached(1), cached(1)
    path = dataset / "audio" / "u01.wav"
    size = path.stat().st_size
    soundfile.write(path, -soundfile.read(path)[0], SAMPLE_RATE)
    assert path.stat().st_size == size and keys() != before
    assert np.array_equal(samples, again) and np.abs(samples.astype(int) + cached(1)).max() <= 1


def test_interrupted_and_resumed_is_the_same(tmp_path, dataset, monkeypatch):
    finish([dataset], tmp_path / "whole")
    FakeCodec.encoded = 0
    genuine = FakeCodec.encode

    def stop_at_seven(self, wav, sample_rate):
        if FakeCodec.encoded == 7:
            raise KeyboardInterrupt
        return genuine(self, wav, sample_rate)

    monkeypatch.setattr(FakeCodec, "encode", stop_at_seven)
    with pytest.raises(KeyboardInterrupt):
        finish([dataset], tmp_path / "cache")
    assert len(list((tmp_path / "cache/parts").iterdir())) == 1  # whole parts only, no temporary file
    with pytest.raises(FileNotFoundError, match="no finished cache"):
        CodesDataset(tmp_path / "cache")
    monkeypatch.setattr(FakeCodec, "encode", genuine)
    FakeCodec.encoded = 0
    finish([dataset], tmp_path / "cache")
    assert FakeCodec.encoded == 6
    assert contents(tmp_path / "whole") == contents(tmp_path / "cache")
    assert contents(tmp_path / "whole/parts") == contents(tmp_path / "cache/parts")


def test_finished_cache_does_no_work_again(tmp_path, dataset, monkeypatch):
    finish([dataset], tmp_path / "cache")
    before = contents(tmp_path / "cache")
    FakeCodec.encoded = 0
    monkeypatch.setattr(align, "train_aligner", None)
    finish([dataset], tmp_path / "cache")
    assert FakeCodec.encoded == 0
    assert contents(tmp_path / "cache") == before


def test_shards_merge_to_the_same(tmp_path, dataset):
    finish([dataset], tmp_path / "whole")
    for index in range(3):
        assert finish([dataset], tmp_path / "cache", shard=(index, 3)) is None
    assert not (tmp_path / "cache/cache.json").exists()
    FakeCodec.encoded = 0
    finish([dataset], tmp_path / "cache")
    assert FakeCodec.encoded == 0
    assert contents(tmp_path / "whole") == contents(tmp_path / "cache")


def test_growing_dataset_keeps_its_first_parts(tmp_path, dataset):
    extra = write_dataset(tmp_path / "more" / "voices", "speaker", 14)
    finish([dataset], tmp_path / "cache")
    FakeCodec.encoded = 0
    finish([extra], tmp_path / "cache")
    assert FakeCodec.encoded == 6  # u08 and u09 shared a chunk with nobody yet, u10 and u11 join them
    assert len(CodesDataset(tmp_path / "cache")) == 14


def test_part_depends_on_codec_and_text(dataset):
    rows, _ = read_dataset(dataset)
    keys = [chunk.key for chunk in make_chunks(rows, "a")]
    assert len(set(keys)) == 3
    assert not set(keys) & {chunk.key for chunk in make_chunks(rows, "b")}
    other = [Row(r.id, r.speaker, r.text + "!", r.path, r.line) if r.line == 9 else r for r in rows]
    assert [c.key for c in make_chunks(other, "a")][:2] == keys[:2]
    assert [c.key for c in make_chunks(other, "a")][2] != keys[2]


def test_damaged_part_is_named(tmp_path, dataset):
    finish([dataset], tmp_path / "cache", shard=(0, 2))
    part = next((tmp_path / "cache/parts").iterdir())
    part.write_bytes(part.read_bytes()[:100])
    with pytest.raises(ValueError, match="damaged"):
        Part(part)


def test_worker_processes_and_the_bundled_codec(tmp_path, dataset, monkeypatch):
    monkeypatch.setattr(prepare_module, "Codec", Codec)
    finish([dataset], tmp_path / "cache", workers=2)
    cache = CodesDataset(tmp_path / "cache")
    assert len(cache) == 10
    assert cache.info["codec"]["name"] == "bundled"
    rows, _ = read_dataset(dataset)
    wav, _ = trim(speech(9).astype(np.float32))
    assert cache[9].codes.shape[1] == -(-len(wav) // HOP_LENGTH)
    assert len({tuple(row) for row in cache[9].codes.tolist()}) == 8
    assert make_chunks(rows, Codec.load("bundled").fingerprint)[0].path(tmp_path / "cache/parts").exists()


@pytest.mark.parametrize("noise", [0.0, 0.001])
def test_trim_leaves_a_little_silence(noise):
    wav = (speech(0) * 0.5 + np.random.default_rng(0).normal(0, 1, len(speech(0))) * noise).astype(np.float32)
    trimmed, start_s = trim(wav)
    assert start_s == pytest.approx(0.4 - KEEP_SILENCE_S, abs=0.05)
    assert len(trimmed) / SAMPLE_RATE == pytest.approx(1.6 + 2 * KEEP_SILENCE_S, abs=0.1)


def test_rule():
    def record(name: str, score: float, longest: int = 20, phonemes: int = 40) -> dict:
        return {"id": name, "score": score, "longest": longest, "phonemes": phonemes, "frames": 100}

    records = [record(f"a/{i}", -0.5 + 0.01 * (i % 5)) for i in range(20)]
    records[3] = record("a/3", -3.0)
    records[4] = record("a/4", -0.5, longest=80)
    records += [record(f"b/{i}", -3.0) for i in range(5)]
    long = [record(f"c/{n}", -0.6 * float(np.log(n)) + 0.02 * (n % 3), phonemes=n) for n in range(5, 205, 2)]
    reasons = drop_reasons(records + long, KeepRule())
    assert {i: reason for i, reason in enumerate(reasons) if reason} == {
        3: "alignment score too low", 4: "a phoneme of 1.07 s is too long"
    }  # fmt: skip


def test_repeated_words_of_exact_texts_are_kept():
    def record(name: str, score: float) -> dict:
        return {"id": name, "score": score, "longest": 20, "phonemes": 40, "frames": 100}

    records = [record(f"{name}/{i}", -0.5 + 0.01 * (i % 5)) for name in ("exact", "read") for i in range(20)]
    low = {3: -2.0, 4: -6.0, 23: -2.0}  # repeated words; broken audio; words that were misread
    records = [record(r["id"], low.get(i, r["score"])) for i, r in enumerate(records)]
    reasons = drop_reasons(records, KeepRule(exact_texts=("exact",)))
    assert {i for i, reason in enumerate(reasons) if reason} == {4, 23}


def test_pauses_of_speakers_become_commas():
    """Six words of two phonemes; silences at both ends, after the second word, in the fourth, and at the mark."""
    ids = np.array([1, *range(20, 28), COMMA, *range(28, 32), 1], np.uint8)
    word_starts = np.array([0, *[1, 0] * 4, 0, *[1, 0] * 2, 0], bool)
    durations = np.array([30, *[10] * 3, 35, *[10] * 2, 30, 30, 30, *[10] * 4, 30])
    starts = np.cumsum(durations) - durations
    level = np.full(durations.sum(), 200)
    quiet = [(0, 30), (starts[4] + 10, starts[5]), (starts[7] + 20, starts[8] + 12), (starts[9], starts[10])]
    for first, end in [*quiet, (starts[-1], durations.sum())]:
        level[first:end] = 10
    mel = np.repeat(level[:, None], N_MELS, 1).astype(np.uint8)
    assert silences(mel) == [(a, b) for a, b in [*quiet, (starts[-1], durations.sum())]]
    new_ids, new_starts = insert_pauses(ids, word_starts, durations, mel)
    assert new_ids.tolist() == [*ids[:5], COMMA, *ids[5:]]
    assert new_starts.tolist() == [*word_starts[:5], False, *word_starts[5:]]
    assert insert_pauses(ids, word_starts, durations, np.full_like(mel, 200)) is None


def test_added_pauses_are_in_the_cache_and_aligned(tmp_path):
    folder = write_dataset(tmp_path / "read", "speaker")
    half = speech(1)
    for path in (folder / "audio").iterdir():
        soundfile.write(path, np.concatenate([half, half]), SAMPLE_RATE)  # 0.8 s of silence in the middle
    finish([folder], tmp_path / "plain")
    finish([folder], tmp_path / "paused", with_pauses=["read"])
    plain, paused = CodesDataset(tmp_path / "plain"), CodesDataset(tmp_path / "paused")
    added = [record.get("pauses_added", 0) for record in paused.records]
    assert any(added)
    for n, before, after in zip(added, plain, paused, strict=True):
        assert len(after.symbols) == len(before.symbols) + n
        assert after.durations.sum() == before.durations.sum() and np.array_equal(after.codes, before.codes)
        assert (np.asarray(after.symbols) == COMMA).sum() == (np.asarray(before.symbols) == COMMA).sum() + n
    with pytest.raises(ValueError, match="no dataset other; there are read"):
        finish([folder], tmp_path / "wrong", with_pauses=["other"])


def test_command_line(tmp_path, dataset, capsys):
    parser = argparse.ArgumentParser()
    prepare_module.add_arguments(parser)
    common = [str(dataset), "--out", str(tmp_path / "cache"), "--workers", "1", "--aligner-steps", "3"]
    assert prepare_module.run(parser.parse_args([*common, "--shard", "1/2"])) == 0
    assert "shard 1/2 is encoded" in capsys.readouterr().out
    options = [*common, "--max-deviations", "1000", "--max-phoneme-s", "60", "--add-pauses", "voices"]
    assert prepare_module.run(parser.parse_args(options)) == 0
    assert "10 utterances" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        parser.parse_args([*common, "--shard", "2/2"])
    shutil.rmtree(tmp_path / "cache")


def test_speeds_add_voices(tmp_path, dataset):
    finish([dataset], tmp_path / "cache", speeds=[0.8, 1.25])
    cache = CodesDataset(tmp_path / "cache")
    assert len(cache) == 30
    speakers = {f"voices/voice{i}{speed}" for i in range(3) for speed in ("", "@0.8", "@1.25")}
    assert {r["speaker"] for r in cache.records} == speakers
    frames = {r["id"]: r["frames"] for r in cache.records}
    assert frames["voices/u00@0.8"] == pytest.approx(frames["voices/u00"] / 0.8, rel=0.05)
    assert frames["voices/u00@1.25"] == pytest.approx(frames["voices/u00"] / 1.25, rel=0.08)  # the silence stays


def test_augmented_copies_are_worse_recordings_by_speakers_of_their_own(tmp_path, dataset):
    finish([dataset], tmp_path / "cache", augmented=1.0, speeds=[1.25])
    cache = CodesDataset(tmp_path / "cache")
    assert len(cache) == 30
    items = {item.id: item for item in cache}
    for i in range(10):
        clean, worse = items[f"voices/u{i:02}"], items[f"voices/u{i:02}@spoiled"]
        assert (worse.speaker, worse.text) == (worse.id, clean.text)
        assert worse.codes.shape == clean.codes.shape and (worse.codes != clean.codes).any()
    finish([dataset], tmp_path / "some", augmented=0.5)
    assert 10 < len(CodesDataset(tmp_path / "some")) < 20


def test_augmenting_changes_a_voice_but_leaves_it_a_voice():
    wav = speech(3)[: 2 * SAMPLE_RATE].astype(np.float32)
    for change in (augment.add_noise, augment.muffle, augment.add_echo, augment.augment_waveform):
        for seed in range(5):
            worse = change(wav, np.random.default_rng(seed))
            assert worse.shape == wav.shape and worse.dtype == np.float32
            assert not np.array_equal(worse, wav) and np.corrcoef(wav, worse)[0, 1] > 0.4, change
    high = [np.abs(np.fft.rfft(x))[8000 * 2 :].mean() for x in (wav, augment.add_noise(wav, np.random.default_rng(0)))]
    assert high[1] > high[0]
    muffled = np.abs(np.fft.rfft(augment.muffle(wav, np.random.default_rng(0))))
    assert muffled[8001 * 2 :].max() < 1e-2 < muffled[: 3400 * 2].max()
    tail = np.zeros(SAMPLE_RATE, np.float32)
    tail[:240] = wav[SAMPLE_RATE : SAMPLE_RATE + 240]
    echo = np.abs(augment.add_echo(tail, np.random.default_rng(0)))
    assert echo[480:1480].mean() > echo[9000:10000].mean() > 0
