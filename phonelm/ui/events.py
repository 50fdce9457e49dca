"""What all tabs' events share."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from phonelm.ui.zerogpu import lends

KEEP_S = 3600  # results stay on disk and in memory for at least this long
AT_ONCE = 1 if lends() else 32  # requests that take turns with the model; one on ZeroGPU
QUEUED = 16  # further requests that wait; one more is refused
THREADS = AT_ONCE + 32  # one for each request with the model; the rest is for quick events
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}  # these need no model
MODEL: dict[str, Any] = {"concurrency_limit": AT_ONCE, "concurrency_id": "model"}  # these take turns with it


def failed(reason: str) -> gr.Error:
    """An error to raise in an event of the page; escaped, because the toast renders HTML."""
    return gr.Error(escape(reason), print_exception=False)


def without_folder(error: Exception, *clips: str | None) -> str:
    """An error's message with the names of clips instead of their paths on the server."""
    reason = str(error)
    for clip in filter(None, clips):
        reason = reason.replace(clip, Path(clip).name)
    return reason


def user_of(request: gr.Request) -> str:
    """An id of the user: the session of a page or client, or the address of an MCP client, which has no session."""
    return getattr(request, "session_hash", None) or (request.client.host if request.client else "")
