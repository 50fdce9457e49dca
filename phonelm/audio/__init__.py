"""Recordings in, clean voice prompts and files out."""

from phonelm.audio.bandwidth import fill_band
from phonelm.audio.chapters import write_chapters
from phonelm.audio.decode import AudioError
from phonelm.audio.encode import MEDIA_TYPES, AudioStream
from phonelm.audio.files import (
    FORMATS,
    audio_bytes,
    check_output,
    output_format,
    read_audio,
    resample,
    to_int16,
    write_audio,
)
from phonelm.audio.loudness import active_rms, match_loudness, normalise, sounding
from phonelm.audio.prompt import CLIP_HZ, prepare_prompt, quietest
from phonelm.audio.quality import Quality, measure_quality

__all__ = [
    "AudioError",
    "AudioStream",
    "CLIP_HZ",
    "FORMATS",
    "MEDIA_TYPES",
    "Quality",
    "active_rms",
    "audio_bytes",
    "check_output",
    "fill_band",
    "match_loudness",
    "measure_quality",
    "normalise",
    "output_format",
    "prepare_prompt",
    "quietest",
    "read_audio",
    "resample",
    "sounding",
    "to_int16",
    "write_audio",
    "write_chapters",
]
