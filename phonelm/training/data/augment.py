"""Augmentation: clean recordings with noise, with the echo of a room, or muffled."""

from __future__ import annotations

import numpy as np

from phonelm.config import SAMPLE_RATE

NOISE_SNR_DB = (10.0, 40.0)
BANDWIDTHS_HZ = (3700.0, 5500.0, 7600.0)  # of recordings at 8, 11 or 12, and 16 kHz; above that nothing is left
DECAY_S = (0.1, 0.5)  # time in which a room's echo falls by 60 dB
DIRECT_DB = (3.0, 15.0)  # level of the direct sound relative to the echo


def add_noise(wav: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A waveform (S,) float32 with white noise."""
    noise = rng.standard_normal(len(wav)).astype(np.float32)
    snr = 10 ** (rng.uniform(*NOISE_SNR_DB) / 20)
    return wav + noise * np.float32(np.sqrt(np.mean(wav**2)) / snr)


def muffle(wav: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A waveform (S,) float32 without its high frequencies."""
    spectrum = np.fft.rfft(wav)
    width_hz = rng.choice(BANDWIDTHS_HZ) * rng.uniform(0.95, 1.05)
    spectrum[round(width_hz / SAMPLE_RATE * len(wav)) :] = 0
    return np.fft.irfft(spectrum, len(wav)).astype(np.float32)


def add_echo(wav: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A waveform (S,) float32 as in a room: its echo is noise that fades exponentially (Polack's model)."""
    size = round(rng.uniform(*DECAY_S) * SAMPLE_RATE)
    echo = rng.standard_normal(size) * 10 ** (-3 * np.linspace(0, 1, size))
    echo *= 10 ** (-rng.uniform(*DIRECT_DB) / 20) / np.linalg.norm(echo)
    size = len(wav) + len(echo)
    return (wav + np.fft.irfft(np.fft.rfft(wav, size) * np.fft.rfft(echo, size), size)[: len(wav)]).astype(np.float32)


def augment_waveform(wav: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A waveform (S,) float32 with noise, with an echo, without its high frequencies, or with several of these."""
    changes = (add_echo, add_noise, muffle)
    for i in rng.permutation(len(changes))[: rng.integers(1, 4)]:
        wav = changes[i](wav, rng)
    return wav
