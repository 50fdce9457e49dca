"""Steps captured as CUDA graphs; on machines without CUDA, all of it but the capture."""

import copy

import pytest
import torch

from phonelm.config import SamplingConfig
from phonelm.generation import engine as engines
from phonelm.generation import steppers
from phonelm.generation.engine import Engine
from phonelm.generation.generate import Request, generate_batch
from phonelm.generation.steppers import GraphedStepper, Stepper
from tests.generation.test_generate import PROMPT, STARTS, SYMBOLS, codes, requests

needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")


def speak(engine, width):
    said = [[] for _ in requests()]
    for i, frame in generate_batch(engine, requests(), width=width):
        said[i].append(frame)
    return [codes(frames) for frames in said]


@pytest.fixture
def graphed(monkeypatch, tiny_model):
    """An engine on the CPU whose steps have the form that is captured, but are called instead."""
    monkeypatch.setattr(steppers, "Graph", lambda function, x: function)
    monkeypatch.setattr(engines, "Stepper", GraphedStepper)
    return Engine(tiny_model, "fp32")


@pytest.mark.slow
@pytest.mark.parametrize("width", [1, 3])
def test_what_is_captured_gives_the_same_speech(graphed, tiny_model, width):
    assert isinstance(graphed.outer, GraphedStepper)
    plain = Engine(tiny_model, "fp32")
    plain.outer, plain.inner = Stepper(tiny_model.global_model.transformer), Stepper(tiny_model.local_model.transformer)
    expected = speak(plain, width)
    for _ in range(2):  # the second time with rows that have been used
        assert all(torch.equal(a, b) for a, b in zip(speak(graphed, width), expected, strict=True))
    (lent,) = graphed.free_rows[2 * width]  # an utterance takes two, with and without its text
    assert {1, 2} & set(lent[0].graphs) and max(lent[0].graphs) > width and not plain.free_rows[2 * width]


def test_rows_that_grow_are_captured_again(graphed):
    with torch.inference_mode():
        rows, _ = graphed.new_rows(1)
        stepper, exact = graphed.outer, Stepper(graphed.model.global_model.transformer)
        other = steppers.Rows(graphed.outer.transformer.new_cache(1, 2), 1)
        rows.data, captured = rows.data[:, :, :, :, :2].clone(), []
        for x in torch.randn(9, 1, len(stepper.norm), generator=torch.Generator().manual_seed(0)):
            torch.testing.assert_close(stepper(x, rows), exact(x, other))
            captured.append(rows.graphs[1])
    assert [len({id(g) for g in captured[:n]}) for n in (2, 4, 8, 9)] == [1, 2, 3, 4]


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there it works")
def test_without_capture_a_warning_and_the_same_speech(monkeypatch, tiny_model):
    expected = speak(Engine(tiny_model, "fp32"), 2)
    monkeypatch.setattr(engines, "Stepper", GraphedStepper)
    engine = Engine(tiny_model, "fp32")
    with pytest.warns(UserWarning, match="no CUDA graph"):
        assert all(torch.equal(a, b) for a, b in zip(speak(engine, 2), expected, strict=True))
    assert not engine.free_rows[4]


@needs_cuda
def test_graphs_on_a_gpu(tiny_model):
    model = copy.deepcopy(tiny_model).cuda()
    engine, eager = Engine(model), Engine(model)
    for stepper in (eager.outer, eager.inner):
        stepper.capture = False
    request = Request(SYMBOLS, STARTS, PROMPT, SamplingConfig(temperature=0.0, pointer_temperature=0.0))
    for _ in range(2):
        ours, theirs = ([f for _, f in generate_batch(e, [request], width=2)] for e in (engine, eager))
        assert torch.equal(codes(ours), codes(theirs))
    assert engine.outer.capture and engine.free_rows[4]
