"""The settings of sampling and decoding as controls, for every tab that speaks."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import NamedTuple

import gradio as gr

from phonelm.config import CARD, SamplingConfig
from phonelm.tts import CONTROL_LIMITS, TTS, DecodeControls

CLAMP_INFO = (
    "Codes that may be sampled: all of them, only those that occur in the training data, or only those that occur in "
    "the voice clip. A tighter clamp keeps strange sounds out, at the cost of clarity; crosses in the grid mark where "
    "it removed the model's first choice."
)
GUIDANCE_INFO = "How strictly the sound follows phonemes and voice: more is clearer, less is livelier; 1 for none"
MAX_SEED = 2**31


class Controls(NamedTuple):
    """What `sampling` takes, in its order; the last three decide how the codes are decoded."""

    temperature: gr.Slider
    top_k: gr.Slider
    top_p: gr.Slider
    codebooks: gr.Slider
    clamp: gr.Radio
    guidance: gr.Slider
    speed: gr.Slider
    pitch: gr.Slider
    intonation: gr.Slider

    @property
    def decoding(self) -> tuple[gr.Slider, gr.Slider, gr.Slider]:
        """What `DecodeControls` takes, in its order."""
        return self.speed, self.pitch, self.intonation


def new_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbelow(MAX_SEED)


def sampling(temperature, top_k, top_p, codebooks, clamp, guidance, seed: int) -> SamplingConfig:
    """Values of controls as settings; ValueError names what is out of range."""
    return SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p, n_codebooks=codebooks, clamp=clamp,
                          guidance=guidance, seed=seed)  # fmt: skip


def settings_of(values: Sequence, seed: int) -> tuple[SamplingConfig, DecodeControls]:
    """The values of all `Controls`, in their order; ValueError names what is out of range."""
    temperature, top_k, top_p, codebooks, clamp, guidance, speed, pitch, intonation = values
    sampled = sampling(temperature, top_k, top_p, codebooks, clamp, guidance, seed)
    return sampled, DecodeControls(speed, pitch, intonation)


def tempo_controls(tts: TTS, prefix: str = "") -> tuple[gr.Slider, gr.Slider]:
    """Lay out the sliders of speed and pitch."""
    default = DecodeControls()
    with gr.Row(elem_id=f"{prefix}manner"):
        speed = _decoding_slider(tts, "speed", default.speed, 0.05, label="Speed", info="2 is twice as fast",
                                 elem_id=f"{prefix}speed")  # fmt: skip
        pitch = _decoding_slider(tts, "pitch_semitones", default.pitch_semitones, 0.5, label="Pitch",
                                 info="semitones", elem_id=f"{prefix}pitch")  # fmt: skip
    return speed, pitch


def _decoding_slider(tts: TTS, name: str, value: float, step: float, **options) -> gr.Slider:
    """A slider of `DecodeControls`; it stays at its default with a codec that has no such controls."""
    return gr.Slider(*CONTROL_LIMITS[name], value, step=step, interactive=tts.codec.has_controls, min_width=120,
                     **options)  # fmt: skip


def controls(tts: TTS, prefix: str = "", tempo: tuple[gr.Slider, gr.Slider] | None = None) -> Controls:
    """Lay out the sliders, set to the defaults.

    Args:
        prefix: of their ids.
        tempo: `tempo_controls`, if they are somewhere else in the page.
    """
    default, k = SamplingConfig(), tts.model.config.n_codebooks
    speed, pitch = tempo or tempo_controls(tts, prefix)
    temperature = gr.Slider(0, 1.5, default.temperature, step=0.05, label="Temperature",
                            info="0 takes the likeliest code each time")  # fmt: skip
    with gr.Row():
        top_k = gr.Slider(0, CARD, default.top_k, step=1, label="Top-k", info="0 for no limit")
        top_p = gr.Slider(0.05, 1, default.top_p, step=0.05, label="Top-p", info="1 for no limit")
    with gr.Row():
        codebooks = gr.Slider(1, k, k, step=1, label="Codebooks", info="fewer sound rougher")
        intonation = _decoding_slider(tts, "intonation", DecodeControls().intonation, 0.1, label="Intonation",
                                      info="0 is flat, 2 is lively", elem_id=f"{prefix}intonation")  # fmt: skip
    guidance = gr.Slider(1, 3, default.guidance, step=0.1, label="Guidance", info=GUIDANCE_INFO)
    clamp = gr.Radio(
        [("off", "off"), ("seen in training", "seen"), ("in the voice clip", "prompt")],
        value=default.clamp, label="Codebook clamping", info=CLAMP_INFO,
    )  # fmt: skip
    return Controls(temperature, top_k, top_p, codebooks, clamp, guidance, speed, pitch, intonation)


def seed_controls(elem_id: str) -> tuple[gr.Number, gr.Checkbox]:
    """The seed with its dice, and whether the next run keeps it."""
    with gr.Row(elem_id=elem_id, elem_classes="seed"):
        seed = gr.Number(SamplingConfig().seed, label="Seed", precision=0, min_width=120, scale=3)
        dice = gr.Button("Dice", min_width=44, scale=0, elem_classes="dice")
        keep = gr.Checkbox(False, label="Keep", min_width=80, scale=1, container=False)
    dice.click(lambda: (new_seed(), True), None, [seed, keep], queue=False, show_progress="hidden",
               api_visibility="private")  # fmt: skip
    return seed, keep
