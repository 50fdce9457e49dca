"""Recipes: what a speech was made from, and the upload of a bundle or recipe that sets every control again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
import soundfile

from phonelm.config import SamplingConfig
from phonelm.tts import (
    CLIP_FILE,
    MAX_BYTES,
    TTS,
    VOICE_FILE,
    Clip,
    DecodeControls,
    Recipe,
    RecipeError,
    SavedVoice,
    Speech,
    Turn,
    differences,
    source,
    unpack,
    voice_identity,
)
from phonelm.ui.controls import Controls
from phonelm.ui.events import KEEP_S
from phonelm.ui.html import problem
from phonelm.ui.phonemes import say_again, sentences
from phonelm.ui.text_input import TextInput
from phonelm.ui.voice import CLIP, VoiceInput

LARGEST_SEED = 2**53 - 1  # that a browser's numbers can hold
SAMPLED = ("temperature", "top_k", "top_p", "n_codebooks", "clamp", "guidance")  # of `Controls`, in its order
DECODED = ("speed", "pitch_semitones", "intonation")  # the rest of it


def recipe_of(speech: Speech, typed: tuple, voice: Clip | SavedVoice | str, here: dict[str, str]) -> Recipe:
    """What a speech was made from.

    Args:
        typed: values of `TextInput`.
        voice: the voice clip, a voice file, or the name of a voice.
        here: `recipe.identity` of the system that spoke.
    """
    text, by_hand, phonemes = typed
    made_with = here | {"voice": voice_identity(speech.voice)}
    complete = speech.stop_reason != "stopped"
    controls = replace(speech.controls, mean_hz=None)
    return Recipe(
        text, by_hand, phonemes if by_hand else "", speech.settings, voice, complete, made_with, speech.edits, controls
    )


def with_edits(
    tts: TTS, speech: Speech, recipe: Recipe, loaded: Recipe | None, is_stopped: Callable[[], bool],
    turn: Turn | None = None,
) -> Speech:  # fmt: skip
    """The speech with the edits of the last loaded recipe, unless it was made from something else.

    Args:
        recipe: of the speech.
        turn: the turn in which this is done; it lets other requests go first.
    Raises:
        ValueError: the edits are not possible in this speech, or were stopped.
    """
    if loaded is None or not loaded.edits or not speech.frames or speech.stop_reason == "stopped":
        return speech
    if source(recipe) != source(loaded):
        speech.notes.append("The edits of the recipe are left out, because its text, voice or settings were changed.")
        return speech
    for edit in loaded.edits:
        if is_stopped():
            raise ValueError("stopped before the recipe's edits were done: press Generate to start again")
        speech = say_again(tts, speech, edit, turn)
    return speech


def recipe_input(
    tts: TTS, here: dict[str, str], text: TextInput, voice: VoiceInput, settings: Controls, seed: gr.Number,
    keep: gr.Checkbox,
) -> gr.State:  # fmt: skip
    """Lay out the upload and make it set the controls. A file that cannot be used changes nothing.

    Returns:
        The last loaded `Recipe`, with the versions and weights of this system.
    """
    upload = gr.UploadButton("Load a bundle or recipe", file_types=[".zip", ".json"], size="sm", elem_id="recipe")
    note, loaded = gr.HTML(elem_id="recipe-note"), gr.State(time_to_live=KEEP_S)

    def load(path: str) -> Iterator[dict[Any, Any]]:
        try:
            recipe, notes = read_recipe(tts, here, settings, path)
        except (ValueError, OSError) as error:
            yield {note: problem(str(error))}
            return
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            kind, clip, file = recipe.voice, None, None
            if isinstance(recipe.voice, SavedVoice):
                kind, file = CLIP, str(Path(folder, VOICE_FILE))
                Path(file).write_bytes(recipe.voice.data)
            elif not isinstance(recipe.voice, str):
                kind, clip = CLIP, str(Path(folder, CLIP_FILE))
                soundfile.write(clip, *recipe.voice, subtype="FLOAT")
            values = control_values(recipe.settings, recipe.controls)
            yield {
                text.text: recipe.text, text.by_hand: recipe.by_hand,
                text.phonemes: gr.update(value=recipe.phonemes, visible=recipe.by_hand),
                voice.kind: kind, voice.clip: clip, voice.file: file,
                **dict(zip(settings, values, strict=True)), seed: recipe.settings.seed, keep: True, loaded: recipe,
                note: "".join(f"<p class=note>{escape(line)}</p>" for line in notes),
            }  # fmt: skip

    upload.upload(load, upload, [*text, *voice, *settings, seed, keep, note, loaded], show_progress="hidden",
                  api_visibility="private")  # fmt: skip
    return loaded


def read_recipe(tts: TTS, here: dict[str, str], settings: Controls, path: str) -> tuple[Recipe, list[str]]:
    """The recipe in an uploaded file, with the versions and weights of this system, and notes for the user.

    Args:
        here: `recipe.identity` of this system.
        settings: the controls that will show the recipe's settings.
        path: of the uploaded file.
    Raises:
        ValueError: the file has no recipe, or one that this system cannot follow exactly; one line says why.
    """
    if Path(path).stat().st_size > MAX_BYTES:
        raise RecipeError(f"the file has more than {MAX_BYTES >> 20} MiB, which is too large for a recipe")
    recipe = unpack(Path(path).read_bytes())
    recipe = replace(recipe, settings=_settable(recipe, settings))
    tts.codec.check_controls(recipe.controls)
    sentences(tts, recipe.text, recipe.by_hand, recipe.phonemes)
    if isinstance(recipe.voice, str) and recipe.voice not in tts.voices:
        raise RecipeError(f"the recipe's voice is {recipe.voice!r}; here there are {', '.join(tts.voices)}")
    made_here = here | {"voice": voice_identity(tts.voice(recipe.voice))}
    notes = []
    if other := differences(recipe, made_here):
        notes.append(f"Made with another {', '.join(other)}: it may sound different.")
    if not recipe.complete:
        notes.append("This speech was stopped before its end; Generate speaks the whole text.")
    recipe = replace(recipe, made_with=made_here)
    return recipe, notes or ["The recipe fits this system: Generate makes the same speech again."]


def control_values(settings: SamplingConfig, controls: DecodeControls) -> list:
    """The values of `Controls`, in its order."""
    return [*(getattr(settings, name) for name in SAMPLED), *(getattr(controls, name) for name in DECODED)]


def _settable(recipe: Recipe, settings: Controls) -> SamplingConfig:
    """The settings as the controls can show them; RecipeError if they cannot."""
    made = recipe.settings
    if made.n_codebooks == 0:
        made = replace(made, n_codebooks=settings.codebooks.maximum)
    values = control_values(made, recipe.controls)
    for name, value, control in zip([*SAMPLED, *DECODED], values, settings, strict=True):
        if isinstance(control, gr.Slider) and not control.minimum <= value <= control.maximum:
            limits = f"from {control.minimum} to {control.maximum}"
            raise RecipeError(f"{name} in the recipe is {value}; it must be {limits}")
    default = SamplingConfig()
    for name in ("pointer_temperature", "max_phoneme_frames"):
        if getattr(made, name) != getattr(default, name):
            raise RecipeError(f"{name} in the recipe is {getattr(made, name)}; here it is {getattr(default, name)}")
    if made.seed > LARGEST_SEED:
        raise RecipeError(f"the seed in the recipe is {made.seed}; it must be at most {LARGEST_SEED}")
    return made
