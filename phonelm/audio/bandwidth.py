"""Bandwidth extension of narrow-band recordings, for example at 8 or 16 kHz.

The training data have few voices without high frequencies, so the model cannot use such a prompt well. The missing
band is copied from the band below, as in spectral band replication (Dietz et al., AES 112,
2002), at the level that speech has there.
"""

from __future__ import annotations

import numpy as np
import torch

from phonelm.config import SAMPLE_RATE

N_FFT = 1024
OVERLAP = 4  # frames that cover a sample, the default of torch.stft
BAND_HZ = 250  # width of the bands that are looked at
LEVELS_HZ = (0, 500, 1000, 2000, 4000, 6000, 8000, 9000, 10000, 11000, 12000)
LEVELS_DB = (15, 12, 6, -4, -9, -11, -11, -12, -15, -21, -30)  # of clean speech there, against that of 1 to 3 kHz
ANCHOR_HZ = (1000, 3000)
MISSING_DB = 18.0  # below the usual level there is nothing but noise
NO_SPEECH = 1e-6  # power of the anchor, against that of the loudest frequency, below which there is no speech
NARROWEST_HZ, WIDEST_HZ = 3250, 9250  # bandwidths that are filled up; below is no speech, above is enough


def fill_band(wav: np.ndarray) -> tuple[np.ndarray, float | None]:
    """Fill in the missing high frequencies of a recording.

    Args:
        wav: (S,) float at `SAMPLE_RATE`.
    Returns:
        (S,) float32, and the bandwidth of the recording in Hz; None if nothing was missing.
    """
    spectrum = _spectrum(wav)
    width_hz = _bandwidth(spectrum)
    if not NARROWEST_HZ <= width_hz <= WIDEST_HZ:
        return wav, None
    bins, size = np.arange(len(spectrum)), round(BAND_HZ / SAMPLE_RATE * N_FFT)
    end = round(width_hz / SAMPLE_RATE * N_FFT) - size  # the last band may be half empty
    shift = end // 2 // OVERLAP * OVERLAP  # by other numbers of bins the frames would no longer fit together
    half = slice(end - shift, end)
    usual_db = _usual_db(bins * SAMPLE_RATE / N_FFT)
    power = spectrum.abs().square().mean(1).numpy()
    level_db = 10 * np.log10(np.convolve(power, np.full(size, 1 / size), "same") + 1e-12)
    wanted_db = usual_db + np.mean(level_db[half] - usual_db[half])
    source = np.where(bins < end, bins, half.start + (bins - end) % shift)
    gain = 10 ** (np.where(bins < end, 0, wanted_db - level_db[source]) / 20)
    filled = spectrum[source] * torch.from_numpy(gain)[:, None].float()
    whole = torch.istft(filled, N_FFT, window=torch.hann_window(N_FFT), length=len(wav))
    return whole.numpy(), width_hz


def _usual_db(hz: np.ndarray) -> np.ndarray:
    return np.interp(hz, LEVELS_HZ, LEVELS_DB)


def _spectrum(wav: np.ndarray) -> torch.Tensor:
    """(S,) -> (N_FFT // 2 + 1, F) complex64."""
    samples = torch.from_numpy(np.ascontiguousarray(wav, np.float32))
    return torch.stft(samples, N_FFT, window=torch.hann_window(N_FFT), pad_mode="constant", return_complex=True)


def _bandwidth(spectrum: torch.Tensor) -> float:
    """Where the high frequencies end, in Hz: above it all bands are `MISSING_DB` below the usual level."""
    power = spectrum.abs().square().mean(1).numpy()
    hz = np.arange(len(power)) * SAMPLE_RATE / N_FFT
    anchor = power[(hz >= ANCHOR_HZ[0]) & (hz < ANCHOR_HZ[1])].mean()
    if anchor < NO_SPEECH * power.max():
        return SAMPLE_RATE / 2
    edges = np.arange(ANCHOR_HZ[1], SAMPLE_RATE // 2, BAND_HZ)
    bands = np.array([power[(hz >= low) & (hz < low + BAND_HZ)].mean() for low in edges])
    level_db = 10 * np.log10(bands / anchor + 1e-12)
    present = np.flatnonzero(level_db > _usual_db(edges + BAND_HZ / 2) - MISSING_DB)
    return float(edges[present[-1]] + BAND_HZ) if len(present) else float(ANCHOR_HZ[1])
