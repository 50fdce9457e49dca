"""Phonemes and prompt codes in, one frame of codes after the other out: the network as it is run."""

from phonelm.generation.engine import PRECISIONS, Engine
from phonelm.generation.generate import Frame, Request, generate, generate_batch

__all__ = [
    "Engine",
    "Frame",
    "PRECISIONS",
    "Request",
    "generate",
    "generate_batch",
]
