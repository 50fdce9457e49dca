"""The Compare tab: one text spoken twice, with two voices, seeds or settings, to listen to and look at side by side.

In a blind trial nobody sees which is which before the vote: the order is random, and settings and grids are hidden.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phonelm.audio import match_loudness
from phonelm.tts import TTS, Turn, Turns
from phonelm.ui.aside import Aside
from phonelm.ui.compare_form import SIDES, CompareForm, compare_form
from phonelm.ui.compare_view import BLIND_NAMES, CompareView, Pair, compare_view, difference
from phonelm.ui.differences import differing
from phonelm.ui.events import QUICK, failed
from phonelm.ui.html import progress
from phonelm.ui.remember import remember
from phonelm.ui.run import Job, Running, Stopped, first_turn
from phonelm.ui.sound import playable
from phonelm.ui.swap import swap_value
from phonelm.ui.votes import NEITHER, Vote, tally, votes_csv

STOPPED = "Stopped: there is nothing new to compare."
VOTE = "<p>Listen to X and Y, then vote. After the vote you see which of them is A and which is B.</p>"


def compare_tab(tts: TTS, turns: Turns, aside: Aside, dictionary: gr.Textbox) -> None:
    """Lay out the tab and wire it. It keeps the last pair and the votes of each user's own session, nothing else."""
    form = compare_form(tts, turns, aside, dictionary)
    remember(form.remembered, {"compare-phonemes": "compare-by_hand"})
    view = compare_view()
    _wire_run(tts, turns, form, view)
    _wire_votes(form, view)


def _wire_run(tts: TTS, turns: Turns, form: CompareForm, view: CompareView) -> None:
    """Make the buttons speak the text twice."""

    def speak(values: dict, running: Running, turn: Turn):
        """Both, one after the other; `values` by component."""
        speeches = []
        phonemes, plans = form.read(tts, values)
        yield from first_turn(running, turn, form.status)
        yield {side.seed: plan.settings.seed for side, plan in zip(form.sides, plans)}
        for name, plan in zip(SIDES, plans):
            chunks = tts.stream(phonemes, plan.voice, plan.settings, lambda _: running.stop.is_set(),
                                controls=plan.controls)  # fmt: skip
            for _, speech in turn.share(chunks):
                yield {form.status: f"<p>{name}:</p>{progress(speech, turn.others)}"}
            if running.stop.is_set():
                raise Stopped(STOPPED)
            with turn:
                speeches.append(tts.decode(speech))
        order = (0, 1) if not values[form.blind] or secrets.randbelow(2) else (1, 0)
        first, second = speeches
        kinds = [values[side.voice.kind] for side in form.sides]
        made = Pair((first, second), (kinds[0], kinds[1]), order)
        sound = match_loudness([speech.wav for speech in speeches])
        with playable(tts, *(sound[i] for i in order)) as files:
            yield {
                view.pair: made, view.swap: swap_value(*(speeches[i] for i in order)),
                **{place.audio: file for place, file in zip(view.places, files)},
                **(_hidden(form, view) if values[form.blind] else _shown(form, view, made, SIDES)),
            }  # fmt: skip

    notes = (part for side in form.sides for part in (side.seed, side.voice_note))
    outputs: list[Any] = [*_result_parts(form, view), view.swap, form.text_note, *notes]
    form.run.wire(Job(turns, speak, form.inputs, outputs, form.status, {form.sides_box: gr.update(visible=True)},
                      [part for side in form.sides for part in side.voice[1:]]))  # fmt: skip


def _wire_votes(form: CompareForm, view: CompareView) -> None:
    """Count the votes of blind trials and hand them out as a table."""

    def vote(ballot: str, made: Pair | None, before: list[Vote]):
        """One more vote; the page then shows which is which."""
        if made is None:
            raise failed("these two have their vote, or are no longer kept: generate both again")
        better = SIDES[made.order[BLIND_NAMES.index(ballot[0])]] if ballot[0] in BLIND_NAMES else NEITHER
        first, second = made.speeches
        settings, tuned = (first.settings, second.settings), (first.controls, second.controls)
        now = [*before, Vote(better, first.text, differing(first, second), made.voices, settings, tuned)]
        with TemporaryDirectory() as folder:  # Gradio copies the file into its cache
            path = Path(folder, "phonelm-votes.csv")
            path.write_text(votes_csv(now), encoding="utf-8")
            yield _shown(form, view, made, BLIND_NAMES) | {
                view.pair: None, view.votes: now, view.count: tally(now),
                view.table: gr.update(value=str(path), visible=True), view.forget: gr.update(visible=True),
            }  # fmt: skip

    tally_parts = [view.votes, view.count, view.table, view.forget]
    for ballot in view.ballots:
        ballot.click(vote, [ballot, view.pair, view.votes], [*_result_parts(form, view), *tally_parts],
                     api_visibility="private", show_progress="hidden")  # fmt: skip
    view.forget.click(lambda: ([], "", gr.update(value=None, visible=False), gr.update(visible=False)), None,
                      tally_parts, **QUICK)  # fmt: skip


def _result_parts(form: CompareForm, view: CompareView) -> list[Any]:
    """What `_hidden` and `_shown` update, and the pair."""
    return [form.status, form.sides_box, view.votes_box, *view.place_parts, view.pair]


def _hidden(form: CompareForm, view: CompareView) -> dict[Any, Any]:
    """Updates for a blind trial before its vote."""
    return view.hidden() | {form.sides_box: gr.update(visible="hidden"), form.status: VOTE}


def _shown(form: CompareForm, view: CompareView, made: Pair, names: str) -> dict[Any, Any]:
    """Updates that tell what both are; `names` of their places."""
    return view.shown(made, names, SIDES) | {form.sides_box: gr.update(visible=True), form.status: difference(made)}
