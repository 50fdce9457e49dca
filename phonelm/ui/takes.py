"""The takes: a row for every speech of this browser. The browser stores the last ten.

The server stores none of them; `assets/takes.js` keeps sound and grid of each in IndexedDB.
"""

from __future__ import annotations

import json

import gradio as gr

from phonelm.tts import Speech
from phonelm.ui.assets import asset

PLAYER = "#speech audio, #takes audio"  # Gradio's player; until it exists, that of the takes
KEPT = 10  # takes that survive a reload


def take_json(key: str, speech: Speech, replaces: str = "") -> str:
    """The facts of a row; the sound is in the player's file `take-KEY.wav`, the rest in the grid."""
    return json.dumps({
        "key": key, "text": speech.text, "voice": speech.voice.name or "your clip", "seed": speech.settings.seed,
        "seconds": round(speech.duration_s, 2), "edits": len(speech.edits),
        "replaces": replaces,
    })  # fmt: skip


def takes_list(value: str | None) -> gr.HTML:
    """The component; its value is `take_json` of the newest take, or None."""
    return gr.HTML(value, html_template=asset("takes.html"), css_template=asset("takes.css"), elem_id="takes",
                   js_on_load=asset("takes_store.js", "takes.js"), apply_default_css=False, kept=KEPT,
                   player=PLAYER)  # fmt: skip
