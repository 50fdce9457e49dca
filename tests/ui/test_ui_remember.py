"""What a browser has kept is taken as far as the page can show it."""

import json

import gradio as gr
import pytest

from phonelm.ui.remember import LONGEST, usable

PARTS = {
    "text": gr.Textbox(),
    "by_hand": gr.Checkbox(),
    "voice": gr.Radio(["emma", ("from a clip", "clip")]),
    "speed": gr.Slider(0.5, 2),
    "seed": gr.Number(precision=0),
}


def test_what_fits_is_taken():
    kept = {"text": "Здравствуй <b>", "by_hand": True, "voice": "clip", "speed": 2, "seed": 7}
    assert usable(json.dumps(kept), PARTS) == kept


@pytest.mark.parametrize(
    "name, value",
    [("text", None), ("text", "x" * (LONGEST + 1)), ("by_hand", 1), ("voice", "nobody"), ("voice", ["emma"]),
     ("speed", "1"), ("speed", 3), ("speed", float("nan")), ("seed", -1), ("seed", 1.5), ("seed", True),
     ("unknown", 1)],
)  # fmt: skip
def test_what_does_not_fit_is_left_out(name, value):
    assert usable(json.dumps({"text": "Stay.", name: value}), PARTS) == ({} if name == "text" else {"text": "Stay."})


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", "7", '"text"'])
def test_anything_else_is_nothing(text):
    assert usable(text, PARTS) == {}
