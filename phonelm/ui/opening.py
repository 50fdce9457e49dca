"""The take that the page shows when it opens. It is made once and stored beside the weights.

`python -m phonelm.ui.opening` makes it with the installed weights. Run it whenever the weights are replaced.
"""

from __future__ import annotations

import json
import sys
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch

from phonelm import checkpoint
from phonelm.config import SamplingConfig, from_dict
from phonelm.files import atomic_write
from phonelm.generation import Frame, Pick
from phonelm.tts import TTS, Recipe, Speech, identity, voice_identity
from phonelm.ui.result import Made

FILE = "opening.npz"  # in `checkpoint.default_dir()`
TEXT = "Hello! Write anything you like, choose a voice, and listen to it a moment later."
SEED = 1
WEIGHTS = ("model", "codec")  # parts of `identity`; a take made with other weights is not shown


def make(tts: TTS) -> Made:
    """The opening take, in the first of the bundled voices."""
    tts.warm_up()
    voice = next(iter(tts.voices))
    *_, (_, speech) = tts.stream(TEXT, voice, SamplingConfig(seed=SEED))
    made_with = identity(tts) | {"voice": voice_identity(speech.voice)}
    return Made(speech, Recipe(TEXT, False, "", speech.settings, voice, True, made_with))


def save(made: Made, path: Path) -> None:
    """Write a take of a bundled voice: frames with their picks, sound (16 bit), the voice's codes, and JSON."""
    speech = made.speech
    picks = [frame.picks for frame in speech.frames]
    facts = {
        "made_with": made.recipe.made_with, "voice": made.recipe.voice, "text": speech.text,
        "spoken": [list(p.symbols) for p in speech.phonemes], "settings": asdict(speech.settings),
        "seconds": speech.seconds, "first_audio_s": speech.first_audio_s, "notes": speech.notes,
    }  # fmt: skip
    with atomic_write(path) as file:
        np.savez_compressed(
            file,
            facts=np.frombuffer(json.dumps(facts).encode(), np.uint8),
            wav=np.rint(speech.wav * 32767).clip(-32768, 32767).astype(np.int16),
            pointer=np.array([f.pointer for f in speech.frames], np.int16),
            sentence=np.array(speech.sentence, np.int16),
            f0_hz=speech.f0_hz,
            advance=np.array([f.advance for f in speech.frames], np.float32),
            forced=np.array([f.forced for f in speech.frames], bool),
            code=np.array([[p.code for p in row] for row in picks], np.int16),
            clamped=np.array([[p.clamped for p in row] for row in picks], bool),
            probability=np.array([[p.probability for p in row] for row in picks], np.float16),
            entropy=np.array([[p.entropy for p in row] for row in picks], np.float16),
            top=np.array([[[code for code, _ in p.top] for p in row] for row in picks], np.int16),
            top_probability=np.array([[[q for _, q in p.top] for p in row] for row in picks], np.float16),
        )


def load(tts: TTS, here: dict[str, str], path: Path | None = None) -> Made | None:
    """The stored take; None if there is none, or if it was made with other weights or other phonemes.

    Args:
        here: `identity` of the system.
        path: default `FILE` in `checkpoint.default_dir()`.
    """
    path = path or checkpoint.default_dir() / FILE
    try:
        with np.load(path, allow_pickle=False) as file:
            stored = {name: file[name] for name in file.files}
        facts = json.loads(stored["facts"].tobytes())
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        return None
    if any(facts["made_with"].get(name) != here[name] for name in WEIGHTS) or facts["voice"] not in tts.voices:
        return None
    phonemes = tts.phonemize(facts["text"])
    if [list(p.symbols) for p in phonemes] != facts["spoken"]:
        return None
    settings = from_dict(SamplingConfig, facts["settings"])
    speech = Speech(facts["text"], phonemes, tts.voice(facts["voice"]), settings, tts.codec.sample_rate)
    speech.frames, speech.sentence = _frames(stored), stored["sentence"].tolist()
    speech.wav = (stored["wav"] / 32767).astype(np.float32)
    speech.f0_hz = stored["f0_hz"]
    speech.seconds, speech.first_audio_s, speech.notes = facts["seconds"], facts["first_audio_s"], facts["notes"]
    recipe = Recipe(facts["text"], False, "", settings, facts["voice"], True, facts["made_with"])
    return Made(speech, recipe, key="opening")


def _frames(stored: dict[str, np.ndarray]) -> list[Frame]:
    names = ("code", "probability", "entropy", "top", "top_probability", "clamped")
    cells = zip(*(stored[name].tolist() for name in names), strict=True)
    rows = [
        tuple(Pick(code, p, h, tuple(zip(top, q)), cut) for code, p, h, top, q, cut in zip(*row)) for row in cells
    ]  # fmt: skip
    return [
        Frame(torch.tensor([p.code for p in row]), pointer, row, advance, forced)
        for row, pointer, advance, forced in zip(
            rows, *(stored[name].tolist() for name in ("pointer", "advance", "forced")), strict=True
        )
    ]


def main() -> None:
    """Make the take with the installed weights and store it beside them."""
    tts, path = TTS.load(), checkpoint.default_dir() / FILE
    made = make(tts)
    save(made, path)
    sys.stdout.write(f"{path}: {made.speech.duration_s:.1f} s of speech, {path.stat().st_size >> 10} KiB\n")


if __name__ == "__main__":
    main()
