"""What the user sets before a comparison: one text, and a voice, a seed and settings for each of two speeches."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr
from gradio.components import Component

from phonelm.config import SamplingConfig
from phonelm.text import Phonemes
from phonelm.tts import TTS, Clip, DecodeControls, SavedVoice, Turns
from phonelm.ui.aside import Aside
from phonelm.ui.controls import Controls, controls, new_seed, seed_controls, settings_of
from phonelm.ui.dictionary import applied
from phonelm.ui.phonemes import sentences
from phonelm.ui.run import Run, blame, run_buttons
from phonelm.ui.text_input import TextInput, text_input
from phonelm.ui.voice import CLIP, VoiceInput, chosen, voice_input

SIDES = "AB"  # what is compared


class Side(NamedTuple):
    """The controls of one of the two."""

    voice: VoiceInput
    voice_note: gr.HTML
    settings: Controls
    seed: gr.Number
    keep: gr.Checkbox


class Plan(NamedTuple):
    """How one of the two is spoken."""

    voice: Clip | SavedVoice | str
    settings: SamplingConfig
    controls: DecodeControls


class CompareForm(NamedTuple):
    """The components. `sides_box` holds `sides`; `status` says how the run goes."""

    text: TextInput
    text_note: gr.HTML
    dictionary: gr.Textbox
    same_seed: gr.Checkbox
    blind: gr.Checkbox
    run: Run
    status: gr.HTML
    sides_box: gr.Column
    sides: list[Side]

    @property
    def inputs(self) -> set[Component]:
        """What the user sets."""
        of_sides = (part for s in self.sides for part in (*s.voice, *s.settings, s.seed, s.keep))
        return {*self.text, self.dictionary, *of_sides, self.same_seed, self.blind}

    @property
    def remembered(self) -> dict[str, Component]:
        """What stays in the browser, by name."""
        kept: dict[str, Component] = {**self.text._asdict(), "same_seed": self.same_seed, "blind": self.blind}
        for name, side in zip(SIDES, self.sides, strict=True):
            parts = {"voice": side.voice.kind, **side.settings._asdict(), "seed": side.seed, "keep": side.keep}
            kept |= {f"{name}-{part}": component for part, component in parts.items()}
        return {f"compare-{name}": component for name, component in kept.items()}

    def read(self, tts: TTS, values: dict) -> tuple[list[Phonemes], list[Plan]]:
        """The phonemes to speak, and how A and B speak them; `values` by component.

        Raises:
            ValueError, Blamed: an input cannot be used, or A and B are the same.
        """
        seeds = [values[side.seed] if values[side.keep] else new_seed() for side in self.sides]
        if values[self.same_seed]:
            seeds[1] = seeds[0]
        chosen_values = ([values[part] for part in side.settings] for side in self.sides)
        settings = [settings_of(picked, seed) for picked, seed in zip(chosen_values, seeds)]
        chosen_voices = [[values[part] for part in side.voice] for side in self.sides]
        (kind, *clip), (other_kind, *other_clip) = chosen_voices
        if settings[0] == settings[1] and kind == other_kind and (kind != CLIP or clip == other_clip):
            raise ValueError("A and B are the same: give one another voice, seed or setting")
        voices = []
        for side, parts in zip(self.sides, chosen_voices):
            with blame(side.voice_note):
                voices.append(chosen(*parts))
        with blame(self.text_note):
            typed, *by_hand = (values[part] for part in self.text)
            phonemes = sentences(tts, applied(typed, values[self.dictionary]), *by_hand)
        return phonemes, [Plan(voice, *both) for voice, both in zip(voices, settings)]


def compare_form(tts: TTS, turns: Turns, aside: Aside, dictionary: gr.Textbox) -> CompareForm:
    """Lay it out."""
    with gr.Row():
        with gr.Column(min_width=300):
            text, text_note = text_input(tts, turns, aside, dictionary, "compare-")
            same_seed = gr.Checkbox(False, label="One seed for both: that of A", container=False,
                                    elem_id="compare-same-seed")  # fmt: skip
            blind = gr.Checkbox(False, label="Blind: do not tell me which is which", container=False,
                                elem_id="compare-blind")  # fmt: skip
            run = run_buttons("Generate both", "compare-")
            status = gr.HTML("<p>Choose different voices, seeds or settings for A and B. Their difference appears "
                             "here.</p>", elem_id="compare-status", elem_classes="status")  # fmt: skip
        with gr.Column(scale=2, min_width=300) as sides_box, gr.Row():
            sides = [_side(tts, aside, name) for name in SIDES]
    return CompareForm(text, text_note, dictionary, same_seed, blind, run, status, sides_box, sides)


def _side(tts: TTS, aside: Aside, name: str) -> Side:
    prefix = f"compare-{name.lower()}-"
    with gr.Column(min_width=300):
        gr.Markdown(f"### {name}")
        voice, voice_note = voice_input(tts, aside, prefix)
        seed, keep = seed_controls(f"{prefix}seed")
        with gr.Accordion("Settings", open=False, elem_id=f"{prefix}settings"):
            settings = controls(tts, prefix)
    return Side(voice, voice_note, settings, seed, keep)
