"""`train-codec`: train the bundled codec, by spectral losses first (stage mel), then adversarially (stage gan)."""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter
from tqdm import tqdm

from phonelm import checkpoint
from phonelm.codec import BUNDLED_FILE, build_bundled, load_bundled, save_bundled
from phonelm.config import SAMPLE_RATE, CodecConfig, from_dict
from phonelm.training.codec.crops import Crops, decode_rows, read_rows, split_speakers
from phonelm.training.codec.report import add_report_arguments, run_report
from phonelm.training.codec.rvq import perplexity
from phonelm.training.codec.step import Learner
from phonelm.training.config import CODEC_STAGES, CodecTrainConfig
from phonelm.training.guard import check_finite
from phonelm.training.run import Progress, make_accelerator, same_everywhere

LAST = "last.safetensors"
KIND = "codec_training"  # of that file
SCALARS_EVERY = 10  # steps
REPORTED = (2, 4, 8)  # numbers of codebooks of the mel loss on held-out speakers
HELD_CROPS = 32  # of held-out speakers, on which the mel loss is measured


class Run:
    """A training run in a folder: `last.safetensors` to resume from, `codec.safetensors` to use.

    Args:
        folders: dataset folders, see `data.read_dataset`; texts are not needed.
        out: the run's folder.
        sizes: of a new codec; ignored if there is an `init`.
        config: when the run is resumed, the saved one is used, but for the budget.
        init: codec file to start from.
        resume: continue from `last.safetensors` if it is there.
        cache: where decoded audio is kept; default `out`/audio.
    Raises:
        ValueError: no usable recordings, or settings that do not go together.
    """

    def __init__(
        self,
        folders: list[Path],
        out: Path,
        sizes: CodecConfig,
        config: CodecTrainConfig,
        init: Path | None = None,
        resume: bool = False,
        cache: Path | None = None,
    ):
        self.out, self.progress, state = out, Progress(), None
        if resume and (out / LAST).exists():
            state, meta = checkpoint.load(out / LAST, KIND)
            sizes, saved = from_dict(CodecConfig, meta["config"]), from_dict(CodecTrainConfig, meta["train"])
            config = replace(saved, max_minutes=config.max_minutes, max_steps=config.max_steps)
            self.progress = Progress(**meta["progress"])
        elif init is None and (config.stage == "gan" or config.freeze_encoder):
            raise ValueError("adversarial training, or a frozen encoder, needs a codec to start from: --init FILE")
        self.config = config
        self.accelerator = make_accelerator(config.precision)
        if config.batch_size % (world := self.accelerator.num_processes):
            raise ValueError(f"batch_size {config.batch_size} cannot be shared out equally among {world} processes")
        torch.manual_seed(config.seed)
        model = build_bundled(sizes)
        if init is not None and state is None:
            model, sizes = load_bundled(init)
        self.model, self.sizes = model, sizes
        self._read_data(folders, cache or out / "audio")
        self.learner = Learner(model, config, self.accelerator, state)

    def _read_data(self, folders: list[Path], cache: Path) -> None:
        """Decode what is not decoded yet, and set the held-out speakers apart."""
        rows, problems = read_rows(folders)
        with self.accelerator.main_process_first():
            clips, unusable = decode_rows(rows, cache, quiet=not self.accelerator.is_main_process)
        if self.accelerator.is_main_process:
            problems += unusable
            for problem in problems[:5]:
                print(f"left out: {problem.id}: {problem.reason}", file=sys.stderr)
            if len(problems) > 5:
                print(f"left out: {len(problems) - 5} more", file=sys.stderr)
        train, self.held_clips = split_speakers(clips, self.config.holdout_share)
        if not train:
            raise ValueError(f"none of {len(rows)} recordings is left to train on; {len(self.held_clips)} are held out")
        size = self.config.crop_frames * self.sizes.hop_length
        self.crops = Crops(train, size, self.config)
        self.held = Crops(self.held_clips, size, self.config) if self.held_clips else None
        self.datasets = sorted({clip.speaker.split("/")[0] for clip in clips})

    def step(self) -> dict[str, float]:
        """One update; returns the losses by name, none if the update was left out because it was not finite."""
        config, progress = self.config, self.progress
        if not self.learner.quantising and progress.step >= config.quantise_from:
            seeds = ([config.seed, 1, i] for i in range(config.start_batches))
            self.learner.start([self.crops(seed, config.batch_size)[0] for seed in seeds])
        heard, said = self.crops([config.seed, 0, progress.step], config.batch_size)
        parts = self.learner.step(progress.step, progress.share(config), heard, said)
        progress.audio_s += said.numel() / SAMPLE_RATE
        progress.skipped += not parts
        return {name: value.item() for name, value in parts.items()}

    def train(self) -> None:
        """Run until the budget of minutes or steps is used up.

        Raises:
            ValueError: the budget ended before the codebooks were started, so that there is no codec.
        """
        progress, config, main = self.progress, self.config, self.accelerator.is_main_process
        writer = SummaryWriter(str(self.out / "events")) if main else None
        average: dict[str, float] = {}
        mark = last_save = time.monotonic()
        with tqdm(total=config.max_steps or None, initial=progress.step, disable=not main) as bar:
            while progress.share(config) < 1:
                for name, value in self.step().items():
                    average[name] = 0.98 * average.get(name, value) + 0.02 * value
                now, progress.step = time.monotonic(), progress.step + 1
                progress.seconds += same_everywhere(self.accelerator, now - mark)
                mark, done = now, progress.share(config) >= 1
                if writer and progress.step % SCALARS_EVERY == 0:
                    self._log(writer, average)
                if writer and (done or now - last_save > 60 * config.save_every_minutes):
                    self._checkpoint(writer, average)
                    last_save = now
                losses = " ".join(f"{name} {value:.3f}" for name, value in average.items())
                speed = progress.audio_s / progress.seconds
                bar.set_postfix_str(f"{speed:.1f} x, {progress.left(config)}, {losses}", refresh=False)
                bar.update()
        if writer:
            writer.close()
        if not self.learner.quantising:
            raise ValueError(
                f"the run ended after {progress.step} steps, but the codebooks start at step {config.quantise_from}: "
                "there is no codec yet; --resume it with a larger budget"
            )

    def _log(self, writer: SummaryWriter, average: dict[str, float]) -> None:
        """Losses, use of the codebooks, learning rate and speed, for TensorBoard."""
        step = self.progress.step
        for name, value in average.items():
            writer.add_scalar(f"train/{name}", value, step)
        if self.learner.quantising:
            for k, value in enumerate(perplexity(self.model.quantizer).tolist(), 1):
                writer.add_scalar(f"perplexity/codebook_{k}", value, step)
        writer.add_scalar("learning_rate", self.learner.optimizers[0].param_groups[0]["lr"], step)
        writer.add_scalar("audio_seconds_per_second", self.progress.audio_s / self.progress.seconds, step)

    def held_losses(self) -> dict[str, float]:
        """The mel loss on held-out speakers by number of codebooks; empty if nobody is held out."""
        if self.held is None or not self.learner.quantising:
            return {}
        heard, said = self.held([0], HELD_CROPS, augment=False)
        return {str(k): self.learner.mel(heard, said, k) for k in REPORTED if k <= self.sizes.n_q}

    def _checkpoint(self, writer: SummaryWriter, average: dict[str, float]) -> None:
        """Measure on what is held out, log it, save everything."""
        held = self.held_losses()
        for k, value in held.items():
            writer.add_scalar(f"held_out/mel_{k}_codebooks", value, self.progress.step)
        self.out.mkdir(parents=True, exist_ok=True)
        with open(self.out / "log.jsonl", "a", encoding="utf-8") as log:
            log.write(json.dumps({**vars(self.progress), "train": average, "held_mel": held}) + "\n")
        self.save()

    def save(self) -> None:
        """Write both checkpoints; a kill at any moment leaves the former ones whole.

        Raises:
            DivergedError: weights that are not finite; nothing is written.
        """
        check_finite(self.learner.state_dict())
        meta = {"train": asdict(self.config), "progress": vars(self.progress), "datasets": self.datasets}
        header = {"kind": KIND, "config": asdict(self.sizes), **meta}
        checkpoint.save(self.out / LAST, self.learner.state_dict(), header)
        if self.learner.quantising:
            save_bundled(self.out / BUNDLED_FILE, self.learner.averaged_model(), self.sizes, **meta)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    default = CodecTrainConfig()
    add = parser.add_argument
    add("--data", type=Path, nargs="+", required=True, metavar="DIR", help="dataset folders; texts are not needed")
    add("--out", type=Path, help="folder of the run")
    add("--stage", choices=CODEC_STAGES, default=default.stage, help="losses: mel only (default), or gan besides")
    add("--init", type=Path, metavar="CODEC", help="start from this codec.safetensors")
    add("--freeze-encoder", action=argparse.BooleanOptionalAction, help="train the decoder only, so that codes stay "
        "valid (default in stage gan)")  # fmt: skip
    add("--max-minutes", type=float, default=default.max_minutes, help="wall-clock budget of the run (default 60)")
    add("--max-steps", type=int, default=0, help="budget in steps instead of minutes")
    add("--batch-size", type=int, default=default.batch_size, help="crops of a step (default %(default)s)")
    add("--crop-frames", type=int, default=default.crop_frames, help="frames of a crop (default %(default)s)")
    add("--lr", type=float, help=f"learning rate (default {default.lr}, in stage gan {default.gan_lr})")
    add("--codebooks", type=int, nargs="+", default=default.codebooks_used, metavar="N", help="how many codebooks an "
        f"example is given, drawn from these (default {' '.join(map(str, default.codebooks_used))}); one that is named "
        "more often is drawn more often")  # fmt: skip
    add("--discriminator-width", type=int, default=default.discriminator_width, metavar="N",
        help="channels; 16 (default) suits a CPU, 32 is usual")  # fmt: skip
    add("--spoil", type=float, default=0.0, metavar="SHARE", help="of the inputs, by noise or a low-pass (default 0)")
    add("--precision", choices=("bf16", "fp32"), default=default.precision, help="default %(default)s")
    add("--seed", type=int, default=0)
    add("--cache", type=Path, metavar="DIR", help="where decoded audio is kept (default: OUT/audio)")
    add("--resume", action="store_true", help="continue a run that is already in --out")
    measured = parser.add_argument_group("measuring instead of training")
    add_report_arguments(measured)


def run(args: argparse.Namespace) -> int:
    if args.report:
        return run_report(args)
    if args.out is None:
        raise ValueError("name a folder for the run: --out DIR")
    freeze = args.stage == "gan" if args.freeze_encoder is None else args.freeze_encoder
    config = CodecTrainConfig(
        stage=args.stage, freeze_encoder=freeze, max_minutes=args.max_minutes, max_steps=args.max_steps,
        batch_size=args.batch_size, crop_frames=args.crop_frames, discriminator_width=args.discriminator_width,
        p_spoiled=args.spoil, codebooks_used=tuple(args.codebooks), precision=args.precision, seed=args.seed,
    )  # fmt: skip
    if args.lr is not None:
        config = replace(config, lr=args.lr, gan_lr=args.lr)
    Run(args.data, args.out, CodecConfig(), config, args.init, args.resume, args.cache).train()
    return 0
