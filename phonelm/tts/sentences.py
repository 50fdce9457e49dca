"""What goes into the generation of a sentence, and what the user should know about the result."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import groupby

import torch
from torch import Tensor

from phonelm.checkpoint import fingerprint
from phonelm.config import FRAME_RATE, SamplingConfig
from phonelm.generation import Frame, Request
from phonelm.text import Phonemes, left_out
from phonelm.tts.speech import Speech, Voice

PARAGRAPH_S = 0.6  # silence after a paragraph; that before the next one is added


def sentence_request(
    phonemes: Phonemes,
    prompt: Tensor,
    settings: SamplingConfig,
    before: Sequence[Frame] = (),
    end: int | None = None,
) -> Request:
    """The request for one sentence.

    Args:
        prompt: (P, K) int64, codes of the voice prompt, those that the model has.
        settings: with the seed of this sentence.
        before, end: as in `Request`, when a span is generated again.
    """
    symbols, starts = torch.tensor(phonemes.ids), torch.tensor(phonemes.word_starts)
    rest = round(PARAGRAPH_S * FRAME_RATE) if phonemes.closes_paragraph else 0
    return Request(symbols, starts, prompt, settings, before, end, rest)


MakeFrames = Callable[[Sequence[Request], int, Mapping[str, Tensor]], Iterator[tuple[int, Frame]]]


def frames_of_sentences(
    spoken: Sequence[tuple[Phonemes, Voice]],
    codebooks: int,
    settings: SamplingConfig,
    make_frames: MakeFrames,
    first: int = 0,
    width: int = 1,
) -> Iterator[tuple[int, Frame]]:
    """The frames of sentences, each with the place of its sentence.

    Args:
        spoken: all sentences, each with its voice. Those side by side have the same updates of the model.
        codebooks: those that the model has.
        settings: with the seed of the whole text.
        make_frames: makes those of some requests, `width` at a time, see `TTS.make_frames`.
        first: the sentence to begin with.
    """
    rest = [(s, phonemes, voice) for s, (phonemes, voice) in enumerate(spoken)][first:]
    for _, group in groupby(rest, key=lambda sentence: fingerprint(sentence[2].low_rank.values())):
        same = list(group)
        requests = [sentence_request(p, v.codes[:, :codebooks], settings.at_sentence(s)) for s, p, v in same]
        for i, frame in make_frames(requests, width, same[0][2].low_rank):
            yield same[i][0], frame


def finish(speech: Speech, start: float) -> Speech:
    """Set the time that the speech took since `start` (of `time.perf_counter`), and its notes."""
    speech.seconds = time.perf_counter() - start
    speech.notes.extend(result_notes(speech))
    return speech


def result_notes(speech: Speech) -> list[str]:
    """What was left out of the text, cut short or clamped; one line each."""
    notes = []
    if note := left_out(speech.phonemes, speech.text):
        notes.append(note)
    if forced := sum(f.forced for f in speech.frames):
        notes.append(f"phonemes cut short because they lasted longer than any may: {forced}")
    if clamped := int(speech.clamped.sum()):
        notes.append(f"clamping removed the model's first choice in {clamped} of {speech.clamped.size} cells")
    return notes
