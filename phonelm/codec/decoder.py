"""The source-filter decoder: latent -> ConvNeXt -> pitch, voicing, envelopes -> filtered pulses and noise.

A voice has no free phases: it is pulses at the pitch, shaped by the vocal tract, and noise. The network predicts
just that, as a vocoder's analysis does (WORLD: Morise et al., IEICE 2016), and the synthesis has nothing to learn.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from phonelm.codec.filters import SpectralFilter
from phonelm.codec.nets import KERNEL, ChannelNorm, ConvNeXtBlock, blocks
from phonelm.codec.parameters import DecodeControls, DecoderParameters
from phonelm.codec.streaming import ConvStream, DecodeStream
from phonelm.codec.synthesis import Synthesis
from phonelm.config import CodecConfig

LOWEST_HZ, HIGHEST_HZ = 55.0, 520.0  # of the pitch bins
NEAR = 4  # bins on each side of the likeliest one that are averaged
SUB_FRAMES = 2  # envelopes per frame
SYNTHESIS_CONTEXT = 2  # frames ahead that a frame of waveform depends on through pitch and overlapping windows
QUIET = -5.0  # log magnitude with which the envelopes start training


class Prediction(NamedTuple):
    """What the network says about T frames."""

    pitch: Tensor  # (B, T, pitch_bins) float, logits of the bins
    voicing: Tensor  # (B, T) float, logit
    envelope: Tensor  # (B, 2T, envelope_points) float, log magnitude
    noise: Tensor  # (B, 2T, noise_points) float, log magnitude
    dispersion: Tensor  # (B, 2T, noise_points) float


class SourceFilterDecoder(nn.Module):
    """Sum of code vectors to waveform, through parameters of pulses and noise."""

    voiced_noise_db: Tensor

    def __init__(self, config: CodecConfig):
        super().__init__()
        if not 1 <= config.pitch_blocks <= config.decoder_blocks:
            raise ValueError(f"pitch_blocks must be 1 to {config.decoder_blocks}, not {config.pitch_blocks}")
        self.hop_length, self.sample_rate = config.hop_length, config.sample_rate
        width, points = config.decoder_width, config.noise_points
        self.input = nn.Conv1d(config.dimension, width, KERNEL, padding=KERNEL // 2)
        self.input_norm = ChannelNorm(width)
        self.blocks = blocks(config.decoder_blocks, width, config.expansion)
        self.final_norm = nn.LayerNorm(width)
        pitch_blocks = nn.ModuleList(
            ConvNeXtBlock(width, config.expansion * width, 1 / config.decoder_blocks)
            for _ in range(config.pitch_blocks)
        )
        self.pitch_blocks = cast("Sequence[ConvNeXtBlock]", pitch_blocks)
        self.pitch_norm = nn.LayerNorm(width)
        self.pitch = nn.Linear(width, config.pitch_bins)
        self.voicing = nn.Linear(width, 1)
        self.envelope = nn.Linear(width, SUB_FRAMES * config.envelope_points)
        self.noise = nn.Linear(width, SUB_FRAMES * points)
        self.dispersion = nn.Linear(width, SUB_FRAMES * points)
        for head in (self.envelope, self.noise):
            nn.init.normal_(head.weight, std=0.01)
            nn.init.constant_(head.bias, QUIET)
        nn.init.zeros_(self.dispersion.weight)
        nn.init.zeros_(self.dispersion.bias)
        self.register_buffer("voiced_noise_db", torch.tensor(0.0))  # added to the noise of voiced frames
        self.filter = SpectralFilter(
            config.sample_rate, config.hop_length, config.segment, config.envelope_points, points
        )

    @property
    def trunk_context(self) -> int:
        """Frames on each side that the parameters of a frame depend on."""
        return (1 + len(self.blocks)) * (KERNEL // 2)

    @property
    def context(self) -> int:
        """Frames ahead that a frame of waveform depends on. The pulses' phase reaches back to the last silence."""
        return self.trunk_context + SYNTHESIS_CONTEXT

    def forward(self, latent: Tensor) -> Tensor:
        """(B, dimension, T) float -> (B, 1, hop_length * T) float."""
        return self.synthesize(self.analyse(latent))

    def analyse(self, latent: Tensor) -> DecoderParameters:
        """(B, dimension, T) float -> the parameters of T frames."""
        return self.parameters_of(self.heads(*self.trunk(latent)))

    def synthesize(self, parameters: DecoderParameters, controls: DecodeControls = DecodeControls()) -> Tensor:
        """Parameters of T frames -> (B, 1, hop_length * controls.frames(T)) float."""
        mean_hz = parameters.mean_hz if controls.mean_hz is None else controls.mean_hz
        return Synthesis(self.filter, self.sample_rate, controls, mean_hz).push(parameters, last=True)

    def trunk(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """(B, dimension, T) -> (B, width, T) twice: for the envelopes, and for pitch and voicing."""
        x = self.input_norm(self.input(latent))
        shared = len(self.blocks) - len(self.pitch_blocks)
        for block in self.blocks[:shared]:
            x = block(x)
        y = x
        for block, pitch_block in zip(self.blocks[shared:], self.pitch_blocks):
            x, y = block(x), pitch_block(y)
        return x, y

    def heads(self, x: Tensor, y: Tensor) -> Prediction:
        """Both outputs of `trunk` -> the prediction for their frames."""
        x, y = self.final_norm(x.transpose(1, 2)), self.pitch_norm(y.transpose(1, 2))  # (B, T, width)
        shapes = (self.envelope, self.noise, self.dispersion)
        return Prediction(
            self.pitch(y).float(),
            self.voicing(y).float().squeeze(2),
            *(head(x).float().unflatten(2, (SUB_FRAMES, -1)).flatten(1, 2) for head in shapes),
        )

    def parameters_of(self, prediction: Prediction) -> DecoderParameters:
        """A prediction as numbers that can be spoken: pitch in Hz, noise at its level."""
        voiced = prediction.voicing > 0
        f0_hz = torch.where(voiced, self.pitch_hz(prediction.pitch), torch.zeros_like(prediction.voicing))
        nats = self.voiced_noise_db * (math.log(10) / 20) * voiced.repeat_interleave(SUB_FRAMES, dim=1)
        noise = prediction.noise + nats[..., None]
        return DecoderParameters(f0_hz, prediction.envelope, noise, prediction.dispersion)

    def pitch_hz(self, logits: Tensor) -> Tensor:
        """(B, T, pitch_bins) -> (B, T), Hz: geometric mean of the bins close to the likeliest, by their probability.

        The mean is taken as a distance from the likeliest bin, which keeps rounding small. Rounding differs between a
        stream and a whole decode, and the phase of the pulses sums it up.
        """
        bins = logits.shape[-1]
        best = logits.argmax(-1, keepdim=True)
        away = torch.arange(bins, device=logits.device) - best  # (B, T, bins)
        weight = logits.softmax(-1) * (away.abs() <= NEAR)
        place = best.squeeze(-1) + (weight * away).sum(-1) / weight.sum(-1)
        return LOWEST_HZ * ((place / (bins - 1)) * math.log(HIGHEST_HZ / LOWEST_HZ)).exp()


class SourceFilterStream(DecodeStream):
    """Each frame goes once through each layer; the synthesis keeps its own state.

    At speed 1 the waveform lags `SourceFilterDecoder.context` frames behind the codes, because the decoder looks ahead.
    """

    def __init__(self, decoder: SourceFilterDecoder, *args, controls: DecodeControls = DecodeControls()):
        super().__init__(*args)
        if controls.intonation != 1.0 and controls.mean_hz is None:
            raise ValueError("a stream cannot know the mean pitch of what is still to come: give mean_hz")
        self._decoder = decoder
        self._input = ConvStream(decoder.input)
        self._depthwise = [ConvStream(block.depthwise) for block in decoder.blocks]
        self._pitch_depthwise = [ConvStream(block.depthwise) for block in decoder.pitch_blocks]
        self._synthesis = Synthesis(decoder.filter, decoder.sample_rate, controls, controls.mean_hz or 0.0)
        self._f0_hz: list[Tensor] = []

    @property
    def f0_hz(self) -> Tensor | None:
        return torch.cat(self._f0_hz, dim=1).clone() if self._f0_hz else None

    def _decode(self, latent: Tensor, last: bool) -> Tensor:
        decoder = self._decoder
        x, _ = self._input(latent, last)
        x = decoder.input_norm(x)
        shared = len(decoder.blocks) - len(decoder.pitch_blocks)
        for conv, block in zip(self._depthwise[:shared], decoder.blocks):
            x = _advance(conv, block, x, last)
        y = x
        for conv, block in zip(self._depthwise[shared:], decoder.blocks[shared:]):
            x = _advance(conv, block, x, last)
        for conv, block in zip(self._pitch_depthwise, decoder.pitch_blocks):
            y = _advance(conv, block, y, last)
        parameters = decoder.parameters_of(decoder.heads(x, y))
        self._f0_hz.append(parameters.f0_hz)
        return self._synthesis.push(parameters, last)


def _advance(conv: ConvStream, block: ConvNeXtBlock, x: Tensor, last: bool) -> Tensor:
    """The next inputs of a block -> its outputs that are now known."""
    y, x = conv(x, last)
    return x + block.transform(y)
