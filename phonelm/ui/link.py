"""A link with text, voice and settings in its query. The browser makes it; opening it sets the controls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from html import escape
from typing import Any

import gradio as gr

from phonelm.config import CLAMPS
from phonelm.tts import TTS
from phonelm.ui.aside import Aside, Overloaded
from phonelm.ui.assets import asset
from phonelm.ui.controls import Controls
from phonelm.ui.events import QUICK, user_of
from phonelm.ui.html import problem
from phonelm.ui.phonemes import sentences
from phonelm.ui.remember import KEPT
from phonelm.ui.take_along import LARGEST_SEED
from phonelm.ui.text_input import TextInput
from phonelm.ui.voice import VoiceInput

FOLLOWED = "Text and settings are those of the link; press Generate to hear it."


def share_link(
    tts: TTS, aside: Aside, text: TextInput, voice: VoiceInput, settings: Controls, seed: gr.Number,
    keep: gr.Checkbox, note: gr.HTML,
) -> None:  # fmt: skip
    """Lay out the button that copies the link. When the page is opened by a link, the link sets the controls.

    Args:
        note: the component that says what the link did.
    """
    copy = gr.Button("Copy link", size="sm", elem_id="copy-link")
    copy.click(None, [*text, voice.kind, *settings, seed], note, js=asset("link.js"), api_visibility="private")

    async def follow(kept: str, request: gr.Request) -> dict[Any, Any]:
        if kept not in ("", "{}"):
            return gr.skip()  # this tab has followed the link before
        try:
            values, wrong = await aside.run(user_of(request), read_query, tts, request.query_params, settings)
        except Overloaded as error:
            return {note: problem(str(error))}
        lines = [*([f"<p class=note>{escape(FOLLOWED)}</p>"] if values else []), *map(problem, wrong)]
        if "phonemes" in values:
            phonemes = gr.update(value=values.pop("phonemes"), visible=True)
            values |= {"by_hand": True, "phonemes": phonemes}
        if "seed" in values:
            values["keep"] = True
        shown = text._asdict() | {"voice": voice.kind} | settings._asdict() | {"seed": seed, "keep": keep}
        return {note: "".join(lines)} | {shown[name]: value for name, value in values.items()}

    gr.on(
        None, follow, gr.Textbox(visible=False), [*text, voice.kind, *settings, seed, keep, note], js=KEPT, **QUICK
    )  # when the page is opened


def read_query(tts: TTS, query: Mapping[str, str], settings: Controls) -> tuple[dict[str, Any], list[str]]:
    """What the query of a link sets, and what is wrong with it.

    Args:
        query: by name; unknown names, such as those that mail programs add, are ignored.
        settings: the controls, for their limits.
    Returns:
        Values by name, of `Controls`, or "text", "phonemes", "voice", "seed"; and a line for each that cannot be used
        and is left out.
    """
    numbers = {name: control for name, control in settings._asdict().items() if isinstance(control, gr.Slider)}
    checks: dict[str, Callable[[str], Any]] = {
        "text": lambda value: sentences(tts, value) and value,
        "phonemes": lambda value: sentences(tts, "", True, value) and value,
        "voice": lambda value: _choice(value, tts.voices),
        "clamp": lambda value: _choice(value, CLAMPS),
        "seed": lambda value: _number(value, 0, LARGEST_SEED, whole=True),
        **{name: partial(_of_slider, control) for name, control in numbers.items()},
    }  # fmt: skip
    values, wrong = {}, []
    for name in checks.keys() & query.keys():
        try:
            values[name] = checks[name](query[name])
        except ValueError as error:
            wrong.append(f"{name} in the link is left out: {error}")
    return values, sorted(wrong)


def _number(value: str, low: float, high: float, whole: bool) -> float:
    try:
        number = int(value) if whole else float(value)
    except ValueError:
        raise ValueError(f"it is not a {'whole ' if whole else ''}number") from None
    if not low <= number <= high:
        raise ValueError(f"it must be from {low} to {high}")
    return number


def _choice(value: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"it must be one of {', '.join(known)}")
    return value


def _of_slider(slider: gr.Slider, value: str) -> float:
    return _number(value, slider.minimum, slider.maximum, whole=slider.step == 1)
