"""What was spoken, as a picture: waveform, pitch, words, phonemes and codes on one time axis.

Matplotlib's object API only: no pyplot, no global state, so that any number of threads can draw. Matplotlib is imported
when something is drawn, because speaking does not need it (it comes with the extras `app` and `train`).
"""

from __future__ import annotations

import io
import math
import textwrap
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from phonelm import __version__
from phonelm.config import CARD
from phonelm.files import atomic_write
from phonelm.tts.speech import PhonemeTime, Speech

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Normalize
    from matplotlib.figure import Figure

COLOURS = {  # what they say in a caption
    "probability": "bright cells are codes that the model found likely",
    "code": "the colour tells the codes apart",
    "entropy": "bright cells are choices of which the model was unsure",
}
COLOUR_BY = tuple(COLOURS)
CAPTION_PT, CAPTION_LINE_IN = 7.5, 0.14
INCHES_PER_S = 3.0
ROW_S = 3.6  # longest row; longer speech wraps, at a word's end if there is one
MAX_ROWS = 16
LEFT_IN, RIGHT_IN = 0.8, 0.75  # margins for the lanes' names and the colour bar
TOP_IN, BETWEEN_IN, BOTTOM_IN = 0.35, 0.5, 0.45
WAVE_IN, PITCH_IN, WORD_IN, PHONEME_IN = 0.55, 0.5, 0.3, 0.34  # heights of the lanes
CODE_IN = 0.17  # of each codebook
PITCH, VOICED = "#7c3aed", "#ede9fe"
PITCH_TICKS = (50, 75, 100, 150, 200, 300, 400, 600, 800)  # Hz
INK, FAINT, MARK = "#1f2937", "#9ca3af", "#ef4444"
SPANS = {"word": ("#dbeafe", "#bfdbfe"), "phoneme": ("#fef3c7", "#fde68a"), "pause": ("#f3f4f6", "#f3f4f6")}
SMALLEST = 5.0  # font size that can still be read
CHARACTER = 0.75  # width of a character with its share of the margins, in font sizes


@dataclass(frozen=True)
class Span:
    """A labelled stretch of a lane; `word` is None in a pause."""

    label: str
    word: str | None
    start_s: float
    end_s: float


def draw_grid(
    speech: Speech, colour_by: str = "probability", row_s: float = ROW_S, caption: str = ""
) -> Figure:
    """Draw waveform, pitch, words, phonemes and codes of a speech, in rows like the lines of a score.

    Pitch is drawn on a logarithmic scale where the sound is voiced; a codec without pitch has no such lane.

    Args:
        speech: with at least one frame.
        colour_by: what a cell's colour shows: "probability" of the chosen code under the model, the "code" itself, or
            the "entropy" of the model's choice in bits. Crosses mark cells where clamping removed the first choice.
        row_s: longest row, seconds; what does not fit into `MAX_ROWS` rows is left out, and the picture says so.
        caption: a few sentences under the picture.
    Raises:
        ValueError: nothing to draw, or an unknown `colour_by`.
    """
    if not speech.frames:
        raise ValueError("nothing was spoken, so there is nothing to draw")
    values, norm, colours, label = _cells(speech, colour_by)
    rows = _rows(speech, row_s)
    shown = rows[:MAX_ROWS]
    heights = {"wave": WAVE_IN, "pitch": PITCH_IN, "words": WORD_IN, "phonemes": PHONEME_IN}
    heights["codes"] = CODE_IN * len(values)
    if not len(speech.f0_hz):
        del heights["pitch"]
    lanes_in = sum(heights.values())
    width = LEFT_IN + INCHES_PER_S * row_s + RIGHT_IN
    lines = textwrap.wrap(caption, round((width - LEFT_IN - RIGHT_IN) * 72 / (CAPTION_PT / 2)))
    below = BOTTOM_IN + len(lines) * CAPTION_LINE_IN + (0.06 if lines else 0)
    height = TOP_IN + len(shown) * lanes_in + (len(shown) - 1) * BETWEEN_IN + below
    from matplotlib.figure import Figure

    figure = Figure((width, height), facecolor="white")
    for r, (start, end) in enumerate(shown):
        top = height - TOP_IN - r * (lanes_in + BETWEEN_IN)
        lanes = {}
        for name, inches in heights.items():
            top -= inches
            box = (LEFT_IN / width, top / height, (end - start) * INCHES_PER_S / width, inches / height)
            lanes[name] = figure.add_axes(box, xlim=(start, end))
        _draw_row(lanes, speech, values, norm, colours)
        if r == 0:
            row_in = INCHES_PER_S * (end - start)
            bar = lanes["codes"].inset_axes((1 + 0.12 / row_in, 0, 0.08 / row_in, 1))
            _draw_colour_bar(bar, norm, colours, label)
    remarks = ["time in seconds"]
    if speech.clamped.any():
        remarks.append("× the clamp removed the model's first choice")
    if len(rows) > len(shown):
        remarks.append(f"only the first {shown[-1][1]:.1f} of {rows[-1][1]:.1f} s are drawn")
    remarks_in = below - BOTTOM_IN + (0.12 if lines else 0.06)
    figure.text(LEFT_IN / width, remarks_in / height, "    ".join(remarks), size=7, color=INK)
    if lines:
        figure.text(LEFT_IN / width, 0.06 / height, "\n".join(lines), size=CAPTION_PT, color=INK, linespacing=1.3)
    return figure


def describe(speech: Speech, colour_by: str) -> str:
    """A caption: what was said by whom, and what columns, rows and colours are."""
    text = textwrap.shorten(speech.text, 160, placeholder=" …")
    voice = speech.voice.name or "a clip"
    frame_ms = 1000 / speech.frame_rate
    return (
        f"“{text}” Voice: {voice}, seed {speech.settings.seed}, {speech.duration_s:.1f} s of synthetic speech by "
        f"PhoneLM {__version__}. A column is a frame of {frame_ms:.0f} ms, a row is a codebook; {COLOURS[colour_by]}."
    )


def save_grid(
    speech: Speech, path: str | Path, colour_by: str = "probability", dpi: int = 150, caption: str = ""
) -> None:
    """Write the picture as PNG or SVG, by the ending of `path`, whole or not at all; arguments as for `draw_grid`.

    Raises:
        ValueError: another ending, or nothing to draw.
        OSError: the file cannot be written.
    """
    kind = Path(path).suffix.lower().lstrip(".")
    if kind not in ("png", "svg"):
        raise ValueError(f"a picture is written as .png or .svg, not {Path(path).name!r}")
    buffer = io.BytesIO()
    draw_grid(speech, colour_by, caption=caption).savefig(buffer, format=kind, dpi=dpi)
    with atomic_write(path) as file:
        file.write(buffer.getbuffer())


def _cells(speech: Speech, colour_by: str) -> tuple[np.ndarray, Normalize, str, str]:
    """(K, T) values of the cells, their range, the colour map and the colour bar's label."""
    from matplotlib.colors import LogNorm, Normalize

    picks = [f.picks for f in speech.frames]
    if colour_by == "probability":
        values = np.array([[p.probability for p in ps] for ps in picks]).T
        return values, LogNorm(1 / CARD, 1, clip=True), "viridis", "probability"  # from chance to certainty
    if colour_by == "entropy":
        values = np.array([[p.entropy for p in ps] for ps in picks]).T
        return values, Normalize(0, max(1.0, values.max())), "viridis", "entropy, bits"
    if colour_by == "code":
        values = speech.codes[0].numpy()
        return values, Normalize(0, max(1, values.max())), "turbo", "code"
    raise ValueError(f"colour_by must be one of {', '.join(COLOUR_BY)}, not {colour_by!r}")


def _rows(speech: Speech, row_s: float) -> list[tuple[float, float]]:
    """Start and end of each row, seconds: whole words if they fit, else whole frames."""
    timeline, frame_rate = speech.timeline, speech.frame_rate
    total = timeline[-1].end_s
    word_ends = [here.end_s for here, after in pairwise(timeline) if here.word_index != after.word_index]
    rows, start = [], 0.0
    while total - start > row_s:
        fitting = [end for end in word_ends if start + row_s / 2 < end <= start + row_s]
        end = fitting[-1] if fitting else start + math.floor(row_s * frame_rate) / frame_rate
        rows.append((start, end))
        start = end
    return [*rows, (start, total)]


def _draw_row(lanes: dict[str, Axes], speech: Speech, values: np.ndarray, norm: Normalize, colours: str) -> None:
    """One row: the part of the speech that lies within the lanes' time axis."""
    wave, codes = lanes["wave"], lanes["codes"]
    start, end = wave.get_xlim()
    a, b = (round(s * speech.sample_rate) for s in (start, end))
    wave.plot(*_outline(speech.wav[a:b], start, end), color="#3b82f6", linewidth=0.5)
    peak = max(float(np.abs(speech.wav).max()), 1e-3)
    wave.set_ylim(-1.08 * peak, 1.08 * peak)
    if "pitch" in lanes:
        _draw_pitch(lanes["pitch"], speech)
    _draw_spans(lanes["words"], _words(speech.timeline), "word", 8.5)
    spans = [Span(p.symbol.strip("<>"), p.word, p.start_s, p.end_s) for p in speech.timeline]
    _draw_spans(lanes["phonemes"], spans, "phoneme", 7.5)
    k, t = values.shape
    extent = (0, t / speech.frame_rate, k + 0.5, 0.5)
    codes.imshow(values, norm=norm, cmap=colours, aspect="auto", interpolation="nearest", extent=extent)
    codes.set_xlim(start, end)
    for span in spans:
        if start < span.start_s < end:
            codes.axvline(span.start_s, color="white", linewidth=0.6)
    which, when = np.nonzero(speech.clamped)
    codes.plot((when + 0.5) / speech.frame_rate, which + 1, "x", color=MARK, markersize=3, markeredgewidth=0.8)
    for name, lane in lanes.items():
        last = lane is codes
        far = last or name == "pitch"  # the lane has numbers beside it
        label = "pitch\nHz" if name == "pitch" else name
        lane.set_ylabel(label, rotation=0, ha="right", va="center", size=8, color=INK, labelpad=14 if far else 6)
        if name != "pitch":
            lane.set_yticks([])
        lane.tick_params(bottom=last, labelbottom=last, labelsize=7, length=3, color=FAINT, labelcolor=INK)
        lane.spines[:].set_visible(False)
    codes.set_yticks(range(1, k + 1))
    codes.tick_params(axis="y", length=0)
    codes.set_xticks(np.arange(math.ceil(start * 2), math.floor(end * 2) + 1) / 2)


def _draw_pitch(lane: Axes, speech: Speech) -> None:
    """The pitch that is heard, on a logarithmic scale; voiced frames have a ground."""
    start, end = lane.get_xlim()
    f0_hz, rate = speech.pitch_hz, speech.frame_rate
    voiced = f0_hz > 0
    edges = np.flatnonzero(np.diff(voiced, prepend=False, append=False)).reshape(-1, 2) / rate
    for left, right in edges:
        if right > start and left < end:
            lane.axvspan(max(left, start), min(right, end), facecolor=VOICED, edgecolor="none")
    lane.plot((np.arange(len(f0_hz)) + 0.5) / rate, np.where(voiced, f0_hz, np.nan), ".-", color=PITCH, linewidth=1,
              markersize=1.5)  # fmt: skip
    lowest, highest = (f0_hz[voiced].min(), f0_hz[voiced].max()) if voiced.any() else (75.0, 300.0)
    lane.set_yscale("log")
    lane.set_ylim(lowest / 1.12, highest * 1.12)
    lane.set_xlim(start, end)
    ticks = [hz for hz in PITCH_TICKS if lowest / 1.1 <= hz <= highest * 1.1]
    lane.set_yticks(ticks, list(map(str, ticks)), size=6, color=INK)
    lane.set_yticks([], minor=True)
    lane.tick_params(axis="y", length=2, pad=1)


def _draw_colour_bar(bar: Axes, norm: Normalize, colours: str, label: str) -> None:
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LogNorm

    drawn = bar.figure.colorbar(ScalarMappable(norm, colours), cax=bar)
    drawn.set_label(label, size=7, color=INK)
    if isinstance(norm, LogNorm):
        drawn.set_ticks([1 / CARD, 0.01, 0.1, 1])
        drawn.set_ticklabels(["chance", "1 %", "10 %", "100 %"])
        drawn.minorticks_off()
    else:
        bar.locator_params(nbins=3)
    drawn.outline.set_visible(False)
    bar.tick_params(labelsize=6, length=2, color=FAINT, labelcolor=INK)


def _outline(wav: np.ndarray, start_s: float, end_s: float, points: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    """Lowest and highest sample of each of up to `points` stretches, as one line to plot: times and values."""
    size = max(1, math.ceil(len(wav) / points))
    stretches = wav[: len(wav) // size * size].reshape(-1, size)
    times = np.linspace(start_s, end_s, 2 * len(stretches))
    return times, np.stack([stretches.min(1), stretches.max(1)], 1).ravel()


def _words(timeline: list[PhonemeTime]) -> list[Span]:
    """The words in the audio, with the pauses between them."""
    spans: list[Span] = []
    index = None
    for p in timeline:
        if spans and p.word_index == index:
            spans[-1] = Span(spans[-1].label, p.word, spans[-1].start_s, p.end_s)
        else:
            spans.append(Span(p.word or "", p.word, p.start_s, p.end_s))
        index = p.word_index
    return spans


def _draw_spans(lane: Axes, spans: list[Span], kind: str, size: float) -> None:
    """Alternating boxes with labels: smaller or upright where the box is narrow, none where even that is too wide."""
    from matplotlib.patches import Rectangle

    start, end = lane.get_xlim()
    height_pt = (WORD_IN if kind == "word" else PHONEME_IN) * 72
    for i, span in enumerate(spans):
        left, right = max(span.start_s, start), min(span.end_s, end)
        if left >= right:
            continue
        colour = SPANS["pause" if span.word is None else kind][i % 2]
        lane.add_patch(Rectangle((left, 0), right - left, 1, facecolor=colour, edgecolor="white", linewidth=0.6))
        width_pt = (right - left) * INCHES_PER_S * 72
        long = CHARACTER * max(1, len(span.label))  # of the label, in font sizes
        flat, upright = width_pt / long, min(width_pt, height_pt / long)  # font sizes that would fit
        if max(flat, upright) < SMALLEST:
            continue
        is_flat = flat >= SMALLEST
        lane.text(
            (left + right) / 2, 0.5, span.label, ha="center", va="center_baseline" if is_flat else "center",
            color=FAINT if span.word is None else INK, size=min(size, flat if is_flat else upright),
            rotation=0 if is_flat else 90,
        )  # fmt: skip
    lane.set_ylim(0, 1)
