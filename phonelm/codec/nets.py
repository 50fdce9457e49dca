"""The bundled codec's encoder (log-mel -> ConvNeXt -> latent), and the ConvNeXt blocks that its decoder shares.

After Vocos (arXiv:2306.00814, https://github.com/gemelo-ai/vocos); ConvNeXt blocks from arXiv:2201.03545.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phonelm.config import CodecConfig

KERNEL = 7  # frames seen by every convolution over time
MEL_FLOOR = 1e-4  # magnitude under which a mel band counts as silent
MEL_SHIFT, MEL_SCALE = 4.0, 3.0  # bring log-mel speech to about zero mean, unit variance


def mel_filterbank(n_mels: int, n_fft: int, sample_rate: int) -> Tensor:
    """Triangles of height 1, equally spaced on the HTK mel scale from 0 Hz to half the sample rate.

    Returns:
        (n_mels, n_fft // 2 + 1) float32.
    """
    top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    corners = 700 * (10 ** (torch.linspace(0, top, n_mels + 2, dtype=torch.float64) / 2595) - 1)  # Hz
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    rising = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    falling = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return torch.minimum(rising, falling).clamp(min=0).float()


class ChannelNorm(nn.LayerNorm):
    """LayerNorm over the channels of (B, C, T)."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2)).transpose(1, 2)


class ConvNeXtBlock(nn.Module):
    """Depthwise convolution over time, then two layers on each frame, scaled by `gamma` and added to the input."""

    def __init__(self, width: int, hidden: int, scale: float):
        super().__init__()
        self.depthwise = nn.Conv1d(width, width, KERNEL, padding=KERNEL // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.expand = nn.Linear(width, hidden)
        self.contract = nn.Linear(hidden, width)
        self.gamma = nn.Parameter(torch.full((width,), scale))

    def transform(self, y: Tensor) -> Tensor:
        """What follows the convolution on each frame, (B, C, T) -> (B, C, T)."""
        y = self.norm(y.transpose(1, 2))  # (B, T, C)
        return (self.gamma * self.contract(F.gelu(self.expand(y)))).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.transform(self.depthwise(x))


class Encoder(nn.Module):
    """Waveform to latent. `ratios` and `dimension` are what `encodec.EncodecModel` asks of an encoder."""

    ratios = (8, 5, 4, 2)  # their product is the hop length
    mel_filterbank: Tensor
    window: Tensor

    def __init__(self, config: CodecConfig):
        super().__init__()
        if math.prod(self.ratios) != config.hop_length:
            raise ValueError(f"hop_length must be {math.prod(self.ratios)}, not {config.hop_length}")
        self.hop_length, self.n_fft, self.dimension = config.hop_length, config.analysis_n_fft, config.dimension
        width = config.encoder_width
        self.register_buffer("mel_filterbank", mel_filterbank(config.n_mels, self.n_fft, config.sample_rate))
        self.register_buffer("window", torch.hann_window(self.n_fft), persistent=False)
        self.input = nn.Conv1d(config.n_mels, width, KERNEL, padding=KERNEL // 2)
        self.input_norm = ChannelNorm(width)
        self.blocks = blocks(config.encoder_blocks, width, config.expansion)
        self.final_norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, config.dimension)

    def log_mel(self, wav: Tensor) -> Tensor:
        """(B, 1, S) in [-1, 1] -> (B, n_mels, T), normalised log-mel magnitudes; S is padded with zeros to T hops."""
        short = -wav.shape[-1] % self.hop_length
        edge = (self.n_fft - self.hop_length) // 2
        wav = F.pad(wav.squeeze(1), (edge, edge + short))
        spectrum = torch.stft(
            wav, self.n_fft, self.hop_length, window=self.window, center=False, return_complex=True
        ).abs()  # (B, n_fft // 2 + 1, T)
        return ((self.mel_filterbank @ spectrum).clamp(min=MEL_FLOOR).log() + MEL_SHIFT) / MEL_SCALE

    def forward(self, wav: Tensor) -> Tensor:
        """(B, 1, S) float in [-1, 1] -> (B, dimension, T) float, T = ceil(S / hop_length)."""
        x = self.input_norm(self.input(self.log_mel(wav)))
        for block in self.blocks:
            x = block(x)
        return self.output(self.final_norm(x.transpose(1, 2))).transpose(1, 2)


def blocks(count: int, width: int, expansion: int) -> Sequence[ConvNeXtBlock]:
    """Blocks in a row, (B, width, T) -> (B, width, T) each; the more, the smaller their first steps."""
    row = nn.ModuleList(ConvNeXtBlock(width, expansion * width, 1 / count) for _ in range(count))
    return cast("Sequence[ConvNeXtBlock]", row)  # to a type checker, what is in a ModuleList is any module
