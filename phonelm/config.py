"""Every setting of the project, as frozen dataclasses that are saved as plain JSON.

Letters in shapes, here and everywhere: B batch, N phonemes, T frames, K codebooks (= patch size), S samples, D width.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

SAMPLE_RATE = 24_000  # Hz, of every codec PhoneLM knows
HOP_LENGTH = 320  # samples per frame: 75 frames/s
FRAME_RATE = SAMPLE_RATE / HOP_LENGTH  # frames per second
N_Q = 8  # codebooks that are stored
CARD = 1024  # codes per codebook
CODE_DIM = 128  # dimension of a code vector

C = TypeVar("C", bound="DataclassInstance")


def from_dict(cls: type[C], values: dict[str, Any]) -> C:
    """Build a config from JSON; `ValueError` names every key that `cls` does not know."""
    known = {f.name for f in fields(cls)}
    if unknown := sorted(set(values) - known):
        names = ", ".join(name if name.isidentifier() else ascii(name)[:40] for name in unknown)
        raise ValueError(f"unknown {cls.__name__} settings {names}; known are {', '.join(sorted(known))}")
    return cls(**{k: tuple(v) if isinstance(v, list) else v for k, v in values.items()})


@dataclass(frozen=True)
class CodecConfig:
    """The bundled codec's networks: log-mel -> ConvNeXt -> RVQ -> ConvNeXt -> decoder.

    `decoder` is "source_filter" (pulses and noise, filtered) or "istft" (inverse STFT, the first one).
    """

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
    decoder: str = "istft"
    pitch_blocks: int = 2  # last blocks that the pitch branch of the source-filter decoder has of its own
    pitch_bins: int = 256
    envelope_points: int = 80
    noise_points: int = 40
    segment: int = 1024  # samples that the source-filter decoder filters at a time


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
    speaker_dim: int = 0  # width of the speaker vector; 0: the model has none
    one_pass_guidance: bool = False  # the guidance scale is an input, so that guided speech needs one pass
    max_hold: int = 64  # frames since the pointer moved, larger ones share an embedding
    hide_previous: float = 0.15  # share of previous frames hidden in training, against exposure bias
    dropout: float = 0.0


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
    guidance: float = 2.0  # away from speech without text and prompt, 1: none (classifier-free guidance)
    pointer_temperature: float = 0.4  # spread of durations; 0 takes their median
    max_phoneme_frames: int = 90  # a pointer that rests longer is moved on
    seed: int = 0

    def __post_init__(self) -> None:
        limits = {
            "temperature": (0.0, 2.0), "top_k": (0, CARD), "top_p": (0.01, 1.0), "n_codebooks": (0, N_Q),
            "guidance": (1.0, 5.0), "pointer_temperature": (0.0, 1.0), "max_phoneme_frames": (1, 10_000),
            "seed": (0, 2**63 - 1),
        }  # fmt: skip
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise ValueError(f"{name} must be from {low} to {high}, not {value!r}")
            if isinstance(low, int) and not isinstance(value, int):
                raise ValueError(f"{name} must be a whole number, not {value!r}")
        if self.clamp not in CLAMPS:
            raise ValueError(f"clamp must be one of {', '.join(CLAMPS)}, not {self.clamp!r}")

    def at_sentence(self, number: int) -> SamplingConfig:
        """The settings of sentence `number` of a text, from 0: each sentence has a seed of its own."""
        return replace(self, seed=(self.seed + number) % 2**63)


