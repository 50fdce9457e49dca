"""Stage source-filter of `train-codec`: trains a decoder of pulses and noise. The codes do not change."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from phonelm import checkpoint
from phonelm.codec import EncodecModel, SourceFilterDecoder, load_bundled
from phonelm.config import SAMPLE_RATE, CodecConfig, from_dict
from phonelm.training.codec.crops import read_rows, split_speakers
from phonelm.training.codec.loop import LAST, Loop, check_share, print_problems
from phonelm.training.codec.source_filter.cache import make_cache
from phonelm.training.codec.source_filter.crops import SIDE, Crops
from phonelm.training.codec.source_filter.step import Learner
from phonelm.training.config import SourceFilterConfig
from phonelm.training.run import Progress, make_accelerator

DECODER = "source_filter"
HELD_CROPS = 24  # crops of held-out speakers for the losses


class SourceFilterRun(Loop):
    """A training run in a folder.

    Args:
        folders: dataset folders, see `read_dataset`. Texts are not needed.
        out: the run's folder.
        config: settings. A resumed run uses the saved ones, except for the budget.
        init: codec file with the codes to decode. A new decoder starts from the layers of its decoder.
        resume: continue from `last.safetensors` if it is there.
        cache: folder of the targets, by default `out`/targets.
        workers: number of processes that make targets.
    Raises:
        ValueError: no usable recordings, or settings that do not go together.
        JudgeError: pyworld is missing.
    """

    kind = "source_filter_training"

    def __init__(
        self,
        folders: list[Path],
        out: Path,
        config: SourceFilterConfig,
        init: Path,
        resume: bool = False,
        cache: Path | None = None,
        workers: int = 1,
    ):
        self.out, self.progress, state = out, Progress(), None
        if resume and (out / LAST).exists():
            state, meta = checkpoint.load(out / LAST, self.kind)
            saved = from_dict(SourceFilterConfig, meta["train"])
            config = replace(saved, max_minutes=config.max_minutes, max_steps=config.max_steps)
            self.progress = Progress(**meta["progress"])
        self.config = config
        self.accelerator = make_accelerator(config.precision)
        check_share(config.batch_size, self.accelerator)
        torch.manual_seed(config.seed)
        model, sizes = load_bundled(init)
        self.model, self.sizes = with_source_filter(model, sizes)
        self._read_data(folders, cache or out / "targets", init, workers)
        self.learner = Learner(self.model, config, self.accelerator, self.crops.margin, state)

    def _read_data(self, folders: list[Path], cache: Path, codec: Path, workers: int) -> None:
        """Make missing targets, and separate the held-out speakers."""
        rows, problems = read_rows(folders)
        main = self.accelerator.is_main_process
        with self.accelerator.main_process_first():
            utterances, unusable = make_cache(rows, cache, codec, self.sizes.noise_points, workers, quiet=not main)
        if main:
            print_problems(problems + unusable)
        train, held = split_speakers(utterances, self.config.holdout_share)
        if not train:
            raise ValueError(f"none of {len(rows)} recordings can be trained on; {len(held)} are held out")
        frames, margin = self.config.crop_frames, self.model.decoder.trunk_context + SIDE
        self.crops = Crops(train, frames, margin, self.config.dataset_weights)
        self.held = Crops(held, frames, margin) if held else None
        self.datasets = sorted({one.id.split("/")[0] for one in utterances})
        self.hours = sum(one.frames for one in train) * self.sizes.hop_length / SAMPLE_RATE / 3600

    def step(self) -> dict[str, float]:
        """One update. Returns the losses by name, none if the update was left out because it was not finite."""
        config, progress = self.config, self.progress
        batch = self.crops([config.seed, 0, progress.step], config.batch_size)
        parts = self.learner.step(progress.step, progress.share(config), batch)
        progress.audio_s += batch.wav.numel() / SAMPLE_RATE
        progress.skipped += not parts
        return {name: value.item() for name, value in parts.items()}

    def held_losses(self) -> dict[str, float]:
        """Losses of the averaged weights on held-out speakers."""
        return self.learner.measure(self.held([0], HELD_CROPS)) if self.held else {}

    def scalars(self) -> dict[str, float]:
        """Learning rate of the heads."""
        return {"learning_rate": self.learner.optimizer.param_groups[0]["lr"]}


def with_source_filter(model: EncodecModel, sizes: CodecConfig) -> tuple[EncodecModel, CodecConfig]:
    """A codec with a `SourceFilterDecoder`: its own, or a new one that starts from the layers of its own.

    The blocks of the pitch branch start as copies of the last blocks.
    """
    if isinstance(model.decoder, SourceFilterDecoder):
        return model, sizes
    sizes = replace(sizes, decoder=DECODER)
    decoder, old = SourceFilterDecoder(sizes), model.decoder.state_dict()
    shared = sizes.decoder_blocks - sizes.pitch_blocks
    start: dict[str, Tensor] = {}
    for name in decoder.state_dict():
        source = name.replace("pitch_norm.", "final_norm.")
        if name.startswith("pitch_blocks."):
            _, number, rest = name.split(".", 2)
            source = f"blocks.{shared + int(number)}.{rest}"
        if source in old:
            start[name] = old[source]
    decoder.load_state_dict(start, strict=False)
    model.decoder = decoder
    return model, sizes
