"""The text box, its character count, its phonemes while the user types, and a box to edit the phonemes."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from phonelm.tts import TTS, Turns
from phonelm.ui.aside import Aside, LeftOut, Overloaded
from phonelm.ui.dictionary import applied
from phonelm.ui.events import QUICK, user_of
from phonelm.ui.fold import fold
from phonelm.ui.html import interlinear, problem
from phonelm.ui.phonemes import MAX_CHARACTERS, length, notation, sentences
from phonelm.ui.reading import reading_panel, traced

NOTATION = "ARPAbet with stress, words apart by |, one line for each sentence. Untick to change the text again."


class TextInput(NamedTuple):
    """What `phonemes.sentences` takes, in its order."""

    text: gr.Textbox
    by_hand: gr.Checkbox
    phonemes: gr.Textbox


def text_input(
    tts: TTS, turns: Turns, aside: Aside, dictionary: gr.Textbox, prefix: str = "", start: str = ""
) -> tuple[TextInput, gr.HTML]:  # fmt: skip
    """Lay it out and wire it.

    Args:
        dictionary: see `dictionary_input`.
        prefix: of the ids in the page.
        start: the text at the start.
    Returns:
        The inputs, and the note under the text, which shows errors.
    """

    def read(text, by_hand, phonemes, mine=""):
        """The note under the text, and its phonemes."""
        n = length(text := text or "")  # None if the tab was never opened
        count = f"<p class='count{' over' if n > MAX_CHARACTERS else ''}'>{n} of {MAX_CHARACTERS}</p>"
        if not text.strip() and not by_hand:
            return count, ""
        try:
            return count, interlinear(sentences(tts, text, True, phonemes)) if by_hand else traced(tts, text, mine)
        except ValueError as error:
            return problem(str(error)) + count, ""

    async def preview(text, by_hand, phonemes, mine, request: gr.Request):
        """The result of `read`, unless the text has changed meanwhile."""
        try:
            return await aside.run((user_of(request), prefix, "preview"), read, text, by_hand, phonemes, mine)
        except LeftOut:
            return gr.skip(), gr.skip()
        except Overloaded as error:
            return problem(str(error)), gr.skip()

    async def switch(text, by_hand, phonemes, mine, request: gr.Request):
        """Start editing the phonemes, from those of the text if there are none yet; or go back to the text."""
        begin = (phonemes or "") if by_hand else ""
        if by_hand and not begin.strip():
            try:
                spoken = await aside.run((user_of(request), prefix, "switch"), sentences, tts, applied(text, mine))
                begin = notation(spoken)
            except (ValueError, LeftOut):
                begin = ""
        return gr.update(interactive=not by_hand), gr.update(value=begin, visible=by_hand)

    about, words = read(start, False, "")
    text = gr.Textbox(start, label="Text", lines=4, max_lines=12, placeholder="Type what to say",
                      elem_id=f"{prefix}text", elem_classes="text")  # fmt: skip
    note = gr.HTML(about, elem_id=f"{prefix}note", elem_classes="text-note")
    with fold("Pronunciation", f"{prefix}pronunciation"):
        live = gr.HTML(words, elem_id=f"{prefix}live", elem_classes="phonemes")
        reading_panel(tts, turns, aside, dictionary, f"#{prefix}live", prefix)
        by_hand = gr.Checkbox(False, label="Edit the phonemes by hand", container=False, elem_id=f"{prefix}by-hand")
        phonemes = gr.Textbox(label="Phonemes", info=NOTATION, lines=3, max_lines=12, visible=False,
                              placeholder="HH AH0 L OW1 | W ER1 L D .", elem_id=f"{prefix}notation")  # fmt: skip
    parts = TextInput(text, by_hand, phonemes)
    inputs = [*parts, dictionary]
    for box in (text, phonemes, dictionary):
        box.change(preview, inputs, [note, live], trigger_mode="always_last", **QUICK)
    by_hand.change(switch, inputs, [text, phonemes], **QUICK).then(preview, inputs, [note, live], **QUICK)
    return parts, note
