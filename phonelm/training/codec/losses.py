"""Losses of codec training: multi-scale log-mel, adversarial (hinge), feature matching, likeness."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phonelm.codec import mel_filterbank
from phonelm.config import SAMPLE_RATE

MEL_SCALES = ((2048, 120), (1024, 80), (512, 40), (256, 20))  # (n_fft, mel bands)
MEL_FLOOR = 5e-4  # added before the logarithm; if it is much smaller, the noise of pauses dominates the loss


def spectrum(wav: Tensor, window: Tensor) -> Tensor:
    """Complex STFT with hops of a quarter window. The magnitude of white noise is its RMS.

    Args:
        wav: (B, 1, S) float32.
        window: (n_fft,).
    Returns:
        (B, n_fft // 2 + 1, F) complex64.
    """
    n_fft = len(window)
    stft = torch.stft(wav.squeeze(1), n_fft, n_fft // 4, window=window, center=True, return_complex=True)
    return stft / window.square().sum().sqrt()


class MelLoss(nn.Module):
    """Mean absolute difference of log-mel spectrograms at several resolutions (as in EnCodec, arXiv:2210.13438)."""

    def __init__(self) -> None:
        super().__init__()
        for n_fft, n_mels in MEL_SCALES:
            self.register_buffer(f"window_{n_fft}", torch.hann_window(n_fft))
            self.register_buffer(f"filters_{n_fft}", mel_filterbank(n_mels, n_fft, SAMPLE_RATE))

    def log_mel(self, wav: Tensor, n_fft: int) -> Tensor:
        """(B, 1, S) -> (B, n_mels, F), ln magnitude."""
        magnitude = spectrum(wav, self.get_buffer(f"window_{n_fft}")).abs()
        return (self.get_buffer(f"filters_{n_fft}") @ magnitude + MEL_FLOOR).log()

    def forward(self, output: Tensor, target: Tensor) -> Tensor:
        """Both (B, 1, S) float32 -> (), in nats."""
        parts = [F.l1_loss(self.log_mel(output, n_fft), self.log_mel(target, n_fft)) for n_fft, _ in MEL_SCALES]
        return torch.stack(parts).mean()


def normalise_level(wav: Tensor, reference: Tensor) -> Tensor:
    """Divide a waveform by the level of another, so that discriminators treat quiet and loud crops alike.

    Args:
        wav: (B, 1, S).
        reference: (B, 1, S). A level under -46 dBFS counts as -46 dBFS, so that silence is not amplified.
    """
    return 0.1 * wav / reference.square().mean((1, 2), keepdim=True).sqrt().clamp(min=0.005)


def discriminator_loss(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Hinge loss (arXiv:1705.02894), mean over the discriminators: real above 1, fake below -1.

    Args:
        real, fake: the logits of each discriminator, any shape.
    """
    return torch.stack([F.relu(1 - r).mean() + F.relu(1 + f).mean() for r, f in zip(real, fake, strict=True)]).mean()


def adversarial_loss(fake: list[Tensor], weights: Sequence[float] | None = None) -> Tensor:
    """Hinge loss of the decoder: its logits should be above 1 (as in Vocos, arXiv:2306.00814).

    Args:
        fake: the logits of each discriminator, any shape.
        weights: of the discriminators in the mean, equal by default.
    """
    return _weighted_mean([F.relu(1 - f).mean() for f in fake], weights)


def feature_loss(real: list[list[Tensor]], fake: list[list[Tensor]], weights: Sequence[float] | None = None) -> Tensor:
    """Feature matching (MelGAN, arXiv:1910.06711): mean over discriminators of the summed L1 of their layers.

    Args:
        real, fake: the layer outputs of each discriminator, with equal shapes.
        weights: of the discriminators in the mean, equal by default.
    """
    sums = [
        torch.stack([F.l1_loss(f, r.detach()) for r, f in zip(*pair, strict=True)]).sum()
        for pair in zip(real, fake, strict=True)
    ]
    return _weighted_mean(sums, weights)


def _weighted_mean(values: list[Tensor], weights: Sequence[float] | None) -> Tensor:
    stacked = torch.stack(values)
    return stacked.mean() if weights is None else (stacked * stacked.new_tensor(weights)).sum() / sum(weights)


def likeness_loss(output: Tensor, target: Tensor) -> Tensor:
    """Distance of two waveforms as the codec's encoder hears them: relative L1, plus 1 - cosine similarity by frame.

    Feature matching with a frozen network instead of a discriminator (perceptual loss, arXiv:1603.08155).

    Args:
        output, target: (B, dimension, T), latents of the encoder.
    """
    near = F.l1_loss(output, target) / target.abs().mean().clamp(min=1e-6)
    return near + (1 - F.cosine_similarity(output, target, dim=1)).mean()
