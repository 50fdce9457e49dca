"""A button that switches between two players and continues at the same place of the same phoneme."""

from __future__ import annotations

import json
from collections.abc import Sequence

import gradio as gr

from phonelm.tts import Speech
from phonelm.ui.assets import asset
from phonelm.ui.differences import starts


def swap_value(first: Speech, second: Speech) -> str:
    """The component's value for two speeches of the same phonemes, in the order of the players."""
    return json.dumps([starts(first), starts(second)])


def swap_button(players: Sequence[str], elem_id: str) -> gr.HTML:
    """The component; its value is `swap_value`, or None while there is no sound.

    Args:
        players: CSS selectors of the two <audio> elements.
    """
    return gr.HTML(html_template=asset("swap.html"), css_template=asset("swap.css"), js_on_load=asset("swap.js"),
                   apply_default_css=False, players=players, elem_id=elem_id)  # fmt: skip
