"""Every setting of the project, as frozen dataclasses that are saved as plain JSON.

Letters in shapes, here and everywhere: B batch, N phonemes, T frames, K codebooks (= patch size), S samples, D width.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeVar

SAMPLE_RATE = 24_000  # Hz, of every codec PhoneLM knows
HOP_LENGTH = 320  # samples per frame: 75 frames/s
FRAME_RATE = SAMPLE_RATE / HOP_LENGTH  # frames per second
N_Q = 8  # codebooks that are stored
CARD = 1024  # codes per codebook
CODE_DIM = 128  # dimension of a code vector

C = TypeVar("C")


def to_dict(config: Any) -> dict[str, Any]:
    """A config as plain JSON types."""
    return asdict(config)


def from_dict(cls: type[C], values: dict[str, Any]) -> C:
    """Build a config from JSON; `ValueError` names every key that `cls` does not know."""
    known = {f.name for f in fields(cls)}
    if unknown := sorted(set(values) - known):
        names = ", ".join(name if name.isidentifier() else ascii(name)[:40] for name in unknown)
        raise ValueError(f"unknown {cls.__name__} settings {names}; known are {', '.join(sorted(known))}")
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


@dataclass(frozen=True)
class CodecConfig:
    """The bundled codec's networks (log-mel -> ConvNeXt -> RVQ -> ConvNeXt -> inverse STFT)."""

    sample_rate: int = SAMPLE_RATE
    hop_length: int = HOP_LENGTH
    n_q: int = N_Q
    card: int = CARD
    dimension: int = CODE_DIM
    n_mels: int = 100
    analysis_n_fft: int = 1024
    synthesis_n_fft: int = 1280
    encoder_width: int = 256
    encoder_blocks: int = 5
    decoder_width: int = 384
    decoder_blocks: int = 6
    expansion: int = 3


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the acoustic model (text encoder, global model, local model)."""

    n_symbols: int = 96  # size of the phoneme table, at least that of phonemes.SYMBOLS
    codec: str = "bundled"  # the codec whose codes it speaks
    n_codebooks: int = 4  # K, codebooks that are modelled
    card: int = CARD
    code_dim: int = CODE_DIM
    text_layers: int = 3
    text_dim: int = 192
    text_heads: int = 3
    global_layers: int = 6
    global_dim: int = 320
    global_heads: int = 5
    local_layers: int = 2
    local_dim: int = 192
    local_heads: int = 3
    max_hold: int = 64  # frames since the pointer moved, larger ones share an embedding
    hide_previous: float = 0.15  # share of previous frames hidden in training, against exposure bias
    dropout: float = 0.0


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


PRECISIONS = ("bf16", "fp16", "fp32")


@dataclass(frozen=True)
class TrainConfig:
    """How the acoustic model is trained."""

    batch_frames: int = 1700  # target frames of a step, over all processes
    dataset_weights: dict[str, float] = field(default_factory=dict)  # how often an epoch has each utterance, if not 1
    max_minutes: float = 60.0  # wall-clock budget of the whole run; the learning rate falls to zero at its end
    max_steps: int = 0  # steps instead of minutes, if not 0
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
    p_fewer_codebooks: float = 0.05  # utterances that train with the first few codebooks only
    p_hidden_span: float = 0.1  # share of previous frames hidden in spans, besides single ones (hide_previous)
    p_swapped_span: float = 0.05  # share of previous frames replaced by a span of another utterance of the batch
    p_swapped_code: float = 0.05  # share of previous codes replaced by one of the same codebook elsewhere in the batch
    span_frames: int = 8  # mean length of those spans
    max_target_s: float = 12.0
    ema_decay: float = 0.998
    holdout: int = 64  # utterances never trained on
    save_every_minutes: float = 5.0
    speak_every_minutes: float = 15.0  # audio, code grid and word error rate of fixed sentences; 0: never
    seed: int = 0


PRESETS: dict[str, ModelConfig] = {
    "tiny": ModelConfig(
        text_layers=1,
        text_dim=64,
        text_heads=2,
        global_layers=2,
        global_dim=96,
        global_heads=3,
        local_layers=1,
        local_dim=64,
        local_heads=2,
    ),
    "small": ModelConfig(),
    "base": ModelConfig(
        text_layers=4,
        text_dim=256,
        text_heads=4,
        global_layers=12,
        global_dim=512,
        global_heads=8,
        local_layers=3,
        local_dim=256,
        local_heads=4,
    ),
}


CLAMPS = ("off", "seen", "prompt")


@dataclass(frozen=True)
class SamplingConfig:
    """How speech is sampled. `ValueError` names the setting that is out of range."""

    temperature: float = 0.9  # of the codes; 0 takes the likeliest; below 0.7 unknown voices get stuck in one sound
    top_k: int = 0  # 0: no limit
    top_p: float = 1.0
    n_codebooks: int = 0  # 0: all that the model has
    clamp: str = "off"  # codes that may be sampled: off (all), seen (in training), prompt (in the voice prompt)
    speed: float = 1.0  # odds of the pointer's moves are multiplied by this
    guidance: float = 2.0  # away from speech without text and prompt, 1: none (classifier-free guidance)
    pointer_temperature: float = 0.4  # spread of durations; 0 takes their median
    max_phoneme_frames: int = 90  # a pointer that rests longer is moved on
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {
            "temperature": (0.0, 2.0), "top_k": (0, CARD), "top_p": (0.01, 1.0), "n_codebooks": (0, N_Q),
            "speed": (0.5, 2.0), "guidance": (1.0, 5.0), "pointer_temperature": (0.0, 1.0),
            "max_phoneme_frames": (1, 10_000), "seed": (0, 2**63 - 1),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value!r}")
            if isinstance(low, int) and not isinstance(value, int):
                raise ValueError(f"{name} must be a whole number, not {value!r}")
        if self.clamp not in CLAMPS:
            raise ValueError(f"clamp must be one of {', '.join(CLAMPS)}, not {self.clamp!r}")


CODEC_STAGES = ("mel", "gan")


@dataclass(frozen=True)
class CodecTrainConfig:
    """How the bundled codec is trained. `ValueError` names the setting that is out of range."""

    stage: str = "mel"  # mel: spectral losses; gan: adversarial ones besides
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
    commitment_weight: float = 1.0  # beside the mel loss's 1; with 10 the codebooks collapse
    adversarial_weight: float = 1 / 45  # of hinge loss and feature matching, beside the mel loss's 1 (Vocos)
    discriminator_width: int = 16
    ema_decay: float = 0.998  # of the decoder's averaged weights, which are those that are saved
    quantise_from: int = 300  # step at which k-means starts the codebooks; with them from step 0 they collapse
    start_batches: int = 20  # batches of latents that k-means is given
    codebooks_used: tuple[int, ...] = (2, 3, 4, 6, 8)  # each example trains with a number of codebooks drawn from these
    level_dbfs: tuple[float, float] = (-36.0, -12.0)  # RMS of the recordings that crops are taken from
    p_spoiled: float = 0.0  # share of crops that are heard with noise or muffled, and are to be said cleanly
    holdout_share: float = 0.04  # of the speakers
    save_every_minutes: float = 5.0
    seed: int = 0

    def __post_init__(self) -> None:
        for name, known in (("stage", CODEC_STAGES), ("precision", ("bf16", "fp32"))):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}, not {getattr(self, name)!r}")
        limits = {
            "batch_size": (1, 4096), "crop_frames": (4, 3000), "lr": (0, 1), "gan_lr": (0, 1), "p_spoiled": (0, 1),
            "discriminator_width": (2, 256), "holdout_share": (0, 1), "max_steps": (0, 10**9),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            if not low <= getattr(self, name) <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {getattr(self, name)}")
        if not self.codebooks_used or not all(1 <= n <= N_Q for n in self.codebooks_used):
            raise ValueError(f"codebooks_used must be numbers from 1 to {N_Q}, not {self.codebooks_used}")
        if not self.max_steps and not self.max_minutes > 0:
            raise ValueError(f"max_minutes must be above 0, not {self.max_minutes}")
