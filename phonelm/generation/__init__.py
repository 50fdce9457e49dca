"""Phonemes and prompt codes in, one frame of codes after the other out: the network as it is run."""

from phonelm.generation.engine import PRECISIONS, Engine
from phonelm.generation.generate import Frame, Request, generate, generate_batch
from phonelm.generation.kernels import is_cached
from phonelm.generation.sampling import Pick

__all__ = [
    "Engine",
    "Frame",
    "Pick",
    "PRECISIONS",
    "Request",
    "generate",
    "generate_batch",
    "is_cached",
]
