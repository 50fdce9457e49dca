"""The ladder: the steps of the first PhoneLM, from one utterance by heart to any text, each a run of a few minutes.

Every rung is trained alike (sizes, steps, frames of a batch, seed) and differs only in what its `Rung` says. Nothing
is done against exposure bias: an over-fitted utterance must be reproduced exactly.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import count, islice
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from tqdm import tqdm

from phonelm.config import FRAME_RATE, PRESETS, ModelConfig, SamplingConfig
from phonelm.files import write_json
from phonelm.generation import Engine, generate
from phonelm.model import PhoneLM
from phonelm.training.batches import Batch, BatchMaker, plan_epoch, split_holdout
from phonelm.training.config import TrainConfig
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.experiments.plain import PlainLM, plain_loss, speak_plain
from phonelm.training.guard import StepGuard
from phonelm.training.loss import losses
from phonelm.training.optim import lr_scale, make_optimizers, set_lr

OVERFIT_S = 3.2  # utterances nearest to this length are over-fitted: half of one holds the longest prompt
MEASURED = 8  # utterances that are spoken after training, at most
STEPS, BATCH_FRAMES, WARMUP_SHARE = 300, 450, 0.1


@dataclass(frozen=True)
class Rung:
    """What a rung changes.

    Attributes:
        utterances: how many to learn by heart; 0 is all text, measured on held-out utterances with the usual prompts.
        codebooks: K.
        prompt_s: the first words of each utterance, about this long, are its voice prompt; 0 for none.
        plain: layout of the plain variant's patches; None is the pointer.
    """

    utterances: int = 8
    codebooks: int = 4
    prompt_s: float = 0.0
    plain: str | None = None


RUNGS = {
    "one-utterance": Rung(1),
    "several-utterances": Rung(),
    "codebooks-2": Rung(codebooks=2),
    "codebooks-8": Rung(codebooks=8),
    "prompt-1s": Rung(prompt_s=1.0),
    "prompt-1.5s": Rung(prompt_s=1.5),
    "general": Rung(0),
    "plain-one-utterance": Rung(1, plain="frames"),
    "plain-several-utterances": Rung(plain="frames"),
    "plain-prompt-1.5s": Rung(prompt_s=1.5, plain="frames"),
    "plain-general": Rung(0, plain="frames"),
    "by-codebook-one-utterance": Rung(1, plain="codebooks"),
    "by-codebook-several-utterances": Rung(plain="codebooks"),
    "by-codebook-general": Rung(0, plain="codebooks"),
}


@dataclass(frozen=True)
class Score:
    """What a rung reached, on the utterances it learned by heart or, for all text, on held-out ones.

    Attributes:
        parameters: of the model.
        train_s: seconds of training.
        nats: cross entropy of each codebook, given the true past.
        right: share of the codes of each codebook that are the likeliest, given the true past.
        same: share of codes that are those of the recording in free running, always the likeliest code; a missing or
            surplus frame counts as wrong; None for all text.
        finished: share of utterances that came to their end in free running: with the pointer all phonemes spoken and
            none cut off for its length; in the plain variant the end of speech before twice the recording's length.
        length_ratio: mean length in free running, relative to the recording.
    """

    parameters: int
    train_s: float
    nats: list[float]
    right: list[float]
    same: float | None
    finished: float
    length_ratio: float


def make_model(rung: Rung, sizes: ModelConfig, codebooks: Tensor) -> PhoneLM | PlainLM:
    """An untrained model for a rung; `codebooks` are all those of the codec, (n_q, card, code_dim)."""
    sizes = replace(sizes, n_codebooks=rung.codebooks)
    if rung.plain:
        return PlainLM(sizes, codebooks[: rung.codebooks], rung.plain)
    return PhoneLM(sizes, codebooks[: rung.codebooks])


def choose(rung: Rung, dataset: CodesDataset, config: TrainConfig) -> tuple[list[int], list[int]]:
    """(utterances to train on, utterances to measure on); longer ones than a batch are left out.

    Raises:
        ValueError: no utterance is short enough.
    """
    frames = [r["frames"] for r in dataset.records]
    train, held = (
        [i for i in part if frames[i] <= config.batch_frames] for part in split_holdout(dataset, config.holdout, 0)
    )
    if not train or not held:
        raise ValueError(f"the cache has no utterances of up to {config.batch_frames} frames; use larger batches")
    if not rung.utterances:
        return train, held
    nearest = sorted(train, key=lambda i: abs(frames[i] - OVERFIT_S * FRAME_RATE))[: rung.utterances]
    return nearest, nearest


def make_batches(rung: Rung, dataset: CodesDataset, train: list[int], config: TrainConfig) -> BatchMaker:
    """The source of a rung's batches; call it with `augment=False`."""
    if rung.utterances:  # no others to take a prompt from: it is cut from the utterance's own front
        config = replace(config, p_long_prompt=0.0, prompt_short_s=(rung.prompt_s, rung.prompt_s))
    sizes = ModelConfig(n_codebooks=rung.codebooks)
    return BatchMaker(dataset, [] if rung.utterances else train, sizes, config)


def fit(model: PhoneLM | PlainLM, maker: BatchMaker, train: Sequence[int], config: TrainConfig) -> None:
    """Train for `config.max_steps` steps."""
    optimizers = make_optimizers(model, config)
    frames = [r["frames"] for r in maker.dataset.records]

    def batches() -> Iterator[Batch]:
        for epoch in count():
            for at, indices in enumerate(plan_epoch(frames, train, config.batch_frames, [config.seed, epoch])):
                yield maker(indices, [config.seed, epoch, at], augment=False)

    guard = StepGuard()
    bar = tqdm(islice(batches(), config.max_steps), total=config.max_steps, unit="step")
    for step, batch in enumerate(bar):
        set_lr(optimizers, lr_scale(step, step / config.max_steps, config.warmup_steps))
        loss = plain_loss(model, batch, config) if isinstance(model, PlainLM) else losses(model, batch, config)[0]
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        accepted = guard.accepts(loss, norm)
        for optimizer in optimizers:
            if accepted:
                optimizer.step()
            optimizer.zero_grad()
        bar.set_postfix_str(f"loss {loss.item():.2f}", refresh=False)


def predict(model: PhoneLM | PlainLM, batch: Batch) -> list[tuple[Tensor, Tensor]]:
    """For each codebook (M, C) logits and (M,) true codes, given the true past; ends of speech are not among them."""
    if isinstance(model, PlainLM):
        return [(logits[ids != model.end], ids[ids != model.end]) for logits, ids in model(batch)]
    logits = model(
        batch.symbols, batch.word_starts, batch.text_lengths, batch.codes, batch.pointer, batch.hold, batch.target
    )[0]
    return list(zip(logits.unbind(1), batch.codes[batch.target].unbind(1)))


@torch.no_grad()
def given_the_past(
    model: PhoneLM | PlainLM, maker: BatchMaker, indices: Sequence[int]
) -> tuple[list[float], list[float]]:
    """(nats, right) of a `Score`."""
    nats, right, codes = torch.zeros(maker.model.n_codebooks), torch.zeros(maker.model.n_codebooks), 0
    for i in indices:
        batch = maker([i], [0, i], augment=False)
        for k, (logits, ids) in enumerate(predict(model, batch)):
            nats[k] += F.cross_entropy(logits, ids, reduction="sum")
            right[k] += (logits.argmax(-1) == ids).sum()
        codes += int(batch.target.sum())
    return (nats / codes).tolist(), (right / codes).tolist()


def speak(model: PhoneLM | PlainLM, symbols: Tensor, word_starts: Tensor, prompt: Tensor, recorded: int):
    """Speak freely, always the likeliest code: (T, K) codes, and whether it came to its end (see `Score.finished`).

    Args:
        symbols: (N,) int64; word_starts: (N,) bool; prompt: (P, K) int64.
        recorded: frames of the recording.
    """
    if isinstance(model, PlainLM):
        return speak_plain(model, symbols, word_starts, prompt, 2 * recorded)
    settings = SamplingConfig(temperature=0.0, pointer_temperature=0.0, guidance=1.0)
    frames = list(generate(Engine(model, "fp32"), symbols, word_starts, prompt, settings))  # as it was trained
    finished = len({f.pointer for f in frames}) == len(symbols) and not any(f.forced for f in frames)
    return torch.stack([f.codes for f in frames]), finished


def same_codes(a: Tensor, b: Tensor) -> float:
    """Share of equal codes of (T, K) and (T', K), relative to the longer one."""
    n = min(len(a), len(b))
    return float((a[:n] == b[:n]).sum()) / max(a.numel(), b.numel())


def speak_all(model: PhoneLM | PlainLM, maker: BatchMaker, indices: Sequence[int]) -> tuple[float, float, float]:
    """(same, finished, length_ratio) of a `Score`, means over utterances."""
    figures = []
    for i in indices:
        batch = maker([i], [0, i], augment=False)
        codes, target = batch.codes[0], batch.target[0]
        recording, prompt = codes[target], codes[~target]
        generated, finished = speak(model, batch.symbols[0], batch.word_starts[0], prompt, len(recording))
        figures.append((same_codes(generated, recording), float(finished), len(generated) / len(recording)))
    return tuple(torch.tensor(figures).mean(0).tolist())


def climb(rung: Rung, cache: Path, sizes: ModelConfig, config: TrainConfig) -> Score:
    """Train one rung and measure it."""
    dataset = CodesDataset(cache)
    codec = dataset.load_codec()
    train, measured = choose(rung, dataset, config)
    maker = make_batches(rung, dataset, train, config)
    torch.manual_seed(config.seed)
    model = make_model(rung, sizes, codec.codebooks)
    start = time.monotonic()
    fit(model, maker, train, config)
    train_s = time.monotonic() - start
    model.eval()
    nats, right = given_the_past(model, maker, measured)
    same, finished, length_ratio = speak_all(model, maker, measured[:MEASURED])
    parameters = sum(p.numel() for p in model.parameters())
    return Score(parameters, train_s, nats, right, same if rung.utterances else None, finished, length_ratio)


def table_row(name: str, score: Score) -> str:
    """One row of Markdown; the columns are `COLUMNS`."""
    percent = lambda x: "" if x is None else f"{100 * x:.0f} %"  # noqa: E731
    cells = (
        name, " ".join(f"{x:.2f}" for x in score.nats), " ".join(f"{100 * x:.0f}" for x in score.right),
        percent(score.same), percent(score.finished), f"{score.length_ratio:.2f}",
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


COLUMNS = ("rung", "nats of each codebook", "% right of each codebook", "reproduced", "finished", "length")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cache", type=Path, help="folder made by `phonelm prepare`")
    parser.add_argument("--rung", choices=RUNGS, required=True, metavar="NAME", help=", ".join(RUNGS))
    parser.add_argument("--preset", choices=sorted(PRESETS), default="tiny", help="model size (default tiny)")
    parser.add_argument("--max-steps", type=int, default=STEPS, help="training steps (default %(default)s)")
    parser.add_argument("--batch-frames", type=int, default=BATCH_FRAMES, help="frames of a step (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures there")


def run(args: argparse.Namespace) -> int:
    config = TrainConfig(
        max_steps=args.max_steps, batch_frames=args.batch_frames, seed=args.seed,
        warmup_steps=max(1, int(WARMUP_SHARE * args.max_steps)),
    )  # fmt: skip
    rung = RUNGS[args.rung]
    score = climb(rung, args.cache, PRESETS[args.preset], config)
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|\n{table_row(args.rung, score)}")
    if args.json:
        entry = {"name": args.rung, "rung": asdict(rung), "steps": args.max_steps, "preset": args.preset}
        write_json(args.json, entry | {"score": asdict(score)})
    return 0
