"""The position of the pulse in each period of a voice: the phase with which the decoder's pulse train is trained.

Losses with short windows depend on the pulse positions. So phase 0 must be where a minimum-phase filter would be
excited. First the phase of the fundamental is tracked. Then the minimum phase of the envelope is removed from the
harmonics, and the phase is shifted by the delay at which they add up best. A recording with the opposite polarity has
troughs there instead of peaks, so both are tried. `targets` chooses the polarity by speaker.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.lib.stride_tricks import sliding_window_view

from phonelm.codec import minimum_phase
from phonelm.config import HOP_LENGTH, SAMPLE_RATE

GRID = 80  # samples between two values of a stored phase
WINDOW = 720  # samples, 30 ms, for measuring harmonics
HIGHEST_HZ = 4000.0  # highest harmonic that is aligned
MOST_HARMONICS, LEAST_HARMONICS = 30, 4
DELAYS = 128  # number of delays tried per period
SMOOTH = 15  # voiced frames over which the best delay is smoothed
ENVELOPE_FFT = 256
LEAST_FRAMES = 5  # voiced frames; with fewer nothing is aligned


class Aligned(NamedTuple):
    """Phases of an utterance of T frames at every `GRID`-th sample, in cycles, and the fit of the pulses."""

    phase: np.ndarray  # (2, G) float64 for positive and negative polarity, G = T * HOP_LENGTH // GRID + 1
    coherence: np.ndarray  # (2,) 0 to 1


def align(wav: np.ndarray, times: np.ndarray, tracked_hz: np.ndarray, f0_hz: np.ndarray) -> Aligned:
    """Find the phase of the pulses.

    Args:
        wav: (T * HOP_LENGTH,) float at `SAMPLE_RATE`.
        times, tracked_hz: (N,), from `track_pitch`.
        f0_hz: (T,) pitch of the codec's frames, 0 where unvoiced.
    """
    wav = np.asarray(wav, np.float64)
    phase = fundamental_phase(wav, times, tracked_hz)
    centres = np.flatnonzero(f0_hz > 0) * HOP_LENGTH + HOP_LENGTH // 2
    centres = centres[(centres >= WINDOW // 2) & (centres + WINDOW // 2 < len(wav))]
    if len(centres) < LEAST_FRAMES:
        return Aligned(np.stack([phase, phase]), np.zeros(2))
    voiced_hz = f0_hz[centres // HOP_LENGTH].astype(np.float64)
    score, most = _score_delays(_harmonics(wav, phase, centres, voiced_hz), voiced_hz)
    places, shifted, coherence = np.arange(len(phase)) * GRID, [], []
    for polarity in (1, -1):
        delay = np.unwrap((polarity * score).argmax(1) / DELAYS, period=1)
        shifted.append(phase - np.interp(places, centres, delay))
        coherence.append(((polarity * score).max(1) / most).mean())
    return Aligned(np.stack(shifted), np.array(coherence))


def fundamental_phase(wav: np.ndarray, times: np.ndarray, tracked_hz: np.ndarray) -> np.ndarray:
    """Phase of the fundamental, corrected for its drift against the tracked pitch. Phase 0 is at its peaks.

    Args:
        wav: (S,) float64, S a multiple of `GRID`.
        times, tracked_hz: (N,), from `track_pitch`.
    Returns:
        (S // GRID + 1,) float64, cycles, unwrapped. The pitch of unvoiced parts is interpolated.
    """
    voiced = tracked_hz > 0
    if voiced.sum() < 2:
        return np.zeros(len(wav) // GRID + 1)
    f0 = np.interp(np.arange(len(wav) + 1) / SAMPLE_RATE, times[voiced], tracked_hz[voiced])
    phase = np.concatenate([[0.0], np.cumsum(f0[1:]) / SAMPLE_RATE])
    base = wav * np.exp(-2j * np.pi * phase[:-1])
    padded = np.pad(base, WINDOW // 2)
    shifted = sliding_window_view(padded, WINDOW + 1)[::GRID] @ np.hanning(WINDOW + 1)  # (S // GRID,)
    drift = np.unwrap(np.angle(np.append(shifted, shifted[-1]))) / (2 * np.pi)
    return phase[::GRID] + drift


def interpolate_phase(phase: np.ndarray, start: int, end: int) -> np.ndarray:
    """Phases at `GRID` -> (end - start,) float64 at the samples from `start` to before `end`."""
    first, last = start // GRID, min(len(phase), -(-end // GRID) + 1)
    return np.interp(np.arange(start, end), np.arange(first, last) * GRID, phase[first:last])


def _harmonics(wav: np.ndarray, phase: np.ndarray, centres: np.ndarray, f0_hz: np.ndarray) -> np.ndarray:
    """(V,) centres and Hz -> (V, K) complex amplitudes of the harmonics against `phase`, 0 above `HIGHEST_HZ`."""
    count = np.clip((HIGHEST_HZ / f0_hz).astype(int), LEAST_HARMONICS, MOST_HARMONICS)
    index = centres[:, None] - WINDOW // 2 + np.arange(WINDOW)
    cycles = interpolate_phase(phase, 0, len(wav))[index]
    windowed, turn = wav[index] * np.hanning(WINDOW), np.exp(-2j * np.pi * cycles)
    power, found = np.ones_like(turn), []
    for _ in range(count.max()):
        power = power * turn
        found.append((windowed * power).sum(1))
    return np.stack(found, axis=1) * (np.arange(count.max()) < count[:, None])


def _score_delays(harmonics: np.ndarray, f0_hz: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How well the harmonics add up at each delay, weighted by the square roots of their magnitudes.

    Returns:
        (V, DELAYS) float, negative for the opposite polarity, and (V,) the score of perfectly aligned harmonics.
    """
    magnitude = np.abs(harmonics)
    numbers = np.arange(1, harmonics.shape[1] + 1)
    hz = np.linspace(0, SAMPLE_RATE / 2, ENVELOPE_FFT // 2 + 1)
    envelopes = []
    for amplitudes, f0 in zip(magnitude, f0_hz):
        used = amplitudes > 0
        floor = 1e-4 * amplitudes.max() + 1e-9
        envelopes.append(np.interp(hz / f0, numbers[used], np.log(amplitudes[used] + floor)))
    vocal_tract = minimum_phase(torch.from_numpy(np.stack(envelopes))).numpy()
    tract_phase = np.stack([np.interp(numbers * f0, hz, row) for f0, row in zip(f0_hz, vocal_tract)])
    weight = np.sqrt(magnitude)
    pulses = weight * np.exp(1j * (np.angle(harmonics) - tract_phase))
    spectrum = np.zeros((len(pulses), DELAYS), complex)
    spectrum[:, 1 : 1 + pulses.shape[1]] = pulses
    score = np.fft.ifft(spectrum, axis=1).real * DELAYS  # at delay n: sum of pulses[k] exp(2 pi i k n / DELAYS)
    if len(score) > SMOOTH:
        kernel = np.hanning(SMOOTH + 2)[1:-1]
        padded = np.pad(score, ((SMOOTH // 2, SMOOTH // 2), (0, 0)))
        score = np.einsum("vdk,k->vd", sliding_window_view(padded, SMOOTH, axis=0), kernel / kernel.sum())
    return score, weight.sum(1) + 1e-9
