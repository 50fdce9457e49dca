"""Text and a voice in, a `Speech` out; saving, editing, bundling and drawing it."""

from phonelm.codec import CONTROL_LIMITS, DecodeControls
from phonelm.tts.bundle import CLIP_FILE, MAX_BYTES, pack, unpack
from phonelm.tts.edit import locate
from phonelm.tts.picture import COLOUR_BY, draw_grid, save_grid
from phonelm.tts.reading import read_aloud, stream_long
from phonelm.tts.recipe import (
    MAX_EDITS,
    Clip,
    Recipe,
    RecipeError,
    check_clip,
    differences,
    identity,
    source,
    voice_identity,
)
from phonelm.tts.speech import Edit, PhonemeTime, Speech, Voice
from phonelm.tts.system import TTS
from phonelm.tts.turns import TooMany, Turn, Turns
from phonelm.tts.voices import bundled_voices, check_speakers

__all__ = [
    "CLIP_FILE",
    "COLOUR_BY",
    "CONTROL_LIMITS",
    "Clip",
    "DecodeControls",
    "Edit",
    "MAX_BYTES",
    "MAX_EDITS",
    "PhonemeTime",
    "Recipe",
    "RecipeError",
    "Speech",
    "TTS",
    "TooMany",
    "Turn",
    "Turns",
    "Voice",
    "bundled_voices",
    "check_clip",
    "check_speakers",
    "differences",
    "draw_grid",
    "identity",
    "locate",
    "pack",
    "read_aloud",
    "save_grid",
    "source",
    "stream_long",
    "unpack",
    "voice_identity",
]
