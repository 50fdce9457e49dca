"""Filters of the source-filter decoder: log envelopes, minimum phase, overlap-add."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

ENVELOPE_RANGE = (-12.0, 6.0)  # natural log magnitude
NOISE_RANGE = (-14.0, 6.0)
BLOCK = 128  # sub-frames filtered at a time; more do not fit the CPU caches


def mel_points(count: int, sample_rate: int) -> Tensor:
    """(count,) float64, Hz, equally spaced on the HTK mel scale from 0 to half the sample rate."""
    top = 2595 * math.log10(1 + sample_rate / 2 / 700)
    return 700 * (10 ** (torch.linspace(0, top, count, dtype=torch.float64) / 2595) - 1)


def interpolation_matrix(count: int, n_fft: int, sample_rate: int) -> Tensor:
    """Linear interpolation from `mel_points` to the bins of an FFT.

    Returns:
        (count, n_fft // 2 + 1) float32.
    """
    points = mel_points(count, sample_rate)
    bins = torch.linspace(0, sample_rate / 2, n_fft // 2 + 1, dtype=torch.float64)
    right = torch.searchsorted(points, bins, right=True).clamp(1, count - 1)
    share = (bins - points[right - 1]) / (points[right] - points[right - 1])
    matrix = torch.zeros(count, len(bins), dtype=torch.float64)
    matrix[right - 1, torch.arange(len(bins))] += 1 - share
    matrix[right, torch.arange(len(bins))] += share
    return matrix.float()


def minimum_phase(log_magnitude: Tensor) -> Tensor:
    """Phase of the minimum-phase filter with this magnitude.

    Computed by folding the real cepstrum (Oppenheim and Schafer, Discrete-Time Signal Processing, chapter 13).

    Args:
        log_magnitude: (..., n_fft // 2 + 1) float, natural logarithm.
    Returns:
        the same shape, radians.
    """
    n_fft = 2 * (log_magnitude.shape[-1] - 1)
    cepstrum = torch.fft.irfft(log_magnitude, n_fft)
    causal = F.pad(2 * cepstrum[..., 1 : n_fft // 2], (1, n_fft // 2))  # the even part has no phase
    return torch.fft.rfft(causal).imag


class SpectralFilter(nn.Module):
    """Filters segments of pulses and noise, each with the envelopes of its sub-frame.

    A segment of `n_fft` samples ends one sub-frame after the centre of its sub-frame. Only the last `window_length`
    samples of the filtered segment are kept. So a filter looks back on the rest of the segment and does not look ahead.
    """

    window: Tensor
    at_bins: Tensor
    noise_at_bins: Tensor

    def __init__(self, sample_rate: int, hop_length: int, n_fft: int, envelope_points: int, noise_points: int):
        super().__init__()
        self.n_fft, self.hop = n_fft, hop_length // 2  # samples between sub-frames
        self.window_length = 2 * self.hop
        self.register_buffer("window", torch.hann_window(self.window_length), persistent=False)
        self.register_buffer("at_bins", interpolation_matrix(envelope_points, n_fft, sample_rate), persistent=False)
        self.register_buffer("noise_at_bins", interpolation_matrix(noise_points, n_fft, sample_rate), persistent=False)

    @property
    def before(self) -> int:
        """Samples between the start of a segment and the start of its sub-frame."""
        return self.n_fft - self.window_length + self.hop // 2

    def response(self, envelope: Tensor, dispersion: Tensor) -> Tensor:
        """Complex response for pulses: (..., E) and (..., N) at the mel points -> (..., n_fft // 2 + 1)."""
        log_magnitude = (envelope @ self.at_bins).clamp(*ENVELOPE_RANGE)
        phase = minimum_phase(log_magnitude) + math.pi * torch.tanh(dispersion @ self.noise_at_bins)
        return torch.polar(log_magnitude.exp(), phase)

    def gain(self, noise: Tensor) -> Tensor:
        """Zero-phase response for noise: (..., N) at the mel points -> (..., n_fft // 2 + 1)."""
        return (noise @ self.noise_at_bins).clamp(*NOISE_RANGE).exp()

    def segments(self, signal: Tensor) -> Tensor:
        """(B, S) -> (B, J, n_fft), a view of all complete segments. The first starts at the first sample."""
        return signal.unfold(1, self.n_fft, self.hop)

    def forward(self, pulses: Tensor, noise: Tensor | None, response: Tensor, gain: Tensor | None) -> Tensor:
        """Filter one segment per sub-frame, and apply the window to the samples that are kept.

        Args:
            pulses: (B, J, n_fft) float.
            noise: (B, J, n_fft) or (1, J, n_fft) float, None for no noise.
            response: (B, J, n_fft // 2 + 1), from `response`.
            gain: (B, J, n_fft // 2 + 1), from `gain`.
        Returns:
            (B, J, window_length) float, for `overlap_add`.
        """
        spectrum = torch.fft.rfft(pulses) * response
        if noise is not None:
            spectrum = spectrum + torch.fft.rfft(noise) * gain
        return torch.fft.irfft(spectrum, self.n_fft)[..., -self.window_length :] * self.window

    def overlap_add(self, frames: Tensor) -> Tensor:
        """(B, J, window_length) -> (B, hop * (J + 1)). Neighbours overlap by half."""
        early, late = frames[..., : self.hop], frames[..., self.hop :]
        return (F.pad(early, (0, 0, 0, 1)) + F.pad(late, (0, 0, 1, 0))).flatten(1)


class FilterStream:
    """Filters pulses and noise of an utterance that may arrive in chunks.

    Its state: the samples that later segments look back on, the envelopes of incomplete segments, and half a window.

    Args:
        spectral: the filter.
        noise: returns the noise of a span, given its first position and length. None for no noise.
    """

    def __init__(self, spectral: SpectralFilter, noise: Callable[[int, int], Tensor] | None = None):
        self._filter, self._noise = spectral, noise
        self._pulses: Tensor | None = None  # (B, s), from the start of the next segment
        self._shapes: tuple[Tensor, ...] | None = None  # envelope, noise and dispersion of the next sub-frames
        self._tail: Tensor | None = None  # (B, hop), added to the next sub-frame
        self._done = 0  # sub-frames filtered

    def push(self, pulses: Tensor, envelope: Tensor, noise: Tensor, dispersion: Tensor, last: bool) -> Tensor:
        """Filter the next samples and sub-frames and return the waveform that they complete.

        Args:
            pulses: (B, s) float. All calls together have `hop` samples per sub-frame.
            envelope: (B, j, E) float.
            noise, dispersion: (B, j, N) float.
            last: whether the utterance ends here.
        Returns:
            (B, S) float.
        """
        spectral, hop = self._filter, self._filter.hop
        if self._pulses is None or self._shapes is None or self._tail is None:
            self._pulses = pulses.new_zeros(len(pulses), spectral.before)
            self._tail = pulses.new_zeros(len(pulses), hop)
            self._shapes = tuple(x[:, :0] for x in (envelope, noise, dispersion))
        pulses = torch.cat([self._pulses, pulses], dim=1)
        if last:
            pulses = F.pad(pulses, (0, hop // 2))  # the last segment extends beyond the end
        shapes = tuple(torch.cat(pair, dim=1) for pair in zip(self._shapes, (envelope, noise, dispersion)))
        ready = min(max(0, (pulses.shape[1] - spectral.n_fft) // hop + 1), shapes[0].shape[1])
        cut = hop // 2 if self._done == 0 and ready else 0  # the first window starts before the utterance
        parts = [self._tail[:, :0]]
        for start in range(0, ready, BLOCK):
            end = min(start + BLOCK, ready)
            block = pulses[:, hop * start : hop * (end - 1) + spectral.n_fft]
            finished, self._tail = self._filter_block(self._tail, block, *(x[:, start:end] for x in shapes))
            parts.append(finished)
        self._pulses, self._shapes = pulses[:, hop * ready :], tuple(x[:, ready:] for x in shapes)
        wav = torch.cat(parts + [self._tail] * last, dim=1)
        return wav[:, cut : -(hop // 2) if last else None]

    def _filter_block(
        self, tail: Tensor, pulses: Tensor, envelope: Tensor, noise: Tensor, dispersion: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Finished samples of complete sub-frames, (B, hop * j), and the next tail."""
        spectral, hop = self._filter, self._filter.hop
        noise_segments = gain = None
        if self._noise is not None:
            samples = self._noise(hop * self._done - spectral.before, pulses.shape[1]).to(pulses)
            noise_segments, gain = spectral.segments(samples[None]), spectral.gain(noise)
        response = spectral.response(envelope, dispersion)
        wav = spectral.overlap_add(spectral(spectral.segments(pulses), noise_segments, response, gain))
        self._done += envelope.shape[1]
        wav = torch.cat([wav[:, :hop] + tail, wav[:, hop:]], dim=1)
        return wav[:, :-hop], wav[:, -hop:]
