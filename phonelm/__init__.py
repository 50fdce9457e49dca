"""PhoneLM: text-to-speech with one autoregressive model over audio-codec codes, guided by a phoneme pointer."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phonelm.tts import TTS as TTS

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """`from phonelm import TTS`; imported when it is asked for, because it brings PyTorch (PEP 562)."""
    if name == "TTS":
        from phonelm.tts import TTS

        return TTS
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
