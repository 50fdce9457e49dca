"""Two speeches side by side: players, grids and a vote. In a blind trial, names and grids are hidden until the vote."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from phonelm.tts import Speech
from phonelm.ui.differences import differing
from phonelm.ui.events import KEEP_S
from phonelm.ui.grid import code_grid, grid_json
from phonelm.ui.html import summary
from phonelm.ui.sound import PLAIN
from phonelm.ui.swap import swap_button

PLACES = ("first", "second")  # of the two players in the page
BLIND_NAMES = "XY"  # of the two places in a blind trial
NOBODY = "Neither is"


class Place(NamedTuple):
    """One of the two players, with what belongs to it."""

    summary: gr.HTML
    audio: gr.Audio
    grid: gr.HTML


class Pair(NamedTuple):
    """Both speeches and their voices, as A and B; `order`: which of them is in which place."""

    speeches: tuple[Speech, Speech]
    voices: tuple[str, str]
    order: tuple[int, int]


class CompareView(NamedTuple):
    """The components; `pair` holds a `Pair` that has no vote yet, or None, and `votes` a list of `Vote`."""

    swap: gr.HTML
    votes_box: gr.Row
    ballots: list[gr.Button]
    count: gr.HTML
    table: gr.DownloadButton
    forget: gr.Button
    places: list[Place]
    pair: gr.State
    votes: gr.State

    @property
    def place_parts(self) -> list[Component]:
        return [part for place in self.places for part in place]

    def hidden(self) -> dict[Any, Any]:
        """Updates for a blind trial before its vote."""
        names = {place.summary: f"<h3>{name}</h3>" for place, name in zip(self.places, BLIND_NAMES)}
        return names | dict.fromkeys(place.grid for place in self.places) | {self.votes_box: gr.update(visible=True)}

    def shown(self, made: Pair, names: str, own_names: str) -> dict[Any, Any]:
        """Updates that tell what both are.

        Args:
            names: of the two places.
            own_names: of the two speeches.
        """
        updates: dict[Any, Any] = {self.votes_box: gr.update(visible=False)}
        for place, name, i in zip(self.places, names, made.order):
            speech, other = made.speeches[i], made.speeches[1 - i]
            title = name if name == own_names[i] else f"{name} was {own_names[i]}"
            updates[place.summary] = f"<h3>{title}</h3>{summary(speech)}"
            updates[place.grid] = grid_json(speech, other)
        return updates


def difference(made: Pair) -> str:
    """How much the two differ, as HTML."""
    return f"<p>{differing(*made.speeches):.1%} of the cells differ.</p>"


def compare_view() -> CompareView:
    """Lay it out."""
    swap = swap_button(tuple(f"#compare-{name} audio" for name in PLACES), "compare-swap")
    with gr.Row(visible=False, elem_id="compare-votes") as votes_box:
        ballots = [gr.Button(label) for label in (*(f"{name} is better" for name in BLIND_NAMES), NOBODY)]
    count = gr.HTML(elem_id="compare-count", elem_classes="status")
    with gr.Row():
        table = gr.DownloadButton("Votes (CSV)", visible=False, size="sm", scale=0, min_width=140)
        forget = gr.Button("Forget the votes", visible=False, size="sm", scale=0, min_width=140)
    places = [_place(name) for name in PLACES]
    return CompareView(
        swap, votes_box, ballots, count, table, forget, places, gr.State(time_to_live=KEEP_S), gr.State([])
    )


def _place(name: str) -> Place:
    about = gr.HTML(elem_id=f"compare-{name}-said", elem_classes="status")
    audio = gr.Audio(show_label=False, interactive=False, buttons=[], waveform_options=PLAIN, elem_id=f"compare-{name}")
    return Place(about, audio, code_grid(f"#compare-{name} audio", f"compare-{name}-grid", pair=True))
