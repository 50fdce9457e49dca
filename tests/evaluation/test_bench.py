"""Speed: what `bench` reports adds up, and a step by the caches costs a fraction of the whole again."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks import growth, peers
from benchmarks.soak import faults, soak, unasked_silence
from phonelm.config import SAMPLE_RATE, SamplingConfig
from phonelm.evaluation import speed as bench
from phonelm.generation.generate import Request, generate_batch

TEXT = "Hello there."


def seconds(work, repeats=5):
    """The least of several times of this thread, in seconds: what other tests have left running is not counted."""
    times = []
    for _ in range(repeats):
        start = time.thread_time()
        work()
        times.append(time.thread_time() - start)
    return min(times)


def test_figures_add_up_and_leave_no_trace(app_tts):
    before = app_tts.engine, app_tts.codec, torch.get_num_threads()
    timing = bench.measure(app_tts, threads=1, runs=2, text=TEXT)
    assert (app_tts.engine, app_tts.codec, torch.get_num_threads()) == before
    assert set(timing.frame_ms) == {"text", "prompt", "global", "local", "sampling", "codec"}
    assert all(ms > 0 for ms in timing.frame_ms.values())
    frame_s = 1 / app_tts.codec.frame_rate
    assert sum(timing.frame_ms.values()) / 1000 == pytest.approx(timing.real_time_factor * frame_s, rel=0.5)
    assert 0 < timing.first_audio_s < timing.real_time_factor * timing.audio_s * 1.5
    assert f"| 1 | {timing.audio_s:.1f} s |" in bench.to_markdown([timing])


@pytest.mark.slow
def test_command(app_tts, tmp_path, monkeypatch, capsys):
    from phonelm.cli import main

    monkeypatch.setattr(bench.TTS, "load", classmethod(lambda cls, path, device, precision: app_tts))
    args = ["bench", "--threads", "1", "--runs", "1", "--text", TEXT, "--json", str(tmp_path / "b.json")]
    assert main(args) == 0
    out = capsys.readouterr().out
    assert "real-time factor" in out and "peak memory" in out
    start = json.loads((tmp_path / "b.json").read_text())["start"]
    assert 0 < start["loaded_s"] < start["first_audio_s"] and start["peak_memory_bytes"] > 2**27
    assert main([*args, "--runs", "0"]) == 2


@torch.no_grad()
def test_a_cached_step_costs_a_fraction_of_the_whole_again(tiny_tts):
    model, engine, t = tiny_tts.model, tiny_tts.engine, 2000
    config = model.config
    prev, text = torch.zeros(1, t, config.n_codebooks, dtype=torch.int64), torch.zeros(1, t, config.global_dim)
    hold = torch.zeros(1, t, dtype=torch.int64)
    cache, (rows, _) = engine.new_cache(), engine.new_rows(1)
    engine.feed_prompt(prev, cache)
    rows.put(0, cache)

    def cached():
        rows.rewind(t)
        engine.frame(prev[:, 0], text[:, 0], hold[:, 0], rows)

    def whole():
        model.global_model(prev, text, hold)

    assert seconds(cached) < seconds(whole) / 5


def test_a_batch_costs_less_than_its_utterances_one_by_one(app_tts):
    p, prompt = app_tts.phonemize(TEXT)[0], app_tts.voice().codes[:, : app_tts.model.config.n_codebooks]
    symbols, starts = torch.tensor(p.ids), torch.tensor(p.word_starts)
    requests = [Request(symbols, starts, prompt, SamplingConfig(seed=s)) for s in range(8)]
    alone = seconds(lambda: [list(generate_batch(app_tts.engine, [r], width=1)) for r in requests], 3)
    batch = seconds(lambda: list(generate_batch(app_tts.engine, requests, width=8)), 3)
    assert batch < 0.75 * alone


def test_growth_and_peers_are_tables(app_tts, monkeypatch):
    long = growth.lengths(app_tts, [0.2, 0.6])
    assert 0.2 <= long[0]["audio_s"] < 0.6 <= long[1]["audio_s"] and long[0]["seconds"] < long[1]["seconds"]
    many = growth.users(app_tts, [1, 3], frames=4)
    assert [row["users"] for row in many] == [1, 3] and all(row["audio_s_per_s"] > 0 for row in many)
    assert growth.table(many).startswith("| users | ms_per_step | audio_s_per_s |\n|---|---|---|\n| 1 |")

    def missing(tts, voice):
        raise ImportError("no_such_package")

    own = "PhoneLM, int8, compiled"
    monkeypatch.setattr(peers, "TEXT", TEXT)
    monkeypatch.setattr(peers, "PEERS", {own: peers.phonelm, "fixed": lambda tts, voice: lambda: 3.0, "gone": missing})
    found = peers.measure(app_tts, runs=1)
    assert found["fixed"] == 3.0 and found["gone"] is None and found[own] > 0
    assert "| gone | not installed |  |" in peers.table(found)


def test_soak_finds_what_is_wrong(app_tts):
    speech = app_tts.speak("We saw a boat, and it was blue.", None, SamplingConfig(seed=2))
    t = np.arange(len(speech.wav)) / SAMPLE_RATE
    speech.wav = np.sin(200 * t).astype(np.float32)
    speech.frames = [replace(f, forced=False) for f in speech.frames]
    assert faults(speech) == []
    forced = replace(speech, frames=[replace(speech.frames[0], forced=True), *speech.frames[1:]])
    assert faults(forced) == ["a phoneme cut off at 1.2 s"]
    count = speech.sentence.count(0)
    half = replace(speech, frames=speech.frames[: count // 2], sentence=speech.sentence[: count // 2])
    assert "stopped early" in faults(half)

    frames = [f for f in speech.frames for _ in range(40)]  # everything lasts much longer
    slow = replace(speech, frames=frames, sentence=[0] * len(frames), wav=np.repeat(speech.wav, 40))
    assert faults(slow) == ["ran on"] and unasked_silence(slow) == 0
    word = max((span for span in slow.timeline if span.word), key=lambda span: span.end_s - span.start_s)
    comma = next(span for span in slow.timeline if span.symbol == ",")
    for span, found in ((comma, False), (word, True)):
        wav = slow.wav.copy()
        wav[int(span.start_s * SAMPLE_RATE) : int(span.end_s * SAMPLE_RATE)] = 0
        assert (unasked_silence(replace(slow, wav=wav)) > 1) == found


def test_soak_counts(app_tts):
    found = soak(app_tts, ["We saw a boat.", "It was blue."], ["bundled", "other"], 6)
    assert found["utterances"] == 6 and found["audio_s"] > 1
    assert all(b["seed"] in (0, 1) and b["voice"] in ("bundled", "other") for b in found["bad"])
    assert sum(found["faults"].values()) == sum(len(b["faults"]) for b in found["bad"])
