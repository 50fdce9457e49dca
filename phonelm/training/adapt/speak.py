"""Hears an adaptation while it is trained: it speaks fixed sentences, which are transcribed and compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from torch import Tensor

from phonelm.config import SAMPLE_RATE, SamplingConfig
from phonelm.evaluation import Judges, word_errors
from phonelm.training.adapt.learn import Measured
from phonelm.tts import TTS, Speech, Voice

SENTENCES = (  # of no training and no evaluation
    "Please leave the blue umbrella beside the kitchen door.",
    "We walked along the river until the last boat had gone.",
    "Could you tell me when the next train to the coast departs?",
    "Her brother builds wooden toys and sells them at the market.",
    "It was a bright cold morning, and nobody wished to stay in bed.",
    "The doctor asked him to breathe deeply and count to twenty.",
    "Fresh bread, goat cheese and a handful of grapes were enough for lunch.",
    "They measured the garden twice, because the first figure looked wrong.",
)


class SpokenJudge:
    """Measures word errors and likeness of `SENTENCES`, spoken with given updates.

    Args:
        voice: the prompt.
        target: (256,) the person's voice, by Resemblyzer.
        hear: called with every evaluation's first speech.
    """

    def __init__(
        self, tts: TTS, voice: Voice, target: np.ndarray, judges: Judges, hear: Callable[[Speech], None] | None = None
    ):
        self.tts, self.voice, self.target, self.judges, self.hear = tts, voice, target, judges, hear

    def __call__(self, low_rank: dict[str, Tensor], step: int, seconds: float) -> Measured:
        voice = replace(self.voice, low_rank=low_rank)
        speeches = [self.tts.speak(s, voice, SamplingConfig(seed=i)) for i, s in enumerate(SENTENCES)]
        if self.hear:
            self.hear(speeches[0])
        heard = [self.judges.transcribe(s.wav, SAMPLE_RATE) for s in speeches]
        likeness = [float(self.judges.voice(s.wav, SAMPLE_RATE) @ self.target) for s in speeches]
        return Measured(step, seconds, word_errors(list(SENTENCES), heard)[0], float(np.mean(likeness)))


def mean_voice(judges: Judges, wavs: Sequence[np.ndarray]) -> np.ndarray:
    """(256,) of unit norm: the mean voice of recordings (S,) at `SAMPLE_RATE`."""
    total = np.sum([judges.voice(wav, SAMPLE_RATE) for wav in wavs], axis=0)
    return total / np.linalg.norm(total)
