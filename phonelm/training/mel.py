"""Small log-mel spectrograms for the aligner, one column per codec frame, kept as bytes."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.config import HOP_LENGTH, SAMPLE_RATE, CodecConfig

N_MELS = 40
N_FFT = CodecConfig().analysis_n_fft
LOG_FLOOR = -4.6  # ln of the smallest magnitude told apart; below it is silence whatever the recording
LOG_STEP = 0.046  # nats per byte step: 255 steps reach ln magnitude 7.1, above a full-scale band


@lru_cache(maxsize=1)
def _filterbank() -> Tensor:
    """(N_MELS, N_FFT // 2 + 1) float32, triangles of height 1 on the HTK mel scale, 0 Hz to half the sample rate."""
    top = 2595.0 * np.log10(1.0 + SAMPLE_RATE / 2 / 700.0)
    edges_hz = 700.0 * (10.0 ** (np.linspace(0.0, top, N_MELS + 2) / 2595.0) - 1.0)
    bins_hz = np.linspace(0.0, SAMPLE_RATE / 2, N_FFT // 2 + 1)
    rising = (bins_hz[None] - edges_hz[:-2, None]) / (edges_hz[1:-1] - edges_hz[:-2])[:, None]
    falling = (edges_hz[2:, None] - bins_hz[None]) / (edges_hz[2:] - edges_hz[1:-1])[:, None]
    return torch.from_numpy(np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32))


def log_mel(wav: np.ndarray) -> np.ndarray:
    """Log-mel spectrogram at the codec's frame rate.

    Args:
        wav: (S,) float32 at `SAMPLE_RATE`.
    Returns:
        (T, N_MELS) uint8, T = ceil(S / HOP_LENGTH); a byte b stands for ln magnitude `LOG_FLOOR + LOG_STEP * b`.
        Frame t is centred on the samples that codec frame t covers.
    """
    samples = torch.from_numpy(np.ascontiguousarray(wav, dtype=np.float32))
    frames = -(-len(samples) // HOP_LENGTH)
    side = (N_FFT - HOP_LENGTH) // 2
    padded = F.pad(samples, (side, frames * HOP_LENGTH - len(samples) + side))
    windows = padded.unfold(0, N_FFT, HOP_LENGTH) * torch.hann_window(N_FFT)  # (T, N_FFT)
    mel = torch.fft.rfft(windows).abs() @ _filterbank().T
    log = mel.clamp_min(1e-8).log()
    return ((log - LOG_FLOOR) / LOG_STEP).round().clamp(0, 255).to(torch.uint8).numpy()


def to_log(mel: Tensor) -> Tensor:
    """Bytes of `log_mel` as float32 ln magnitudes, same shape."""
    return mel.float() * LOG_STEP + LOG_FLOOR
