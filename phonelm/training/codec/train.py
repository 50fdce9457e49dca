"""`train-codec`: train the bundled codec.

Stage mel trains encoder, codebooks and an inverse-STFT decoder with spectral losses. Stage gan trains that decoder with
adversarial losses. Stage source-filter trains the decoder in use. It does not change the codes.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import torch

from phonelm import checkpoint
from phonelm.codec import build_bundled, load_bundled
from phonelm.config import SAMPLE_RATE, CodecConfig, from_dict
from phonelm.training.codec.crops import Crops, decode_rows, read_rows, split_speakers
from phonelm.training.codec.loop import LAST, Loop, check_share, print_problems
from phonelm.training.codec.report import add_report_arguments, run_report
from phonelm.training.codec.rvq import perplexity
from phonelm.training.codec.source_filter.train import SourceFilterRun
from phonelm.training.codec.step import Learner
from phonelm.training.config import CODEC_STAGES, CodecTrainConfig, SourceFilterConfig
from phonelm.training.run import Progress, make_accelerator, parse_weight

FIRST_DECODER = "istft"  # of stages mel and gan; the codes are learned end to end with it
REPORTED = (2, 4, 8)  # numbers of codebooks with which the held-out mel loss is computed
HELD_CROPS = 32  # crops of held-out speakers for the mel loss


class Run(Loop):
    """A training run in a folder: `last.safetensors` to resume from, `codec.safetensors` to use.

    Args:
        folders: dataset folders, see `datasets.read_dataset`. Texts are not needed.
        out: the run's folder.
        sizes: sizes of a new codec. Ignored with `init`.
        config: settings. A resumed run uses the saved ones, except for the budget.
        init: codec file to start from.
        resume: continue from `last.safetensors` if it is there.
        cache: folder of the decoded audio, by default `out`/audio.
    Raises:
        ValueError: no usable recordings, or settings that do not go together.
    """

    kind = "codec_training"

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
            state, meta = checkpoint.load(out / LAST, self.kind)
            sizes, saved = from_dict(CodecConfig, meta["config"]), from_dict(CodecTrainConfig, meta["train"])
            config = replace(saved, max_minutes=config.max_minutes, max_steps=config.max_steps)
            self.progress = Progress(**meta["progress"])
        elif init is None and (config.stage == "gan" or config.freeze_encoder):
            raise ValueError("stage gan and --freeze-encoder need a codec to start from: --init FILE")
        self.config = config
        self.accelerator = make_accelerator(config.precision)
        check_share(config.batch_size, self.accelerator)
        torch.manual_seed(config.seed)
        model = build_bundled(sizes)
        if init is not None and state is None:
            model, sizes = load_bundled(init)
        if sizes.decoder != FIRST_DECODER:
            raise ValueError(
                f"stage {config.stage} trains a decoder of kind {FIRST_DECODER}, not {sizes.decoder}: use --stage "
                "source-filter"
            )
        self.model, self.sizes = model, sizes
        self._read_data(folders, cache or out / "audio")
        self.learner = Learner(model, config, self.accelerator, state)

    def _read_data(self, folders: list[Path], cache: Path) -> None:
        """Decode what is not decoded yet, and separate the held-out speakers."""
        rows, problems = read_rows(folders)
        with self.accelerator.main_process_first():
            clips, unusable = decode_rows(rows, cache, quiet=not self.accelerator.is_main_process)
        if self.accelerator.is_main_process:
            print_problems(problems + unusable)
        train, self.held_clips = split_speakers(clips, self.config.holdout_share)
        if not train:
            raise ValueError(f"none of {len(rows)} recordings can be trained on; {len(self.held_clips)} are held out")
        size = self.config.crop_frames * self.sizes.hop_length
        self.crops = Crops(train, size, self.config)
        self.held = Crops(self.held_clips, size, self.config) if self.held_clips else None
        self.datasets = sorted({clip.speaker.split("/")[0] for clip in clips})

    def step(self) -> dict[str, float]:
        """One update. Returns the losses by name, none if the update was left out because it was not finite."""
        config, progress = self.config, self.progress
        if not self.learner.quantising and progress.step >= config.quantise_from:
            seeds = ([config.seed, 1, i] for i in range(config.start_batches))
            self.learner.start([self.crops(seed, config.batch_size)[0] for seed in seeds])
        inputs, targets = self.crops([config.seed, 0, progress.step], config.batch_size)
        parts = self.learner.step(progress.step, progress.share(config), inputs, targets)
        progress.audio_s += targets.numel() / SAMPLE_RATE
        progress.skipped += not parts
        return {name: value.item() for name, value in parts.items()}

    def train(self) -> None:
        """Run until the budget of minutes or steps is used.

        Raises:
            ValueError: the budget ended before the codebooks were initialised, so there is no codec.
        """
        super().train()
        if not self.learner.quantising:
            raise ValueError(
                f"the run ended after {self.progress.step} steps, but the codebooks start at step "
                f"{self.config.quantise_from}: there is no codec yet; --resume it with a larger budget"
            )

    def scalars(self) -> dict[str, float]:
        """Learning rate, and number of used codes per codebook."""
        found = {"learning_rate": self.learner.optimizers[0].param_groups[0]["lr"]}
        if self.learner.quantising:
            used = perplexity(self.model.quantizer).tolist()
            found |= {f"perplexity/codebook_{k}": value for k, value in enumerate(used, 1)}
        return found

    def held_losses(self) -> dict[str, float]:
        """Mel loss on held-out speakers, by number of codebooks. Empty if nobody is held out."""
        if self.held is None or not self.learner.quantising:
            return {}
        inputs, targets = self.held([0], HELD_CROPS, augment=False)
        return {f"mel_{k}_codebooks": self.learner.mel(inputs, targets, k) for k in REPORTED if k <= self.sizes.n_q}

    @property
    def usable(self) -> bool:
        """Whether the codebooks are initialised. Before that there is no codec to save."""
        return self.learner.quantising


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `train-codec`."""
    add, first, source = parser.add_argument, CodecTrainConfig(), SourceFilterConfig()
    add("--data", type=Path, nargs="+", required=True, metavar="DIR", help="dataset folders; texts are not needed")
    add("--out", type=Path, help="folder of the run")
    add("--stage", choices=CODEC_STAGES, default=first.stage, help="mel (default): a new codec; gan: its decoder, "
        "adversarially; source-filter: the decoder of pulses and noise")  # fmt: skip
    add("--init", type=Path, metavar="CODEC", help="start from this codec.safetensors")
    add("--freeze-encoder", action=argparse.BooleanOptionalAction, help="train the decoder only, so that codes stay "
        "valid (default in stage gan; stage source-filter always does)")  # fmt: skip
    add("--max-minutes", type=float, default=first.max_minutes, help="wall-clock budget of the run (default 60)")
    add("--max-steps", type=int, default=0, help="budget in steps instead of minutes")
    add("--batch-size", type=int, help=f"crops of a step (default {first.batch_size}, of a source-filter decoder "
        f"{source.batch_size})")  # fmt: skip
    add("--crop-frames", type=int, help=f"frames of a crop (default {first.crop_frames}, {source.crop_frames})")
    add("--lr", type=float, help=f"learning rate (default {first.lr}, in stage gan {first.gan_lr}; {source.lr})")
    add("--codebooks", type=int, nargs="+", metavar="N", help="an example is trained with a number of codebooks drawn "
        f"from these (default {_words(first.codebooks_used)}; {_words(source.codebooks_used)}); repeated "
        "numbers are drawn more often")  # fmt: skip
    add("--discriminator-width", type=int, default=first.discriminator_width, metavar="N",
        help="channels; 16 (default) suits a CPU, 32 is usual")  # fmt: skip
    add("--augment", "--spoil", type=float, default=0.0, metavar="SHARE",
        help="stages mel and gan: share of inputs that get noise, an echo or a low-pass (default 0)")  # fmt: skip
    add("--weights", type=parse_weight, nargs="+", default=[], metavar="DATASET=TIMES",
        help="stage source-filter: how often a dataset is drawn, if not 1")  # fmt: skip
    add("--noise-db", type=float, default=source.noise_db, metavar="DB", help="stage source-filter: added to the level "
        "of voiced noise that WORLD finds (default 0)")  # fmt: skip
    add("--free-noise", action="store_true", help="stage source-filter: WORLD does not teach the noise of voiced "
        "frames; recommended")  # fmt: skip
    add("--likeness-weight", type=float, default=source.likeness_weight, metavar="SHARE", help="stage source-filter: "
        "distance in the encoder's latents, as a share of the main gradient (default 0: off; try 0.1)")  # fmt: skip
    add("--adversarial-weight", type=float, default=source.adversarial_weight, metavar="SHARE", help="stage "
        "source-filter: discriminators, as a share of the main gradient (default 0: off; try 0.4)")  # fmt: skip
    add("--precision", choices=("bf16", "fp32"), default=first.precision, help="default %(default)s")
    add("--seed", type=int, default=0)
    add("--cache", type=Path, metavar="DIR", help="folder of decoded audio or targets (default: in OUT)")
    add("--workers", type=int, default=1, help="stage source-filter: processes that make targets (default 1)")
    add("--resume", action="store_true", help="continue a run that is already in --out")
    add_report_arguments(parser.add_argument_group("measure instead of training"))


def _words(numbers: tuple[int, ...]) -> str:
    return " ".join(map(str, numbers))


def run(args: argparse.Namespace) -> int:
    """Run `train-codec` from the command line."""
    if args.report:
        return run_report(args)
    if args.out is None:
        raise ValueError("name a folder for the run: --out DIR")
    given = {"batch_size": args.batch_size, "crop_frames": args.crop_frames, "lr": args.lr, "gan_lr": args.lr}
    given["codebooks_used"] = tuple(args.codebooks) if args.codebooks else None
    chosen = {name: value for name, value in given.items() if value is not None}
    chosen |= {"max_minutes": args.max_minutes, "max_steps": args.max_steps, "precision": args.precision,
               "seed": args.seed}  # fmt: skip
    if args.stage == "source-filter":
        if args.init is None:
            raise ValueError("stage source-filter needs a codec to start from: --init FILE")
        chosen.pop("gan_lr", None)
        settings = SourceFilterConfig(
            dataset_weights=dict(args.weights), noise_db=args.noise_db, free_noise=args.free_noise,
            likeness_weight=args.likeness_weight, adversarial_weight=args.adversarial_weight,
            discriminator_width=args.discriminator_width, **chosen,
        )  # fmt: skip
        SourceFilterRun(args.data, args.out, settings, args.init, args.resume, args.cache, args.workers).train()
        return 0
    freeze = args.stage == "gan" if args.freeze_encoder is None else args.freeze_encoder
    config = CodecTrainConfig(
        stage=args.stage, freeze_encoder=freeze, discriminator_width=args.discriminator_width, p_spoiled=args.augment,
        **chosen,
    )  # fmt: skip
    Run(args.data, args.out, CodecConfig(decoder=FIRST_DECODER), config, args.init, args.resume, args.cache).train()
    return 0
