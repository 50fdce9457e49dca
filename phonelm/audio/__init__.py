"""Recordings in, clean voice prompts and files out."""

from phonelm.audio.bandwidth import fill_band
from phonelm.audio.files import AudioError, audio_bytes, read_audio, resample, to_int16, write_wav
from phonelm.audio.loudness import active_rms, match_loudness, normalise
from phonelm.audio.prompt import CLIP_HZ, prepare_prompt

__all__ = [
    "AudioError",
    "CLIP_HZ",
    "active_rms",
    "audio_bytes",
    "fill_band",
    "match_loudness",
    "normalise",
    "prepare_prompt",
    "read_audio",
    "resample",
    "to_int16",
    "write_wav",
]
