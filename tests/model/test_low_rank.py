"""Low-rank updates: nothing at first, the same trained and merged, and checked before they are used."""

import pytest
import torch

from phonelm.model import add_low_rank, check_low_rank, low_rank_tensors, merge_low_rank, set_low_rank
from phonelm.model.low_rank import MAX_RANK, adaptable


@pytest.fixture
def inputs():
    torch.manual_seed(1)
    codes = torch.randint(0, 32, (1, 6, 3))
    pointer, hold = torch.tensor([[-1, -1, 0, 0, 1, 1]]), torch.tensor([[0, 0, 0, 1, 0, 1]])
    return {
        "symbols": torch.tensor([[1, 20]]), "word_starts": torch.tensor([[True, False]]),
        "text_lengths": torch.tensor([2]), "codes": codes, "pointer": pointer, "hold": hold, "target": pointer >= 0,
    }  # fmt: skip


@pytest.fixture
def updates(tiny_model):
    """Random updates of rank 4."""
    import copy

    adapted = copy.deepcopy(tiny_model)
    for p in add_low_rank(adapted, 4):
        torch.nn.init.normal_(p, std=0.1)
    return low_rank_tensors(adapted)


def test_updates_start_as_no_change_and_are_all_that_trains(tiny_model, inputs):
    before = tiny_model(**inputs)[0]
    parameters = add_low_rank(tiny_model, 4)
    torch.testing.assert_close(tiny_model(**inputs)[0], before)
    sum(logits.square().mean() for logits in tiny_model(**inputs)).backward()
    assert {id(p) for p in tiny_model.parameters() if p.grad is not None} == {id(p) for p in parameters}


def test_merged_updates_say_the_same_as_trained_ones(tiny_model, inputs, updates):
    merged = merge_low_rank(tiny_model, updates)
    before = tiny_model(**inputs)[0]
    add_low_rank(tiny_model, 4)
    set_low_rank(tiny_model, updates)
    torch.testing.assert_close(merged(**inputs)[0], tiny_model(**inputs)[0], rtol=1e-4, atol=1e-5)
    assert (merged(**inputs)[0] - before).abs().max() > 0.01


def test_the_text_encoder_is_left_alone(tiny_model):
    assert adaptable(tiny_model) and not any(name.startswith("text_encoder") for name in adaptable(tiny_model))


@pytest.mark.parametrize("rank", [0, MAX_RANK + 1])
def test_a_rank_has_limits(tiny_model, rank):
    with pytest.raises(ValueError, match="rank"):
        add_low_rank(tiny_model, rank)


def test_updates_that_do_not_fit_are_named(tiny_model, updates):
    name = next(iter(updates))
    with pytest.raises(ValueError, match=name):
        check_low_rank(tiny_model, {**updates, name: updates[name][:, :-1].T})
    with pytest.raises(ValueError, match="not finite"):
        check_low_rank(tiny_model, {**updates, name: updates[name] * torch.nan})
    with pytest.raises(ValueError, match="nothing that text_encoder"):
        check_low_rank(tiny_model, {**updates, "text_encoder.out.up": updates[name]})
    with pytest.raises(ValueError, match="counterpart"):
        check_low_rank(tiny_model, {name: updates[name]})
