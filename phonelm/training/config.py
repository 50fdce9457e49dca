"""Settings that only training reads."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from phonelm.config import N_Q


@dataclass(frozen=True)
class AlignerConfig:
    """The network and training of the forced aligner."""

    n_symbols: int = 96
    n_mels: int = 40
    width: int = 128
    steps: int = 1000
    batch_frames: int = 3000
    lr: float = 2e-3
    seed: int = 0


TRAINING_PRECISIONS = ("bf16", "fp16", "fp32")


@dataclass(frozen=True)
class TrainConfig:
    """How the acoustic model is trained. `ValueError` names the setting that is out of range."""

    batch_frames: int = 1700  # target frames of a step, over all processes
    dataset_weights: dict[str, float] = field(default_factory=dict)  # how often an epoch has each
    max_minutes: float = 60.0  # wall-clock budget of the run; the learning rate falls to zero at its end
    max_steps: int = 0  # budget in steps; 0 for minutes
    precision: str = "bf16"  # of the arithmetic; weights are kept in fp32
    warmup_steps: int = 100
    muon_lr: float = 1.5e-3  # matrices of the transformer blocks
    adam_lr: float = 1.5e-3  # everything else
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    codebook_weights: tuple[float, ...] = (1.0, 0.6, 0.4, 0.3, 0.25, 0.2, 0.15, 0.1)
    advance_weight: float = 1.0
    prompt_short_s: tuple[float, float] = (1.0, 4.0)  # length of most voice prompts
    prompt_long_s: tuple[float, float] = (4.0, 8.0)
    p_long_prompt: float = 0.35
    p_no_prompt: float = 0.05
    p_prompt_from_end: float = 0.6  # where a speaker has one utterance: prompts from its end, the others from its start
    p_unconditional: float = 0.1  # utterances that train without phonemes and prompt, for guidance
    p_no_speaker_vector: float = 0.1  # utterances that train with the prompt's frames only
    p_speaker_vector_only: float = 0.1  # utterances that train with the speaker vector only
    p_fewer_codebooks: float = 0.05  # utterances that train with the first few codebooks only
    p_hidden_span: float = 0.1  # share of previous frames hidden in spans, in addition to single ones (hide_previous)
    p_swapped_span: float = 0.05  # share of previous frames replaced by a span of another utterance of the batch
    p_swapped_code: float = 0.05  # share of previous codes replaced by one of the same codebook elsewhere in the batch
    span_frames: int = 8  # mean length of those spans
    max_target_s: float = 12.0
    distil: bool = False  # distil guidance from a teacher, see `training.distil`
    workers: int = 0  # processes that make batches; 0 for the training process
    ema_decay: float = 0.998
    holdout: int = 64  # number of held-out utterances
    save_every_minutes: float = 5.0
    speak_every_minutes: float = 15.0  # audio, code grid and word error rate of fixed sentences; 0: never
    seed: int = 0

    def __post_init__(self) -> None:
        if self.precision not in TRAINING_PRECISIONS:
            raise ValueError(f"precision must be one of {', '.join(TRAINING_PRECISIONS)}, not {self.precision!r}")
        limits = {
            "batch_frames": (1, 10**7), "muon_lr": (0, 1), "adam_lr": (0, 1), "warmup_steps": (1, 10**9),
            "holdout": (1, 10**9), "max_steps": (0, 10**9), "seed": (0, 2**63 - 1), "workers": (0, 1024),
        }  # fmt: skip
        _check(self, limits)


CODEC_STAGES = ("mel", "gan", "source-filter")


@dataclass(frozen=True)
class CodecTrainConfig:
    """How the bundled codec is trained in stages mel and gan. `ValueError` names the setting that is out of range."""

    stage: str = "mel"  # mel: spectral losses; gan: adversarial losses as well
    freeze_encoder: bool = False  # encoder and codebooks stay as they are, so that codes stay valid
    batch_size: int = 16  # crops of a step, over all processes
    crop_frames: int = 50
    max_minutes: float = 60.0  # wall-clock budget of the whole run; the learning rates fall to zero at its end
    max_steps: int = 0  # steps instead of minutes, if not 0
    precision: str = "bf16"  # of decoder and discriminators; encoder, codebooks and spectra are computed in fp32
    warmup_steps: int = 100
    lr: float = 1e-3  # of the codec in stage mel
    gan_lr: float = 2e-4  # of codec and discriminators in stage gan
    weight_decay: float = 0.01
    clip_norm: float = 1.0
    commitment_weight: float = 1.0  # the mel loss has 1; with 10 the codebooks collapse
    adversarial_weight: float = 1 / 45  # of hinge loss and feature matching; the mel loss has 1 (Vocos)
    discriminator_width: int = 16
    ema_decay: float = 0.998  # of the decoder's averaged weights, which are those that are saved
    quantise_from: int = 300  # step at which k-means starts the codebooks; with them from step 0 they collapse
    start_batches: int = 20  # batches of latents that k-means is given
    codebooks_used: tuple[int, ...] = (2, 3, 4, 6, 8)  # each example trains with a number of codebooks drawn from these
    level_dbfs: tuple[float, float] = (-36.0, -12.0)  # RMS of the recordings that crops are taken from
    p_spoiled: float = 0.0  # share of inputs with noise or a low-pass; their targets stay clean
    holdout_share: float = 0.04  # of the speakers
    save_every_minutes: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("stage", CODEC_STAGES[:2]), ("precision", ("bf16", "fp32"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        limits = {
            "batch_size": (1, 4096), "crop_frames": (4, 3000), "lr": (0, 1), "gan_lr": (0, 1), "p_spoiled": (0, 1),
            "discriminator_width": (2, 256), "holdout_share": (0, 1), "max_steps": (0, 10**9),
        }  # fmt: skip
        _check(self, limits)
        _check_codebooks(self.codebooks_used)


@dataclass(frozen=True)
class SourceFilterConfig:
    """How the source-filter decoder is trained. `ValueError` names the setting that is out of range."""

    batch_size: int = 12  # crops of a step, over all processes
    crop_frames: int = 60
    max_minutes: float = 60.0  # wall-clock budget of the whole run; the learning rates fall to zero at its end
    max_steps: int = 0  # steps instead of minutes, if not 0
    precision: str = "bf16"  # of the network; pulses, noise and spectra are computed in fp32
    warmup_steps: int = 200
    lr: float = 2e-3  # of the layers that give pitch, voicing and envelopes
    trunk_lr: float = 4e-4  # of the others
    weight_decay: float = 0.01
    clip_norm: float = 5.0
    pitch_weight: float = 0.2  # beside the energy distance's 1
    voicing_weight: float = 0.2
    noise_weight: float = 0.2
    noise_db: float = 0.0  # added to the level that WORLD finds for the noise of voiced frames
    free_noise: bool = False  # noise of voiced frames learns from the waveform like the rest, not from WORLD
    likeness_weight: float = 0.0  # gradient on the envelopes, as a share of the energy distance's; 0: off
    adversarial_weight: float = 0.0  # likewise; 0: no discriminators
    adversarial_from: float = 0.1  # share of the budget after which the discriminators start to learn
    discriminator_steps: int = 300  # steps that they learn alone
    adversarial_ramp: int = 300  # further steps over which `adversarial_weight` rises to its value
    discriminator_lr: float = 3e-4
    discriminator_width: int = 16
    adversarial_frames: int = 40  # part of a crop that the discriminators hear
    ema_decay: float = 0.998  # of the averaged weights, which are those that are saved
    codebooks_used: tuple[int, ...] = (4, 4, 4, 4, 8, 2)  # each crop trains with a number of codebooks drawn from these
    dataset_weights: dict[str, float] = field(default_factory=dict)  # how often a dataset is drawn, if not 1
    holdout_share: float = 0.02  # of the speakers, on which the losses are measured during training
    save_every_minutes: float = 5.0
    seed: int = 0

    @property
    def noise_nats(self) -> float:
        """`noise_db` as natural logarithm of a magnitude."""
        return self.noise_db * math.log(10) / 20

    def __post_init__(self) -> None:
        if self.precision not in ("bf16", "fp32"):
            raise ValueError(f"precision must be one of bf16, fp32, not {self.precision!r}")
        limits = {
            "batch_size": (1, 4096), "crop_frames": (8, 3000), "lr": (0, 1), "trunk_lr": (0, 1), "noise_db": (-60, 20),
            "holdout_share": (0, 1), "max_steps": (0, 10**9), "likeness_weight": (0, 10), "adversarial_weight": (0, 10),
            "adversarial_from": (0, 1), "discriminator_steps": (0, 10**9), "adversarial_ramp": (1, 10**9),
            "discriminator_lr": (0, 1), "discriminator_width": (2, 256), "adversarial_frames": (8, 3000),
        }  # fmt: skip
        _check(self, limits)
        _check_codebooks(self.codebooks_used)


Settings = TrainConfig | CodecTrainConfig | SourceFilterConfig


def _check(config: Settings, limits: Mapping[str, tuple[float, float]]) -> None:
    """Raise ValueError for a setting out of its limits, or for no budget of steps or minutes."""
    for name, (low, high) in limits.items():
        if not low <= getattr(config, name) <= high:
            raise ValueError(f"{name} must be from {low} to {high}, not {getattr(config, name)}")
    if not config.max_steps and not config.max_minutes > 0:
        raise ValueError(f"max_minutes must be above 0, not {config.max_minutes}")


def _check_codebooks(used: tuple[int, ...]) -> None:
    """Raise ValueError unless these are numbers of codebooks that there are."""
    if not used or not all(1 <= n <= N_Q for n in used):
        raise ValueError(f"codebooks_used must be numbers from 1 to {N_Q}, not {used}")
