"""DistillMOS (arXiv:2502.05356): naturalness without a reference; it hears a buzz that DNSMOS overlooks."""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import torch

from phonelm.codec import torchaudio_stand_in

RATE = 16_000  # Hz
ZERO_CROSSINGS, ROLLOFF = 6, 0.99  # of the low-pass filter


def resample_as_trained(wav: np.ndarray, sample_rate: int) -> np.ndarray:
    """Resample as `torchaudio.transforms.Resample` does by default, which DistillMOS uses: a sinc in a Hann window.

    The filter matters: with a sharper one the same recordings score half a point higher.

    Args:
        wav: (S,) float.
        sample_rate: of it, Hz.
    Returns:
        float32 at `RATE`.
    """
    from scipy.signal import resample_poly

    divisor = math.gcd(sample_rate, RATE)
    up, down = RATE // divisor, sample_rate // divisor
    if up == down:
        return np.asarray(wav, np.float32)
    cutoff = ROLLOFF / max(up, down)  # 1 is half the rate of `up` times as many samples
    reach = math.ceil(ZERO_CROSSINGS / cutoff)
    crossings = (np.arange(-reach, reach + 1) * cutoff).clip(-ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(crossings * np.pi / ZERO_CROSSINGS / 2) ** 2
    return resample_poly(wav, up, down, window=cutoff * np.sinc(crossings) * window).astype(np.float32)


class DistillMOS:
    """The model of the package `distillmos`, whose weights come with it."""

    def __init__(self) -> None:
        with torchaudio_stand_in(), contextlib.redirect_stdout(io.StringIO()):  # it prints where its weights are
            from distillmos import ConvTransformerSQAModel

            self.model = ConvTransformerSQAModel().eval()

    def __call__(self, wav: np.ndarray, sample_rate: int) -> float:
        """(S,) float and its rate in Hz -> mean opinion score, 1 to 5; the level does not matter."""
        with torch.inference_mode():
            return self.model(torch.from_numpy(resample_as_trained(wav, sample_rate))[None]).item()
