"""What all tabs' events share."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from phonelm.ui.zerogpu import lends

KEEP_S = 3600  # results stay on disk and in memory, and their links work, at least this long
AT_ONCE = 1 if lends() else 32  # requests that take turns with the model; a GPU that is lent is not kept waiting
QUEUED = 16  # requests that wait until there is room among those; one more is refused
THREADS = AT_ONCE + 32  # a request that waits for its turn keeps one; the rest is for quick events
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}  # these need no model
MODEL: dict[str, Any] = {"concurrency_limit": AT_ONCE, "concurrency_id": "model"}  # these take turns with it


def failed(reason: str) -> gr.Error:
    """An error to raise in an event of the page; its toast would take what is quoted from a file as HTML."""
    return gr.Error(escape(reason), print_exception=False)


def without_folder(error: Exception, *clips: str | None) -> str:
    """An error's message with the names of clips instead of their places on the server."""
    reason = str(error)
    for clip in filter(None, clips):
        reason = reason.replace(clip, Path(clip).name)
    return reason


def user_of(request: gr.Request) -> str:
    """Who takes turns: a page, a client, or, for tools of MCP, which have no session, an address."""
    return getattr(request, "session_hash", None) or (request.client.host if request.client else "")
