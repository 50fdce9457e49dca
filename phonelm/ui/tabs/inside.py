"""The Inside tab: a clip through the codec; its codes, and what it sounds and looks like from fewer codebooks."""

from __future__ import annotations

import math
from typing import NamedTuple

import gradio as gr
import numpy as np
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


def inside_tab(tts: TTS, turns: Turns) -> None:
    """Lay out the tab and wire it. It keeps the last clip of each user's own session, and nothing else."""
    counts = [n for n in CODEBOOKS if n <= tts.codec.n_q]
    kbit_s = math.log2(tts.codec.card) * tts.codec.frame_rate / 1000  # of one codebook
    gr.Markdown(
        "A clip becomes codes, a few for each frame, and the codes become sound again. Codes are all that the model "
        f"writes, so it cannot sound better than this. Up to {MAX_S:.0f} s are used."
    )
    options = {"interactive": False, "buttons": [], "waveform_options": PLAIN}
    picture = {"format": "png", "interactive": False, "buttons": ["download", "fullscreen"], "min_width": 300}
    with gr.Row():
        clip = gr.Audio(label="Any clip: WAV, FLAC, OGG, MP3, M4A or WebM", type="filepath", buttons=[], min_width=300,
                        sources=["upload", "microphone"], elem_id="inside-clip")  # fmt: skip
        with gr.Column(min_width=300):
            count = gr.Radio([(f"{n} ({n * kbit_s:g} kbit/s)", n) for n in counts], value=counts[-1],
                             label="Codebooks that are decoded", elem_id="inside-count")  # fmt: skip
            note = gr.HTML(elem_id="inside-note")
    with gr.Row():
        heard = gr.Audio(label="The clip", elem_id="inside-heard", min_width=300, **options)
        again = gr.Audio(label="From its codes", elem_id="inside-again", min_width=300, **options)
    with gr.Row():
        before = gr.Image(label="Spectrogram of the clip", elem_id="inside-before", **picture)
        after = gr.Image(label="Spectrogram of the sound from its codes", elem_id="inside-after", **picture)
    codes = gr.Image(label="Pitch and codes; pale: not decoded", elem_id="inside-codes", **picture)
    kept = gr.State(time_to_live=KEEP_S)

    def analyse(path: str | None, n: int, request: gr.Request):
        """A clip that has come or gone."""
        if path is None:
            yield dict.fromkeys((heard, again, before, after, codes, kept)) | {note: ""}
            return
        try:
            with turns.once(user_of(request)):
                found = encoded(tts, path)
                wav = tts.codec.waveform(found.codes[:, :n])
        except (ValueError, OSError) as error:
            yield {note: problem(without_folder(error, path))}
            return
        db = spectrogram(found.wav)
        shown = draw_spectrogram(db, float(db.max()))
        pictures = drawn(found, n, wav)
        with playable(tts, found.wav, wav) as (clip_file, file):
            yield {kept: found, heard: clip_file, again: file, before: shown, note: ""} | pictures

    def decode(found: Encoded | None, n: int, request: gr.Request):
        """The sound of the first `n` codebooks."""
        if found is None:
            yield gr.skip()
            return
        with turns.once(user_of(request)):
            wav = tts.codec.waveform(found.codes[:, :n])
        pictures = drawn(found, n, wav)
        with playable(tts, wav) as (file,):
            yield {again: file} | pictures

    def drawn(found: Encoded, n: int, wav: np.ndarray):
        """Pictures of the sound of the first `n` codebooks, (S,) float32."""
        top_db = float(spectrogram(found.wav).max())  # the clip's, so that both pictures have the same scale
        f0_hz = tts.codec.parameters(found.codes[:, :n]).f0_hz[0].cpu().numpy() if tts.codec.has_controls else None
        return {after: draw_spectrogram(spectrogram(wav), top_db), codes: draw_codes(found.codes, n, f0_hz)}

    shared = {"api_visibility": "private", "show_progress": "minimal", **MODEL}
    clip.change(analyse, [clip, count], [kept, note, heard, again, before, after, codes], **shared)
    count.input(decode, [kept, count], [again, after, codes], **shared)
