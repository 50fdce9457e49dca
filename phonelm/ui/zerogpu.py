"""ZeroGPU of Hugging Face Spaces: the process gets a GPU only while frames are generated. Elsewhere nothing changes.

The decorated function runs in a fork of this process and returns its results through a pipe. So only `make_frames` is
decorated. The codec stays on the CPU, where it is fast; stops and errors are handled in this process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

try:
    import spaces  # exists on Spaces only; it must be imported before anything that uses CUDA
except ImportError:
    spaces = None

from phonelm.tts import TTS

LENT_S = 60  # seconds for which a GPU is requested, more than any text takes


def lends() -> bool:
    """Whether this process runs on ZeroGPU."""
    return spaces is not None and spaces.config.Config.zero_gpu


def load_tts(checkpoint: Path | None, device: str | None) -> TTS:
    """`TTS.load`; on ZeroGPU the model is on the GPU and `device` is ignored."""
    if not lends():
        return TTS.load(checkpoint, device=device)
    tts: Any = TTS.load(checkpoint, device="cuda", codec_device="cpu")
    tts.make_frames = spaces.GPU(tts.make_frames, duration=LENT_S)
    return tts


def warm_up(tts: TTS) -> None:
    """Speak a word, so that the first user does not wait for compilation. No use on ZeroGPU, which forks later."""
    if not lends():
        tts.warm_up()
