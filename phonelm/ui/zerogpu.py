"""ZeroGPU of Hugging Face Spaces: its GPU is lent while a sentence's frames are made. Elsewhere nothing changes.

What is decorated runs in a fork of this process and hands its results back through a pipe. So it is only the making of
frames: the codec stays on the CPU, where it is fast, and what users stop or get wrong is dealt with in this process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    import spaces  # there on Spaces; it has to come before anything that uses CUDA
except ImportError:
    spaces = None

from phonelm.tts import TTS

LENT_S = 60  # seconds for which a GPU is asked for, more than any text takes


def lends() -> bool:
    """Whether this process is lent a GPU for each speech."""
    return spaces is not None and spaces.config.Config.zero_gpu


def load_tts(checkpoint: Path | None, device: str | None) -> TTS:
    """`TTS.load`; on ZeroGPU with the model on its GPU, whatever the device."""
    if not lends():
        return TTS.load(checkpoint, device=device)
    tts: Any = TTS.load(checkpoint, device="cuda", codec_device="cpu")
    tts.make_frames = spaces.GPU(tts.make_frames, duration=LENT_S)
    return tts


def warm_up(tts: TTS) -> None:
    """Speak a word, so that the first user does not wait for compilers; not on ZeroGPU, whose processes are others."""
    if not lends():
        tts.warm_up()
