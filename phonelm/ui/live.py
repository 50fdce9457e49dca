"""Sound that plays while the rest is still made: 16-bit chunks, joined in the browser by `assets/live.js`.

Gradio's own streaming needs ffmpeg on the server and passes the sound through a lossy format; this needs nothing.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections import deque

import gradio as gr
import numpy as np

from phonelm.ui.assets import asset

WINDOW = 4  # chunks in each message; the browser takes those that it does not have yet


class LiveSound:
    """The messages of one run.

    Args:
        run: a name that differs from that of the run before.
        sample_rate: Hz.
    """

    def __init__(self, run: str, sample_rate: int):
        self._fixed = {"run": run, "rate": sample_rate}
        self._count = 0
        self._recent: deque[str] = deque(maxlen=WINDOW)

    def message(self, chunk: np.ndarray | None) -> str:
        """The component's value after (s,) int16 more samples, or, with None, after the end."""
        if chunk is not None:
            self._recent.append(b64encode(chunk.astype("<i2").tobytes()).decode())
            self._count += 1
        return json.dumps({**self._fixed, "first": self._count - len(self._recent), "chunks": [*self._recent],
                           "last": chunk is None})  # fmt: skip


def live_player(elem_id: str) -> gr.HTML:
    """The component; its value is a message of `LiveSound`, or None for silence."""
    return gr.HTML(html_template=asset("live.html"), css_template=asset("live.css"), js_on_load=asset("live.js"),
                   apply_default_css=False, elem_id=elem_id)  # fmt: skip
