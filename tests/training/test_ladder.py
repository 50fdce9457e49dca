"""The ladder and the plain variant: on small synthetic data."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from phonelm.cli import main
from phonelm.codec.codec import Codec
from phonelm.config import ModelConfig
from phonelm.text.phonemizer import SYMBOLS
from phonelm.training.batches import BatchMaker
from phonelm.training.config import TrainConfig
from phonelm.training.data.dataset import CACHE_FORMAT, CodesDataset
from phonelm.training.experiments import ladder
from phonelm.training.experiments.ladder import RUNGS, Rung
from phonelm.training.experiments.plain import LAYOUTS, PlainLM, from_patches, plain_loss, speak_plain, to_patches

SIZES = ModelConfig(
    text_layers=1, text_dim=32, text_heads=2, global_layers=1, global_dim=48, global_heads=2, local_layers=1,
    local_dim=32, local_heads=2,
)  # fmt: skip
CONFIG = TrainConfig(batch_frames=120, max_steps=90, warmup_steps=5)
CARD = SIZES.card


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """12 utterances of one speaker, random codes, in the form that `prepare` writes."""
    folder, rng = tmp_path_factory.mktemp("cache"), np.random.default_rng(0)
    codec = Codec.load()
    durations = rng.integers(2, 5, (12, 10))
    phonemes = rng.integers(10, 70, durations.shape)
    phonemes[:, [0, -1]] = SYMBOLS.index("<sil>")
    frames = durations.sum(1)
    np.save(folder / "codes.npy", rng.integers(0, codec.card, (frames.sum(), codec.n_q)).astype(np.int16))
    np.save(folder / "phonemes.npy", phonemes.ravel().astype(np.uint8))
    np.save(folder / "word_starts.npy", (np.arange(durations.size) % 10 % 3 == 1))
    np.save(folder / "durations.npy", durations.ravel().astype(np.uint16))
    with open(folder / "utterances.jsonl", "w") as file:
        for i, (end, length) in enumerate(zip(frames.cumsum().tolist(), frames.tolist())):
            place = {"frame": end - length, "frames": length, "phoneme": 10 * i, "phonemes": 10}
            file.write(json.dumps({"id": f"set/{i}", "speaker": "set/a", "text": ""} | place) + "\n")
    info = {"format": CACHE_FORMAT, "codec": {"name": codec.name, "fingerprint": codec.fingerprint}}
    (folder / "cache.json").write_text(json.dumps(info))
    return folder


@pytest.fixture(scope="module")
def batch(cache):
    """Three utterances, each with its first words as the prompt."""
    dataset = CodesDataset(cache)
    config = replace(CONFIG, p_long_prompt=0.0, prompt_short_s=(0.15, 0.15))
    return BatchMaker(dataset, [], SIZES, config)([0, 1, 2], [0], augment=False)


def plain_model(layout):
    torch.manual_seed(0)
    model = PlainLM(SIZES, Codec.load().codebooks[: SIZES.n_codebooks], layout).eval()
    torch.nn.init.normal_(model.local_model.free, std=0.3)
    return model


@pytest.mark.slow
def test_one_utterance_is_said_back_code_by_code(cache):
    score = ladder.climb(Rung(1), cache, SIZES, CONFIG)
    assert score.right == [1.0] * 4
    assert (score.same, score.finished, score.length_ratio) == (1.0, 1.0, 1.0)


@pytest.mark.slow
def test_the_plain_variant_learns_an_utterance_and_where_it_ends(cache):
    score = ladder.climb(Rung(1, plain="frames"), cache, SIZES, CONFIG)
    assert score.right == [1.0] * 4
    assert (score.same, score.finished, score.length_ratio) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("frames", [1, 3, 4, 5, 8])
def test_layouts_can_be_undone(layout, frames):
    codes = torch.randint(0, CARD, (frames, 4), generator=torch.Generator().manual_seed(frames))
    patches, books = to_patches(codes, layout, CARD)
    assert patches.shape == books.shape and patches.shape[1] == 4
    assert torch.equal(from_patches(patches, layout, CARD), codes)
    for k in range(4):  # each codebook in order of time, and then its end
        ids = patches[books == k]
        assert torch.equal(ids[:frames], codes[:, k]) and (ids[frames:] == CARD).all() and len(ids) > frames


def test_a_patch_is_a_frame_or_four_moments_of_a_codebook():
    codes = torch.arange(8 * 4).view(8, 4)
    assert to_patches(codes, "frames", CARD)[0][1].tolist() == [4, 5, 6, 7]
    assert to_patches(codes, "codebooks", CARD)[0][1].tolist() == [16, 20, 24, 28]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_plain_variant_is_causal_by_gradient(layout, batch):
    model = plain_model(layout)
    laid = model.lay_out(batch)
    text = model.text_encoder(batch.symbols, batch.word_starts, batch.text_lengths).detach().requires_grad_()
    embedded = model.embed(laid).detach().requires_grad_()
    contexts = model.contexts(text, batch.text_lengths, embedded)
    last = embedded.shape[1] - 1
    for at in (0, 3, last):
        grads = torch.autograd.grad(contexts[0, at].square().sum(), (text, embedded), retain_graph=True)
        of_text, of_patches = (g[0].abs().sum(-1) > 0 for g in grads)
        assert of_text[: batch.text_lengths[0]].all()
        assert of_patches[: at + 1].all() and not of_patches[at + 1 :].any()


def test_a_patch_sees_none_of_its_own_codes_but_those_before(batch):
    model = plain_model("codebooks")
    before = model.embed(model.lay_out(batch))
    row, at = 0, int(batch.target[0].nonzero()[0]) + 5
    batch = replace(batch, codes=batch.codes.clone())
    batch.codes[row, at, 0] = (batch.codes[row, at, 0] + 1) % CARD
    laid = model.lay_out(batch)
    changed = (model.embed(laid) != before).any(-1).nonzero()  # one patch only: the one after that of the moment
    first = int(laid.target[row].nonzero()[0])
    assert changed.tolist() == [[row, first + 5 // 4 + 1]]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_free_running_equals_the_forward_pass(layout, batch):
    """What is said freely is the likeliest code at every place when its own codes are given as the past."""
    model = plain_model(layout)
    prompt = batch.codes[0, ~batch.target[0] & (torch.arange(batch.codes.shape[1]) < batch.target[0].nonzero()[0])]
    n = batch.text_lengths[0]
    symbols, word_starts = batch.symbols[0, :n], batch.word_starts[0, :n]
    said, ended = speak_plain(model, symbols, word_starts, prompt, max_frames=12)
    assert said.shape == (12, 4) and not ended  # an untrained model does not end, and says so
    codes = torch.cat([prompt, said])
    target = torch.arange(len(codes)) >= len(prompt)
    again = replace(
        batch, symbols=symbols[None], word_starts=word_starts[None], text_lengths=n[None], codes=codes[None],
        target=target[None],
    )  # fmt: skip
    with torch.no_grad():
        for k, (logits, ids) in enumerate(model(again)):
            assert torch.equal(logits[:12, :CARD].argmax(-1), ids[:12]), k


def test_only_codebook_one_is_to_predict_the_end():
    logits = [torch.randn(3, CARD + 1, requires_grad=True) for _ in range(2)]
    ids = torch.tensor([5, 6, CARD])

    def model(batch):
        return [(x, ids) for x in logits]

    model.end = CARD
    plain_loss(model, None, CONFIG).backward()
    touched = [(x.grad != 0).any(-1).tolist() for x in logits]
    assert touched == [[True, True, True], [True, True, False]]


def test_a_rung_that_cannot_be_climbed_says_why(cache, capsys):
    assert main(["ladder", str(cache), "--rung", "general", "--batch-frames", "5"]) == 2
    assert "no utterances of up to 5 frames" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNGS)
def test_every_rung_runs(name, cache, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ladder, "MEASURED", 2)
    out = tmp_path / "score.json"
    assert main(["ladder", str(cache), "--rung", name, "--max-steps", "2", "--json", str(out)]) == 0
    assert f"| {name} | " in capsys.readouterr().out
    entry = json.loads(out.read_text())
    assert len(entry["score"]["nats"]) == RUNGS[name].codebooks and entry["score"]["length_ratio"] > 0
    assert (entry["score"]["same"] is None) == (RUNGS[name].utterances == 0)
