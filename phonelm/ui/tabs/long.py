"""The Long text tab: a document of up to an hour is read, sentence by sentence, and heard while it grows."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import gradio as gr

from phonelm.config import SamplingConfig
from phonelm.text import SUFFIXES, Document
from phonelm.tts import TTS, DecodeControls, Plan, Turn, Turns, Unfinished
from phonelm.ui.aside import Aside
from phonelm.ui.assets import asset
from phonelm.ui.controls import new_seed, tempo_controls
from phonelm.ui.dictionary import applied
from phonelm.ui.events import KEEP_S, QUICK, without_folder
from phonelm.ui.html import problem
from phonelm.ui.long.document import choose, document_of, duration, first_choice, minutes
from phonelm.ui.long.shelf import Book, Shelf
from phonelm.ui.run import Job, Run, Running, Stopped, blame, first_turn, run_buttons
from phonelm.ui.voice import VoiceInput, chosen, voice_input
from phonelm.ui.zerogpu import lends

LENT_PIECES = 8  # sentences for which a GPU is lent at a time
AT_ONCE = 2  # readings; more wait in Gradio's queue
START = "<p class=count>up to an hour of speech</p>"
FAILED = json.dumps({"state": "stopped"})  # the player looks up what is there
KEPT = (
    "<p class=note>A reading stays on the server for a day after it was used last; one in the voice of your own clip "
    "for an hour. Delete removes it at once.</p>"
)


@dataclass(frozen=True, eq=False)
class Form:
    """What the user sets, and where errors of text and voice are shown."""

    text: gr.Textbox
    file: gr.File
    document: gr.State
    chapters: gr.CheckboxGroup
    note: gr.HTML
    dictionary: gr.Textbox
    voice: VoiceInput
    voice_note: gr.HTML
    speed: gr.Slider
    pitch: gr.Slider


def long_tab(tts: TTS, turns: Turns, aside: Aside, dictionary: gr.Textbox, shelf: Shelf) -> None:
    """Lay out the tab and wire it. Readings are on the shelf; the browser remembers the name of its last one."""
    with gr.Row(elem_id="long-ask"):
        with gr.Column(scale=6, min_width=320):
            text, file, document, chapters, note = _document_input()
        with gr.Column(scale=7, min_width=320):
            voice, voice_note = voice_input(tts, aside, "long-")
            speed, pitch = tempo_controls(tts, "long-")
    run = run_buttons("Read aloud", "long-")
    status = gr.HTML(elem_id="long-status", elem_classes="status")
    player = gr.HTML(
        html_template=asset("long.html"), css_template=asset("transport.css", "long.css"), apply_default_css=False,
        js_on_load=asset("long_sound.js", "long.js"), elem_id="long-player",
    )  # fmt: skip
    gr.HTML(KEPT)
    form = Form(text, file, document, chapters, note, dictionary, voice, voice_note, speed, pitch)
    _wire(tts, turns, shelf, form, run, status, player)


def _document_input() -> tuple[gr.Textbox, gr.File, gr.State, gr.CheckboxGroup, gr.HTML]:
    """A text or a file, its chapters, and a note about them or about what is wrong."""
    text = gr.Textbox(label="Text", lines=8, max_lines=16, placeholder="Paste a long text, or drop a file below.",
                      elem_id="long-text", elem_classes="text")  # fmt: skip
    file = gr.File(label="Or a file: TXT, Markdown or EPUB", file_types=list(SUFFIXES), height=140, elem_id="long-file")
    note = gr.HTML(START, elem_id="long-note", elem_classes="text-note")
    chapters = gr.CheckboxGroup(label="Chapters", visible=False, elem_id="long-chapters")
    document = gr.State(time_to_live=KEEP_S)

    def look(text: str, file: str | None) -> dict[Any, Any]:
        """What is in a text or a file, and how long it takes."""
        shown = {text_box: gr.update(visible=file is None)}
        nothing = {document: None, chapters: gr.update(choices=[], value=[], visible=False)}
        try:
            found = document_of(text or "", file)
        except (ValueError, OSError) as error:
            return shown | nothing | {note: problem(without_folder(error, file))}
        if found is None:
            return shown | nothing | {note: START}
        choices = [(f"{c.title} · {minutes(len(c.text))} min", i) for i, c in enumerate(found.chapters)]
        picked = first_choice(found)
        return shown | {
            document: found, note: _about(found, picked),
            chapters: gr.update(choices=choices, value=picked, visible=len(choices) > 1),
        }  # fmt: skip

    text_box = text
    for part in (text, file):
        part.change(look, [text, file], [text, document, chapters, note], trigger_mode="always_last", **QUICK)
    chapters.input(_about, [document, chapters], note, **QUICK)
    return text, file, document, chapters, note


def _about(document: Document | None, picked: list[int]) -> str:
    """The note under a text: what will be read."""
    if document is None:
        return ""
    try:
        length = sum(len(chapter.text) for chapter in choose(document, picked).chapters)
    except ValueError as error:
        return problem(str(error))
    several = f"{len(picked)} of {len(document.chapters)} chapters, " if len(document.chapters) > 1 else ""
    return f"<p class=count>{several}{duration(length)} of speech</p>"


def _wire(tts: TTS, turns: Turns, shelf: Shelf, form: Form, run: Run, status: gr.HTML, player: gr.HTML) -> None:
    def ordered(values: dict, running: Running, turn: Turn) -> Iterator[Any]:
        """A new reading of what the form says; the last item is the `Book`."""
        with blame(form.note):
            document = choose(values[form.document], values[form.chapters] or [])
            said = (replace(c, text=applied(c.text, values[form.dictionary])) for c in document.chapters)
            document = replace(document, chapters=tuple(said))
        controls = DecodeControls(values[form.speed], values[form.pitch])
        tts.codec.check_controls(controls)
        with blame(form.voice_note):
            prompt = chosen(*(values[part] for part in form.voice))
        yield from first_turn(running, turn, status)
        with blame(form.voice_note), turn:
            voice = tts.voice(prompt)
        yield shelf.add(tts, document, voice, SamplingConfig(seed=new_seed()), controls)

    def read(values: dict, running: Running, turn: Turn) -> Iterator[dict[Any, Any]]:
        """A new reading, or the rest of one that was stopped."""
        name = running.detail.get("name")  # of the player's event, none of the button's
        if name is None:
            for book in ordered(values, running, turn):
                if not isinstance(book, Book):
                    yield book
        else:
            book = shelf.get(name)
        with shelf.claim(book):
            shown = _Shown(book, fresh=name is None)
            yield {status: "<p>Looking up how it is said …</p>"}
            plan = book.plan(tts)
            unfinished = book.unfinished(tts, plan)
            yield from first_turn(running, turn, status)
            yield {player: shown.message("reading")}
            for line in _spoken(tts, turn, plan, unfinished, running):
                yield {player: shown.message("reading"), status: line}
            if running.stop.is_set():
                raise Stopped("Stopped. Go on continues with the next sentence.")
            yield {status: "<p>Writing the file …</p>"}
            book.finish(plan, unfinished)
            yield {player: shown.message("done"), status: "<p>Done: the files are below.</p>"}

    inputs = {form.document, form.chapters, form.dictionary, *form.voice, form.speed, form.pitch}
    limits = {"concurrency_limit": 1 if lends() else AT_ONCE, "concurrency_id": "long"}
    run.wire(Job(turns, read, inputs, [status, player, form.note, form.voice_note], status, {player: FAILED},
                 [form.voice.clip], [player.go_on], limits))  # fmt: skip


class _Shown:
    """What the player in the page is told: which reading, and how it goes; the rest it fetches."""

    def __init__(self, book: Book, fresh: bool):
        self._name, self._fresh, self._count = book.name, fresh, 0

    def message(self, state: str) -> str:
        """The component's value."""
        self._count += 1
        return json.dumps({"name": self._name, "fresh": self._fresh, "state": state, "count": self._count})


def _spoken(tts: TTS, turn: Turn, plan: Plan, unfinished: Unfinished, running: Running) -> Iterator[str]:
    """Speak what is left, in turns with others, until the end or until it is stopped; yields how it goes."""
    pieces, settings, reading = plan.speech.phonemes, plan.speech.settings, unfinished.reading
    begin, first = time.monotonic(), reading.pieces
    while (at := reading.pieces) < len(pieces):
        how = (plan.speech.voice, settings.at_sentence(at), lambda _: running.stop.is_set())
        if lends():  # a GPU is not kept waiting for others
            with turn:
                speech = tts.speak(pieces[at : at + LENT_PIECES], *how[:2], controls=plan.speech.controls)
        else:
            *_, (_, speech) = turn.share(tts.stream(pieces[at : at + 1], *how, controls=plan.speech.controls))
        if running.stop.is_set():  # the sentence in the middle is left out
            return
        unfinished.add(speech)
        yield _progress(plan, unfinished, first, time.monotonic() - begin, turn.others)


def _progress(plan: Plan, unfinished: Unfinished, first: int, seconds: float, others: int) -> str:
    """How far it is and how long it will take, judged by the phonemes spoken since piece `first`."""
    sizes, done = [len(p) for p in plan.speech.phonemes], unfinished.reading.pieces
    left = seconds / sum(sizes[first:done]) * sum(sizes[done:])
    chapter = [title for title, piece in plan.chapters if piece < done][-1]
    made_s = unfinished.reading.samples / plan.speech.sample_rate
    line = f"Sentence {done} of {len(sizes)}, {_clock(made_s)} so far"
    if len(plan.chapters) > 1:
        line = f"{escape(chapter)}: s{line[1:]}"
    if done < len(sizes):
        line += ", less than a minute left" if left < 60 else f", about {left / 60:.0f} min left"
    if others:
        line += f", in turns with {others} {'other' if others == 1 else 'others'}"
    return f"<p>{line}</p><progress max={sum(sizes)} value={sum(sizes[:done])} aria-label='read so far'></progress>"


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
