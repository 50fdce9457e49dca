"""What all tabs' events share."""

from __future__ import annotations

from html import escape

import gradio as gr

KEEP_S = 3600  # results stay on disk and in memory, and their links work, at least this long
QUICK = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}  # events that need no model
MODEL = {"concurrency_limit": 1, "concurrency_id": "model"}  # one event at a time uses the model


def failed(reason: str) -> gr.Error:
    """An error to raise in an event of the page; its toast would take what is quoted from a file as HTML."""
    return gr.Error(escape(reason), print_exception=False)
