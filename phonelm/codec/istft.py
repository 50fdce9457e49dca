"""The first decoder of the bundled codec: latent -> ConvNeXt -> inverse STFT, whole and in a stream.

After Vocos (arXiv:2306.00814, https://github.com/gemelo-ai/vocos).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from phonelm.codec.nets import KERNEL, ChannelNorm, blocks
from phonelm.codec.streaming import ConvStream, DecodeStream
from phonelm.config import CodecConfig

MAX_LOG_MAGNITUDE = 6.0  # clamp before exp, so that an early training step cannot overflow
MIN_ENVELOPE = 1e-4  # keeps the overlap-add from dividing by zero at the edges


class IstftDecoder(nn.Module):
    """Sum of code vectors to waveform, one complex spectrum per frame."""

    window: Tensor

    def __init__(self, config: CodecConfig):
        super().__init__()
        self.hop_length, self.n_fft = config.hop_length, config.synthesis_n_fft
        width = config.decoder_width
        self.register_buffer("window", torch.hann_window(self.n_fft), persistent=False)
        self.input = nn.Conv1d(config.dimension, width, KERNEL, padding=KERNEL // 2)
        self.input_norm = ChannelNorm(width)
        self.blocks = blocks(config.decoder_blocks, width, config.expansion)
        self.final_norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, self.n_fft + 2)

    @property
    def context(self) -> int:
        """Frames on each side that a frame of waveform depends on: all convolutions, then the overlapping windows."""
        overlap = math.ceil((self.n_fft - self.hop_length) / 2 / self.hop_length)
        return (1 + len(self.blocks)) * (KERNEL // 2) + overlap

    def forward(self, latent: Tensor) -> Tensor:
        """(B, dimension, T) float -> (B, 1, hop_length * T) float."""
        x = self.input_norm(self.input(latent))
        for block in self.blocks:
            x = block(x)
        return self.overlap_add(x)

    def overlap_add(self, x: Tensor) -> Tensor:
        """Inverse STFT with half an overlap cut from both ends, (B, width, T) -> (B, 1, hop_length * T).

        `torch.istft` does not equal this: without `center` it refuses windows that start at zero.
        """
        edge = (self.n_fft - self.hop_length) // 2
        return self.normalise(*(total[..., edge:-edge] for total in self.fold(x)))

    def fold(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Frames to overlapping windows, each added one hop after the last.

        Args:
            x: (B, width, T) float, output of the blocks.
        Returns:
            The sums of the windowed frames, (B, 1, n_fft + hop_length * (T - 1)), and of the squared windows, (1, ...).
        """
        x = self.head(self.final_norm(x.transpose(1, 2))).float()
        log_magnitude, phase = x.chunk(2, dim=-1)  # (B, T, n_fft // 2 + 1)
        magnitude = log_magnitude.clamp(max=MAX_LOG_MAGNITUDE).exp()
        frames = torch.fft.irfft(torch.polar(magnitude, phase), self.n_fft) * self.window  # (B, T, n_fft)
        return self._fold(frames), self._fold(self.window.square().expand(1, frames.shape[1], -1))

    @staticmethod
    def normalise(wav: Tensor, envelope: Tensor) -> Tensor:
        """Undo the windows: the sum of the frames divided by that of the squared windows."""
        return wav / envelope.clamp(min=MIN_ENVELOPE)

    def _fold(self, frames: Tensor) -> Tensor:
        """(B, T, n_fft) -> (B, 1, n_fft + hop_length * (T - 1))."""
        size = self.n_fft + self.hop_length * (frames.shape[1] - 1)
        folded = F.fold(frames.transpose(1, 2), (1, size), (1, self.n_fft), stride=(1, self.hop_length))
        return rearrange(folded, "b c 1 s -> b c s")


class IstftStream(DecodeStream):
    """For the bundled decoder: each frame goes once through each layer, which keeps the few inputs it looks back on.

    The waveform lags `IstftDecoder.context` frames behind the codes, because the decoder looks ahead.
    """

    def __init__(self, decoder: IstftDecoder, *args):
        super().__init__(*args)
        self._decoder = decoder
        self._input = ConvStream(decoder.input)
        self._depthwise = [ConvStream(block.depthwise) for block in decoder.blocks]
        self._edge = (decoder.n_fft - decoder.hop_length) // 2  # samples cut from the start and the end
        self._cut = self._edge  # samples still to be cut from the start
        self._tails: tuple[Tensor, Tensor] | None = None  # (B, 1, 2 * edge): sums that later frames add to

    def _decode(self, latent: Tensor, last: bool) -> Tensor:
        x, _ = self._input(latent, last)
        x = self._decoder.input_norm(x)
        for conv, block in zip(self._depthwise, self._decoder.blocks):
            y, x = conv(x, last)
            x = x + block.transform(y)
        return self._overlap_add(x, last)

    def _overlap_add(self, x: Tensor, last: bool) -> Tensor:
        """As `IstftDecoder.overlap_add`, with the frames before already in the tails."""
        count = x.shape[2]
        if count == 0:
            return x.new_zeros(x.shape[0], 1, 0)  # not the end: the last frames always come with `last`
        sums = self._decoder.fold(x)
        for total, tail in zip(sums, self._tails or ()):
            total[..., : tail.shape[2]] += tail
        done = count * self._decoder.hop_length
        self._tails = sums[0][..., done:], sums[1][..., done:]
        stop = done + self._edge if last else done
        start = min(self._cut, stop)
        self._cut -= start
        return self._decoder.normalise(*(total[..., start:stop] for total in sums))
