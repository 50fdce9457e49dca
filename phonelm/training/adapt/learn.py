"""The training of an adaptation: low-rank updates on one person's utterances, mixed with those of many others."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from phonelm import checkpoint
from phonelm.config import from_dict
from phonelm.model import PhoneLM, add_low_rank, low_rank_tensors, set_low_rank
from phonelm.training.batches import BatchMaker
from phonelm.training.config import TrainConfig
from phonelm.training.data.dataset import Utterance
from phonelm.training.guard import StepGuard
from phonelm.training.loss import losses
from phonelm.training.optim import ema_decay, lr_scale, pack_state, set_lr, unpack_state
from phonelm.training.run import Progress, make_accelerator

KIND = "adaptation state"
STATE = "state.safetensors"  # in the working folder


@dataclass(frozen=True)
class AdaptConfig:
    """How a voice is adapted. `ValueError` names the setting that is out of range."""

    rank: int = 16  # of the updates
    lr: float = 1e-3
    max_minutes: float = 15.0  # wall-clock budget; the learning rate falls to zero at its end
    max_steps: int = 0  # steps instead of minutes, if not 0
    batch_frames: int = 1500  # target frames of a step
    prior_share: float = 0.35  # of those frames, from other people
    ema_decay: float = 0.99
    warmup_steps: int = 20
    evaluate_every_minutes: float = 3.0
    patience: int = 3  # evaluations without a better score, after which the adaptation ends
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {
            "rank": (1, 64), "lr": (0, 1), "max_minutes": (0, 10**6), "max_steps": (0, 10**9), "prior_share": (0, 0.95),
            "batch_frames": (100, 10**6), "evaluate_every_minutes": (0.01, 10**6), "patience": (1, 10**6),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {getattr(self, name)}")


@dataclass(frozen=True)
class Measured:
    """What an evaluation finds; WER and likeness (Resemblyzer) of sentences that no training has."""

    step: int
    seconds: float
    word_errors: float
    likeness: float

    def score(self, start: Measured) -> float:
        """Likeness, less what it costs in words: an error rate of more than 1 point above the start counts twice."""
        return self.likeness - 2 * max(0.0, self.word_errors - start.word_errors - 0.01)


class Judge(Protocol):
    """Speaks and judges with given updates, which are empty at the start."""

    def __call__(self, low_rank: dict[str, Tensor], step: int, seconds: float) -> Measured: ...


class InMemory(list[Utterance]):
    """Utterances in memory, as `BatchMaker` reads them."""

    @property
    def records(self) -> list[dict[str, Any]]:
        return [{"speaker": u.speaker, "frames": u.codes.shape[1]} for u in self]


class Adaptation:
    """One adaptation, in a working folder; it goes on where it was left.

    Args:
        model: the one to adapt; it is not changed.
        mine, prior: utterances of the person and of others.
        folder: of `STATE`.
        judge: called at the start and every few minutes.
    """

    def __init__(
        self,
        model: PhoneLM,
        mine: Sequence[Utterance],
        prior: Sequence[Utterance],
        folder: Path,
        judge: Judge,
        config: AdaptConfig = AdaptConfig(),
    ):
        self.config, self.folder, self.judge = config, folder, judge
        self.accelerator = make_accelerator("bf16")
        torch.manual_seed(config.seed)
        self.model = copy.deepcopy(model).to(self.accelerator.device).train()
        self.parameters = add_low_rank(self.model, config.rank)
        optimizer = torch.optim.AdamW(self.parameters, lr=config.lr, betas=(0.9, 0.95), weight_decay=0.0)
        optimizer.param_groups[0]["peak_lr"] = config.lr
        self.optimizers: list[torch.optim.Optimizer] = [optimizer]
        self.average = low_rank_tensors(self.model)
        self.best, self.history, self.progress = dict(self.average), list[Measured](), Progress()
        self.count = len(mine)
        self.utterances = InMemory([*mine, *prior])
        self.training = TrainConfig(p_unconditional=0.05)
        everyone = range(len(self.utterances))
        self.maker = BatchMaker(self.utterances, everyone, self.model.config, self.training)
        self._load()

    def run(self, report: Callable[[Adaptation], None] = lambda _: None) -> dict[str, Tensor]:
        """Train until the budget is used up, or nothing gets better any more.

        Args:
            report: called after every step and every evaluation.
        Returns:
            the best updates, by `Measured.score`; empty if nothing was better than none.
        """
        config, progress, guard = self.config, self.progress, StepGuard()
        if not self.history:
            self._evaluate({})
            report(self)
        mark = time.monotonic()
        last = progress.seconds
        while progress.share(config) < 1 and not self.exhausted:
            set_lr(self.optimizers, lr_scale(progress.step, progress.share(config), config.warmup_steps))
            self._step(guard)
            now = time.monotonic()
            progress.seconds += now - mark
            mark = now
            progress.step += 1
            done = progress.share(config) >= 1
            if done or progress.seconds - last > 60 * config.evaluate_every_minutes:
                self._evaluate(self.average)
                last, mark = progress.seconds, time.monotonic()  # the budget is for training
            report(self)
        return self.best

    @property
    def exhausted(self) -> bool:
        """Nothing has got better for `patience` evaluations."""
        scores = [m.score(self.history[0]) for m in self.history]
        return len(scores) - 1 - int(np.argmax(scores)) >= self.config.patience

    def _step(self, guard: StepGuard) -> None:
        rng = np.random.default_rng([self.config.seed, self.progress.step])
        batch = self.maker(self._draw(rng), [self.config.seed, self.progress.step]).to(self.accelerator.device)
        with self.accelerator.autocast():
            loss, _ = losses(self.model, batch, self.training)
        self.accelerator.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        if guard.accepts(loss.detach(), norm):
            self.optimizers[0].step()
        self.optimizers[0].zero_grad()
        decay = ema_decay(self.progress.step, self.config.ema_decay)
        for name, value in low_rank_tensors(self.model).items():
            self.average[name].lerp_(value, 1 - decay)

    def _draw(self, rng: np.random.Generator) -> list[int]:
        """Utterances of the person and of others for one step."""
        share = self.config.prior_share
        mine = self._some(rng, range(self.count), 1 - share)
        return [*mine, *self._some(rng, range(self.count, len(self.utterances)), share)]

    def _some(self, rng: np.random.Generator, part: range, share: float) -> Iterator[int]:
        left = share * self.config.batch_frames
        while part and left > 0:
            i = int(rng.integers(part.start, part.stop))
            left -= self.utterances[i].codes.shape[1]
            yield i

    def _evaluate(self, low_rank: dict[str, Tensor]) -> None:
        found = self.judge(low_rank, self.progress.step, self.progress.seconds)
        best = max((m.score(self.history[0]) for m in self.history), default=-1.0)
        self.history.append(found)
        if found.score(self.history[0]) > best:
            self.best = {k: v.clone() for k, v in low_rank.items()}
        self._save()

    def _save(self) -> None:
        groups = {"now.": low_rank_tensors(self.model), "average.": self.average, "best.": self.best}
        tensors = {prefix + k: v for prefix, part in groups.items() for k, v in part.items()}
        tensors |= pack_state(self.optimizers)
        metadata = {"progress": vars(self.progress), "history": [asdict(m) for m in self.history]}
        checkpoint.save(self.folder / STATE, tensors, {"kind": KIND, "config": asdict(self.config), **metadata})

    def _load(self) -> None:
        """Go on from `STATE`, if it is there and of the same settings but for the budget."""
        path = self.folder / STATE
        if not path.is_file():
            return
        tensors, metadata = checkpoint.load(path, KIND)
        saved = from_dict(AdaptConfig, metadata["config"])
        minutes, steps, patience = saved.max_minutes, saved.max_steps, saved.patience
        if replace(self.config, max_minutes=minutes, max_steps=steps, patience=patience) != saved:
            raise ValueError(f"{path} was made with other settings: name another output, or delete {self.folder}")
        groups = {
            prefix: {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
            for prefix in ("now.", "average.", "best.")
        }
        set_low_rank(self.model, groups["now."])
        self.average, self.best = groups["average."], groups["best."]
        unpack_state(self.optimizers, tensors)
        self.optimizers[0].param_groups[0]["peak_lr"] = self.config.lr
        self.progress = Progress(**metadata["progress"])
        self.history = [Measured(**m) for m in metadata["history"]]
