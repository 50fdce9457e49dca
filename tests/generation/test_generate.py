"""Generation: the pointer visits every phoneme once and ends; seeds repeat; clamping clamps."""

import dataclasses

import pytest
import torch

from phonelm.config import SamplingConfig
from phonelm.generation import steppers
from phonelm.generation.engine import Engine
from phonelm.generation.generate import PointerState, Request, generate, generate_batch
from phonelm.generation.sampling import draw
from phonelm.model.grid_codes import seen_codes
from tests.conftest import TINY

SYMBOLS, STARTS = torch.arange(10, 22), torch.ones(12, dtype=torch.bool)
PROMPT = torch.randint(0, 8, (20, TINY.n_codebooks), generator=torch.Generator().manual_seed(1))


def run(model, prompt=PROMPT, seen=None, **settings):
    return list(generate(Engine(model), SYMBOLS, STARTS, prompt, SamplingConfig(**settings), seen))


def codes(frames):
    return torch.stack([f.codes for f in frames])


def test_pointer_is_monotonic_and_covers_every_phoneme_once(tiny_model):
    for seed in range(5):
        pointer = [f.pointer for f in run(tiny_model, seed=seed)]
        assert pointer[0] == 0 and pointer[-1] == len(SYMBOLS) - 1
        assert all(b - a in (0, 1) for a, b in zip(pointer, pointer[1:]))


def test_it_ends_even_if_the_pointer_never_wants_to_move(tiny_model):
    tiny_model.local_model.advance.bias.data.fill_(-30.0)
    frames = run(tiny_model, max_phoneme_frames=7)
    assert len(frames) == 7 * len(SYMBOLS)
    assert sum(f.forced for f in frames) == len(SYMBOLS)


def test_same_seed_same_codes_other_seed_others(tiny_model):
    a, b, c = (codes(run(tiny_model, seed=s, temperature=1.0)) for s in (3, 3, 4))
    assert torch.equal(a, b)
    assert a.shape != c.shape or not torch.equal(a, c)


def test_global_random_state_is_neither_used_nor_changed(tiny_model):
    torch.manual_seed(5)
    before = torch.get_rng_state()
    a = codes(run(tiny_model))
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(6)
    assert torch.equal(codes(run(tiny_model)), a)


def test_temperature_zero_takes_the_likeliest_code(tiny_model):
    frames = run(tiny_model, temperature=0.0)
    assert all(p.code == p.top[0][0] for f in frames for p in f.picks)
    other = run(tiny_model, temperature=0.0, pointer_temperature=0.0, seed=1)
    again = run(tiny_model, temperature=0.0, pointer_temperature=0.0, seed=2)
    assert torch.equal(codes(other), codes(again))  # nothing is left to chance


def test_interleaved_utterances_do_not_share_state(tiny_model):
    alone = codes(run(tiny_model, seed=1))
    one = generate(Engine(tiny_model), SYMBOLS, STARTS, PROMPT, SamplingConfig(seed=1))
    two = generate(Engine(tiny_model), SYMBOLS.flip(0), STARTS, None, SamplingConfig(seed=2))
    mixed = []
    for frame in one:
        mixed.append(frame)
        next(two, None)
    assert torch.equal(codes(mixed), alone)


def requests():
    """Six utterances that differ in everything."""
    settings = [
        {"seed": 1}, {"seed": 2, "n_codebooks": 2, "guidance": 2.5}, {"seed": 3, "temperature": 1.0, "clamp": "prompt"},
        {"seed": 4, "guidance": 1.0}, {"seed": 5, "top_k": 4}, {"seed": 6, "temperature": 0.0},
    ]  # fmt: skip
    for i, values in enumerate(settings):
        prompt = None if i == 3 else PROMPT[: 6 + 2 * i] if i % 2 else PROMPT
        yield Request(SYMBOLS[i:], STARTS[i:], prompt, SamplingConfig(**values))


@pytest.mark.parametrize("precision", ["int8", pytest.param("fp32", marks=pytest.mark.slow)])
@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_an_utterance_is_the_same_alone_and_in_a_batch(tiny_model, precision, width):
    engine = Engine(tiny_model, precision)
    batch = [[] for _ in requests()]
    for i, frame in generate_batch(engine, requests(), width=width):
        batch[i].append(frame)
    for request, frames in zip(requests(), batch, strict=True):
        alone = list(generate(engine, request.symbols, request.word_starts, request.prompt, request.config))
        assert torch.equal(codes(frames), codes(alone))
        assert [f.pointer for f in frames] == [f.pointer for f in alone]
        if precision == "int8":  # to the last bit
            assert [f.picks for f in frames] == [f.picks for f in alone]
            assert [f.advance for f in frames] == [f.advance for f in alone]


def test_guidance_moves_away_from_speech_without_text_and_prompt(tiny_model):
    engine, first = Engine(tiny_model, "fp32"), Request(SYMBOLS, STARTS, PROMPT, SamplingConfig(guidance=3.0))
    with torch.inference_mode():
        text = engine.encode_text(SYMBOLS[None], STARTS[None])[:, 0]
        logits = []
        for slot, prompt in ((text, PROMPT), (tiny_model.global_model.no_phoneme[None], PROMPT[:0])):  # the first frame
            (rows, local_rows), cache = engine.new_rows(1), engine.new_cache()
            if len(prompt):
                engine.feed_prompt(prompt[None], cache)
            rows.put(0, cache)
            inputs = engine.frame(engine.first(1), slot, torch.zeros(1, dtype=torch.int64), rows)
            logits.append(engine.code(0, inputs, None, local_rows)[0])
    expected = (logits[1] + 3.0 * (logits[0] - logits[1])).softmax(0)
    _, frame = next(generate_batch(engine, [first]))
    pick = frame.picks[0]
    assert pick.probability == pytest.approx(float(expected[pick.code]), rel=1e-4)
    assert pick.top[0][0] == int(expected.argmax()) and abs(pick.top[0][1] - float(logits[0].softmax(0).max())) > 1e-4


def test_without_guidance_the_model_is_asked_once(tiny_model, monkeypatch):
    engine, asked = Engine(tiny_model), []
    frame = engine.frame
    monkeypatch.setattr(engine, "frame", lambda prev, *rest: asked.append(len(prev)) or frame(prev, *rest))
    for guidance in (1.0, 1.5):
        list(generate(engine, SYMBOLS[:2], STARTS[:2], PROMPT, SamplingConfig(guidance=guidance)))
    assert asked[0] == 1 and asked[-1] == 2 and set(asked) == {1, 2}


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_share_the_rows_and_change_nothing(tiny_model, monkeypatch, threads):
    before, asked, submit = torch.get_num_threads(), [], steppers.HELPERS.submit
    monkeypatch.setattr(steppers.HELPERS, "submit", lambda *args: asked.append(args[-1]) or submit(*args))
    torch.set_num_threads(threads)
    try:
        alone = list(generate_batch(Engine(tiny_model), requests()))
        assert not asked  # there is too little to do
        monkeypatch.setattr(steppers, "PART_PRODUCTS", 1)
        together = list(generate_batch(Engine(tiny_model), requests()))
    finally:
        torch.set_num_threads(before)
    assert [(i, f.picks, f.advance) for i, f in together] == [(i, f.picks, f.advance) for i, f in alone]
    assert asked and all(first > 0 for first in asked)


def test_requests_are_taken_only_when_there_is_room(tiny_model):
    taken = []
    stream = generate_batch(Engine(tiny_model), (taken.append(r) or r for r in requests()), width=2)
    next(stream)
    assert len(taken) == 2
    assert {i for i, _ in stream} == set(range(6)) and len(taken) == 6


@pytest.mark.parametrize("clamp", ["prompt", "seen"])
def test_clamping_allows_only_the_given_codes_and_marks_what_it_changed(tiny_model, clamp):
    allowed = seen_codes(PROMPT.T[None], TINY.card)
    frames = run(tiny_model, clamp=clamp, seen=allowed, temperature=1.0)
    for frame in frames:
        for k, p in enumerate(frame.picks):
            assert allowed[k, p.code]
            assert p.clamped == (not allowed[k, p.top[0][0]])
    assert any(p.clamped for f in frames for p in f.picks)
    assert not any(p.clamped for f in run(tiny_model) for p in f.picks)


def test_top_k_one_is_greedy(tiny_model):
    assert all(p.code == p.top[0][0] for f in run(tiny_model, top_k=1, temperature=1.5) for p in f.picks)


def test_fewer_codebooks_are_sampled(tiny_model):
    frames = run(tiny_model, n_codebooks=2)
    assert codes(frames).shape[1] == 2 and len(frames[0].picks) == 2
    with pytest.raises(ValueError, match="3 codebooks, not 5"):
        run(tiny_model, n_codebooks=5)


def test_clamping_to_a_missing_prompt_is_an_error(tiny_model):
    with pytest.raises(ValueError, match="prompt"):
        run(tiny_model, prompt=None, clamp="prompt")


def test_threshold_sampling_equals_bernoulli_draws():
    """The race against a uniform threshold must give geometric durations: mean 1 / p."""
    generator, p, lengths = torch.Generator().manual_seed(0), 0.2, []
    for _ in range(4000):
        state, n = PointerState(), 1
        state.draw(1.0, generator)
        while not state.moves(p):
            n += 1
        lengths.append(n)
    lengths = torch.tensor(lengths, dtype=torch.float)
    assert abs(lengths.mean() - 5.0) < 0.25 and abs(lengths.std() - 4.47) < 0.3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("temperature", -0.1),
        ("top_k", 2000),
        ("top_p", 0.0),
        ("guidance", 0.5),
        ("clamp", "x"),
        ("seed", -1),
        ("top_k", 1.5),
    ],
)
def test_settings_out_of_range_are_named(name, value):
    with pytest.raises(ValueError, match=name):
        dataclasses.replace(SamplingConfig(), **{name: value})


def test_top_p_keeps_the_smallest_set_that_reaches_it():
    p = torch.tensor([0.1, 0.5, 0.15, 0.25])
    generator = torch.Generator().manual_seed(0)
    drawn = {draw(p.log(), SamplingConfig(temperature=1.0, top_p=0.7), None, generator) for _ in range(200)}
    assert drawn == {1, 3}
    counts = torch.bincount(
        torch.tensor([draw(p.log(), SamplingConfig(temperature=1.0), None, generator) for _ in range(4000)])
    )
    assert torch.allclose(counts / 4000, p, atol=0.03)
    sharp = [draw(p.log(), SamplingConfig(temperature=0.25), None, generator) for _ in range(400)]
    assert sum(c == 1 for c in sharp) > 340  # 0.5^4 against the rest
    assert draw(p.log(), SamplingConfig(temperature=0.0), torch.tensor([True, False, True, False]), generator) == 2
