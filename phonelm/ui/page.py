"""`gr.Blocks` that deletes all the files that it made, not only some."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gradio as gr
from starlette.routing import BaseRoute


class Page(gr.Blocks):
    """`gr.Blocks` whose `delete_cache` reaches the files of every session; `routes` are served beside it.

    A component lists the files that it hands out, and those lists are what is deleted. But when an event changes a
    component, or leaves one of its outputs as it is, Gradio (6.31) gives the session a copy with a list of its own,
    which nobody reads. Here all copies of a component share one list.
    """

    routes: Sequence[BaseRoute] = ()

    async def postprocess_data(self, block_fn: Any, predictions: Any, state: Any) -> list[Any]:
        """Results for the browser, as Gradio makes them; their files are put on the lists that are read."""
        try:
            return await super().postprocess_data(block_fn, predictions, state)
        finally:
            copies = state.blocks_config.blocks if state else {}
            for block in block_fn.outputs:
                copy = copies.get(block._id, block)
                block.temp_files |= copy.temp_files
                copy.temp_files = block.temp_files
