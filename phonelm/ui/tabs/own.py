"""The tab "Your voice": record or drop some minutes of speech, adapt the model to it, use the voice."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phonelm.ui.events import QUICK, without_folder
from phonelm.ui.html import problem
from phonelm.ui.own.folder import OwnFolder, State, look, root_folder
from phonelm.ui.own.html import added, progress_html, recording_list, sentence_card
from phonelm.ui.own.sentences import SENTENCES
from phonelm.ui.private import new_name
from phonelm.ui.sound import PLAIN
from phonelm.ui.voice import CLIP, VoiceInput

VARIABLE = "PHONELM_OWN_VOICES"  # 1 or 0; by default the tab is there, but on Spaces
NEEDED = ("accelerate", "faster_whisper", "resemblyzer")
INSTALL = (
    "<p>To learn a voice, PhoneLM needs more packages. Install them, then start the app again:</p>"
    "<pre>pip install 'phonelm[adapt]'</pre>"
)
CONSENT = "It is my own voice, or the speaker has agreed"
KEPT = (
    "<p class=note>Recordings and voice stay on this server until you delete them, or for two days after you were here "
    "last. Nobody else can reach them.</p>"
)
EVERY_S = 2.0  # the progress is looked up


def is_offered() -> bool:
    """Whether the page has this tab: it takes a quarter of an hour of computing, so a Space has to ask for it."""
    return os.environ.get(VARIABLE, "0" if os.environ.get("SPACE_ID") else "1") == "1"


@dataclass(frozen=True, eq=False)
class OwnTab:
    """The components; `token` names the user's folder, `index` is the sentence to read."""

    token: gr.BrowserState
    index: gr.State
    sentence: gr.HTML
    microphone: gr.Audio
    files: gr.File
    again: gr.Button
    skip: gr.Button
    note: gr.HTML
    listed: gr.HTML
    name: gr.Textbox
    agreed: gr.Checkbox
    minutes: gr.Slider
    start: gr.Button
    stop: gr.Button
    progress: gr.HTML
    sample: gr.Audio
    use: gr.Button
    voice_file: gr.File
    delete: gr.Button
    timer: gr.Timer
    state: gr.State

    @property
    def shown(self) -> list[Any]:
        """What depends on the adaptation."""
        return [self.progress, self.sample, self.use, self.voice_file, self.start, self.stop, self.timer]


def own_tab(tab: gr.Tab, tabs: gr.Tabs, speaking: VoiceInput) -> None:
    """Lay out the tab and wire it.

    Args:
        tab: this tab; what the user has made is there again when it is opened.
        tabs: all tabs, that with the id "speak" among them.
        speaking: the voice of the tab Speak, which takes the finished voice.
    """
    if any(find_spec(package) is None for package in NEEDED):
        gr.HTML(INSTALL, elem_id="own-install")
        return
    parts = _lay_out()
    _wire_recordings(parts)
    _wire_learning(parts, tab)

    def use(path: str | None) -> dict[Any, Any]:
        return {speaking.kind: CLIP, speaking.clip: None, speaking.file: path, tabs: gr.Tabs(selected="speak")}

    parts.use.click(use, parts.voice_file, [*speaking, tabs], **QUICK)


def _lay_out() -> OwnTab:
    with gr.Row():
        with gr.Column(min_width=320):
            gr.HTML("<h2>1. Record</h2><p>Read the sentences aloud, or drop recordings of yours.</p>")
            sentence = gr.HTML(sentence_card(0), elem_id="own-sentence")
            microphone = gr.Audio(label="Record this sentence", sources=["microphone"], type="filepath", buttons=[],
                                  elem_id="own-microphone")  # fmt: skip
            with gr.Row():
                again = gr.Button("Take the last one back", size="sm", elem_id="own-again")
                skip = gr.Button("Skip this sentence", size="sm", elem_id="own-skip")
            files = gr.File(label="Or recordings: WAV, FLAC, MP3, M4A …", file_count="multiple", height=150,
                            elem_id="own-files")  # fmt: skip
            note, listed = gr.HTML(elem_id="own-note"), gr.HTML(recording_list([]), elem_id="own-list")
        with gr.Column(min_width=320):
            gr.HTML("<h2>2. Learn</h2><p>The model learns your voice. The page may be closed meanwhile.</p>")
            name = gr.Textbox("my-voice", label="Name of the voice", max_length=40, elem_id="own-name")
            agreed = gr.Checkbox(label=CONSENT, elem_id="own-consent")
            minutes = gr.Slider(1, 60, 15, step=1, label="Minutes", elem_id="own-minutes")
            with gr.Row():
                start = gr.Button("Start", variant="primary", elem_id="own-start")
                stop = gr.Button("Stop", interactive=False, elem_id="own-stop")
            progress = gr.HTML(elem_id="own-progress", elem_classes="status")
            sample = gr.Audio(label="How it sounds by now", interactive=False, buttons=[], waveform_options=PLAIN,
                              visible=False, elem_id="own-sample")  # fmt: skip
            gr.HTML("<h2>3. Use it</h2>")
            use = gr.Button("Speak in this voice", interactive=False, elem_id="own-use")
            voice_file = gr.File(label="Your voice file", interactive=False, visible=False, elem_id="own-file")
            gr.HTML(KEPT)
            delete = gr.Button("Delete all recordings and the voice", size="sm", elem_id="own-delete")
    return OwnTab(
        gr.BrowserState("", storage_key="phonelm-own-voice"), gr.State(0), sentence, microphone, files, again, skip,
        note, listed, name, agreed, minutes, start, stop, progress, sample, use, voice_file, delete,
        gr.Timer(EVERY_S, active=False), gr.State(),
    )  # fmt: skip


def _folder(token: str) -> tuple[str, OwnFolder]:
    """The user's folder, a new one if there is none yet, and its name."""
    token = token or new_name()
    return token, OwnFolder(token, root_folder())


def _wire_recordings(tab: OwnTab) -> None:
    def keep(token: str, sources: list[tuple[str, str]]) -> tuple[str, str, str]:
        token, folder = _folder(token)
        notes = []
        for path, text in sources:
            try:
                notes.append(added(folder.add(path, text)))
            except (ValueError, OSError) as error:
                notes.append(problem(without_folder(error, path)))
        return token, "".join(notes[-3:]), recording_list([look(p) for p in folder.files()])

    def record(token: str, index: int, path: str | None) -> dict[Any, Any]:
        if path is None:
            return {tab.note: gr.skip()}
        text = SENTENCES[index] if index < len(SENTENCES) else ""
        token, note, listed = keep(token, [(path, text)])
        index += "Not kept" not in note
        return {tab.token: token, tab.note: note, tab.listed: listed, tab.microphone: None, tab.index: index,
                tab.sentence: sentence_card(index)}  # fmt: skip

    def drop(token: str, paths: list[str] | None) -> dict[Any, Any]:
        token, note, listed = keep(token, [(path, "") for path in paths or []])
        return {tab.token: token, tab.note: note, tab.listed: listed, tab.files: None}

    def take_back(token: str, index: int) -> dict[Any, Any]:
        token, folder = _folder(token)
        folder.remove_last()
        index = max(0, index - 1)
        listed = recording_list([look(p) for p in folder.files()])
        return {tab.token: token, tab.listed: listed, tab.note: "", tab.index: index,
                tab.sentence: sentence_card(index)}  # fmt: skip

    outputs = [tab.token, tab.note, tab.listed, tab.microphone, tab.files, tab.index, tab.sentence]
    tab.microphone.stop_recording(record, [tab.token, tab.index, tab.microphone], outputs, **QUICK)
    tab.files.upload(drop, [tab.token, tab.files], outputs, **QUICK)
    tab.again.click(take_back, [tab.token, tab.index], outputs, **QUICK)
    tab.skip.click(lambda i: (i + 1, sentence_card(i + 1)), tab.index, [tab.index, tab.sentence], **QUICK)


def _wire_learning(tab: OwnTab, opened: gr.Tab) -> None:
    def start(token: str, name: str, agreed: bool, minutes: float) -> dict[Any, Any]:
        token, folder = _folder(token)
        try:
            if not agreed:
                raise ValueError("a voice is learned only with the consent of whoever speaks: tick the box")
            if not folder.files():
                raise ValueError("there are no recordings yet: record or drop some first")
            folder.start("-".join(name.lower().split()), CONSENT, minutes)
        except (ValueError, OSError) as error:
            return {tab.token: token, tab.progress: problem(str(error))}
        return {tab.token: token} | _shown(tab, folder.state())

    def look_up(token: str, before: State | None) -> dict[Any, Any]:
        """What is new: sound and file are handed out only when there are others."""
        if not token:
            return {tab.note: gr.skip()}
        state = _folder(token)[1].state()
        updates = _shown(tab, state) | {tab.state: state}
        if before is not None and (before.sample, before.done) == (state.sample, state.done):
            for part in (tab.sample, tab.voice_file):
                updates.pop(part)
        return updates

    def restore(token: str) -> dict[Any, Any]:
        if not token:
            return {tab.note: gr.skip()}
        _, folder = _folder(token)
        recordings = [look(p) for p in folder.files()]
        read = sum(p.with_suffix(".txt").is_file() for p in folder.files())
        return _shown(tab, folder.state()) | {
            tab.listed: recording_list(recordings), tab.index: read, tab.sentence: sentence_card(read),
        }  # fmt: skip

    def stop(token: str) -> dict[Any, Any]:
        _, folder = _folder(token)
        folder.stop()
        return _shown(tab, folder.state())

    def delete(token: str) -> dict[Any, Any]:
        if token:
            _folder(token)[1].delete()
        return _shown(tab, State()) | {tab.token: "", tab.listed: recording_list([]), tab.note: "", tab.index: 0,
                                 tab.sentence: sentence_card(0)}  # fmt: skip

    everything = [*tab.shown, tab.state, tab.token, tab.listed, tab.note, tab.index, tab.sentence]
    events: list[tuple[Callable[..., Any], Callable[..., Any], list[Any]]] = [
        (tab.start.click, start, [tab.token, tab.name, tab.agreed, tab.minutes]),
        (tab.stop.click, stop, [tab.token]), (tab.delete.click, delete, [tab.token]),
        (tab.timer.tick, look_up, [tab.token, tab.state]), (opened.select, restore, [tab.token]),
    ]  # fmt: skip
    for listen, work, inputs in events:
        listen(_handing_out(tab, work), inputs, everything, **QUICK)


def _shown(tab: OwnTab, state: State) -> dict[Any, Any]:
    """The updates that show how far an adaptation is, for `_handing_out`."""
    return {
        tab.progress: progress_html(state),
        tab.sample: state.sample, tab.voice_file: state.done, tab.use: gr.Button(interactive=_is_file(state.done)),
        tab.start: gr.Button(interactive=not state.running), tab.stop: gr.Button(interactive=state.running),
        tab.timer: gr.Timer(active=state.running),
    }  # fmt: skip


def _is_file(path: str | None) -> bool:
    return path is not None and Path(path).is_file()


def _handing_out(tab: OwnTab, work: Callable[..., dict[Any, Any]]) -> Callable[..., Iterator[dict[Any, Any]]]:
    """An event in which sound and voice file are paths on the server; Gradio copies them into its cache."""

    def event(*values: Any) -> Iterator[dict[Any, Any]]:
        updates = work(*values)
        with TemporaryDirectory() as folder:
            for part, component in ((tab.sample, gr.Audio), (tab.voice_file, gr.File)):
                if part in updates:
                    path, there = updates[part], _is_file(updates[part])
                    updates[part] = component(shutil.copy(path, folder) if there else None, visible=there)
            yield updates

    return event
