"""The text, its counter, its phonemes as one types, and the box to edit them by hand."""

from __future__ import annotations

from typing import NamedTuple

import gradio as gr

from phonelm.tts import TTS
from phonelm.ui.aside import Aside, LeftOut, Overloaded
from phonelm.ui.events import QUICK, user_of
from phonelm.ui.html import interlinear, problem
from phonelm.ui.phonemes import MAX_CHARACTERS, notation, sentences

NOTATION = "ARPAbet with stress, words apart by |, one line for each sentence. Untick to change the text again."


class TextInput(NamedTuple):
    """What `written.sentences` takes, in its order."""

    text: gr.Textbox
    by_hand: gr.Checkbox
    phonemes: gr.Textbox


def text_input(tts: TTS, aside: Aside, prefix: str = "") -> TextInput:
    """Lay it out and make it live; `prefix` is that of the ids in the page."""

    def read(text, by_hand, phonemes):
        count = f"<p class='count{' over' if len(text) > MAX_CHARACTERS else ''}'>{len(text)} of {MAX_CHARACTERS}</p>"
        if not text.strip() and not by_hand:
            return count
        try:
            return count + interlinear(sentences(tts, text, by_hand, phonemes))
        except ValueError as error:
            return count + problem(str(error))

    async def preview(text, by_hand, phonemes, request: gr.Request):
        """The text's counter and phonemes, unless it is changed meanwhile."""
        try:
            return await aside.run((user_of(request), prefix, "preview"), read, text, by_hand, phonemes)
        except LeftOut:
            return gr.skip()
        except Overloaded as error:
            return problem(str(error))

    async def switch(text, by_hand, phonemes, request: gr.Request):
        """Into the editing by hand, with the text's phonemes if there are none yet; or back."""
        start = (phonemes or "") if by_hand else ""
        if by_hand and not start.strip():
            try:
                start = notation(await aside.run((user_of(request), prefix, "switch"), sentences, tts, text))
            except (ValueError, LeftOut):
                start = ""
        return gr.update(interactive=not by_hand), gr.update(value=start, visible=by_hand)

    text = gr.Textbox(label="Text", info=f"English, up to {MAX_CHARACTERS} characters", lines=4, max_lines=12,
                      placeholder="What shall be said?", elem_id=f"{prefix}text")  # fmt: skip
    live = gr.HTML(read("", False, ""), elem_id=f"{prefix}live", elem_classes="phonemes")
    by_hand = gr.Checkbox(False, label="Edit the phonemes by hand", container=False, elem_id=f"{prefix}by-hand")
    phonemes = gr.Textbox(label="Phonemes", info=NOTATION, lines=3, max_lines=12, visible=False,
                          placeholder="HH AH0 L OW1 | W ER1 L D .", elem_id=f"{prefix}notation")  # fmt: skip
    parts = TextInput(text, by_hand, phonemes)
    for box in (text, phonemes):
        box.change(preview, list(parts), live, trigger_mode="always_last", **QUICK)
    by_hand.change(switch, list(parts), [text, phonemes], **QUICK).then(preview, list(parts), live, **QUICK)
    return parts
