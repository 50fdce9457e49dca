"""Small discriminators of the decoder's waveform: by period (HiFi-GAN) and by STFT (EnCodec)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from phonelm.training.codec.losses import spectrum

PERIODS = (2, 3, 5, 7, 11)
N_FFTS = (2048, 1024, 512)
SLOPE = 0.1  # of the leaky ReLUs
POWER = 0.3
QUIET = 1e-3  # smaller magnitudes are not amplified; 40 dB below the level of a crop


class PeriodDiscriminator(nn.Module):
    """Convolutions along samples that lie one period apart (HiFi-GAN, arXiv:2010.05646).

    HiFi-GAN has 32 to 1024 channels. This one has `width` to 8 * `width`.
    """

    def __init__(self, period: int, width: int):
        super().__init__()
        self.period = period
        sizes = (1, width, 2 * width, 4 * width, 8 * width)
        self.layers = nn.ModuleList(_layer(nn.Conv2d(a, b, (5, 1), (3, 1), (2, 0))) for a, b in zip(sizes, sizes[1:]))
        self.layers.append(_layer(nn.Conv2d(8 * width, 8 * width, (5, 1), padding=(2, 0))))
        self.output = weight_norm(nn.Conv2d(8 * width, 1, (3, 1), padding=(1, 0)))

    def forward(self, wav: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 1, S) -> logits (B, 1, n, period) and the outputs of the layers."""
        wav = F.pad(wav, (0, -wav.shape[-1] % self.period), "reflect")
        return _run(self, rearrange(wav, "b c (n p) -> b c n p", p=self.period))


class SpectrumDiscriminator(nn.Module):
    """Convolutions over the real and imaginary parts of an STFT, which include phase (EnCodec, arXiv:2210.13438).

    Magnitudes are raised to the power `POWER`, similar to loudness. Without it most bins would be close to zero.
    EnCodec does not do this. With `magnitudes` it sees only magnitudes, as in UnivNet (arXiv:2106.07889).
    """

    window: Tensor

    def __init__(self, n_fft: int, width: int, magnitudes: bool = False):
        super().__init__()
        self.magnitudes = magnitudes
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        self.layers = nn.ModuleList([_layer(nn.Conv2d(1 if magnitudes else 2, width, (3, 9), (1, 2), (1, 4)))])
        for dilation in (1, 2, 4):  # over time; the second axis is frequency
            self.layers.append(_layer(nn.Conv2d(width, width, (3, 9), (1, 2), (dilation, 4), (dilation, 1))))
        self.layers.append(_layer(nn.Conv2d(width, width, 3, padding=1)))
        self.output = weight_norm(nn.Conv2d(width, 1, 3, padding=1))

    def forward(self, wav: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 1, S) -> logits (B, 1, frames, bands) and the outputs of the layers."""
        with torch.autocast(wav.device.type, enabled=False):
            parts = torch.view_as_real(spectrum(wav.float(), self.window))
            power = parts.square().sum(-1, keepdim=True) + QUIET**2
            parts = power ** (POWER / 2) if self.magnitudes else parts * power ** ((POWER - 1) / 2)
        return _run(self, rearrange(parts, "b f t c -> b c t f"))


def _layer(conv: nn.Conv2d) -> nn.Module:
    """A weight-normalised convolution that keeps the level of its input. Torch's default initialisation lowers it."""
    nn.init.kaiming_normal_(conv.weight, SLOPE)
    return weight_norm(conv)


def _run(net: PeriodDiscriminator | SpectrumDiscriminator, x: Tensor) -> tuple[Tensor, list[Tensor]]:
    features = []
    for layer in net.layers:
        x = F.leaky_relu(layer(x), SLOPE)
        features.append(x)
    return net.output(x), features


class Discriminators(nn.Module):
    """All discriminators.

    Args:
        width: channels of the first layer of a period discriminator. 16 suits a CPU; HiFi-GAN and EnCodec have 32.
        spectrum_width: channels of all layers of a spectrum discriminator, half of `width` by default.
        magnitudes: the spectrum discriminators see no phase.
    """

    def __init__(self, width: int, spectrum_width: int | None = None, magnitudes: bool = False):
        super().__init__()
        spectrum_width = width // 2 if spectrum_width is None else spectrum_width
        self.nets = nn.ModuleList(
            [PeriodDiscriminator(period, width) for period in PERIODS]
            + [SpectrumDiscriminator(n_fft, spectrum_width, magnitudes) for n_fft in N_FFTS]
        )

    def forward(self, wav: Tensor) -> tuple[list[Tensor], list[list[Tensor]]]:
        """(B, 1, S) float, S at least 1025 -> for each discriminator its logits and the outputs of its layers."""
        logits, features = zip(*(net(wav) for net in self.nets))
        return list(logits), list(features)
