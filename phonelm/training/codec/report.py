"""How much a codec costs: intelligibility (STOI), quality (PESQ) and word error rate after 2, 4 and 8 codebooks."""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tqdm import tqdm

from phonelm.audio import read_audio, resample
from phonelm.codec import Codec
from phonelm.config import SAMPLE_RATE
from phonelm.datasets import Row
from phonelm.evaluation import JudgeError, Judges, word_errors
from phonelm.training.codec.crops import read_rows, split_speakers
from phonelm.training.config import CodecTrainConfig

REPORTED = (2, 4, 8)  # codebooks
MAX_S = 20.0  # of a recording, the rest is not measured
MEASURE_HZ = 16_000  # of wide-band PESQ and of the STOI


@dataclass(frozen=True)
class Line:
    """Means over all recordings; `wer` is None where there is no ASR or no text."""

    name: str
    recordings: int
    stoi: float
    pesq: float
    wer: float | None


def pick_rows(folders: Sequence[Path], count: int, all_speakers: bool = False) -> list[Row]:
    """Recordings to measure: of the speakers held out from training, as many speakers as possible.

    Args:
        folders: dataset folders.
        count: recordings at most.
        all_speakers: of all speakers, because nobody there was trained on.
    Raises:
        ValueError: nobody is held out.
    """
    rows, _ = read_rows(folders)
    held = rows if all_speakers else split_speakers(rows, CodecTrainConfig.holdout_share)[1]
    if not held:
        raise ValueError("nobody in these data is held out from training; --all-speakers if the codec never heard them")
    by_speaker: dict[str, list[Row]] = defaultdict(list)
    for row in held:
        by_speaker[row.speaker].append(row)
    turns = [(i, row) for rows in by_speaker.values() for i, row in enumerate(rows)]
    return [row for _, row in sorted(turns, key=lambda turn: turn[0])][:count]


def report(codec: Codec, rows: Sequence[Row], codebooks: Sequence[int] = REPORTED) -> list[Line]:
    """Measure recordings and what is left of them after the codec.

    STOI: Taal et al., IEEE TASLP 2011, by `pystoi`. PESQ: ITU-T P.862.2 (wide band), by `pesq`.

    Args:
        codec: any.
        rows: their text, if there is one, is what the ASR should hear.
        codebooks: numbers of them, each gives a line after that of the recordings themselves.
    Raises:
        JudgeError: pystoi or pesq is not installed.
        ValueError: no recording can be measured.
    """
    for package in ("pystoi", "pesq"):
        if importlib.util.find_spec(package) is None:
            raise JudgeError(f"{package} is missing: pip install -r requirements-eval.txt")
    try:
        judges: Judges | None = Judges()
    except JudgeError:  # no word error rate then
        judges = None
    names = ["recording", *(f"{k} codebooks" for k in codebooks)]
    scores: dict[str, list[tuple[float, float]]] = defaultdict(list)
    said, heard = [], defaultdict(list)
    for row in tqdm(rows, unit="utt", desc="measure"):
        try:
            wav, sample_rate = read_audio(row.path)
        except ValueError:
            continue
        wav = resample(wav[: round(MAX_S * sample_rate)], sample_rate, SAMPLE_RATE)
        codes = codec.encode(wav, SAMPLE_RATE)
        versions = [wav, *(codec.waveform(codes[:, :k])[: len(wav)] for k in codebooks)]
        whole = len(wav) < round(MAX_S * SAMPLE_RATE)
        if judges and row.text and whole:
            said.append(row.text)
        for name, version in zip(names, versions, strict=True):
            scores[name].append(compare(wav, version))
            if judges and row.text and whole:
                heard[name].append(judges.transcribe(version, SAMPLE_RATE))
    if not scores:
        raise ValueError(f"none of {len(rows)} recordings can be read")
    lines = []
    for name in names:
        stoi, pesq = np.nanmean(scores[name], axis=0).tolist()
        lines.append(Line(name, len(scores[name]), stoi, pesq, word_errors(said, heard[name])[0] if said else None))
    return lines


def compare(wav: np.ndarray, other: np.ndarray) -> tuple[float, float]:
    """STOI (0 to 1) and wide-band PESQ (1.04 to 4.64) of a waveform against the original, both (S,) at `SAMPLE_RATE`.

    PESQ is NaN where it finds no speech.
    """
    from pesq import PesqError, pesq
    from pystoi import stoi

    wav, other = (resample(x.astype(np.float32), SAMPLE_RATE, MEASURE_HZ) for x in (wav, other))
    quality = pesq(MEASURE_HZ, wav, other, "wb", on_error=PesqError.RETURN_VALUES)
    return float(stoi(wav, other, MEASURE_HZ)), quality if quality > 0 else float("nan")


def to_markdown(lines: Sequence[Line]) -> str:
    """The report as a table."""
    table = [f"| {lines[0].recordings} recordings | STOI | PESQ-WB | WER |", "|---|---|---|---|"]
    for line in lines:
        wer = "-" if line.wer is None else f"{100 * line.wer:.1f} %"
        table.append(f"| {line.name} | {line.stoi:.3f} | {line.pesq:.2f} | {wer} |")
    return "\n".join(table)
