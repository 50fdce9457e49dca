"""The source of the source-filter decoder: pulses at the pitch, and noise.

Both are made on the CPU in float64 and handed out as float32, so that every device speaks the same.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

BANDWIDTH = 0.98  # harmonics fill this share of the band up to half the sample rate
SILENT_HZ = 100.0  # stands for the pitch where there are no pulses


def pulse_train(phase: Tensor, f0_hz: Tensor, sample_rate: int) -> Tensor:
    """Band-limited pulses of unit power: the sum of all cosines at multiples of the pitch, in its closed form.

    sqrt(2 f0 / (sample_rate / 2)) * sum over k = 1..K of cos(2 pi k phase), the Dirichlet kernel.

    Args:
        phase: (...) float64, in cycles; a pulse lies at every whole number.
        f0_hz: (...) float64, pitch at the same samples.
    Returns:
        (...) float64.
    """
    nyquist = sample_rate / 2
    harmonics = torch.floor(BANDWIDTH * nyquist / f0_hz)
    half = math.pi * (phase - torch.floor(phase))
    sine = torch.sin(half)
    at_pulse = sine.abs() < 1e-7  # there the quotient is 0 / 0; its limit is the number of harmonics
    quotient = torch.sin((2 * harmonics + 1) * half) / (2 * torch.where(at_pulse, torch.ones_like(sine), sine))
    return torch.where(at_pulse, harmonics, quotient - 0.5) * torch.sqrt(2 * f0_hz / nyquist)


def interpolate_pitch(f0_hz: Tensor, hop_length: int) -> tuple[Tensor, Tensor]:
    """Pitch and voicing of the samples between the centres of frames.

    Log pitch and voicing go linearly from centre to centre. Between a voiced and an unvoiced frame the pitch is that of
    the voiced one, so that no pitch has to be made up where there is none.

    Args:
        f0_hz: (B, t + 1) float64, pitch of frames, 0 where unvoiced.
    Returns:
        (B, t, hop_length) float64 each: pitch in Hz, and voicing from 0 to 1.
    """
    left, right = f0_hz[:, :-1, None], f0_hz[:, 1:, None]
    share = (torch.arange(hop_length, dtype=f0_hz.dtype) + 0.5) / hop_length
    voicing = torch.lerp((left > 0).to(f0_hz), (right > 0).to(f0_hz), share)
    silent = torch.full_like(left, SILENT_HZ)
    left, right = torch.where(left > 0, left, right), torch.where(right > 0, right, left)
    left, right = torch.where(left > 0, left, silent), torch.where(right > 0, right, silent)
    return torch.lerp(left.log(), right.log(), share).exp(), voicing


class PulseSource:
    """The pulses of an utterance whose pitch may come in pieces; its state is one pitch and one phase per row.

    The phase starts at 0 after every silence. So rounding errors cannot add up beyond a stretch of voice, and a
    change of one stretch leaves the others as they are.
    """

    def __init__(self, sample_rate: int, hop_length: int):
        self._sample_rate, self._hop_length = sample_rate, hop_length
        self._f0_hz: Tensor | None = None  # (B, 1), of the last frame
        self._phase: Tensor | None = None  # (B, 1), cycles at its centre

    def push(self, f0_hz: Tensor, last: bool) -> Tensor:
        """The pitch of the next t frames -> the samples up to the centre of the last one; with `last`, to its end.

        Args:
            f0_hz: (B, t) float, 0 where unvoiced.
        Returns:
            (B, S) float32, on the CPU.
        """
        f0_hz = f0_hz.cpu().double()
        first = False
        if self._f0_hz is None or self._phase is None:
            first = True
            if f0_hz.shape[1] == 0:
                return f0_hz.float()
            self._f0_hz, self._phase = f0_hz[:, :1], torch.zeros_like(f0_hz[:, :1])
        centres = torch.cat([self._f0_hz, f0_hz], dim=1)
        self._f0_hz = centres[:, -1:]
        if last:
            centres = torch.cat([centres, self._f0_hz], dim=1)
        if centres.shape[1] == 1:
            return centres[:, :0].float()
        pitch, voicing = interpolate_pitch(centres, self._hop_length)  # (B, intervals, hop)
        half = self._hop_length // 2
        steps = pitch / self._sample_rate
        if first:  # the utterance begins half a frame before the first centre
            steps[:, 0, :half] = 0
        within = steps.cumsum(2)
        starts = self._carry_phase(self._phase, within[..., -1], silent=(voicing == 0).all(2))
        pulses = pulse_train(starts[..., None] + within, pitch, self._sample_rate) * voicing
        return pulses.flatten(1).float()[:, half if first else 0 : -half if last else None]

    def _carry_phase(self, phase: Tensor, advances: Tensor, silent: Tensor) -> Tensor:
        """Phase at the start of each interval, from how far each advances it, both (B, intervals); the last is kept."""
        ends = phase + advances.cumsum(1)
        index = torch.where(silent, torch.arange(silent.shape[1]), -1).cummax(1).values  # the last silent interval
        origin = torch.where(index >= 0, ends.gather(1, index.clamp(min=0)), torch.zeros_like(ends))
        ends = torch.remainder(ends - origin, 1.0)
        starts = torch.cat([phase, ends[:, :-1]], dim=1)
        self._phase = ends[:, -1:]
        return starts


def white_noise(start: int, count: int) -> Tensor:
    """Gaussian noise that depends on the position alone, so that it is the same in every decode of a sample.

    SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) of the position, then the Box-Muller transform.

    Args:
        start: position of the first sample; may be negative.
        count: samples wanted.
    Returns:
        (count,) float32 of unit variance.
    """
    position = np.arange(start, start + count, dtype=np.int64).view(np.uint64)
    uniform = [_uniform(2 * position + np.uint64(i)) for i in range(2)]
    normal = np.sqrt(-2 * np.log(uniform[0])) * np.cos(2 * np.pi * uniform[1])
    return torch.from_numpy(normal.astype(np.float32))


def _uniform(counter: np.ndarray) -> np.ndarray:
    """(n,) uint64 -> (n,) float64 in (0, 1): one output of SplitMix64 for each counter."""
    z = (counter + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54
