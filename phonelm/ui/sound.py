"""Audio between the system and the page's players."""

from __future__ import annotations

import gradio as gr
import numpy as np
from torch import Tensor

from phonelm.audio import to_int16
from phonelm.tts import TTS

PLAIN = gr.WaveformOptions(show_recording_waveform=False)  # the browser's own player: an <audio> element in the page


def decoded(tts: TTS, codes: Tensor) -> np.ndarray:
    """(1, K, T) codes -> (S,) float32, to the bit as `TTS.speak` does it."""
    return tts.codec.decode(codes)[0, 0].cpu().numpy()


def playable(wav: np.ndarray, tts: TTS) -> tuple[int, np.ndarray]:
    """(S,) float for `gr.Audio`, which would change the loudness of float."""
    return tts.codec.sample_rate, to_int16(wav)
