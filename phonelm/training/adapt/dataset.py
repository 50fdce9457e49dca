"""From checked recordings to a training cache of one person."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from phonelm.audio import AudioError, write_audio
from phonelm.config import SAMPLE_RATE
from phonelm.evaluation import Judges
from phonelm.files import file_digest, write_json
from phonelm.training.adapt.prior import Prior
from phonelm.training.adapt.recordings import Segment, check_length, cut, find_recordings
from phonelm.training.adapt.transcripts import (
    Transcript,
    check_one_speaker,
    given_texts,
    transcribe,
    use_texts,
)
from phonelm.training.data.align import save_aligner
from phonelm.training.data.dataset import CodesDataset
from phonelm.training.data.prepare import prepare

DONE = "recordings.json"  # in the working folder: what has been transcribed
DATA, CACHE = "recordings", "cache"  # folders there; the name of DATA is that of the speaker, too


@dataclass(frozen=True)
class LeftOut:
    """A part of the recordings that is not used."""

    place: str
    text: str
    reason: str


def read_recordings(
    path: Path, judges: Judges, on_transcribed: Callable[[int, int], None] | None = None
) -> list[Transcript]:
    """Cut, transcribe and check recordings.

    Args:
        path: an audio file or a folder of them; a text beside one has the same name and ends in .txt.
    Raises:
        AudioError: recordings that cannot be used; the message names the file and the second.
    """
    paths = find_recordings(path)
    segments = [segment for each in paths for segment in cut(each)]
    check_length(segments)
    transcripts = use_texts(transcribe(segments, judges, on_transcribed), given_texts(paths))
    transcripts = check_one_speaker(transcripts, judges)
    usable = [t.segment for t in transcripts if not t.problem]
    if not usable:
        first = transcripts[0]
        raise AudioError(
            f"no part of the recordings can be used, for example {first.segment.place}: {first.problem}. Say what is "
            "said in NAME.txt beside NAME.wav"
        )
    check_length(usable)
    return transcripts


def make_cache(
    path: Path, folder: Path, judges: Judges, prior: Prior, on_transcribed: Callable[[int, int], None] | None = None
) -> tuple[CodesDataset, list[LeftOut]]:
    """The cache of a person's recordings; what is already made is kept.

    Args:
        path: as for `read_recordings`.
        folder: working folder.
        on_transcribed: called with the utterances that are transcribed and their number.
    Raises:
        AudioError: as `read_recordings`.
    """
    digests = {str(p.resolve()): file_digest(p) for p in find_recordings(path)}
    done = folder / DONE
    state = json.loads(done.read_text(encoding="utf-8")) if done.is_file() else {}
    if state.get("digests") != digests:
        left_out = _write_dataset(read_recordings(path, judges, on_transcribed), folder / DATA)
        state = {"digests": digests, "left_out": [vars(x) for x in left_out]}
        write_json(done, state)
    cache = folder / CACHE
    if not (cache / "aligner.safetensors").is_file():
        save_aligner(prior.aligner, cache / "aligner.safetensors")
    report = prepare([folder / DATA], cache, form="ljspeech", config=prior.aligner.config)
    assert report is not None
    left_out = [LeftOut(**x) for x in state["left_out"]]
    return CodesDataset(cache), left_out + [LeftOut(utterance, "", reason) for utterance, reason in report["left_out"]]


def _write_dataset(transcripts: Sequence[Transcript], folder: Path) -> list[LeftOut]:
    """Write what can be used as a dataset folder; returns what cannot."""
    left_out, lines = [], []
    (folder / "wavs").mkdir(parents=True, exist_ok=True)
    for number, t in enumerate(transcripts):
        if t.problem:
            left_out.append(LeftOut(t.segment.place, t.text, t.problem))
            continue
        key = f"{number:04d}-{_safe(t.segment)}"
        write_audio(folder / "wavs" / f"{key}.flac", t.segment.wav, SAMPLE_RATE)
        lines.append(f"{key}|{t.text.replace('|', ' ')}")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return left_out


def _safe(segment: Segment) -> str:
    stem = "".join(c if c.isalnum() and c.isascii() else "-" for c in segment.path.stem)[:40]
    return f"{stem}-{segment.start_s:.1f}"
