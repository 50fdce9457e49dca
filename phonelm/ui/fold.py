"""A part of the page that is folded away. Unlike `gr.Accordion`, all that is in it takes part from the start.

Gradio 6.31 makes the contents of a closed accordion when it is opened first; a value that a component there was given
together with others may be lost until then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from html import escape

import gradio as gr

from phonelm.ui.assets import asset


@contextmanager
def fold(label: str, elem_id: str) -> Iterator[gr.HTML]:
    """Lay out what is inside the block under a button that shows it.

    Yields:
        The component whose event `expand` says that it was opened.
    """
    with gr.Column(elem_id=elem_id, elem_classes="fold"):
        head = gr.HTML(f"<button type=button aria-expanded=false>{escape(label)}</button>", apply_default_css=False,
                       js_on_load=asset("fold.js"), elem_classes="fold-head")  # fmt: skip
        with gr.Column(elem_classes="fold-body"):
            yield head
