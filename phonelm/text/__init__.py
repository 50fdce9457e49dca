"""Written text in, phonemes out: normalised, split into sentences, looked up; no torch."""

from phonelm.text.arpabet import PAUSES
from phonelm.text.chunks import pieces
from phonelm.text.errors import TextError
from phonelm.text.notes import left_out
from phonelm.text.overrides import UserLexicon
from phonelm.text.phonemizer import (
    SILENCE,
    SYMBOLS,
    PhonemeError,
    Phonemes,
    Phonemizer,
    written_units,
)

__all__ = [
    "PAUSES",
    "PhonemeError",
    "Phonemes",
    "Phonemizer",
    "SILENCE",
    "SYMBOLS",
    "TextError",
    "UserLexicon",
    "left_out",
    "pieces",
    "written_units",
]
