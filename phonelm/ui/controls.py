"""The sampling settings as controls, for every tab that speaks."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import gradio as gr

from phonelm.config import CARD, SamplingConfig

CLAMP_INFO = (
    "Codes that may be sampled: all of them, only those that occur in the training data, or only those that occur in "
    "the voice clip. A tighter clamp keeps strange sounds out, at the cost of clarity; crosses in the grid mark where "
    "it removed the model's first choice."
)
GUIDANCE_INFO = "How strictly the sound follows phonemes and voice: more is clearer, less is livelier; 1 for none"
MAX_SEED = 2**31


class Controls(NamedTuple):
    """What `sampling` takes, in its order."""

    temperature: gr.Slider
    top_k: gr.Slider
    top_p: gr.Slider
    codebooks: gr.Slider
    clamp: gr.Radio
    speed: gr.Slider
    guidance: gr.Slider


def new_seed() -> int:
    """A seed that nobody can guess."""
    return secrets.randbelow(MAX_SEED)


def sampling(temperature, top_k, top_p, codebooks, clamp, speed, guidance, seed: int) -> SamplingConfig:
    """The controls' values as settings; ValueError names what is out of range."""
    return SamplingConfig(temperature=temperature, top_k=top_k, top_p=top_p, n_codebooks=codebooks, clamp=clamp,
                          speed=speed, guidance=guidance, seed=seed)  # fmt: skip


def speed_slider() -> gr.Slider:
    """How fast it is said."""
    return gr.Slider(0.5, 2, SamplingConfig().speed, step=0.05, label="Speed", info="above 1 is faster")


def controls(k: int, speed: gr.Slider | None = None) -> Controls:
    """Lay out the sliders, set to the defaults.

    Args:
        k: codebooks of the model.
        speed: `speed_slider`, where it is laid out elsewhere.
    """
    default = SamplingConfig()
    temperature = gr.Slider(0, 1.5, default.temperature, step=0.05, label="Temperature",
                            info="0 takes the likeliest code each time")  # fmt: skip
    with gr.Row():
        top_k = gr.Slider(0, CARD, default.top_k, step=1, label="Top-k", info="0 for no limit")
        top_p = gr.Slider(0.05, 1, default.top_p, step=0.05, label="Top-p", info="1 for no limit")
    with gr.Row():
        codebooks = gr.Slider(1, k, k, step=1, label="Codebooks", info="fewer sound rougher")
        speed = speed or speed_slider()
    guidance = gr.Slider(1, 3, default.guidance, step=0.1, label="Guidance", info=GUIDANCE_INFO)
    clamp = gr.Radio(
        [("off", "off"), ("seen in training", "seen"), ("in the voice clip", "prompt")],
        value=default.clamp, label="Codebook clamping", info=CLAMP_INFO,
    )  # fmt: skip
    return Controls(temperature, top_k, top_p, codebooks, clamp, speed, guidance)


def seed_controls(elem_id: str) -> tuple[gr.Number, gr.Checkbox]:
    """The seed with its dice, and whether the next run keeps it."""
    with gr.Row(elem_id=elem_id, elem_classes="seed"):
        seed = gr.Number(SamplingConfig().seed, label="Seed", precision=0, min_width=120, scale=3)
        dice = gr.Button("Dice", min_width=44, scale=0, elem_classes="dice")
        keep = gr.Checkbox(False, label="Keep", min_width=80, scale=1, container=False)
    dice.click(lambda: (new_seed(), True), None, [seed, keep], queue=False, show_progress="hidden",
               api_visibility="private")  # fmt: skip
    return seed, keep
