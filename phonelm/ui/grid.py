"""The code grid: the codes of a speech, cell by cell, on a time axis, in the browser.

`grid_data` is what the browser gets; drawing and input are in `assets/grid*.js`.
"""

from __future__ import annotations

import json
from itertools import groupby
from typing import Any

import gradio as gr
import numpy as np

from phonelm.config import CARD
from phonelm.tts import PhonemeTime, Speech
from phonelm.ui.assets import asset
from phonelm.ui.differences import counterparts

WAVE_BINS = 4  # outline points of the waveform in each frame
PARTS = 10_000  # probabilities are sent as whole ten-thousandths
SCRIPTS = (
    "grid_colours.js", "grid_lanes.js", "grid_pitch.js", "grid_readout.js", "grid_choice.js", "grid_overview.js",
    "grid_unsure.js", "grid_pair.js", "grid_page.js", "grid.js",
)  # fmt: skip
CENTIBITS = 100  # entropies as hundredths of a bit


def grid_data(
    speech: Speech, other: Speech | None = None, chosen: tuple[int, int] | None = None, take: str = ""
) -> dict[str, Any]:
    """A speech as plain, compact JSON types.

    Args:
        speech: with at least one frame.
        other: one of the same phonemes to compare it with.
        chosen: phonemes that are marked, the first and the one after the last, as in the timeline.
        take: names the speech in the page.
    Returns:
        Numbers of frames T, codebooks K, `likeliest` codes R and codes in a codebook (`card`), `frame_s`;
        `words` and `phonemes` as [label, first frame, end frame] (a pause has the word "");
        `sentences`, for each the phoneme after its last; `chosen`; `take`;
        lists over the cells, codebook by codebook (cell = k * T + t): `codes`, `probability` in ten-thousandths,
        `entropy` in hundredths of a bit, `top` and `top_probability` with R entries for each cell; `clamped`, the
        cells where the clamp removed the first choice; `clamp`, the setting; `wave`, lowest and highest sample of
        each of `WAVE_BINS` parts of each frame, in percent of the loudest; `f0`, pitch of each frame in Hz, 0 where
        unvoiced, empty if the codec has no pitch; `other`, `counterparts` over the cells, or
        None.
    Raises:
        ValueError: nothing was spoken.
    """
    if not speech.frames:
        raise ValueError("nothing was spoken, so there is no grid")
    t, k = len(speech.frames), len(speech.frames[0].picks)
    picks = [speech.frames[i].picks[j] for j in range(k) for i in range(t)]
    return {
        "frames": t,
        "codebooks": k,
        "likeliest": len(picks[0].top),
        "card": CARD,
        "frame_s": 1 / speech.frame_rate,
        "words": _words(speech),
        "phonemes": [[p.symbol.strip("<>"), *_frames(speech, p)] for p in speech.timeline],
        "sentences": _sentence_ends(speech),
        "chosen": chosen,
        "take": take,
        "codes": [p.code for p in picks],
        "probability": [round(p.probability * PARTS) for p in picks],
        "entropy": [round(p.entropy * CENTIBITS) for p in picks],
        "top": [code for p in picks for code, _ in p.top],
        "top_probability": [round(q * PARTS) for p in picks for _, q in p.top],
        "clamped": [i for i, p in enumerate(picks) if p.clamped],
        "clamp": speech.settings.clamp,
        "wave": _wave(speech.wav, t),
        "f0": [round(hz, 1) for hz in speech.pitch_hz.tolist()],
        "other": None if other is None else counterparts(speech, other).ravel().tolist(),
    }


def grid_json(
    speech: Speech, other: Speech | None = None, chosen: tuple[int, int] | None = None, take: str = ""
) -> str:
    """`grid_data` as the component's value."""
    return json.dumps(grid_data(speech, other, chosen, take), separators=(",", ":"))


def code_grid(
    player: str, elem_id: str, value: str | None = None, live: bool = False, pair: bool = False,
    selectable: bool = False,
) -> gr.HTML:  # fmt: skip
    """The component; its value is `grid_json`, or None for an empty grid.

    Args:
        player: CSS selector of the <audio> element whose position it shows and sets.
        elem_id: id of the component in the page.
        value: at the start.
        live: it also follows sound that plays while it is generated.
        pair: it is one of two that are compared: they scroll and zoom together, and cells that differ are marked.
        selectable: phonemes can be chosen; the event `choose` has a list of the first and the one after the last, or
            an empty one.
    """
    return gr.HTML(
        value, html_template=asset("grid.html"), css_template=asset("grid.css"), apply_default_css=False,
        js_on_load=asset(*SCRIPTS), player=player, live=live, pair=pair, selectable=selectable, name=elem_id,
        elem_id=elem_id, container=True, label="Codes under their phonemes", show_label=True, padding=True,
    )  # fmt: skip


def _frames(speech: Speech, span: PhonemeTime) -> list[int]:
    """First and end frame of a stretch of the timeline."""
    return [round(span.start_s * speech.frame_rate), round(span.end_s * speech.frame_rate)]


def _words(speech: Speech) -> list[list]:
    groups = speech.timeline_by_word
    return [[g[0].word or "", _frames(speech, g[0])[0], _frames(speech, g[-1])[1]] for g in groups]


def _sentence_ends(speech: Speech) -> list[int]:
    counts = [len({f.pointer for f, _ in frames}) for _, frames in
              groupby(zip(speech.frames, speech.sentence, strict=True), key=lambda f: f[1])]  # fmt: skip
    return np.cumsum(counts).tolist()


def _wave(wav: np.ndarray, frames: int) -> list[int]:
    """(S,) float -> 2 * WAVE_BINS * frames whole numbers from -100 to 100: lowest, highest, lowest ..."""
    starts = np.arange(frames * WAVE_BINS) * len(wav) // (frames * WAVE_BINS)
    edges = np.stack([np.minimum.reduceat(wav, starts), np.maximum.reduceat(wav, starts)], 1).ravel()
    edges /= max(float(np.abs(wav).max()), 1e-3)
    return np.rint(edges * 100).astype(int).tolist()
