"""Examples: each sets text, voice and settings. The user then presses Generate."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from phonelm.checkpoint import default_dir
from phonelm.tts import TTS
from phonelm.ui.controls import Controls
from phonelm.ui.text_input import TextInput
from phonelm.ui.voice import CLIP, VoiceInput

CLONED = "voices/kathleen.flac"  # in `checkpoint.default_dir()`


class Example(NamedTuple):
    """`codebooks`: 0 for all."""

    name: str
    text: str
    cloned: bool = False
    clamp: str = "off"
    codebooks: int = 0


EXAMPLES = (
    Example("A question", "Wait, are you sure that this is the right way?"),
    Example("Numbers", "On the 3rd of June 1998, 1,250 people paid $4.50 each."),
    Example("Homographs", "The wind was too strong to wind the sail, so I read the book that you like to read."),
    Example(
        "A long paragraph",
        "The rain had stopped before they reached the bridge. Below them the river ran brown and fast, carrying "
        "branches and, once, a wooden chair. Nobody spoke. Then the youngest laughed, and pointed at the mill: its "
        "wheel, which had stood still for thirty years, was turning again.",
    ),
    Example(
        "A cloned voice",
        "This voice comes from a clip of four seconds. Upload one of your own, and I say it in that voice.",
        True,
    ),
    Example(
        "Clamped, two codebooks", "With so few codes to choose from, it sounds a little rougher.", True, "prompt", 2
    ),
)


def examples(tts: TTS, text: TextInput, voice: VoiceInput, settings: Controls) -> None:
    """Lay them out. Nothing is made until Generate is pressed."""
    clip, k, first = str(default_dir() / CLONED), tts.model.config.n_codebooks, next(iter(tts.voices))
    samples = [
        [e.text, False, *((CLIP, clip) if e.cloned else (first, None)), None, e.codebooks or k, e.clamp]
        for e in EXAMPLES
    ]
    gr.Examples(
        samples, [text.text, text.by_hand, *voice, settings.codebooks, settings.clamp],
        example_labels=[e.name for e in EXAMPLES], cache_examples=False, api_visibility="private",
        elem_id="examples",
    )  # fmt: skip
