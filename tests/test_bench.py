"""Speed: what `bench` reports adds up, and a step by the caches costs a fraction of the whole again."""

import json
import time

import pytest
import torch

from phonelm import bench

TEXT = "Hello there."


def seconds(work, repeats=5):
    """The least of several process times, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
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
    assert f"| 1 | {timing.audio_s:.1f} s |" in bench.table([timing])


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
