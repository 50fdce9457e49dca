"""Pictures of a clip and of its codes: spectrograms in dB and the grid of codes, as pixels on white.

They use only Matplotlib's object API, so that several threads can draw at the same time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from phonelm.config import CARD, FRAME_RATE, HOP_LENGTH, SAMPLE_RATE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec

WINDOW = 3 * HOP_LENGTH  # samples; 40 ms, so that a voice's harmonics can be told apart
HOP = HOP_LENGTH // 2
RANGE_DB = 80.0  # from the loudest to what is drawn black
FLOOR = 1e-10  # of power, so that silence has a logarithm
DPI = 130
PITCH_HZ, PITCH_TICKS = (50, 560), (50, 100, 200, 400)  # range of the decoder's pitch; ticks
LABEL_IN = 0.3  # free space at the top for the label of the page
INK, PALE = "#1f2937", 0.25  # of text; opacity of codebooks that are not decoded


def spectrogram(wav: np.ndarray) -> np.ndarray:
    """Power in dB on a linear frequency axis, from 0 to half the sample rate.

    Args:
        wav: (S,) float at `SAMPLE_RATE`, at least `WINDOW` / 2 + 1 samples.
    Returns:
        (WINDOW / 2 + 1, S // HOP + 1) float32.
    """
    window = torch.hann_window(WINDOW)
    wave = torch.from_numpy(np.ascontiguousarray(wav, np.float32))
    power = torch.stft(wave, WINDOW, HOP, window=window, return_complex=True).abs() ** 2
    return (10 * torch.log10(power.clamp_min(FLOOR))).numpy()


def draw_spectrogram(db: np.ndarray, top_db: float) -> np.ndarray:
    """(F, T) of `spectrogram` -> (H, W, 3) uint8; `top_db` is the brightest, so that two pictures can be compared."""
    figure, axes = _figure(6.4, 3.0)
    seconds, khz = (db.shape[1] - 1) * HOP / SAMPLE_RATE, SAMPLE_RATE / 2000
    drawn = axes.imshow(
        db, origin="lower", aspect="auto", cmap="magma", vmin=top_db - RANGE_DB, vmax=top_db,
        extent=(0, seconds, 0, khz),
    )  # fmt: skip
    axes.set_ylabel("kHz", size=8, color=INK)
    bar = figure.colorbar(drawn, pad=0.01)
    bar.set_label("dB", size=8, color=INK)
    bar.ax.tick_params(labelsize=7, labelcolor=INK)
    return _pixels(figure)


def draw_codes(codes: Tensor, decoded: int, f0_hz: np.ndarray | None = None) -> np.ndarray:
    """(1, K, T) codes -> (H, W, 3) uint8: a cell for each, coloured by the code; pale after the first `decoded` rows.

    Args:
        f0_hz: (T,), pitch of each frame, 0 where unvoiced, drawn above the codes on a logarithmic scale; None for none.
    """
    _, k, t = codes.shape
    figure, axes = _figure(11.0, 2.0 if f0_hz is None else 3.2)
    if f0_hz is not None:
        rows = GridSpec(2, 1, figure, height_ratios=(2, 3))
        axes.set_subplotspec(rows[1])
        _draw_pitch(figure.add_subplot(rows[0], sharex=axes), f0_hz)
    opacity = np.repeat(np.where(np.arange(k) < decoded, 1, PALE)[:, None], t, 1)
    axes.imshow(
        codes[0].cpu().numpy(), aspect="auto", cmap="turbo", vmin=0, vmax=CARD - 1, interpolation="nearest",
        alpha=opacity, extent=(0, t / FRAME_RATE, k + 0.5, 0.5),
    )  # fmt: skip
    axes.set_yticks(range(1, k + 1))
    axes.set_ylabel("codebook", size=8, color=INK)
    return _pixels(figure)


def _draw_pitch(axes: Axes, f0_hz: np.ndarray) -> None:
    """The pitch of voiced frames; nothing where there is no voice."""
    times = (np.arange(len(f0_hz)) + 0.5) / FRAME_RATE
    axes.plot(times, np.where(f0_hz > 0, f0_hz, np.nan), ".-", color="#7c3aed", linewidth=1.2, markersize=2)
    axes.set_yscale("log")
    axes.set_ylim(*PITCH_HZ)
    axes.set_yticks(PITCH_TICKS, list(map(str, PITCH_TICKS)))
    axes.set_yticks([], minor=True)
    axes.set_ylabel("pitch, Hz", size=8, color=INK)
    axes.tick_params(labelsize=7, labelcolor=INK, labelbottom=False)


def _figure(width_in: float, height_in: float) -> tuple[Figure, Axes]:
    """A figure with one pair of axes, time to the right."""
    from matplotlib.figure import Figure  # here, because it takes a third of a second and few users need it
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(rect=(0, 0, 1, 1 - LABEL_IN / height_in))
    figure = Figure((width_in, height_in), dpi=DPI, facecolor="white", layout=layout)
    axes = figure.add_subplot()
    axes.set_xlabel("time, s", size=8, color=INK)
    axes.tick_params(labelsize=7, labelcolor=INK)
    return figure, axes


def _pixels(figure: Figure) -> np.ndarray:
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].copy()
