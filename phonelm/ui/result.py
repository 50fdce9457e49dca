"""A speech in the page: what was made, its player, its code grid, and all of it to download."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr
from gradio.components import Component

from phonelm.tts import COLOUR_BY, TTS, Recipe, Speech, Turns, pack, save_grid
from phonelm.ui.downloads import save_speech
from phonelm.ui.events import KEEP_S, MODEL, QUICK, failed, user_of
from phonelm.ui.grid import code_grid, grid_json
from phonelm.ui.html import summary
from phonelm.ui.live import live_player
from phonelm.ui.sound import PLAIN, playable

DOWNLOAD = "() => document.querySelector('#picture-file a, a#picture-file, #picture-file')?.click()"
COLOUR = "(made, colour, kind) => [made, document.querySelector('#grid .grid-colour').value, kind]"


@dataclass(frozen=True, eq=False)
class Made:
    """A speech of a user's session and what it was made from; `before` is what it was before its last edit."""

    speech: Speech
    recipe: Recipe
    before: Made | None = None


@dataclass(frozen=True, eq=False)
class Result:
    """The components; `made` holds a `Made`, or None; `under` is a place right under the grid."""

    status: gr.HTML
    live: gr.HTML
    audio: gr.Audio
    first: gr.Radio
    grid: gr.HTML
    bundle: gr.DownloadButton
    wav: gr.DownloadButton
    info: gr.DownloadButton
    png: gr.Button
    svg: gr.Button
    made: gr.State
    under: gr.Column

    @property
    def parts(self) -> list[Component]:
        """What `shown` updates."""
        return [
            self.status, self.live, self.audio, self.first, self.grid, self.bundle, self.wav, self.info, self.png,
            self.svg, self.made,
        ]  # fmt: skip

    @contextmanager
    def shown(self, made: Made, chosen: tuple[int, int] | None = None) -> Iterator[dict[Any, Any]]:
        """Updates that show a speech; to be used at once, because its files go when Gradio has copied them.

        Args:
            chosen: the phonemes that are to be marked in the grid and heard.
        """
        speech, name = made.speech, f"phonelm-{made.speech.settings.seed}"
        with TemporaryDirectory() as folder:
            wav, info = save_speech(speech, Path(folder))
            bundle = Path(folder, f"{name}.zip")
            bundle.write_bytes(pack(speech, made.recipe))
            n = len(speech.frames[0].codes)
            yield {
                self.status: summary(speech), self.audio: gr.update(value=wav, autoplay=chosen is not None),
                self.first: gr.update(choices=_first_choices(n), value=n, visible=n > 1),
                self.grid: grid_json(speech, chosen=chosen), self.bundle: str(bundle), self.wav: wav, self.info: info,
                self.made: made,
            }  # fmt: skip

    def ready_after(self, event) -> None:
        """Downloads can be pressed once an event has succeeded."""
        buttons = [self.bundle, self.wav, self.info, self.png, self.svg]
        event.success(lambda: [gr.update(interactive=True)] * len(buttons), None, buttons, **QUICK)


def result_view(tts: TTS, turns: Turns) -> Result:
    """Lay it out, empty, with all that needs nothing but the speech."""
    k = tts.model.config.n_codebooks
    status = gr.HTML("<p>The result will be here.</p>", elem_id="status", elem_classes="status")
    live = live_player("live-sound")
    audio = gr.Audio(label="Speech", interactive=False, buttons=[], waveform_options=PLAIN, elem_id="speech")
    first = gr.Radio(_first_choices(k), value=k, label="Listen with the first … codebooks", visible=False,
                     elem_id="first")  # fmt: skip
    grid = code_grid("#speech audio", "grid", live=True, selectable=True)
    under = gr.Column()
    with gr.Row(elem_id="downloads"):
        small = {"interactive": False, "size": "sm", "min_width": 110}
        bundle = gr.DownloadButton("Take it along (ZIP)", **small)
        wav = gr.DownloadButton("Audio (WAV)", **small)
        info = gr.DownloadButton("Details (JSON)", **small)
        png, svg = gr.Button("Picture (PNG)", **small), gr.Button("Picture (SVG)", **small)
    picture = gr.DownloadButton(visible="hidden", elem_id="picture-file")
    made, colour = gr.State(time_to_live=KEEP_S), gr.Textbox(visible=False)
    kinds = [gr.Textbox(kind, visible=False) for kind in ("png", "svg")]

    def listen(made: Made | None, n: int, request: gr.Request):
        """The speech from its first `n` codebooks only."""
        if made is None:
            yield gr.skip()
            return
        with turns.once(user_of(request)):
            wav = tts.codec.waveform(made.speech.codes[:, :n])
        with playable(tts, wav) as (file,):
            yield gr.update(value=file, autoplay=True)

    def draw(made: Made | None, colour_by: str, kind: str):
        """The picture as a file."""
        if made is None:
            raise failed("this speech is no longer kept: generate it again")
        with TemporaryDirectory() as folder:
            path = Path(folder, f"phonelm-{made.speech.settings.seed}.{kind}")
            save_grid(made.speech, path, colour_by if colour_by in COLOUR_BY else COLOUR_BY[0])
            yield str(path)

    first.input(listen, [made, first], audio, show_progress="hidden", api_visibility="private", **MODEL)
    for button, kind in zip((png, svg), kinds, strict=True):
        button.click(draw, [made, colour, kind], picture, js=COLOUR, show_progress="hidden",
                     api_visibility="private").success(None, js=DOWNLOAD)  # fmt: skip
    return Result(status, live, audio, first, grid, bundle, wav, info, png, svg, made, under)


def _first_choices(n: int) -> list[tuple[str, int]]:
    return [(f"all {n}" if i == n else str(i), i) for i in range(1, n + 1)]
