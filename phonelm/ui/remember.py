"""What was typed and set stays in the browser: after a reload, and when the server was started again.

It is kept for the tab of the browser, and for the next one that opens the page. A link sets what it names; after that
the tab keeps what was changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import gradio as gr
from gradio.components import Component

from phonelm.ui.assets import asset
from phonelm.ui.events import QUICK

LONGEST = 20_000  # characters of a text that is kept
KEPT = f"() => {{ {asset('remember.js')} return [kept()]; }}"


def remember(parts: Mapping[str, Component], shown_with: Mapping[str, str]) -> None:
    """Keep the values of components, and set them again when the page is opened.

    Args:
        parts: by the name under which they are kept.
        shown_with: of those that are hidden, the name of the box that must be ticked.
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
    """The values that the components can take, by name, of what a browser has kept as JSON."""
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
