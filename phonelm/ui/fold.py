"""A collapsible part of the page. Unlike in `gr.Accordion`, the components inside exist while it is closed.

Gradio 6.31 creates the contents of a closed accordion when it is first opened. A value that an event sets there before
that may be lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from phonelm.ui.assets import asset


@contextmanager
def fold(label: str, elem_id: str) -> Iterator[gr.HTML]:
    """Lay out the contents of the block below a button that shows them.

    Yields:
        The component whose event `expand` fires when it is opened.
    """
    with gr.Column(elem_id=elem_id, elem_classes="fold"):
        head = gr.HTML(f"<button type=button aria-expanded=false>{escape(label)}</button>", apply_default_css=False,
                       js_on_load=asset("fold.js"), elem_classes="fold-head")  # fmt: skip
        with gr.Column(elem_classes="fold-body"):
            yield head
