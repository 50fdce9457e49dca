"""Sound that plays while the rest is still generated: 16-bit chunks, joined in the browser by `assets/transport.js`.

Gradio's own streaming needs ffmpeg on the server and a lossy format. This needs neither.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import deque

import gradio as gr
import numpy as np

from phonelm.text import Phonemes
from phonelm.tts import Speech
from phonelm.ui.assets import asset

PUNCTUATION = ".,;:!?"
WINDOW = 4  # chunks in each message; the browser takes those that it does not have yet


class LiveSound:
    """The messages of one run.

    Args:
        run: an id that differs from that of the previous run.
        sample_rate: Hz.
    """

    def __init__(self, run: str, sample_rate: int):
        self._fixed = {"run": run, "rate": sample_rate}
        self._count = 0
        self._recent: deque[str] = deque(maxlen=WINDOW)
        self._words = LiveWords()

    def message(self, chunk: np.ndarray | None, speech: Speech | None = None) -> str:
        """The component's value after a chunk, (s,) int16, of a speech; None marks the end."""
        if chunk is not None:
            self._recent.append(b64encode(chunk.astype("<i2").tobytes()).decode())
            self._count += 1
        return json.dumps({**self._fixed, "first": self._count - len(self._recent), "chunks": [*self._recent],
                           "words": self._words.of(speech) if speech else [], "last": chunk is None})  # fmt: skip


class LiveWords:
    """The time of each word, while a speech is generated."""

    def __init__(self) -> None:
        self._frames = 0
        self._last: tuple[int, int] | None = None
        self._spoken: list[list] = []

    def of(self, speech: Speech) -> list[list]:
        """[word, start, end] in seconds for each word spoken so far, then [word] for each that follows."""
        for t in range(self._frames, len(speech.frames)):
            s = speech.sentence[t]
            phonemes = speech.phonemes[s]
            w = phonemes.word_index[speech.frames[t].pointer]
            if w >= 0 and (s, w) != self._last:
                self._spoken.append([_with_punctuation(phonemes)[w], round(t / speech.frame_rate, 3), 0.0])
                self._last = (s, w)
            if w >= 0:
                self._spoken[-1][2] = round((t + 1) / speech.frame_rate, 3)
        self._frames = len(speech.frames)
        everything = [word for phonemes in speech.phonemes for word in _with_punctuation(phonemes)]
        return self._spoken + [[word] for word in everything[len(self._spoken) :]]


def _with_punctuation(phonemes: Phonemes) -> list[str]:
    """The words, each with the punctuation after it."""
    words, before = list(phonemes.words), -1
    for symbol, w in zip(phonemes.symbols, phonemes.word_index, strict=True):
        if w < 0 <= before and symbol in PUNCTUATION:
            words[before] += symbol
        before = w
    return words


def transport(player: str, grid: str, elem_id: str) -> gr.HTML:
    """The component that plays, pauses and seeks; its value is a message of `LiveSound`, or None for silence.

    Args:
        player: CSS selector of the <audio> element with the finished sound, which it controls.
        grid: id of the grid that knows the times of the words.
        elem_id: id of the component in the page.
    """
    return gr.HTML(html_template=asset("transport.html"), css_template=asset("transport.css"), player=player, grid=grid,
                   js_on_load=asset("transport_live.js", "transport.js"), apply_default_css=False,
                   elem_id=elem_id)  # fmt: skip
