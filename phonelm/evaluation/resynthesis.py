"""What recordings lose in a codec: all measures on recordings, on WORLD's copies and on decoded recordings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from tqdm import tqdm

from phonelm.audio import prepare_prompt, read_audio
from phonelm.config import SAMPLE_RATE
from phonelm.evaluation.intervals import Interval, mean_interval, ratio_interval
from phonelm.evaluation.judges import Judges, word_counts
from phonelm.evaluation.pitch import pitch_errors
from phonelm.evaluation.world import copy_synthesis

MAX_S = 10.0  # longest recording, as for a voice prompt
RECORDING, COPY = "recording", "WORLD copy"

Decoder = Callable[[np.ndarray], np.ndarray]  # (S,) float32 at SAMPLE_RATE -> the same recording, decoded


class Clip(NamedTuple):
    """A recording, prepared like a voice prompt in the app."""

    id: str
    speaker: str
    text: str  # "" if it is unknown, or if the recording was cut
    wav: np.ndarray  # (S,) float32 at SAMPLE_RATE


@dataclass(frozen=True)
class Score:
    """Figures of one version of a recording. Units as in `Judges` and `PitchErrors`."""

    speaker: str
    distillmos: float
    dnsmos: float
    similarity: float  # cosine similarity of the speaker embeddings of version and recording
    pesq: float
    stoi: float
    pitch_cents: float
    pitch_over_50: float
    pitch_over_600: float
    voicing: float
    wrong_words: int | None  # None without a text
    words: int | None


COLUMNS = (  # of the Markdown table: attribute of `Score`, name, digits, factor
    ("distillmos", "DistillMOS", 2, 1), ("dnsmos", "DNSMOS", 2, 1), ("similarity", "similarity", 3, 1),
    ("pesq", "PESQ-WB", 2, 1), ("stoi", "STOI", 3, 1), ("pitch_cents", "pitch error, cents", 0, 1),
    ("pitch_over_50", "over 50, %", 1, 100), ("pitch_over_600", "over 600, %", 1, 100),
    ("voicing", "voicing right, %", 1, 100),
)  # fmt: skip


def read_clip(path: Path, id: str, speaker: str, text: str = "") -> Clip:
    """Read a recording and prepare it.

    Raises:
        AudioError: see `read_audio` and `prepare_prompt`.
    """
    wav, sample_rate = read_audio(path)
    is_whole = len(wav) / sample_rate <= MAX_S
    return Clip(id, speaker, text if is_whole else "", prepare_prompt(wav, sample_rate, MAX_S).wav)


def score(clip: Clip, version: np.ndarray, judges: Judges) -> Score:
    """Measure one version of a recording, (S,) float32 at `SAMPLE_RATE`."""
    version = np.pad(version, (0, max(0, len(clip.wav) - len(version))))[: len(clip.wav)]
    pesq, stoi = judges.fidelity(clip.wav, version, SAMPLE_RATE)
    pitch = pitch_errors(clip.wav, version)
    wrong, words = word_counts(clip.text, judges.transcribe(version, SAMPLE_RATE)) if clip.text else (None, None)
    return Score(
        speaker=clip.speaker,
        distillmos=judges.naturalness(version, SAMPLE_RATE),
        dnsmos=judges.mos(version, SAMPLE_RATE),
        similarity=float(judges.voice(version, SAMPLE_RATE) @ judges.voice(clip.wav, SAMPLE_RATE)),
        pesq=pesq,
        stoi=stoi,
        pitch_cents=pitch.cents,
        pitch_over_50=pitch.over_50,
        pitch_over_600=pitch.over_600,
        voicing=pitch.voicing,
        wrong_words=wrong,
        words=words,
    )


def measure(clips: Sequence[Clip], decoders: Mapping[str, Decoder], judges: Judges) -> dict[str, list[Score]]:
    """Scores of all clips by version: `RECORDING`, `COPY`, then the decoders."""
    versions = {RECORDING: lambda wav: wav, COPY: copy_synthesis, **decoders}
    scores: dict[str, list[Score]] = {name: [] for name in versions}
    for clip in tqdm(clips, unit="utt", desc="measure"):
        for name, decode in versions.items():
            scores[name].append(score(clip, decode(clip.wav), judges))
    return scores


def summary(scores: Sequence[Score]) -> dict[str, Interval]:
    """Means of all figures with 95 % intervals over speakers, or over utterances if there are fewer than 3 speakers.

    `wer`, the word error rate, is included only if some texts are known.
    """
    groups = [s.speaker for s in scores] if len({s.speaker for s in scores}) >= 3 else None
    found = {name: mean_interval([getattr(s, name) for s in scores], groups) for name, *_ in COLUMNS}
    spoken = [s for s in scores if s.words]
    if spoken:
        found["wer"] = ratio_interval([s.wrong_words or 0 for s in spoken], [s.words or 0 for s in spoken])
    return found


def difference(scores: Sequence[Score], base: Sequence[Score], name: str) -> Interval:
    """Mean paired difference of a figure between two versions of the same clips, over speakers."""
    groups = [s.speaker for s in scores] if len({s.speaker for s in scores}) >= 3 else None
    return mean_interval([getattr(a, name) - getattr(b, name) for a, b in zip(scores, base, strict=True)], groups)


def cell(interval: Interval, digits: int, factor: float = 1) -> str:
    """An interval as text: 3.71 (3.60 to 3.82), or "-" if nothing was measured."""
    if np.isnan(interval.mean):
        return "-"
    mean, low, high = (f"{factor * value:.{digits}f}" for value in interval)
    return f"{mean} ({low} to {high})"


def to_markdown(title: str, scores: Mapping[str, Sequence[Score]]) -> str:
    """A Markdown table of one kind of recordings: one row per version, one column per figure."""
    speakers = {s.speaker for found in scores.values() for s in found}
    count = len(next(iter(scores.values())))
    has_text = any(s.words for s in next(iter(scores.values())))
    names = [name for _, name, *_ in COLUMNS] + (["WER, %"] if has_text else [])
    lines = [f"| {title}: {count} utterances, {len(speakers)} speakers | " + " | ".join(names) + " |"]
    lines.append("|---" * (len(names) + 1) + "|")
    for version, found in scores.items():
        means = summary(found)
        cells = [cell(means[key], digits, factor) for key, _, digits, factor in COLUMNS]
        cells += [cell(means["wer"], 1, 100)] if has_text else []
        lines.append(f"| {version} | " + " | ".join(cells) + " |")
    return "\n".join(lines)
