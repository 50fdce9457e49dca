"""PhoneLM in a browser: `python app.py`, then open the address that it prints."""

from __future__ import annotations

import argparse
import json
import secrets
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from html import escape
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import gradio as gr

from phonelm.config import CARD, SamplingConfig
from phonelm.picture import save_grid
from phonelm.tts import TTS, Speech

MAX_CHARACTERS = 600  # of a text; about 40 s of speech
PROGRESS_S = 0.2  # between two reports of progress
KEEP_S = 3600  # results stay on disk, and their links work, at least this long
EXAMPLES = (
    "Wait, are you sure that this is the right way?",
    "On the 3rd of June 1998, 1,250 people paid $4.50 each.",
    "I read the book you like to read.",
    "The rain has stopped. Shall we walk home along the river?",
)
CLAMP_INFO = (
    "Codes that may be sampled: all of them, only those that occur in the training data, or only those that occur in "
    "the voice clip. A tighter clamp keeps strange sounds out, at the cost of clarity; crosses in the picture mark "
    "where it removed the model's first choice."
)
THEME = gr.themes.Default(  # fonts of the system: nothing is fetched from anywhere
    primary_hue="blue", neutral_hue="slate", font=("system-ui", "sans-serif"), font_mono=("ui-monospace", "monospace")
)
CSS = """
#status {min-height: 3.5em; overflow-wrap: anywhere}
#status progress {width: 100%; height: .5em; appearance: none; border: 0; background: var(--border-color-primary)}
#status progress::-webkit-progress-bar {background: var(--border-color-primary)}
#status progress::-webkit-progress-value {background: var(--color-accent)}
#status progress::-moz-progress-bar {background: var(--color-accent)}
#status p {margin: 0 0 .3em}
#status .note {color: var(--body-text-color-subdued)}
#status .problem {color: var(--error-text-color); font-weight: 600}
#phonemes {padding-top: 1.7em}
#phonemes div.words {display: flex; flex-wrap: wrap; gap: .35em; line-height: 1.35}
#phonemes span.word {padding: .15em .5em; border-radius: .4em; background: var(--background-fill-secondary);
  border: 1px solid var(--border-color-primary); text-align: center}
#phonemes span.word b {display: block; font-weight: 600}
#phonemes span.word code, #phonemes span.pause {font: .85em var(--font-mono); color: var(--body-text-color-subdued)}
#phonemes span.pause {align-self: center}
#grid .image-frame, #grid button {overflow-x: auto; justify-content: flex-start}
#grid img {min-width: 1000px}
"""


def build_demo(tts: TTS) -> gr.Blocks:
    """The page, around a model. It keeps nothing between runs and shares nothing between users.

    Its one public endpoint is `/generate`; start it with `launch`.
    """
    default, k = SamplingConfig(), tts.model.config.n_codebooks

    def generate(
        text, voice=None, temperature=default.temperature, top_k=default.top_k, top_p=default.top_p, codebooks=k,
        clamp=default.clamp, speed=default.speed, seed=default.seed, new_seed=True, stop=None,
    ):  # fmt: skip
        """Speak English text in the voice of a clip: audio, picture, phonemes, summary, seed, WAV file, JSON file."""
        stop = stop or threading.Event()
        try:
            if len(text or "") > MAX_CHARACTERS:
                raise ValueError(
                    f"the text has {len(text)} characters; at most {MAX_CHARACTERS} are spoken at once: shorten it"
                )
            settings = SamplingConfig(
                temperature=temperature, top_k=top_k, top_p=top_p, n_codebooks=codebooks, clamp=clamp, speed=speed,
                seed=secrets.randbelow(2**31) if new_seed else seed,
            )  # fmt: skip
            if stop.is_set():
                raise ValueError("stopped before it began: press Generate to start again")
            for speech in follow(tts, text or "", voice, settings, stop):
                if not speech.seconds:
                    yield {status: progress(speech)}
        except (ValueError, OSError) as error:
            reason = str(error).replace(str(voice), Path(voice).name) if voice else str(error)
            yield {status: f"<p class=problem>{escape(reason)}</p>"}
            raise gr.Error(reason, print_exception=False) from None
        with TemporaryDirectory() as folder:  # Gradio copies what it is handed into its cache
            wav, png, info = (Path(folder, f"phonelm-{settings.seed}.{kind}") for kind in ("wav", "png", "json"))
            speech.save(wav)
            save_grid(speech, png)
            info.write_text(json.dumps(speech.info(), indent=1) + "\n", encoding="utf-8")
            yield {
                audio: str(wav), grid: str(png), phonemes: interlinear(speech), status: summary(speech),
                seed_box: settings.seed, wav_button: str(wav), info_button: str(info),
            }  # fmt: skip

    def begin():
        """A fresh stop flag for this run, empty results."""
        none = gr.update(value=None, interactive=False)
        return {
            stop_flag: threading.Event(), go: gr.update(interactive=False), halt: gr.update(interactive=True),
            audio: None, grid: None, phonemes: "", status: "<p>Waiting for its turn …</p>", wav_button: none,
            info_button: none,
        }  # fmt: skip

    with gr.Blocks(title="PhoneLM", analytics_enabled=False, delete_cache=(KEEP_S, KEEP_S)) as demo:
        gr.Markdown("# PhoneLM\nEnglish text and a few seconds of a voice in; speech, phoneme by phoneme, out.")
        stop_flag = gr.State()
        with gr.Row():
            with gr.Column(scale=2, min_width=300):
                text_box = gr.Textbox(
                    label="Text", info=f"English, up to {MAX_CHARACTERS} characters", lines=4, max_lines=12,
                    placeholder="What shall be said?", elem_id="text",
                )  # fmt: skip
                gr.Examples([[e] for e in EXAMPLES], [text_box], cache_examples=False, api_visibility="private")
                voice_clip = gr.Audio(
                    label="Voice: WAV, FLAC, OGG or MP3; none for the bundled voice", type="filepath",
                    sources=["upload", "microphone"], buttons=[], elem_id="voice",
                )  # fmt: skip
                with gr.Row():
                    go = gr.Button("Generate", variant="primary", elem_id="generate")
                    halt = gr.Button("Stop", variant="stop", interactive=False, elem_id="stop")
                with gr.Accordion("Settings", open=False, elem_id="settings"):
                    temperature = gr.Slider(0, 1.5, default.temperature, step=0.05, label="Temperature",
                                            info="0 takes the likeliest code each time")  # fmt: skip
                    with gr.Row():
                        top_k = gr.Slider(0, CARD, default.top_k, step=1, label="Top-k", info="0 for no limit")
                        top_p = gr.Slider(0.05, 1, default.top_p, step=0.05, label="Top-p", info="1 for no limit")
                    with gr.Row():
                        codebooks = gr.Slider(1, k, k, step=1, label="Codebooks", info="fewer sound rougher")
                        speed = gr.Slider(0.5, 2, default.speed, step=0.05, label="Speed", info="above 1 is faster")
                    clamp = gr.Radio(
                        [("off", "off"), ("seen in training", "seen"), ("in the voice clip", "prompt")],
                        value=default.clamp, label="Codebook clamping", info=CLAMP_INFO,
                    )  # fmt: skip
                    with gr.Row(equal_height=True):
                        seed_box = gr.Number(default.seed, label="Seed", precision=0, info="same seed, same speech")
                        new_seed = gr.Checkbox(True, label="New seed each time")
            with gr.Column(scale=3, min_width=300):
                status = gr.HTML("<p>The result will be here.</p>", elem_id="status")
                audio = gr.Audio(label="Speech", interactive=False, buttons=["download"], elem_id="speech")
                phonemes = gr.HTML(label="Words and phonemes", show_label=True, container=True, padding=True,
                                   elem_id="phonemes")  # fmt: skip
                with gr.Row():
                    wav_button = gr.DownloadButton("Download audio (WAV)", interactive=False, size="sm")
                    info_button = gr.DownloadButton("Download details (JSON)", interactive=False, size="sm")
        grid = gr.Image(
            label="Codes under their phonemes", interactive=False, buttons=["download", "fullscreen"], elem_id="grid",
            alt_text="Waveform, words, phonemes and codes on one time axis",
        )  # fmt: skip
        results = [audio, grid, phonemes, status, seed_box, wav_button, info_button]
        settings = [temperature, top_k, top_p, codebooks, clamp, speed, seed_box, new_seed]
        cleared = [stop_flag, go, halt, *(r for r in results if r is not seed_box)]
        quick = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
        run = go.click(begin, None, cleared, **quick).then(
            generate, [text_box, voice_clip, *settings, stop_flag], results, api_name="generate",
            concurrency_limit=1, concurrency_id="model", show_progress="hidden",
        )  # fmt: skip
        for after in (run.then, run.failure):  # Gradio 6.31 leaves out `then` after a failure
            after(lambda: (gr.update(interactive=True), gr.update(interactive=False)), None, [go, halt], **quick)
        run.success(lambda: [gr.update(interactive=True)] * 2, None, [wav_button, info_button], **quick)
        halt.click(lambda stop: stop.set() if stop else None, stop_flag, None, **quick)
    return demo


def follow(tts: TTS, text: str, clip: str | None, settings: SamplingConfig, stop: threading.Event) -> Iterator[Speech]:
    """Speak, and yield the growing speech every `PROGRESS_S`, the finished one last.

    Work ends at the next frame when `stop` is set (what was said until then is the speech) or when the iterator is
    closed, as Gradio does when a user goes away.
    """
    so_far: list[Speech] = []

    def on_frame(speech: Speech) -> bool:
        so_far[:] = [speech]
        return stop.is_set()

    pool = ThreadPoolExecutor(1)
    future = pool.submit(tts.speak, text, clip, settings, on_frame)
    try:
        while not wait([future], PROGRESS_S).done:
            yield from so_far
        yield future.result()
    finally:
        stop.set()
        pool.shutdown(wait=False)


def progress(speech: Speech) -> str:
    """Frames and phonemes so far, as HTML."""
    s, frame = speech.sentence[-1], speech.frames[-1]
    done, total = sum(map(len, speech.phonemes[:s])) + frame.pointer + 1, sum(map(len, speech.phonemes))
    symbol = escape(speech.phonemes[s].symbols[frame.pointer].strip("<>"))
    line = f"{len(speech.frames)} frames, phoneme {done} of {total}: {symbol}"
    return f"<p>{line}</p><progress max={total} value={done}></progress>"


def summary(speech: Speech) -> str:
    """One line about the result, then its notes, as HTML."""
    parts = [
        f"Seed {speech.settings.seed}", f"{speech.duration_s:.2f} s of speech",
        f"made in {speech.seconds:.1f} s ({speech.real_time_factor:.2f} × real time)", speech.stop_reason,
    ]  # fmt: skip
    if speech.settings.clamp != "off":
        parts.append(f"{int(speech.clamped.sum())} cells clamped")
    notes = "".join(f"<p class=note>{escape(note)}</p>" for note in speech.notes)
    return f"<p>{escape(' · '.join(parts))}</p>{notes}"


def interlinear(speech: Speech) -> str:
    """Every word over its phonemes, pauses between them, as HTML; of a stopped speech what was said."""
    cells = []
    for _, group in groupby(speech.timeline, key=lambda p: p.word_index):
        spans = list(group)
        symbols = escape(" ".join(p.symbol.strip("<>") for p in spans))
        word = spans[0].word
        cells.append(f"<span class=pause>{symbols}</span>" if word is None else
                     f"<span class=word><b>{escape(word)}</b><code>{symbols}</code></span>")  # fmt: skip
    return f"<div class=words>{''.join(cells)}</div>"


def launch(demo: gr.Blocks, **options: Any):
    """Serve the page; `options` are those of `gr.Blocks.launch`, whose result is returned."""
    return demo.queue(max_size=16).launch(
        theme=THEME, css=CSS, footer_links=["api"], run_history=False, ssr_mode=False,
        max_file_size="20mb", **options,
    )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="PhoneLM in a browser.")
    parser.add_argument("--host", help="address to listen on (default: this machine only; 0.0.0.0 for all)")
    parser.add_argument("--port", type=int, help="default: the first free one from 7860")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, mps (default: cuda if there is one, else cpu)")
    args = parser.parse_args()
    try:
        demo = build_demo(TTS.load(args.checkpoint, device=args.device))
    except ValueError as error:
        parser.error(str(error))
    launch(demo, server_name=args.host, server_port=args.port)


if __name__ == "__main__":
    main()
