"""What the query of a link sets, and what of it is refused."""

import gradio as gr
import pytest

from phonelm.codec.parameters import DecodeControls
from phonelm.config import SamplingConfig
from phonelm.ui.controls import Controls, controls, settings_of
from phonelm.ui.link import read_query
from phonelm.ui.take_along import LARGEST_SEED

WHOLE = {
    "text": "I read it. Do you?", "phonemes": "AY1 | R EH1 D | IH1 T .\nD UW1 | Y UW1 ?", "voice": "other",
    "temperature": "0.8", "top_k": "50", "top_p": "0.9", "codebooks": "3", "clamp": "seen", "speed": "1.2",
    "pitch": "-2.5", "intonation": "0.5", "guidance": "1.8", "seed": "7",
}  # fmt: skip


@pytest.fixture(scope="module")
def shown(app_tts):
    with gr.Blocks():
        return controls(app_tts)


def test_every_control_is_set(app_tts, shown):
    values, wrong = read_query(app_tts, WHOLE, shown)
    assert not wrong and {name: str(value) for name, value in values.items()} == WHOLE
    assert isinstance(values["top_k"], int) and isinstance(values["speed"], float)
    assert set(WHOLE) == {"text", "phonemes", "voice", "seed", *Controls._fields}


def test_no_query_sets_nothing(app_tts, shown):
    assert read_query(app_tts, {}, shown) == ({}, [])
    assert read_query(app_tts, {"__theme": "dark", "utm_source": "x"}, shown) == ({}, [])


@pytest.mark.parametrize(
    "name, value, message",
    [
        ("text", "Здравствуй", "another script"),
        ("text", "no " * 300, "has 900 characters"),
        ("text", "", "empty"),
        ("text", "\0\ud800", "no word"),
        ("phonemes", "XX", "unknown phonemes XX"),
        ("phonemes", " ", "there are no phonemes"),
        ("voice", "../../me.wav", "it must be one of bundled, other"),
        ("voice", "clip", "it must be one of bundled, other"),
        ("clamp", "on", "it must be one of off, seen, prompt"),
        ("temperature", "hot", "it is not a number"),
        ("temperature", "nan", "it must be from 0 to 1.5"),
        ("temperature", "1e999", "it must be from 0 to 1.5"),
        ("top_k", "1.5", "it is not a whole number"),
        ("top_p", "0", "it must be from 0.05 to 1"),
        ("codebooks", "9", "it must be from 1 to 4"),
        ("speed", "-1", "it must be from 0.5 to 2"),
        ("pitch", "7", "it must be from -6.0 to 6.0"),
        ("guidance", "0.9", "it must be from 1 to 3"),
        ("seed", "9" * 5000, "it is not a whole number"),
        ("seed", str(LARGEST_SEED + 1), "it must be from 0 to"),
        ("seed", "-1", "it must be from 0 to"),
    ],
)
def test_what_cannot_be_used_is_named_and_the_rest_is_followed(app_tts, shown, name, value, message):
    values, wrong = read_query(app_tts, WHOLE | {name: value}, shown)
    assert values.keys() == WHOLE.keys() - {name}
    assert len(wrong) == 1 and wrong[0].startswith(f"{name} in the link is left out: ") and message in wrong[0]
    assert len(wrong[0]) < 300


def test_what_a_link_sets_can_be_sampled(app_tts, shown):
    values, _ = read_query(app_tts, WHOLE, shown)
    settings, tuned = settings_of([values[name] for name in Controls._fields], values["seed"])
    assert settings == SamplingConfig(0.8, 50, 0.9, 3, "seen", 1.8, seed=7)
    assert tuned == DecodeControls(1.2, -2.5, 0.5)
