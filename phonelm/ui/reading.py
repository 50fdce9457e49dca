"""How each word of the text is read: shown at the word, and corrected there.

A corrected word goes into the user's own dictionary. The browser stores the dictionary (`assets/dictionary.js`). The
server gets it with a text and stores nothing.
"""

from __future__ import annotations

import json
import secrets
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from phonelm.audio import FORMATS, audio_bytes, to_int16
from phonelm.text import SILENCE, Phonemes, Trace, left_out, trace
from phonelm.tts import TTS, Turns
from phonelm.ui.aside import Aside, LeftOut
from phonelm.ui.assets import asset
from phonelm.ui.dictionary import applied, key_of, lexicon, merged, with_word, without_word
from phonelm.ui.events import MODEL, QUICK, user_of
from phonelm.ui.phonemes import sentences

AS_WRITTEN = "as written"
KEPT = f"() => {{ {asset('dictionary.js')} return [stored()]; }}"
SAVE = f"(text) => {{ {asset('dictionary.js')} store(text); }}"


def traced(tts: TTS, text: str, dictionary: str | None) -> str:
    """The words of a text over their phonemes, each a button with its reading, then a note about unread characters.

    Raises:
        ValueError: as for `sentences`, or the dictionary cannot be used.
    """
    mine = lexicon(dictionary)
    sentences_read = sentences(tts, mine.apply(text))
    words = trace(tts.phonemizer.with_lexicon(mine), text)
    pauses, count = _pauses(sentences_read), 0
    html: list[str] = []
    for word in words:
        html.append(_button(word, mine.entries, first=not html))
        count += len(word.spoken)
        html += [f"<span class=pause>{escape(pauses.pop(n))}</span>" for n in sorted(pauses) if n <= count]
    note = left_out(sentences_read, text)
    return f"<div class=words>{''.join(html)}</div>" + (f"<p class=unread>{escape(note)}</p>" if note else "")


def _pauses(spoken: Sequence[Phonemes]) -> dict[int, str]:
    """The pauses of a text, by the number of words before each."""
    found: dict[int, str] = {}
    before = 0
    for p in spoken:
        for symbol, word, start in zip(p.symbols, p.word_index, p.word_starts, strict=True):
            before += start
            if word < 0 and symbol != SILENCE:
                found[before] = symbol
    return found


def _button(word: Trace, mine: Mapping[str, Any], first: bool) -> str:
    """A written word as a button over its phonemes; `data-read` is for `assets/reading.js`."""
    key = key_of(word.written)
    own = next((k for k in (key, key.lower()) if k in mine), "")
    spoken = [{"word": s.word, "phones": " ".join(s.phones), "source": s.source} for s in word.spoken]
    data = {"written": word.written, "key": key, "mine": own, "spoken": spoken, "rule": word.rule or AS_WRITTEN}
    cells = [f"<span><b>{escape(s['word'])}</b><code>{escape(s['phones'])}</code></span>" for s in spoken]
    kind, stop = ("word mine" if own else "word"), (0 if first else -1)
    read = escape(json.dumps(data))
    return f'<button type=button class="{kind}" tabindex={stop} data-read="{read}">' + (
        "".join(cells) or f"<i>{escape(word.written)}</i>"
    ) + "</button>"


def dictionary_input() -> gr.Textbox:
    """The dictionary as text, in a hidden component: an input of every event that speaks.

    The browser sends it when the page is opened, and stores it again when it changes.
    """
    words = gr.Textbox("", visible=False)
    stored = gr.Textbox(visible=False)
    gr.on(None, _usable, stored, words, js=KEPT, **QUICK)  # when the page is opened
    words.change(None, words, None, js=SAVE, api_visibility="private")
    return words


def _usable(text: str) -> str:
    try:
        return lexicon(text).written()
    except ValueError:
        return ""


def reading_panel(
    tts: TTS, turns: Turns, aside: Aside, words: gr.Textbox, of: str, prefix: str = ""
) -> None:  # fmt: skip
    """Lay out the panel that corrects a word and lists the dictionary.

    Args:
        words: the dictionary.
        of: a CSS selector of the element with the HTML of `traced`.
        prefix: of the ids in the page.
    """
    panel = gr.HTML("{}", html_template=asset("reading.html"), css_template=asset("reading.css"), of=of,
                    js_on_load=asset("reading.js"), plain=AS_WRITTEN, apply_default_css=False,
                    elem_id=f"{prefix}reading")  # fmt: skip
    load = gr.UploadButton("Import a dictionary", file_types=[".tsv", ".txt"], size="sm",
                           elem_id=f"{prefix}dictionary-import")  # fmt: skip

    async def correct(now: str | None, request: gr.Request, event: gr.EventData) -> dict[Any, Any]:
        word, said_as = _entry(event)
        try:
            new = await aside.run((user_of(request), "correct"), with_word, now, word, said_as, tts.phonemizer)
        except LeftOut:
            return gr.skip()
        except ValueError as error:
            return {panel: _message(now, problem=str(error))}
        return {words: new, panel: _message(new, done=word, problem="")}

    def forget(now: str | None, event: gr.EventData) -> dict[Any, Any]:
        new = without_word(now, _entry(event)[0])
        return {words: new, panel: _message(new, problem="")}

    def take(now: str | None, path: str) -> dict[Any, Any]:
        try:
            new = merged(now, Path(path).read_text("utf-8-sig"))
        except UnicodeDecodeError:
            return {panel: _message(now, problem="the file is not UTF-8 text: save it as UTF-8")}
        except ValueError as error:
            return {panel: _message(now, problem=str(error))}
        return {words: new, panel: _message(new, problem="")}

    def hear(now: str | None, request: gr.Request, event: gr.EventData) -> str:
        """A word alone, in the first voice."""
        word, said_as = _entry(event)
        try:
            spoken = sentences(tts, applied(word, with_word("", word, said_as, tts.phonemizer)))
            with turns.once(user_of(request)):
                speech = tts.speak(spoken)
        except ValueError as error:
            return _message(now, problem=str(error))
        wav = audio_bytes(to_int16(speech.wav), speech.sample_rate, *FORMATS[".wav"], speech.tags)
        return _message(now, sound=b64encode(wav).decode(), problem="")

    panel.correct(correct, words, [words, panel], **QUICK)
    panel.forget(forget, words, [words, panel], **QUICK)
    panel.hear(hear, words, panel, show_progress="hidden", api_visibility="private", **MODEL)
    load.upload(take, [words, load], [words, panel], **QUICK)
    words.change(_message, words, panel, **QUICK)


def _entry(event: gr.EventData) -> tuple[str, str]:
    """The word and its pronunciation, as the page sends them."""
    word, said_as = (getattr(event, name, "") for name in ("word", "said_as"))
    return str(word)[:200], str(said_as)[:200]


def _message(dictionary: str | None, **more: str) -> str:
    """A value of the panel: the words of the dictionary, and a message or sound. Each has a number, so none is equal
    to the one before, and Gradio sends it.
    """
    entries = {word: " ".join(phones) for word, phones in lexicon(dictionary).entries.items()}
    return json.dumps({"entries": entries, **more, "number": secrets.token_hex(4)})
