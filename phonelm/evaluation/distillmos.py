"""DistillMOS (arXiv:2502.05356): naturalness without a reference. It is sensitive to a buzz that DNSMOS misses."""

from __future__ import annotations

import contextlib
import io
import math

import numpy as np
import torch

from phonelm.codec import torchaudio_stand_in

RATE = 16_000  # Hz
ZERO_CROSSINGS, ROLLOFF = 6, 0.99  # low-pass filter


def resample_as_trained(wav: np.ndarray, sample_rate: int) -> np.ndarray:
    """Resample like the default of `torchaudio.transforms.Resample`, which DistillMOS uses: a Hann-windowed sinc.

    The filter matters. With a sharper one the same recordings score half a point higher.

    Args:
        wav: (S,) float.
        sample_rate: its sample rate, Hz.
    Returns:
        float32 at `RATE`.
    """
    from scipy.signal import resample_poly

    divisor = math.gcd(sample_rate, RATE)
    up, down = RATE // divisor, sample_rate // divisor
    if up == down:
        return np.asarray(wav, np.float32)
    cutoff = ROLLOFF / max(up, down)  # 1 is the Nyquist frequency of the signal upsampled by `up`
    reach = math.ceil(ZERO_CROSSINGS / cutoff)
    crossings = (np.arange(-reach, reach + 1) * cutoff).clip(-ZERO_CROSSINGS, ZERO_CROSSINGS)
    window = np.cos(crossings * np.pi / ZERO_CROSSINGS / 2) ** 2
    return resample_poly(wav, up, down, window=cutoff * np.sinc(crossings) * window).astype(np.float32)


class DistillMOS:
    """The model of the package `distillmos`, which includes its weights."""

    def __init__(self) -> None:
        with torchaudio_stand_in(), contextlib.redirect_stdout(io.StringIO()):  # it prints the path of its weights
            from distillmos import ConvTransformerSQAModel

            self.model = ConvTransformerSQAModel().eval()

    def __call__(self, wav: np.ndarray, sample_rate: int) -> float:
        """(S,) float and its rate in Hz -> mean opinion score, 1 to 5. It does not depend on the level."""
        with torch.inference_mode():
            return self.model(torch.from_numpy(resample_as_trained(wav, sample_rate))[None]).item()
