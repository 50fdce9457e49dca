"""Settings that differ from their defaults: a badge that names them, and a button that sets all of them back."""

from __future__ import annotations

import json

import gradio as gr

from phonelm.ui.assets import asset
from phonelm.ui.controls import Controls


def changed_settings(settings: Controls, seed: gr.Number, keep: gr.Checkbox) -> None:
    """Lay it out. It is visible only while a setting differs from its default. A seed counts while "Keep" is ticked."""
    parts = {control.label or name: control for name, control in settings._asdict().items()}
    defaults = [control.value for control in parts.values()]
    facts = json.dumps([[label, default] for label, default in zip(parts, defaults, strict=True)])
    with gr.Row(elem_id="changed", elem_classes="changed"):
        badge = gr.HTML(elem_id="changed-badge")
        reset = gr.Button("Reset all", size="sm", scale=0, min_width=110, elem_id="reset")
    controls = [*parts.values(), seed, keep]
    gr.on([part.change for part in controls], None, controls, badge, api_visibility="private",
          js=f"(...values) => {{ const facts = {facts}; {asset('changed.js')} return [badge(facts, values)]; }}")
    reset.click(None, None, [*parts.values(), keep], api_visibility="private",
                js=f"() => {json.dumps([*defaults, False])}")  # fmt: skip
