"""Waveforms in, codes out, and back."""

from phonelm.codec.codec import Codec
from phonelm.codec.encodec import EncodecModel, torchaudio_stand_in
from phonelm.codec.nets import mel_filterbank
from phonelm.codec.weights import BUNDLED, BUNDLED_FILE, build_bundled, load_bundled, save_bundled, set_codebook

__all__ = [
    "BUNDLED",
    "BUNDLED_FILE",
    "Codec",
    "EncodecModel",
    "build_bundled",
    "load_bundled",
    "mel_filterbank",
    "save_bundled",
    "set_codebook",
    "torchaudio_stand_in",
]
