"""The spectral energy distance: a loss without a discriminator that learns the correct level of noise."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

from phonelm.codec import mel_filterbank
from phonelm.config import SAMPLE_RATE

RESOLUTIONS = ((2048, 512, 128), (1024, 256, 96), (512, 128, 64), (256, 64, 40), (128, 32, 20), (64, 16, 10))
POWER_FLOOR = 1e-9
LOG_FLOOR = 5e-4  # added to magnitudes before the logarithm
SCALE_FLOOR = 1e-3


class Distances(NamedTuple):
    """Means over the resolutions."""

    energy: Tensor  # (), the loss
    spectral: Tensor  # (), the distance of one output from the target, for the log


class SpectralEnergyDistance(nn.Module):
    """Generalised energy distance of mel spectrograms (Gritsenko et al., arXiv:2008.01160).

    d(x, a) + d(x, b) - d(a, b) for a target x and two outputs a and b that differ only in their noise. Without the last
    term the minimum would be a mean without noise.
    """

    def __init__(self) -> None:
        super().__init__()
        for n_fft, _, n_mels in RESOLUTIONS:
            self.register_buffer(f"window_{n_fft}", torch.hann_window(n_fft), persistent=False)
            self.register_buffer(f"filters_{n_fft}", mel_filterbank(n_mels, n_fft, SAMPLE_RATE), persistent=False)

    def forward(self, target: Tensor, one: Tensor, other: Tensor) -> Distances:
        """All (B, S) float32, S above 1024."""
        energy, spectral = [], []
        for n_fft, hop, _ in RESOLUTIONS:
            x, a, b = (self._mel(wav, n_fft, hop) for wav in (target, one, other))
            scale = x.mean() + SCALE_FLOOR
            near = _distance(x, a, scale)
            energy.append((near + _distance(x, b, scale) - _distance(a, b, scale)) / 2)
            spectral.append(near)
        return Distances(torch.stack(energy).mean(), torch.stack(spectral).mean())

    def _mel(self, wav: Tensor, n_fft: int, hop: int) -> Tensor:
        """(B, S) -> (B, n_mels, F), magnitudes."""
        window = self.get_buffer(f"window_{n_fft}")
        spectrum = torch.stft(wav, n_fft, hop, window=window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square() + POWER_FLOOR  # abs() has no gradient at 0
        return self.get_buffer(f"filters_{n_fft}") @ (power.sqrt() / window.square().sum().sqrt())


def _distance(one: Tensor, other: Tensor, scale: Tensor) -> Tensor:
    """L1 of magnitudes relative to `scale`, plus L2 per frame of their logarithms."""
    logs = (one + LOG_FLOOR).log() - (other + LOG_FLOOR).log()
    return (one - other).abs().mean() / scale + (logs.square().mean(1) + 1e-8).sqrt().mean()
