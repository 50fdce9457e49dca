"""Training of the acoustic model: one loop, on one device or several (accelerate)."""

from __future__ import annotations

import argparse
import copy
import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from tqdm import tqdm

from phonelm import checkpoint
from phonelm.config import FRAME_RATE, PRESETS, ModelConfig, from_dict
from phonelm.model import PhoneLM, seen_codes, weights
from phonelm.text import Phonemizer
from phonelm.training.batches import Batch, BatchMaker, draw_epoch, plan_epoch, split_holdout
from phonelm.training.config import TRAINING_PRECISIONS, TrainConfig
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.distil import distillation_losses, draw_scales
from phonelm.training.guard import StepGuard, check_finite
from phonelm.training.loader import load_batches
from phonelm.training.loss import evaluate_loss, losses
from phonelm.training.monitor import SCALARS_EVERY, Monitor
from phonelm.training.optim import average_weights, lr_scale, make_optimizers, pack_state, set_lr, unpack_state
from phonelm.training.run import Progress, make_accelerator, parse_weight, same_everywhere
from phonelm.training.start import start_model
from phonelm.tts import TTS, Voice

KIND = "training"  # of `last.safetensors`
EMPTY_EPOCHS = 1000  # in a row, after which a run ends; with small dataset weights an epoch may be empty by chance
SAMPLE_PROMPT_S = 4.0  # length of the voice prompt of spoken samples


@dataclass
class EpochProgress(Progress):
    """The progress of a run that goes through its data in epochs."""

    epoch: int = 0
    batch: int = 0  # batches of this epoch already used


class Run:
    """A training run in a folder: `last.safetensors` to resume from, `model.safetensors` (averaged weights) to use.

    Args:
        cache: a folder made by `phonelm prepare`.
        out: the run's folder.
        model_config, config: ignored in favour of the saved ones when the run is resumed.
        resume: continue from `last.safetensors` if it is there.
        init: trained weights to start from, see `start_model`: for a new voice, or for a longer training.
            With `config.distil` they are the teacher too; a resumed run needs them again.
    Raises:
        ValueError: too few utterances, or settings that do not go together.
    """

    def __init__(
        self,
        cache: Path,
        out: Path,
        model_config: ModelConfig,
        config: TrainConfig,
        resume: bool = False,
        init: Path | None = None,
    ):
        out.mkdir(parents=True, exist_ok=True)
        self.out, self.progress, state = out, EpochProgress(), None
        if resume and (out / "last.safetensors").exists():
            state, meta = checkpoint.load(out / "last.safetensors", KIND)
            model_config, saved = from_dict(ModelConfig, meta["config"]), from_dict(TrainConfig, meta["train"])
            config = replace(saved, max_minutes=config.max_minutes, max_steps=config.max_steps, workers=config.workers)
            self.progress = EpochProgress(**meta["progress"])
        self.config = config
        self.accelerator = make_accelerator(config.precision)
        self.dataset = CodesDataset(cache)
        self.codec = self.dataset.load_codec()
        if config.distil and init is None:
            raise ValueError("one-pass guidance is learned from a trained model: name it with --init")
        model = start_model(init if state is None else None, model_config, self.codec, config.seed)
        self.model_config = model.config
        self.ema = average_weights(model, config.ema_decay)
        optimizers = make_optimizers(model, config)
        if state is not None:
            model.load_state_dict(_part(state, "model."))
            self.ema.load_state_dict(_part(state, "ema."))
            unpack_state(optimizers, state)
        self.raw_model = model
        self.model, *self.optimizers = self.accelerator.prepare(model, *optimizers)
        self.ema.to(self.accelerator.device)
        self.teacher = weights.load(init, self.codec, self.accelerator.device).model if config.distil and init else None
        self.train_set, self.held = split_holdout(self.dataset, config.holdout, 0)
        if not self.held:
            raise ValueError(f"{cache} has {len(self.dataset)} utterances: at least 5 and a holdout of 1 are needed")
        self.frames = [r["frames"] for r in self.dataset.records]
        self.datasets = [r["speaker"].split("/")[0] for r in self.dataset.records]
        known = sorted(set(self.datasets))
        if unknown := sorted(set(config.dataset_weights) - set(known)):
            raise ValueError(f"{cache} has no dataset {', '.join(unknown)}; it has {', '.join(known)}")
        if not any(config.dataset_weights.get(name, 1) for name in known):
            raise ValueError("every dataset has the weight 0: there is nothing to train on")
        self.seen_codes = self._seen()
        self.maker = BatchMaker(self.dataset, self.train_set, self.model_config, config)
        self.scale_generator = torch.Generator()
        self.guard = StepGuard()

    def save(self) -> None:
        """Write both checkpoints. If the process is killed, the previous ones stay complete.

        Raises:
            DivergedError: weights are not finite. Nothing is written.
        """
        if not self.accelerator.is_main_process:
            return
        common = {"config": asdict(self.model_config), "train": asdict(self.config), "progress": vars(self.progress)}
        tensors = {f"model.{k}": v for k, v in self.raw_model.state_dict().items()}
        tensors |= {f"ema.{k}": v for k, v in self.ema.state_dict().items()}
        tensors |= pack_state(self.optimizers)
        check_finite(tensors)
        checkpoint.save(self.out / "last.safetensors", tensors, {"kind": KIND, **common})
        averaged = cast(PhoneLM, self.ema.module)
        weights.save(self.out / "model.safetensors", averaged, self.seen_codes, self.codec, common)

    def _seen(self) -> Tensor:
        """(K, card) bool: codes that occur in the training data, for codebook clamping."""
        k, card = self.model_config.n_codebooks, self.model_config.card
        seen = torch.zeros(k, card, dtype=torch.bool)
        for i in self.train_set:
            seen |= seen_codes(self.dataset[i].codes[None, :k].long(), card)
        return seen

    def step(self, batch: Batch) -> Tensor | None:
        """One update. Each process uses its rows of the batch.

        Returns:
            (K + 1,) cross entropies, see `losses`; None if the update was skipped because it was not finite.
        Raises:
            DivergedError: too many updates in a row were skipped.
        """
        world, rank = self.accelerator.num_processes, self.accelerator.process_index
        frames = int(batch.target.sum()) / world
        batch = batch.share(rank, world).to(self.accelerator.device)
        with self.accelerator.autocast():
            if self.teacher is None:
                loss, parts = losses(self.model, batch, self.config, frames)
            else:
                scale = draw_scales(len(batch.symbols), self.scale_generator).to(self.accelerator.device)
                loss, parts = distillation_losses(self.model, self.teacher, batch, self.config, scale, frames)
        self.accelerator.backward(loss)
        norm = self.accelerator.clip_grad_norm_(self.model.parameters(), self.config.clip_norm)
        accepted = self.guard.accepts(self.accelerator.reduce(loss.detach(), "mean"), norm)
        for optimizer in self.optimizers:
            if accepted or self.accelerator.scaler:  # a scaler (fp16) skips the step itself and lowers its scale
                optimizer.step()
            optimizer.zero_grad()
        self.progress.audio_s += frames * world / FRAME_RATE
        if not accepted:
            self.progress.skipped += 1
            return None
        self.ema.update_parameters(self.raw_model)
        return self.accelerator.reduce(parts, "mean")

    def plan(self, epoch: int) -> list[list[int]]:
        """The batches of an epoch that have an utterance for every process; none if too few utterances were drawn.

        Raises:
            ValueError: batches that are too small for the number of processes.
        """
        config, world, seed = self.config, self.accelerator.num_processes, [self.config.seed, epoch]
        drawn = draw_epoch(self.datasets, self.train_set, config.dataset_weights, seed)
        plan = [p for p in plan_epoch(self.frames, drawn, config.batch_frames, seed) if len(p) >= max(1, world)]
        if not plan and len(drawn) >= world:
            raise ValueError(
                f"no batch of {config.batch_frames} frames has an utterance for each of {world} processes: raise "
                f"--batch-frames to {world * max(self.frames[i] for i in drawn)}, or start fewer processes"
            )
        return plan

    def train(self) -> None:
        """Run until the budget of minutes or steps is used up; raises as `plan`, `step` and `save` do."""
        progress, config, main = self.progress, self.config, self.accelerator.is_main_process
        monitor = Monitor(self.out / "events", self._sample_voice()) if main else None
        bar = tqdm(total=config.max_steps or None, initial=progress.step, disable=not main)
        mark = last_save = last_spoken = time.monotonic()
        average, empty = None, 0
        while progress.share(config) < 1:
            plan = self.plan(progress.epoch)
            empty = 0 if plan else empty + 1
            if empty == EMPTY_EPOCHS:
                raise ValueError(f"{empty} epochs in a row had too few utterances: raise --weights")
            seed, start = [config.seed, progress.epoch], progress.batch
            for at, batch in enumerate(load_batches(self.maker, plan, seed, start, config.workers), start):
                self.scale_generator.manual_seed(progress.step)
                set_lr(self.optimizers, lr_scale(progress.step, progress.share(config), config.warmup_steps))
                parts = self.step(batch)
                if parts is not None:
                    average = parts if average is None else 0.98 * average + 0.02 * parts
                now = time.monotonic()
                progress.step, progress.batch = progress.step + 1, at + 1
                progress.seconds += same_everywhere(self.accelerator, now - mark)
                mark, done = now, progress.share(config) >= 1
                speed = progress.audio_s / progress.seconds
                if monitor and average is not None and progress.step % SCALARS_EVERY == 0:
                    monitor.losses("train", average, progress.step)
                    monitor.progress(self.optimizers[0].param_groups[0]["lr"], speed, progress.step)
                if monitor and average is not None and (done or now - last_save > 60 * config.save_every_minutes):
                    self._checkpoint(monitor, average)
                    last_save = now
                if monitor and config.speak_every_minutes and now - last_spoken > 60 * config.speak_every_minutes:
                    monitor.speak(self._tts(), progress.step)
                    last_spoken = now
                losses = " ".join(f"{x:.2f}" for x in average) if average is not None else "no loss"
                skipped = f", {progress.skipped} skipped" if progress.skipped else ""
                bar.set_postfix_str(f"{speed:.1f} x, {progress.left(config)}, {losses}{skipped}", refresh=False)
                bar.update()
                if done:
                    break
            else:
                progress.epoch, progress.batch = progress.epoch + 1, 0
        if monitor:
            monitor.close()

    def _checkpoint(self, monitor: Monitor, average: Tensor) -> None:
        """Measure the averaged weights on held-out utterances, log the result, save everything."""
        held = evaluate_loss(self.ema.module, self.maker, self.held, self.frames, self.config)
        monitor.losses("held_out", held, self.progress.step)
        with open(self.out / "log.jsonl", "a", encoding="utf-8") as log:
            entry = {"processes": self.accelerator.num_processes, "train": average.tolist(), "held": held.tolist()}
            log.write(json.dumps({**vars(self.progress), **entry}) + "\n")
        self.save()

    def _tts(self) -> TTS:
        """A system with the current averaged weights."""
        model = cast(PhoneLM, copy.deepcopy(self.ema.module).eval())
        return TTS(weights.Acoustic(model, self.seen_codes, {}), self.codec, Phonemizer())

    def _sample_voice(self) -> Voice:
        """A held-out utterance as a voice prompt."""
        index = min(self.held, key=lambda i: abs(self.frames[i] - SAMPLE_PROMPT_S * FRAME_RATE))
        codes = self.dataset[index].codes.long()  # (n_q, T)
        return Voice(codes.T, self.codec.waveform(codes[None]))


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cache", type=Path, help="folder made by `phonelm prepare`")
    parser.add_argument("--preset", choices=sorted(PRESETS), default="small", help="model size")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run")
    parser.add_argument("--max-minutes", type=float, default=60.0, help="wall-clock budget of the run (default 60)")
    parser.add_argument("--max-steps", type=int, default=0, help="budget in steps instead of minutes")
    parser.add_argument("--batch-frames", type=int, default=TrainConfig.batch_frames, help="target frames of a step")
    parser.add_argument(
        "--weights", type=parse_weight, nargs="+", default=[], metavar="DATASET=TIMES",
        help="how often each utterance of a dataset is used in an epoch (default 1): librispeech=3 kathleen=0.5",
    )  # fmt: skip
    parser.add_argument("--codebooks", type=int, default=4, help="codebooks to model (default 4)")
    parser.add_argument("--lr", type=float, default=TrainConfig.muon_lr, help="learning rate (default %(default)s)")
    parser.add_argument("--precision", choices=TRAINING_PRECISIONS, default="bf16", help="default %(default)s")
    parser.add_argument(
        "--save-every", type=float, default=TrainConfig.save_every_minutes, metavar="MINUTES",
        help="how much a kill may cost (default %(default)s)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--workers", type=int, default=0, metavar="N",
        help="processes that make batches; a GPU needs about 8 (default 0: the training process makes them)",
    )  # fmt: skip
    parser.add_argument("--speaker-dim", type=int, default=0, metavar="N", help="give the model a speaker vector")
    parser.add_argument(
        "--one-pass-guidance", action="store_true",
        help="learn what the model of --init says with guidance, so that guided speech needs one pass",
    )  # fmt: skip
    parser.add_argument("--init", type=Path, metavar="MODEL", help="start from the weights of this model.safetensors")
    parser.add_argument("--resume", action="store_true", help="continue a run that is already in --out")


def run(args: argparse.Namespace) -> int:
    config = TrainConfig(
        max_minutes=args.max_minutes, max_steps=args.max_steps, batch_frames=args.batch_frames, seed=args.seed,
        precision=args.precision, save_every_minutes=args.save_every, muon_lr=args.lr, adam_lr=args.lr,
        dataset_weights=dict(args.weights), workers=args.workers, distil=args.one_pass_guidance,
    )  # fmt: skip
    sizes = replace(
        PRESETS[args.preset], n_codebooks=args.codebooks, speaker_dim=args.speaker_dim,
        one_pass_guidance=args.one_pass_guidance,
    )  # fmt: skip
    Run(args.cache, args.out, sizes, config, args.resume, args.init).train()
    return 0
