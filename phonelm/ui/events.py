"""What all tabs' events share."""

from __future__ import annotations

import threading
from html import escape
from typing import Any, NamedTuple

import gradio as gr
from gradio.events import Dependency

KEEP_S = 3600  # results stay on disk and in memory, and their links work, at least this long
QUICK: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}  # these need no model
MODEL: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "model"}  # one event at a time uses the model


def failed(reason: str) -> gr.Error:
    """An error to raise in an event of the page; its toast would take what is quoted from a file as HTML."""
    return gr.Error(escape(reason), print_exception=False)


class Run(NamedTuple):
    """What a user starts and stops; `flag` is the `threading.Event` of this user's run, which ends when it is set."""

    go: gr.Button
    halt: gr.Button
    flag: gr.State

    def begun(self) -> dict[Any, Any]:
        """Updates for a run that begins: a fresh flag, Stop instead of Go."""
        return {self.flag: threading.Event(), self.go: gr.update(interactive=False),
                self.halt: gr.update(interactive=True)}  # fmt: skip

    def ended_by(self, event: Dependency) -> None:
        """Go instead of Stop after an event, whether it failed or not."""
        for after in (event.then, event.failure):  # Gradio 6.31 leaves out `then` after a failure
            after(lambda: (gr.update(interactive=True), gr.update(interactive=False)), None, [self.go, self.halt],
                  **QUICK)  # fmt: skip


def run_buttons(go: str, prefix: str = "") -> Run:
    """Lay them out, Stop wired; `go` is the label of what starts the run."""
    with gr.Row():
        start = gr.Button(go, variant="primary", elem_id=f"{prefix}generate")
        halt = gr.Button("Stop", variant="stop", interactive=False, elem_id=f"{prefix}stop")
    flag = gr.State()
    halt.click(lambda stop: stop.set() if stop else None, flag, None, **QUICK,
               js="(flag) => { document.dispatchEvent(new CustomEvent('phonelm:hush')); return flag; }")  # fmt: skip
    return Run(start, halt, flag)
