"""What was spoken, in which voice, and how it was made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from phonelm.audio import provenance, write_audio
from phonelm.codec import DecodeControls, change_pitch
from phonelm.config import FRAME_RATE, SamplingConfig
from phonelm.generation import Frame
from phonelm.model import to_codec
from phonelm.text import Phonemes


@dataclass(frozen=True)
class Voice:
    """A voice prompt, encoded.

    Attributes:
        codes: (P, n_q) int64, all codebooks of the codec.
        wav: (S,) float32 at 24 kHz, the audio that was encoded.
        notes: changes made to the clip, one line each.
        name: of a voice that can be named, else "".
        low_rank: updates of the model that an adapted voice has, see `model.low_rank`; empty for other voices.
    """

    codes: Tensor
    wav: np.ndarray
    notes: tuple[str, ...] = ()
    name: str = ""
    low_rank: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Edit:
    """A span of phonemes that was generated again.

    Attributes:
        start, end: first phoneme and the one after the last, of all that were spoken until then, as in the timeline.
        seed: of the new frames.
        symbols: the new phonemes, as for `Phonemizer.from_symbols`; None for the same phonemes.
    """

    start: int
    end: int
    seed: int
    symbols: str | None = None


@dataclass(frozen=True)
class PhonemeTime:
    """A phoneme in the audio; `word` is the spoken word it belongs to, None for silence and pauses."""

    symbol: str
    word: str | None
    word_index: int
    start_s: float
    end_s: float


@dataclass
class Speech:
    """What was spoken and how it was made.

    Attributes:
        phonemes: one `Phonemes` for each sentence.
        frames: every frame of every sentence, in order.
        sentence: (T,) for each frame the sentence it belongs to.
        wav: (S,) float32, `sample_rate` Hz.
        voice: the prompt that was used.
        settings: the sampling settings, with the seed.
        controls: speed, pitch and intonation with which the codes are decoded; `mean_hz` is set where it counts.
        f0_hz: (T,) float32, pitch of every frame before `controls`, 0 where unvoiced; empty if the codec has no pitch.
        seconds: wall-clock time of the whole call.
        first_audio_s: wall-clock time until the first sound, when streamed.
        stop_reason: "end of text", or "stopped" by the caller.
        notes: what the user should know, one line each.
        edits: spans that were said again afterwards, in the order in which that was done.
        deterministic: made by one thread, so that the number of threads decides nothing.
    """

    text: str
    phonemes: list[Phonemes]
    voice: Voice
    settings: SamplingConfig
    sample_rate: int
    frames: list[Frame] = field(default_factory=list)
    sentence: list[int] = field(default_factory=list)
    wav: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    controls: DecodeControls = DecodeControls()
    f0_hz: np.ndarray = field(default_factory=lambda: np.zeros(0, np.float32))
    seconds: float = 0.0
    first_audio_s: float = 0.0
    stop_reason: str = "end of text"
    notes: list[str] = field(default_factory=list)
    edits: tuple[Edit, ...] = ()
    deterministic: bool = False

    def append(self, sentence: int, frame: Frame) -> None:
        """Add the next frame, which belongs to that sentence."""
        self.frames.append(frame)
        self.sentence.append(sentence)

    @property
    def codes(self) -> Tensor:
        """(1, K, T) int64."""
        return to_codec(torch.stack([f.codes for f in self.frames])[None])

    @property
    def duration_s(self) -> float:
        return len(self.wav) / self.sample_rate

    @property
    def frame_rate(self) -> float:
        """Frames of codes per second of sound, at this speed."""
        return FRAME_RATE * self.controls.speed

    @property
    def pitch_hz(self) -> np.ndarray:
        """(T,) float32, the pitch that is heard in every frame, 0 where unvoiced; empty if the codec has no pitch."""
        mean_hz = self.controls.mean_hz or 1.0  # without it intonation is 1, which needs no mean
        return change_pitch(torch.from_numpy(self.f0_hz)[None], self.controls, mean_hz)[0].numpy()

    @property
    def real_time_factor(self) -> float:
        """Seconds of work for each second of audio."""
        return self.seconds / max(self.duration_s, 1e-9)

    @property
    def clamped(self) -> np.ndarray:
        """(K, T) bool: cells where codebook clamping removed the model's first choice."""
        return np.array([[p.clamped for p in f.picks] for f in self.frames], bool).T

    @property
    def timeline(self) -> list[PhonemeTime]:
        """Start and end of every phoneme that was spoken, in order, at this speed.

        The last end and that of the audio differ by at most half a frame of audio, because that has whole frames.
        """
        spans: list[PhonemeTime] = []
        key = None
        words_before = np.cumsum([0, *(len(p.words) for p in self.phonemes)])
        for t, (frame, s) in enumerate(zip(self.frames, self.sentence, strict=True)):
            end_s = (t + 1) / self.frame_rate
            if (s, frame.pointer) == key:
                spans[-1] = replace(spans[-1], end_s=end_s)
                continue
            key, p = (s, frame.pointer), self.phonemes[s]
            w = p.word_index[frame.pointer]
            word, index = (None, -1) if w < 0 else (p.words[w], int(w + words_before[s]))
            spans.append(PhonemeTime(p.symbols[frame.pointer], word, index, t / self.frame_rate, end_s))
        return spans

    @property
    def timeline_by_word(self) -> list[list[PhonemeTime]]:
        """The timeline in stretches of one word each; what lies between words is a stretch without a word."""
        return [list(spans) for _, spans in groupby(self.timeline, key=lambda span: span.word_index)]

    @property
    def tags(self) -> dict[str, str]:
        """What audio files of this speech say about themselves, see `provenance`; of a voice clip nothing but that."""
        recipe = {
            "text": self.text,
            "phonemes": [" ".join(p.symbols) for p in self.phonemes],
            "voice": self.voice.name or "a clip",
            "settings": asdict(self.settings),
            "controls": asdict(self.controls),
            "edits": [asdict(edit) for edit in self.edits],
            "stop_reason": self.stop_reason,
            "deterministic": self.deterministic,
        }
        return provenance.tags(recipe)

    def save(self, path: str | Path) -> None:
        """Write the audio with `tags`, whole or not at all, in the format of the suffix (see `audio.FORMATS`).

        Raises:
            AudioError: another suffix, or a file that cannot be written.
        """
        write_audio(path, self.wav, self.sample_rate, self.tags)

    def info(self) -> dict[str, Any]:
        """All that is needed to understand or repeat this result, as plain JSON types."""
        return {
            "text": self.text,
            "spoken": [p.text for p in self.phonemes],
            "phonemes": [list(p.symbols) for p in self.phonemes],
            "seed": self.settings.seed,
            "settings": asdict(self.settings),
            "controls": asdict(self.controls),
            "deterministic": self.deterministic,
            "edits": [asdict(edit) for edit in self.edits],
            "codes_shape": list(self.codes.shape) if self.frames else [1, 0, 0],
            "timeline": [asdict(span) for span in self.timeline],
            "stop_reason": self.stop_reason,
            "forced_moves": sum(f.forced for f in self.frames),
            "clamped_cells": int(self.clamped.sum()),
            "duration_s": self.duration_s,
            "seconds": self.seconds,
            "first_audio_s": self.first_audio_s,
            "real_time_factor": self.real_time_factor,
            "prompt_s": len(self.voice.wav) / self.sample_rate,
            "notes": self.notes,
        }
