"""Text and settings survive a reload of the page and a restart of the server: the browser stores them.

They are stored for the browser tab, and for the next tab that opens the page. A link overrides what it names; after
that the tab stores what the user changes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

from phonelm.ui.assets import asset
from phonelm.ui.events import QUICK

LONGEST = 20_000  # characters of a stored text
KEPT = f"() => {{ {asset('remember.js')} return [kept()]; }}"


def remember(parts: Mapping[str, Component], shown_with: Mapping[str, str]) -> None:
    """Store the values of components, and restore them when the page is opened.

    Args:
        parts: the components by the names of their stored values.
        shown_with: for a hidden component, the name of the checkbox that shows it.
    """
    save = f"(...values) => {{ {asset('remember.js')} save({json.dumps(list(parts))}, values); }}"
    gr.on([part.change for part in parts.values()], None, list(parts.values()), None, js=save,
          api_visibility="private")  # fmt: skip
    stored = gr.Textbox(visible=False)

    def restore(text: str) -> dict[Component, Any]:
        values = usable(text, parts)
        for hidden, box in shown_with.items():
            if hidden in values:
                values[hidden] = gr.update(value=values[hidden], visible=bool(values.get(box)))
        return {parts[name]: value for name, value in values.items()} or gr.skip()

    done = gr.on(None, restore, stored, list(parts.values()), js=KEPT, **QUICK)  # when the page is opened
    done.then(None, js=f"() => {{ {asset('remember.js')} begin(); }}", api_visibility="private")


def usable(text: str, parts: Mapping[str, Component]) -> dict[str, Any]:
    """The valid values, by name, in the JSON that a browser has stored."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = {}
    if not isinstance(found, dict):
        return {}
    return {name: found[name] for name, part in parts.items() if name in found and _fits(part, found[name])}


def _fits(part: Component, value: Any) -> bool:
    if isinstance(part, gr.Slider):
        return type(value) in (int, float) and part.minimum <= value <= part.maximum
    if isinstance(part, gr.Radio):
        return isinstance(value, str) and value in [choice for _, choice in part.choices]
    if isinstance(part, gr.Checkbox):
        return isinstance(value, bool)
    if isinstance(part, gr.Number):
        return type(value) is int and 0 <= value < 2**53
    return isinstance(value, str) and len(value) <= LONGEST
