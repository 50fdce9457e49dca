"""A speech in the page: its player, its code grid and its downloads."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

import gradio as gr
from gradio.components import Component

from phonelm.audio import write_audio
from phonelm.tts import COLOUR_BY, TTS, DecodeControls, Recipe, Speech, Turns, describe, save_grid
from phonelm.ui.downloads import KINDS, save_all
from phonelm.ui.events import KEEP_S, MODEL, failed, user_of
from phonelm.ui.grid import code_grid, grid_json
from phonelm.ui.html import summary
from phonelm.ui.live import transport
from phonelm.ui.sound import PLAIN, playable
from phonelm.ui.takes import PLAYER, take_json, takes_list

PLAY = "() => document.dispatchEvent(new CustomEvent('phonelm:fresh'))"  # play the new sound
DOWNLOAD = "() => document.querySelector('#picture-file a, a#picture-file, #picture-file')?.click()"
COLOUR = "(made, colour, kind) => [made, document.querySelector('#grid .grid-colour').value, kind]"
FOREIGN = "<p>A take from an earlier visit: listen to it, or download it in its row. To edit it, generate it again.</p>"
RECENT = 32  # speeches that can be shown again and edited, of all users; a megabyte or two each
LABELS = {"wav": "WAV", "mp3": "MP3", "srt": "SRT", "vtt": "VTT", "json": "JSON", "zip": "ZIP"}


@dataclass(frozen=True, eq=False)
class Made:
    """A speech of a user's session and what it was made from. It does not change.

    Attributes:
        before: the speech before its last edit.
        key: its id among the takes in the page.
        replaces: the key of the take that it replaces there.
    """

    speech: Speech
    recipe: Recipe
    before: Made | None = None
    key: str = field(default_factory=lambda: secrets.token_hex(6))
    replaces: str = ""

    def __deepcopy__(self, _memo: dict) -> Made:
        """Sessions share the take that the page shows when it opens."""
        return self


def retuned(tts: TTS, made: Made, controls: DecodeControls) -> Made:
    """A take with other controls (without `mean_hz`) that replaces `made`; `made` itself if it has these controls.

    Raises:
        CodecError: the codec has no such controls.
    """
    if made.recipe.controls == controls:
        return made
    speech = tts.decode(made.speech, controls)
    recipe = replace(made.recipe, controls=controls)
    return replace(made, speech=speech, recipe=recipe, key=secrets.token_hex(6), replaces=made.key)


class Recent:
    """The last speeches of all users, by secret keys, so that a take that is shown again can be edited again."""

    def __init__(self, most: int = RECENT):
        self._made: OrderedDict[str, Made] = OrderedDict()
        self._most, self._lock = most, Lock()

    def keep(self, made: Made) -> None:
        with self._lock:
            self._made[made.key] = made
            self._made.move_to_end(made.key)
            while len(self._made) > self._most:
                self._made.popitem(last=False)

    def get(self, key: object) -> Made | None:
        """The speech, or None if it is no longer kept."""
        with self._lock:
            return self._made.get(key) if isinstance(key, str) else None


@dataclass(frozen=True, eq=False)
class Result:
    """The components; `made` holds a `Made`, or None; `below_grid` is an empty column for other modules."""

    status: gr.HTML
    live: gr.HTML
    audio: gr.Audio
    first: gr.Radio
    grid: gr.HTML
    files: dict[str, gr.DownloadButton]
    pictures: tuple[gr.Button, gr.Button]
    takes: gr.HTML
    made: gr.State
    below_grid: gr.Column
    recent: Recent

    @property
    def parts(self) -> list[Component]:
        """What `shown` updates."""
        return [
            self.status, self.live, self.audio, self.first, self.grid, *self.files.values(), *self.pictures,
            self.takes, self.made,
        ]  # fmt: skip

    def shown_again(self, made: Made | None) -> Iterator[dict[Any, Any]]:
        """Updates for a take that the browser shows from its own storage; None if the server no longer has it."""
        if made is None:
            off = {part: gr.update(interactive=False) for part in (*self.files.values(), *self.pictures)}
            yield off | {self.made: None, self.status: FOREIGN, self.first: gr.update(visible=False)}
            return
        with self.shown(made) as updates:
            yield {part: update for part, update in updates.items() if part not in (self.audio, self.grid, self.takes)}

    @contextmanager
    def shown(self, made: Made, chosen: tuple[int, int] | None = None) -> Iterator[dict[Any, Any]]:
        """Updates that show a speech. Its files exist until the end of the block; Gradio copies them.

        Args:
            chosen: the phonemes to mark in the grid and to play.
        """
        self.recent.keep(made)
        with _values(made, chosen) as values:
            files = {self.files[kind]: gr.update(value=values[kind], interactive=True) for kind in KINDS}
            n = values["codebooks"]
            yield files | {button: gr.update(interactive=True) for button in self.pictures} | {
                self.status: values["status"],
                self.audio: values["audio"],
                self.first: gr.update(choices=_first_choices(n), value=n, visible=n > 1),
                self.grid: values["grid"], self.takes: values["take"], self.made: made,
            }  # fmt: skip


@contextmanager
def _values(made: Made, chosen: tuple[int, int] | None = None) -> Iterator[dict[str, Any]]:
    """The values of the components for a speech, by name; its files exist until the end of the block."""
    speech = made.speech
    with TemporaryDirectory() as folder:
        take = Path(folder, f"take-{made.key}.wav")
        write_audio(take, speech.wav, speech.sample_rate)
        yield {
            **save_all(speech, made.recipe, Path(folder)), "status": summary(speech), "audio": str(take),
            "codebooks": len(speech.frames[0].codes), "grid": grid_json(speech, chosen=chosen, take=made.key),
            "take": take_json(made.key, speech, made.replaces),
        }  # fmt: skip


def result_view(tts: TTS, turns: Turns, opening: Made | None = None) -> Result:
    """Lay it out, with the functions that need only the speech.

    Args:
        opening: the take that is shown at the start.
    """
    if opening is None:
        result, picture = _lay_out(tts, {}, None)
    else:
        with _values(opening) as values:
            result, picture = _lay_out(tts, values, opening)
        result.recent.keep(opening)
    _wire(tts, turns, result, picture)
    return result


def _lay_out(tts: TTS, values: dict[str, Any], opening: Made | None) -> tuple[Result, gr.DownloadButton]:
    """The components, and the hidden one through which pictures are downloaded; `values` by name, as from `_values`."""
    n = values.get("codebooks", tts.model.config.n_codebooks)
    status = gr.HTML(values.get("status", "<p>The speech will be here.</p>"), elem_id="status", elem_classes="status")
    live = transport(PLAYER, "grid", "live-sound")
    audio = gr.Audio(values.get("audio"), label="Speech", interactive=False, buttons=[], waveform_options=PLAIN,
                     elem_id="speech", elem_classes="behind")  # fmt: skip
    grid = code_grid(PLAYER, "grid", values.get("grid"), live=True, selectable=True)
    below_grid = gr.Column()
    with gr.Row(elem_id="downloads"):
        small: dict[str, Any] = {"interactive": bool(values), "size": "sm", "min_width": 72}
        files = {kind: gr.DownloadButton(LABELS[kind], value=values.get(kind), **small) for kind in KINDS}
        pictures = gr.Button("PNG", **small), gr.Button("SVG", **small)
    first = gr.Radio(_first_choices(n), value=n, label="Hear it from some codebooks", visible=bool(values) and n > 1,
                     elem_id="first")  # fmt: skip
    takes = takes_list(values.get("take"))
    hidden = gr.DownloadButton(visible="hidden", elem_id="picture-file")
    made = gr.State(opening, time_to_live=KEEP_S)
    return Result(status, live, audio, first, grid, files, pictures, takes, made, below_grid, Recent()), hidden


def _wire(tts: TTS, turns: Turns, result: Result, picture: gr.DownloadButton) -> None:
    colour = gr.Textbox(visible=False)
    kinds = [gr.Textbox(kind, visible=False) for kind in ("png", "svg")]

    def listen(made: Made | None, n: int, request: gr.Request):
        """The speech from its first `n` codebooks, or, if it is negative, from codebook -n alone."""
        if made is None:
            yield gr.skip()
            return
        codes, controls = made.speech.codes, made.speech.controls
        with turns.once(user_of(request)):
            wav = tts.codec.waveform(codes[:, :n], controls) if n > 0 else tts.codec.alone(codes, -n - 1, controls)
        with playable(tts, wav) as (file,):
            yield file

    def draw(made: Made | None, colour_by: str, kind: str):
        """The picture as a file."""
        if made is None:
            raise failed("this speech is no longer kept: generate it again")
        with TemporaryDirectory() as folder:
            path = Path(folder, f"phonelm-{made.speech.settings.seed}.{kind}")
            shown = colour_by if colour_by in COLOUR_BY else COLOUR_BY[0]
            save_grid(made.speech, path, shown, caption=describe(made.speech, shown))
            yield str(path)

    played = result.first.input(listen, [result.made, result.first], result.audio, show_progress="hidden",
                                api_visibility="private", **MODEL)  # fmt: skip
    played.success(None, js=PLAY)
    for button, kind in zip(result.pictures, kinds, strict=True):
        button.click(draw, [result.made, colour, kind], picture, js=COLOUR, show_progress="hidden",
                     api_visibility="private").success(None, js=DOWNLOAD)  # fmt: skip


def _first_choices(n: int) -> list[tuple[str, int]]:
    """The first codebooks together, then each further one alone, as a negative number."""
    together = [(f"all {n}" if i == n else "only 1" if i == 1 else f"first {i}", i) for i in range(1, n + 1)]
    return together + [(f"only {i}", -i) for i in range(2, n + 1)]
