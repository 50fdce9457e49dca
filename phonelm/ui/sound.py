"""Audio from the system to the page's players."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr
import numpy as np

from phonelm.audio import write_audio
from phonelm.tts import TTS

PLAIN = gr.WaveformOptions(show_recording_waveform=False)  # the browser's own player: an <audio> element in the page


@contextmanager
def playable(tts: TTS, *wavs: np.ndarray) -> Iterator[list[str]]:
    """Waveforms, (S,) float, as files for `gr.Audio`. They exist until the end of the block; Gradio copies them.

    Gradio would normalise the loudness of an array. It would also overwrite the file of an equal array, even while a
    browser downloads it.
    """
    with TemporaryDirectory() as folder:
        paths = [Path(folder, str(i), "audio.wav") for i in range(len(wavs))]
        for path, wav in zip(paths, wavs, strict=True):
            path.parent.mkdir()
            write_audio(path, wav, tts.codec.sample_rate)
        yield list(map(str, paths))
