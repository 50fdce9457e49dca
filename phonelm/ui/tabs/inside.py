"""The Inside tab: a clip through the codec; its codes, and what it sounds and looks like from fewer codebooks."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import gradio as gr
import numpy as np
from gradio.components import Component
from torch import Tensor

from phonelm.audio import resample
from phonelm.tts import TTS, Turns
from phonelm.ui.events import KEEP_S, MODEL, user_of, without_folder
from phonelm.ui.html import problem
from phonelm.ui.sound import PLAIN, playable
from phonelm.ui.spectra import WINDOW, draw_codes, draw_spectrogram, spectrogram
from phonelm.ui.voice import read_clip

MAX_S = 12.0  # of a clip; the rest is left out
CODEBOOKS = (1, 2, 4, 8)


class Encoded(NamedTuple):
    """A clip and its codes: (S,) float32 at the codec's rate, (1, K, T) int64."""

    wav: np.ndarray
    codes: Tensor


def encoded(tts: TTS, clip: str) -> Encoded:
    """The first `MAX_S` of a recording through the encoder; ValueError if it cannot be used."""
    wav, sample_rate = read_clip(clip)
    wav = resample(wav[: round(MAX_S * sample_rate)], sample_rate, tts.codec.sample_rate)
    if len(wav) < WINDOW:
        raise ValueError(f"the clip is too short: {len(wav)} samples, one window of its spectrogram has {WINDOW}")
    return Encoded(wav, tts.codec.encode(wav, tts.codec.sample_rate))


class InsideTab(NamedTuple):
    """The components; `kept` holds an `Encoded`, or None."""

    clip: gr.Audio
    count: gr.Radio
    note: gr.HTML
    original: gr.Audio
    decoded: gr.Audio
    original_picture: gr.Image
    decoded_picture: gr.Image
    codes: gr.Image
    kept: gr.State

    @property
    def decoded_parts(self) -> list[Component]:
        """What depends on the number of codebooks."""
        return [self.decoded, self.decoded_picture, self.codes]

    @property
    def parts(self) -> list[Component]:
        """What depends on the clip."""
        return [self.kept, self.note, self.original, self.original_picture, *self.decoded_parts]


def inside_tab(tts: TTS, turns: Turns) -> None:
    """Lay out the tab and wire it. It keeps the last clip of each user's own session, and nothing else."""
    tab = _lay_out(tts)

    def analyse(path: str | None, n: int, request: gr.Request):
        """A clip that has come or gone."""
        if path is None:
            yield dict.fromkeys(tab.parts) | {tab.note: ""}
            return
        try:
            with turns.once(user_of(request)):
                clip = encoded(tts, path)
                wav = tts.codec.waveform(clip.codes[:, :n])
        except (ValueError, OSError) as error:
            yield {tab.note: problem(without_folder(error, path))}
            return
        db = spectrogram(clip.wav)
        original_picture = draw_spectrogram(db, float(db.max()))
        pictures = _decoded_pictures(tts, tab, clip, n, wav) | {tab.original_picture: original_picture}
        with playable(tts, clip.wav, wav) as (original, decoded):
            yield {tab.kept: clip, tab.original: original, tab.decoded: decoded, tab.note: ""} | pictures

    def decode(clip: Encoded | None, n: int, request: gr.Request):
        """The sound of the first `n` codebooks."""
        if clip is None:
            yield gr.skip()
            return
        with turns.once(user_of(request)):
            wav = tts.codec.waveform(clip.codes[:, :n])
        pictures = _decoded_pictures(tts, tab, clip, n, wav)
        with playable(tts, wav) as (decoded,):
            yield {tab.decoded: decoded} | pictures

    shared = {"api_visibility": "private", "show_progress": "minimal", **MODEL}
    tab.clip.change(analyse, [tab.clip, tab.count], tab.parts, **shared)
    tab.count.input(decode, [tab.kept, tab.count], tab.decoded_parts, **shared)


def _lay_out(tts: TTS) -> InsideTab:
    counts = [n for n in CODEBOOKS if n <= tts.codec.n_q]
    kbit_s = math.log2(tts.codec.card) * tts.codec.frame_rate / 1000  # of one codebook
    gr.Markdown(
        "The codec turns a clip into codes, a few for each frame, and turns the codes back into sound. The model "
        f"writes codes only, so it cannot sound better than this. The first {MAX_S:.0f} s are used."
    )
    options: dict[str, Any] = {"interactive": False, "buttons": [], "waveform_options": PLAIN, "min_width": 300}
    picture: dict[str, Any] = {"format": "png", "interactive": False, "buttons": ["download", "fullscreen"],
                               "min_width": 300}  # fmt: skip
    with gr.Row():
        clip = gr.Audio(label="Any clip: WAV, FLAC, OGG, MP3, M4A or WebM", type="filepath", buttons=[], min_width=300,
                        sources=["upload", "microphone"], elem_id="inside-clip")  # fmt: skip
        with gr.Column(min_width=300):
            count = gr.Radio([(f"{n} ({n * kbit_s:g} kbit/s)", n) for n in counts], value=counts[-1],
                             label="Codebooks that are decoded", elem_id="inside-count")  # fmt: skip
            note = gr.HTML(elem_id="inside-note")
    with gr.Row():
        original = gr.Audio(label="The clip", elem_id="inside-original", **options)
        decoded = gr.Audio(label="From its codes", elem_id="inside-decoded", **options)
    with gr.Row():
        original_picture = gr.Image(label="Spectrogram of the clip", elem_id="inside-original-picture", **picture)
        decoded_picture = gr.Image(label="Spectrogram of the sound from its codes", elem_id="inside-decoded-picture",
                                   **picture)  # fmt: skip
    codes = gr.Image(label="Pitch and codes; pale: not decoded", elem_id="inside-codes", **picture)
    kept = gr.State(time_to_live=KEEP_S)
    return InsideTab(clip, count, note, original, decoded, original_picture, decoded_picture, codes, kept)


def _decoded_pictures(tts: TTS, tab: InsideTab, clip: Encoded, n: int, wav: np.ndarray) -> dict[Any, Any]:
    """Pictures of the first `n` codebooks and their sound, (S,) float32; both spectrograms have the clip's scale."""
    top_db = float(spectrogram(clip.wav).max())
    f0_hz = tts.codec.parameters(clip.codes[:, :n]).f0_hz[0].cpu().numpy() if tts.codec.has_controls else None
    return {
        tab.decoded_picture: draw_spectrogram(spectrogram(wav), top_db),
        tab.codes: draw_codes(clip.codes, n, f0_hz),
    }
