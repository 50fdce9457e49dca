"""Measures speech: word errors, naturalness, speaker similarity, fidelity, pitch, speed."""

from phonelm.evaluation.errors import JudgeError
from phonelm.evaluation.intervals import Interval, mean_interval, ratio_interval
from phonelm.evaluation.judges import Judges, word_errors
from phonelm.evaluation.resynthesis import (
    Clip,
    Decoder,
    Score,
    cell,
    difference,
    measure,
    read_clip,
    summary,
    to_markdown,
)
from phonelm.evaluation.world import F0_RANGE_HZ, frame_pitch, pyworld, track_pitch

__all__ = [
    "Clip",
    "Decoder",
    "F0_RANGE_HZ",
    "Interval",
    "JudgeError",
    "Judges",
    "Score",
    "cell",
    "difference",
    "frame_pitch",
    "mean_interval",
    "measure",
    "pyworld",
    "ratio_interval",
    "read_clip",
    "summary",
    "to_markdown",
    "track_pitch",
    "word_errors",
]
