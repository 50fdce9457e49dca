"""The Compare tab: one text spoken twice, with two voices, seeds or settings, to be heard and seen side by side.

In a blind trial nobody sees which is which before the vote: the order is drawn, and settings and grids stay away.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import gradio as gr
from gradio.components import Component

from phonelm.audio import match_loudness
from phonelm.config import SamplingConfig
from phonelm.text import Phonemes
from phonelm.tts import TTS, Clip, DecodeControls, Speech, Turn, Turns
from phonelm.ui.aside import Aside
from phonelm.ui.controls import Controls, controls, new_seed, seed_controls, settings_of
from phonelm.ui.dictionary import applied
from phonelm.ui.differences import differing
from phonelm.ui.events import KEEP_S, QUICK, failed
from phonelm.ui.grid import code_grid, grid_json
from phonelm.ui.html import progress, summary
from phonelm.ui.phonemes import sentences
from phonelm.ui.remember import remember
from phonelm.ui.run import Job, Running, Stopped, blame, first_turn, run_buttons
from phonelm.ui.sound import PLAIN, playable
from phonelm.ui.swap import swap_button, swap_value
from phonelm.ui.text_input import TextInput, text_input
from phonelm.ui.voice import CLIP, VoiceInput, chosen, voice_input
from phonelm.ui.votes import NEITHER, Vote, tally, votes_csv

SIDES, PLACES = "AB", ("first", "second")  # what is compared; where it is heard
STOPPED = "Stopped: there is nothing new to compare."


class Side(NamedTuple):
    """The controls of one of the two."""

    voice: VoiceInput
    voice_note: gr.HTML
    settings: Controls
    seed: gr.Number
    keep: gr.Checkbox


class Place(NamedTuple):
    """Where one of the two is heard and seen."""

    said: gr.HTML
    audio: gr.Audio
    grid: gr.HTML


class Pair(NamedTuple):
    """Both speeches, as A and B, their voices, and which of them is heard in which place."""

    speeches: tuple[Speech, Speech]
    voices: tuple[str, str]
    order: tuple[int, int]


def compare_tab(tts: TTS, turns: Turns, aside: Aside, dictionary: gr.Textbox) -> None:
    """Lay out the tab and wire it. It keeps the last pair and the votes of each user's own session, nothing else."""
    with gr.Row():
        with gr.Column(min_width=300):
            text, text_note = text_input(tts, turns, aside, dictionary, "compare-")
            same_seed = gr.Checkbox(False, label="One seed for both: that of A", container=False,
                                    elem_id="compare-same-seed")  # fmt: skip
            blind = gr.Checkbox(False, label="Blind: do not tell me which is which", container=False,
                                elem_id="compare-blind")  # fmt: skip
            run = run_buttons("Generate both", "compare-")
            status = gr.HTML("<p>Set A and B apart; their difference will be here.</p>", elem_id="compare-status",
                             elem_classes="status")  # fmt: skip
        with gr.Column(scale=2, min_width=300) as sides_box, gr.Row():
            sides = [_side(tts, aside, name) for name in SIDES]
    remember(_kept(text, same_seed, blind, sides), {"compare-phonemes": "compare-by_hand"})
    swap = swap_button(tuple(f"#compare-{name} audio" for name in PLACES), "compare-swap")
    with gr.Row(visible=False, elem_id="compare-votes") as votes_box:
        ballots = [gr.Button(label) for label in ("X is better", "Y is better", "Neither is")]
    count = gr.HTML(elem_id="compare-count", elem_classes="status")
    with gr.Row():
        table = gr.DownloadButton("Votes (CSV)", visible=False, size="sm", scale=0, min_width=140)
        forget = gr.Button("Forget the votes", visible=False, size="sm", scale=0, min_width=140)
    places = [_place(name) for name in PLACES]
    pair, votes = gr.State(time_to_live=KEEP_S), gr.State([])
    heard = [part for place in places for part in place]

    def asked(values: dict) -> tuple[list[Phonemes], list[tuple[Clip | str, SamplingConfig, DecodeControls]]]:
        """What to say; voice, settings and controls of A and B. ValueError: they cannot be used, or are the same."""
        seeds = [values[side.seed] if values[side.keep] else new_seed() for side in sides]
        if values[same_seed]:
            seeds[1] = seeds[0]
        chosen_values = ([values[part] for part in side.settings] for side in sides)
        settings = [settings_of(picked, seed) for picked, seed in zip(chosen_values, seeds)]
        kinds, clips = ([values[side.voice[part]] for side in sides] for part in range(2))
        if settings[0] == settings[1] and kinds[0] == kinds[1] and (kinds[0] != CLIP or clips[0] == clips[1]):
            raise ValueError("A and B are the same: give one another voice, seed or setting")
        voices = []
        for side, kind, clip in zip(sides, kinds, clips):
            with blame(side.voice_note):
                voices.append(chosen(kind, clip))
        with blame(text_note):
            typed, *by_hand = (values[part] for part in text)
            said = sentences(tts, applied(typed, values[dictionary]), *by_hand)
        return said, [(voice, *both) for voice, both in zip(voices, settings)]

    def speak(values: dict, running: Running, turn: Turn):
        """Both, one after the other; `values` by component."""
        speeches = []
        said, both = asked(values)
        yield from first_turn(running, turn, status)
        yield {side.seed: settings.seed for side, (_, settings, _) in zip(sides, both)}
        for name, (voice, settings, tuned) in zip(SIDES, both):
            chunks = tts.stream(said, voice, settings, lambda _: running.stop.is_set(), controls=tuned)
            for _, speech in turn.share(chunks):
                yield {status: f"<p>{name}:</p>{progress(speech, turn.others)}"}
            if running.stop.is_set():
                raise Stopped(STOPPED)
            with turn:
                speeches.append(tts.decode(speech))
        order = (0, 1) if not values[blind] or secrets.randbelow(2) else (1, 0)
        first, second = speeches
        kinds = [values[side.voice.kind] for side in sides]
        made = Pair((first, second), (kinds[0], kinds[1]), order)
        sound = match_loudness([speech.wav for speech in speeches])
        with playable(tts, *(sound[i] for i in order)) as files:
            yield {
                pair: made, swap: swap_value(*(speeches[i] for i in order)),
                **{place.audio: file for place, file in zip(places, files)},
                **(hidden() if values[blind] else shown(made, SIDES)),
            }  # fmt: skip

    def hidden() -> dict[Any, Any]:
        """A blind trial."""
        names = {place.said: f"<h3>{name}</h3>" for place, name in zip(places, "XY")}
        return names | dict.fromkeys(place.grid for place in places) | {
            votes_box: gr.update(visible=True), sides_box: gr.update(visible="hidden"),
            status: "<p>Listen to X and Y, then vote: which of them is which is told after that.</p>",
        }  # fmt: skip

    def shown(made: Pair, names: str) -> dict[Any, Any]:
        """What both are; `names` with their places."""
        updates = {status: f"<p>{differing(*made.speeches):.1%} of the cells differ.</p>",
                   votes_box: gr.update(visible=False), sides_box: gr.update(visible=True)}  # fmt: skip
        for place, name, i in zip(places, names, made.order):
            speech, other = made.speeches[i], made.speeches[1 - i]
            title = name if name == SIDES[i] else f"{name} was {SIDES[i]}"
            updates[place.said] = f"<h3>{title}</h3>{summary(speech)}"
            updates[place.grid] = grid_json(speech, other)
        return updates

    def vote(ballot: str, made: Pair | None, before: list[Vote]):
        """One more vote, and the secret is out."""
        if made is None:
            raise failed("these two have their vote, or are no longer kept: generate both again")
        better = SIDES[made.order["XY".index(ballot[0])]] if ballot[0] in "XY" else NEITHER
        first, second = made.speeches
        settings, tuned = (first.settings, second.settings), (first.controls, second.controls)
        now = [*before, Vote(better, first.text, differing(first, second), made.voices, settings, tuned)]
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            path = Path(folder, "phonelm-votes.csv")
            path.write_text(votes_csv(now), encoding="utf-8")
            yield shown(made, "XY") | {
                pair: None, votes: now, count: tally(now), table: gr.update(value=str(path), visible=True),
                forget: gr.update(visible=True),
            }  # fmt: skip

    ends = [status, sides_box, votes_box, *heard]
    of_sides = (part for s in sides for part in (*s.voice, *s.settings, s.seed, s.keep))
    inputs = {*text, dictionary, *of_sides, same_seed, blind}
    outputs = [*ends, swap, pair, text_note, *(part for side in sides for part in (side.seed, side.voice_note))]
    run.wire(Job(turns, speak, inputs, outputs, status, {sides_box: gr.update(visible=True)},
                 [side.voice.clip for side in sides]))  # fmt: skip
    for ballot in ballots:
        ballot.click(vote, [ballot, pair, votes], [*ends, pair, votes, count, table, forget], api_visibility="private",
                     show_progress="hidden")  # fmt: skip
    forget.click(lambda: ([], "", gr.update(value=None, visible=False), gr.update(visible=False)), None,
                 [votes, count, table, forget], **QUICK)  # fmt: skip


def _kept(text: TextInput, same_seed: gr.Checkbox, blind: gr.Checkbox, sides: list[Side]) -> dict[str, Component]:
    """What stays in the browser, by name."""
    kept: dict[str, Component] = {**text._asdict(), "same_seed": same_seed, "blind": blind}
    for name, side in zip(SIDES, sides, strict=True):
        parts = {"voice": side.voice.kind, **side.settings._asdict(), "seed": side.seed, "keep": side.keep}
        kept |= {f"{name}-{part}": component for part, component in parts.items()}
    return {f"compare-{name}": component for name, component in kept.items()}


def _side(tts: TTS, aside: Aside, name: str) -> Side:
    prefix = f"compare-{name.lower()}-"
    with gr.Column(min_width=300):
        gr.Markdown(f"### {name}")
        voice, voice_note = voice_input(tts, aside, prefix)
        seed, keep = seed_controls(f"{prefix}seed")
        with gr.Accordion("Settings", open=False, elem_id=f"{prefix}settings"):
            settings = controls(tts, prefix)
    return Side(voice, voice_note, settings, seed, keep)


def _place(name: str) -> Place:
    said = gr.HTML(elem_id=f"compare-{name}-said", elem_classes="status")
    audio = gr.Audio(show_label=False, interactive=False, buttons=[], waveform_options=PLAIN, elem_id=f"compare-{name}")
    return Place(said, audio, code_grid(f"#compare-{name} audio", f"compare-{name}-grid", pair=True))
