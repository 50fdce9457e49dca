"""The network: causal on both axes, the same with and without caches, able to learn a batch by heart."""

import numpy as np
import pytest
import torch

from phonelm.generation.engine import Engine, choose_precision
from phonelm.generation.steppers import Rows
from phonelm.model.grid_codes import pointer_from_durations, previous
from phonelm.model.megabyte import PhoneLM
from phonelm.training.batches import Batch
from phonelm.training.config import TrainConfig
from phonelm.training.loss import losses
from tests.conftest import TINY

T, P, N, K = 14, 4, 5, TINY.n_codebooks
DURATIONS = torch.tensor([2, 3, 1, 3, 1])


def batch(seed=0):
    g = torch.Generator().manual_seed(seed)
    pointer, hold = pointer_from_durations(DURATIONS)
    pointer = torch.cat([torch.full((P,), -1), pointer])[None]
    hold = torch.cat([torch.zeros(P, dtype=torch.long), hold])[None]
    codes = torch.randint(0, TINY.card, (1, T, K), generator=g)
    advance = torch.zeros(1, T, dtype=torch.bool)
    advance[0, P + DURATIONS.cumsum(0) - 1] = True
    symbols = torch.randint(1, 60, (1, N), generator=g)
    return Batch(
        symbols, torch.ones(1, N, dtype=torch.bool), torch.tensor([N]), codes, pointer, hold, pointer >= 0,
        previous(codes, pointer, TINY.card), codes, advance, codes[:, :P], torch.tensor([P]),
    )  # fmt: skip


def forward(model, b):
    return model(b.symbols, b.word_starts, b.text_lengths, b.codes, b.pointer, b.hold, b.target, b.prev)


def test_global_model_is_causal_by_gradient(tiny_model):
    text = torch.randn(1, T, TINY.global_dim, requires_grad=True)
    b = batch()
    context = tiny_model.global_model(b.prev, text, b.hold)
    for t in (0, 5, T - 1):
        (grad,) = torch.autograd.grad(context[0, t].square().sum(), text, retain_graph=True)
        touched = grad[0].abs().sum(-1) > 0
        assert touched[: t + 1].all() and not touched[t + 1 :].any()


def test_local_model_is_causal_by_gradient(tiny_model):
    local = tiny_model.local_model
    x = local.inputs(torch.randn(2, TINY.global_dim), torch.randint(0, TINY.card, (2, K))).detach().requires_grad_()
    z = local.transformer(x)
    for k in range(K + 1):
        (grad,) = torch.autograd.grad(z[:, k].square().sum(), x, retain_graph=True)
        touched = grad.abs().sum((0, 2)) > 0
        assert touched[: k + 1].all() and not touched[k + 1 :].any()


def test_a_code_changes_only_what_comes_after_it(tiny_model):
    b = batch()
    with torch.no_grad():
        before, advance_before = forward(tiny_model, b)
        b.codes = b.codes.clone()
        b.codes[0, P + 4, 1] = (b.codes[0, P + 4, 1] + 1) % TINY.card
        b.prev = previous(b.codes, b.pointer, TINY.card)
        after, advance_after = forward(tiny_model, b)
    changed = ((before - after).abs() > 1e-6).any(-1)  # (M, K)
    assert not changed[:4].any() and not changed[4, :2].any()
    assert changed[4, 2:].all() and changed[5:].all()
    assert (advance_before[:4] == advance_after[:4]).all() and advance_before[4] != advance_after[4]


def test_cached_steps_equal_the_full_forward(tiny_model):
    b = batch()
    with torch.no_grad():
        logits, advance = forward(tiny_model, b)
        engine = Engine(tiny_model, "fp32")
        rows, local_rows = Rows(engine.outer.transformer.new_cache(1, 2), 1), engine.new_rows(1)[1]  # has to grow
        text, cache = engine.encode_text(b.symbols, b.word_starts), engine.new_cache()
        engine.feed_prompt(b.codes[:, :P], cache)
        rows.put(0, cache)
        for m, t in enumerate(range(P, T)):
            inputs = engine.frame(b.prev[:, t], text[:, b.pointer[0, t]], b.hold[:, t], rows)
            local_rows.rewind()
            last = [None, *b.codes[:, t].unbind(1)]
            stepped = [engine.code(k, inputs, last[k], local_rows)[0] for k in range(K + 1)]
            torch.testing.assert_close(torch.stack(stepped[:-1]), logits[m], atol=1e-5, rtol=1e-4)
            torch.testing.assert_close(stepped[-1][0], advance[m], atol=1e-5, rtol=1e-4)


def test_int8_weights_say_nearly_the_same(tiny_model):
    b = batch()
    exact, rounded = Engine(tiny_model, "fp32"), Engine(tiny_model, "int8")
    assert rounded.outer.packed[0][0].dtype == np.int8
    logits = []
    for engine in (exact, rounded):
        (rows, local_rows), cache = engine.new_rows(1), engine.new_cache()
        engine.feed_prompt(b.codes[:, :P], cache)
        rows.put(0, cache)
        text = engine.encode_text(b.symbols, b.word_starts)
        inputs = engine.frame(b.prev[:, P], text[:, 0], b.hold[:, P], rows)
        logits.append(engine.code(0, inputs, None, local_rows)[0])
    assert 0 < (logits[0] - logits[1]).norm() / logits[0].norm() < 0.05


def test_precision_is_chosen_for_the_device():
    assert choose_precision("auto", torch.device("cuda")) == "fp32"
    assert choose_precision("auto", torch.device("cpu")) in ("int8", "fp32")
    with pytest.raises(ValueError, match="for CPUs"):
        choose_precision("int8", torch.device("cuda"))
    with pytest.raises(ValueError, match="int4"):
        choose_precision("int4", torch.device("cpu"))


def test_padding_changes_nothing(tiny_model):
    b = batch()
    with torch.no_grad():
        alone, _ = forward(tiny_model, b)
        pad = lambda x, value=0: torch.cat([x, torch.full((1, 6, *x.shape[2:]), value, dtype=x.dtype)], 1)  # noqa: E731
        padded = Batch(
            pad(b.symbols), pad(b.word_starts), b.text_lengths, pad(b.codes), pad(b.pointer, -1), pad(b.hold),
            pad(b.target), pad(b.prev), pad(b.seen), pad(b.advance), b.prompt, b.prompt_lengths,
        )  # fmt: skip
        both, _ = forward(tiny_model, padded)
    torch.testing.assert_close(alone, both, atol=1e-5, rtol=1e-4)


@pytest.mark.slow
def test_one_batch_is_learned_by_heart():
    torch.manual_seed(0)
    model = PhoneLM(TINY, torch.randn(K, TINY.card, TINY.code_dim))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    b, config = batch(), TrainConfig()
    first = losses(model, b, config)[1]
    for _ in range(150):
        loss, parts = losses(model, b, config)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert first[:K].min() > 3.0
    assert parts.max() < 0.05


def test_loss_ignores_prompt_and_padding(tiny_model):
    b = batch()
    changed = batch()
    changed.advance = b.advance.clone()
    changed.advance[0, :P] = True  # in the prompt: must not count
    assert losses(tiny_model, b, TrainConfig())[0] == losses(tiny_model, changed, TrainConfig())[0]
