"""Text and a voice in, a `Speech` out; saving, editing, bundling and drawing it."""

from phonelm.codec import CONTROL_LIMITS, DecodeControls
from phonelm.tts.bundle import CLIP_FILE, MAX_BYTES, VOICE_FILE, pack, unpack
from phonelm.tts.edit import locate
from phonelm.tts.picture import COLOUR_BY, describe, draw_grid, save_grid
from phonelm.tts.reading import Plan, planned, read_aloud, stream_long, write_reading
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
from phonelm.tts.subtitles import Word, lines_of, srt, vtt
from phonelm.tts.system import TTS
from phonelm.tts.turns import TooMany, Turn, Turns
from phonelm.tts.unfinished import Reading, Unfinished
from phonelm.tts.voice_command import add_card_arguments, card_of
from phonelm.tts.voice_file import (
    SavedVoice,
    VoiceCard,
    is_voice_file,
    load_voice,
    named_voices,
    read_card,
    read_saved,
    save_voice,
)
from phonelm.tts.voices import NAME, NamedVoice, bundled_voices, check_speakers

__all__ = [
    "CLIP_FILE",
    "COLOUR_BY",
    "CONTROL_LIMITS",
    "Clip",
    "DecodeControls",
    "Edit",
    "MAX_BYTES",
    "MAX_EDITS",
    "NAME",
    "NamedVoice",
    "PhonemeTime",
    "Plan",
    "Reading",
    "Recipe",
    "RecipeError",
    "SavedVoice",
    "Speech",
    "TTS",
    "TooMany",
    "Turn",
    "Turns",
    "Unfinished",
    "VOICE_FILE",
    "Voice",
    "VoiceCard",
    "Word",
    "add_card_arguments",
    "bundled_voices",
    "card_of",
    "check_clip",
    "check_speakers",
    "describe",
    "differences",
    "draw_grid",
    "identity",
    "is_voice_file",
    "lines_of",
    "load_voice",
    "locate",
    "named_voices",
    "pack",
    "planned",
    "read_aloud",
    "read_card",
    "read_saved",
    "save_grid",
    "save_voice",
    "source",
    "srt",
    "stream_long",
    "unpack",
    "voice_identity",
    "vtt",
    "write_reading",
]
