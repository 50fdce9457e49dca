"""The Speak tab: text, voice and settings in; sound at once, then the whole speech and its code grid."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import gradio as gr

from phonelm.picture import COLOUR_BY, save_grid
from phonelm.recipe import identity
from phonelm.speech import Speech
from phonelm.tts import TTS
from phonelm.ui.controls import Controls, controls, new_seed, sampling, seed_controls
from phonelm.ui.events import KEEP_S, MODEL, QUICK, failed, run_buttons
from phonelm.ui.files import save_speech
from phonelm.ui.grid import code_grid, grid_json
from phonelm.ui.html import problem, progress, summary
from phonelm.ui.link import share_link
from phonelm.ui.live import LiveSound, live_player
from phonelm.ui.sound import PLAIN, decoded, playable
from phonelm.ui.take_along import bundle, recipe_input
from phonelm.ui.text_input import TextInput, examples, text_input
from phonelm.ui.voice import VoiceInput, chosen, voice_input, without_folder
from phonelm.ui.written import sentences

N_TEXT, N_VOICE, N_CONTROLS = (len(kind._fields) for kind in (TextInput, VoiceInput, Controls))
DOWNLOAD = "() => document.querySelector('#picture-file a, a#picture-file, #picture-file')?.click()"
COLOUR = "(speech, colour, kind) => [speech, document.querySelector('#grid .grid-colour').value, kind]"


def speak_tab(tts: TTS) -> None:
    """Lay out the tab and wire it. It keeps nothing between runs but the last speech of each user's own session."""
    k, here = tts.model.config.n_codebooks, identity(tts)
    with gr.Row():
        with gr.Column(scale=2, min_width=300):
            text = text_input(tts)
            run = run_buttons("Generate")
            voice = voice_input(tts)
            seed, keep = seed_controls("seed")
            with gr.Accordion("Settings", open=False, elem_id="settings"):
                settings = controls(k)
            recipe_input(tts, here, text, voice, settings, seed, keep)
            share_link(tts, text, voice, settings, seed, keep)
            examples(text.text)
        with gr.Column(scale=3, min_width=300):
            status = gr.HTML("<p>The result will be here.</p>", elem_id="status", elem_classes="status")
            live = live_player("live-sound")
            audio = gr.Audio(label="Speech", interactive=False, buttons=[], waveform_options=PLAIN, elem_id="speech")
            first = gr.Radio(_first_choices(k), value=k, label="Listen with the first … codebooks", visible=False,
                             elem_id="first")  # fmt: skip
            grid = code_grid("#speech audio", "grid", live=True)
            with gr.Row(elem_id="downloads"):
                small = {"interactive": False, "size": "sm", "min_width": 110}
                everything = gr.DownloadButton("Take it along (ZIP)", **small)
                wav = gr.DownloadButton("Audio (WAV)", **small)
                info = gr.DownloadButton("Details (JSON)", **small)
                png, svg = gr.Button("Picture (PNG)", **small), gr.Button("Picture (SVG)", **small)
            picture = gr.DownloadButton(visible="hidden", elem_id="picture-file")
    result, colour = gr.State(time_to_live=KEEP_S), gr.Textbox(visible=False)
    kinds = [gr.Textbox(kind, visible=False) for kind in ("png", "svg")]

    def begin():
        """A run begins, with empty results."""
        none = gr.update(value=None, interactive=False)
        return {
            **run.begun(), status: "<p>Waiting for its turn …</p>", audio: gr.update(value=None, autoplay=False),
            live: None, grid: None, first: gr.update(visible=False), everything: none, wav: none, info: none,
            png: gr.update(interactive=False), svg: gr.update(interactive=False), result: None,
        }  # fmt: skip

    def speak(*values):
        written, picked, sampled = _split(values, N_TEXT, N_VOICE, N_CONTROLS)
        old_seed, is_kept, stop = values[-3:]
        clip = picked[1]
        try:
            if stop.is_set():
                raise ValueError("stopped before it began: press Generate to start again")
            used = sampling(*sampled, old_seed if is_kept else new_seed())
            said, prompt = sentences(tts, *written), chosen(*picked)
            yield {status: "<p>Listening to the voice …</p>", seed: used.seed}
            sound = LiveSound(str(id(stop)), tts.codec.sample_rate)
            for chunk, speech in tts.stream(said, prompt, used, lambda _: stop.is_set()):
                yield {live: sound.message(chunk), status: progress(speech)}
        except (ValueError, OSError) as error:
            reason = without_folder(error, clip)
            yield {status: problem(reason), live: None}
            raise failed(reason) from None
        yield {live: sound.message(None)}
        speech.wav = decoded(tts, speech.codes)
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            wav_file, info_file = save_speech(speech, Path(folder))
            zip_file = Path(folder, f"phonelm-{used.seed}.zip")
            zip_file.write_bytes(bundle(speech, written, prompt, here))
            n = len(speech.frames[0].codes)
            yield {
                audio: wav_file, grid: grid_json(speech), status: summary(speech), result: speech,
                first: gr.update(choices=_first_choices(n), value=n, visible=n > 1), wav: wav_file, info: info_file,
                everything: str(zip_file),
            }  # fmt: skip

    def listen(speech: Speech | None, n: int):
        """The speech from its first `n` codebooks only."""
        if speech is None:
            return gr.skip()
        return gr.update(value=playable(decoded(tts, speech.codes[:, :n]), tts), autoplay=True)

    def draw(speech: Speech | None, colour_by: str, kind: str):
        """The picture as a file."""
        if speech is None:
            raise failed("this speech is no longer kept: generate it again")
        with TemporaryDirectory() as folder:
            path = Path(folder, f"phonelm-{speech.settings.seed}.{kind}")
            save_grid(speech, path, colour_by if colour_by in COLOUR_BY else COLOUR_BY[0])
            yield str(path)

    cleared = [*run, status, audio, live, grid, first, everything, wav, info, png, svg, result]
    spoken = run.go.click(begin, None, cleared, **QUICK).then(
        speak, [*text, *voice, *settings, seed, keep, run.flag],
        [status, live, seed, audio, grid, first, everything, wav, info, result],
        api_visibility="private", show_progress="hidden", **MODEL,
    )  # fmt: skip
    run.ended_by(spoken)
    spoken.success(lambda: [gr.update(interactive=True)] * 5, None, [everything, wav, info, png, svg], **QUICK)
    first.input(listen, [result, first], audio, show_progress="hidden", api_visibility="private", **MODEL)
    for button, kind in zip((png, svg), kinds, strict=True):
        button.click(draw, [result, colour, kind], picture, js=COLOUR, show_progress="hidden",
                     api_visibility="private").success(None, js=DOWNLOAD)  # fmt: skip


def _split(values: tuple, *sizes: int) -> list[tuple]:
    """The first values in groups of these sizes."""
    groups, start = [], 0
    for size in sizes:
        groups.append(values[start : start + size])
        start += size
    return groups


def _first_choices(n: int) -> list[tuple[str, int]]:
    return [(f"all {n}" if i == n else str(i), i) for i in range(1, n + 1)]
