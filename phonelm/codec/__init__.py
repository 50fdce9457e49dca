"""Waveforms in, codes out, and back."""

from phonelm.codec.codec import Codec
from phonelm.codec.decoder import Prediction, SourceFilterDecoder
from phonelm.codec.encodec import CodecError, EncodecModel, torchaudio_stand_in
from phonelm.codec.filters import SpectralFilter, mel_points, minimum_phase
from phonelm.codec.nets import mel_filterbank
from phonelm.codec.parameters import CONTROL_LIMITS, DecodeControls, DecoderParameters, change_pitch
from phonelm.codec.source import PulseSource, interpolate_pitch, pulse_train, white_noise
from phonelm.codec.streaming import DecodeStream
from phonelm.codec.weights import BUNDLED, BUNDLED_FILE, build_bundled, load_bundled, save_bundled, set_codebook

__all__ = [
    "BUNDLED",
    "BUNDLED_FILE",
    "CONTROL_LIMITS",
    "Codec",
    "CodecError",
    "DecodeControls",
    "DecodeStream",
    "DecoderParameters",
    "EncodecModel",
    "Prediction",
    "PulseSource",
    "SourceFilterDecoder",
    "SpectralFilter",
    "build_bundled",
    "change_pitch",
    "interpolate_pitch",
    "load_bundled",
    "mel_filterbank",
    "mel_points",
    "minimum_phase",
    "pulse_train",
    "save_bundled",
    "set_codebook",
    "torchaudio_stand_in",
    "white_noise",
]
