"""The source-filter decoder in training: from codes to waveforms with the recordings' pulses."""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from phonelm.codec import Prediction, SourceFilterDecoder
from phonelm.training.codec.source_filter.crops import HISTORY, SIDE

DRAWS = 2  # noises per crop


class Decoded(NamedTuple):
    """Output of the decoder for a batch of T frames."""

    prediction: Prediction  # of the T frames
    wavs: list[Tensor]  # `DRAWS` tensors (B, T * hop) with different noise
    envelope: Tensor  # (B, 2 * (SIDE + T + SIDE), envelope_points), where gradients of losses are compared
    final: Tensor | None  # (B, T * hop), the first waveform with the noise level of the finished codec


class TeacherForcedDecoder(nn.Module):
    """The decoder with the pulses of the recordings instead of its own. Its pitch is trained by a separate loss.

    Args:
        decoder: is trained in place.
        margin: margin of the batches.
        free_noise: the noise of voiced frames gets a gradient from the waveforms.
    """

    def __init__(self, decoder: SourceFilterDecoder, margin: int, free_noise: bool = False):
        super().__init__()
        self.decoder, self.margin, self.free_noise = decoder, margin, free_noise

    def forward(
        self, latent: Tensor, valid: Tensor, voiced: Tensor, pulses: Tensor, noises: Tensor, with_final: bool = False
    ) -> Decoded:
        """Decode.

        Args:
            latent: (B, dimension, margin + T + margin) float32, sum of code vectors, 0 where not `valid`.
            valid: (B, margin + T + margin) bool.
            voiced: (B, SIDE + T + SIDE) bool, voicing of the recordings.
            pulses: (B, (HISTORY + T + SIDE) * hop) float32.
            noises: (DRAWS, B, S) float32, as many samples as the filter reads of the pulses.
            with_final: also make the waveform with the decoder's `voiced_noise_db`.
        """
        frames = slice(self.margin - SIDE, latent.shape[2] - self.margin + SIDE)
        x, y = self.decoder.trunk(latent)
        prediction = self.decoder.heads(x[..., frames], y[..., frames])
        with torch.autocast(latent.device.type, enabled=False):
            wavs = self._synthesise(prediction, valid[:, frames], voiced, pulses, noises, with_final)
        inner, sub = slice(SIDE, -SIDE), slice(2 * SIDE, -2 * SIDE)
        spans = (inner, inner, sub, sub, sub)
        inside = Prediction(*(part[:, span] for part, span in zip(prediction, spans)))
        return Decoded(inside, wavs[: len(noises)], prediction.envelope, wavs[-1] if with_final else None)

    def _synthesise(
        self, prediction: Prediction, valid: Tensor, voiced: Tensor, pulses: Tensor, noises: Tensor, with_final: bool
    ) -> list[Tensor]:
        spectral, hop = self.decoder.filter, self.decoder.hop_length
        for part in (prediction.envelope, prediction.noise, prediction.dispersion):
            if part.requires_grad:
                part.register_hook(_finite)
        # With a target of its own, the noise of voiced frames must not rise through errors of the pulses.
        voiced = voiced.repeat_interleave(2, dim=1)[..., None]
        taught = voiced & (not self.free_noise)
        gain = spectral.gain(torch.where(taught, prediction.noise.detach(), prediction.noise))
        response = spectral.response(prediction.envelope, prediction.dispersion)
        mask = valid.repeat_interleave(2, dim=1)[..., None]
        start = HISTORY * hop - SIDE * hop - spectral.before
        pulses = F.pad(pulses[:, start:], (0, spectral.hop // 2))
        voice = spectral(spectral.segments(pulses), None, response, None)
        pairs = [(noise, gain) for noise in noises]
        if with_final:
            nats = self.decoder.voiced_noise_db * (math.log(10) / 20)
            pairs.append((noises[0], gain * (nats * voiced).exp()))
        wavs = []
        for noise, level in pairs:
            noise_wav = spectral(spectral.segments(noise), None, level, None)
            wav = spectral.overlap_add((voice + noise_wav) * mask)
            wavs.append(wav[:, spectral.hop // 2 + SIDE * hop : -(spectral.hop // 2) - SIDE * hop])
        return wavs


def _finite(gradient: Tensor) -> Tensor:
    """The gradient with 0 in place of what is not finite."""
    return torch.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0)
