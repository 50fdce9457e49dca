"""Converts written text to phonemes: normalises it, splits it into sentences, looks words up. Needs no torch."""

from phonelm.text.arpabet import PAUSES
from phonelm.text.chunks import pieces
from phonelm.text.documents import SUFFIXES, Chapter, Document, DocumentError, of_text, read_document
from phonelm.text.errors import NothingToSay, TextError
from phonelm.text.notes import left_out
from phonelm.text.overrides import LexiconError, UserLexicon, without_phonemes
from phonelm.text.phonemizer import (
    SILENCE,
    SYMBOLS,
    PhonemeError,
    Phonemes,
    Phonemizer,
    written_units,
)
from phonelm.text.pronunciation import SOURCES
from phonelm.text.speakers import split_speakers
from phonelm.text.trace import SpokenWord, Trace, trace

__all__ = [
    "Chapter",
    "Document",
    "DocumentError",
    "LexiconError",
    "NothingToSay",
    "PAUSES",
    "PhonemeError",
    "Phonemes",
    "Phonemizer",
    "SILENCE",
    "SOURCES",
    "SUFFIXES",
    "SYMBOLS",
    "SpokenWord",
    "TextError",
    "Trace",
    "UserLexicon",
    "left_out",
    "of_text",
    "pieces",
    "read_document",
    "split_speakers",
    "trace",
    "without_phonemes",
    "written_units",
]
