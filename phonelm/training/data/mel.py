"""Small log-mel spectrograms for the aligner, one column per codec frame, kept as bytes."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from phonelm.codec import mel_filterbank
from phonelm.config import HOP_LENGTH, SAMPLE_RATE, CodecConfig

N_MELS = 40
N_FFT = CodecConfig().analysis_n_fft
FILTERBANK = mel_filterbank(N_MELS, N_FFT, SAMPLE_RATE)
LOG_FLOOR = -4.6  # ln of the smallest magnitude; everything below counts as silence
LOG_STEP = 0.046  # nats per byte step: 255 steps reach ln magnitude 7.1, above a full-scale band


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
    mel = torch.fft.rfft(windows).abs() @ FILTERBANK.T
    log = mel.clamp_min(1e-8).log()
    return ((log - LOG_FLOOR) / LOG_STEP).round().clamp(0, 255).to(torch.uint8).numpy()


def to_log(mel: Tensor) -> Tensor:
    """Bytes of `log_mel` as float32 ln magnitudes, same shape."""
    return mel.float() * LOG_STEP + LOG_FLOOR
