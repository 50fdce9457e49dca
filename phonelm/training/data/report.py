"""Quality of the alignments of a cache, and the utterances that are left out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from phonelm.config import FRAME_RATE
from phonelm.datasets import Problem

MAD_TO_SIGMA = 1.4826
MIN_TO_FIT = 30  # utterances, for a line through scores over lengths
MIN_SPREAD = 0.05  # nats per frame: in a very even dataset nothing is an outlier below this


@dataclass(frozen=True)
class KeepRule:
    """Which alignments are not trusted.

    An utterance is left out when its score is more than `max_deviations` robust standard deviations (1.4826 times the
    median absolute deviation) below what its dataset scores at that length, or when a phoneme (pauses and `<sil>`
    excepted) is longer than `max_phoneme_s`. Length counts because equal phonemes of an utterance share the probability
    of a frame: scores fall with the logarithm of the number of phonemes.

    For the same reason repeated words have low scores, and very short texts have uncertain ones. So in the datasets
    `exact_texts`, whose texts are exactly what is spoken, the score of an utterance need only be above
    `lowest_exact_score`.
    """

    max_deviations: float = 4.0
    max_phoneme_s: float = 1.0
    exact_texts: tuple[str, ...] = ()
    lowest_exact_score: float = -4.0  # nats per frame; below it the audio is broken


def _by_dataset(records: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        groups[record["id"].split("/")[0]].append(index)
    return groups


def _spread(values: np.ndarray) -> float:
    return max(MIN_SPREAD, MAD_TO_SIGMA * float(np.median(np.abs(values - np.median(values)))))


def _surprise(scores: np.ndarray, phonemes: np.ndarray) -> np.ndarray:
    """Scores relative to those of utterances of the same length in the same dataset, median 0."""
    if len(scores) >= MIN_TO_FIT and np.ptp(phonemes):
        slope, start = np.polyfit(np.log(phonemes), scores, 1)
        scores = scores - slope * np.log(phonemes) - start
    return scores - np.median(scores)


def drop_reasons(records: Sequence[dict[str, Any]], rule: KeepRule) -> list[str]:
    """Why each aligned utterance is left out, "" for those kept.

    Args:
        records: with `id`, `score` (nats per frame), `phonemes` (their number) and `longest` (frames of the longest
            phoneme that is no pause).
    """
    reasons = [""] * len(records)
    for name, indices in _by_dataset(records).items():
        is_exact = name in rule.exact_texts
        scores, lengths = (np.array([records[i][key] for i in indices]) for key in ("score", "phonemes"))
        surprise = _surprise(scores, lengths)
        lowest = -rule.max_deviations * _spread(surprise)
        for i, relative in zip(indices, surprise, strict=True):
            if records[i]["longest"] > rule.max_phoneme_s * FRAME_RATE:
                reasons[i] = f"a phoneme of {records[i]['longest'] / FRAME_RATE:.2f} s is too long"
            elif relative < lowest and not (is_exact and records[i]["score"] > rule.lowest_exact_score):
                reasons[i] = "alignment score too low"
    return reasons


def summarise(
    records: Sequence[dict[str, Any]], reasons: Sequence[str], problems: Sequence[Problem], rule: KeepRule
) -> dict[str, Any]:
    """The report as plain JSON.

    Args:
        records: of all aligned utterances.
        reasons: of `drop_reasons`.
        problems: all utterances left out, those of `drop_reasons` included.
    """
    kept_s = sum(r["frames"] for r, reason in zip(records, reasons, strict=True) if not reason) / FRAME_RATE
    datasets = {}
    for name, indices in _by_dataset(records).items():
        scores = np.array([records[i]["score"] for i in indices])
        frames = sum(records[i]["frames"] for i in indices)
        datasets[name] = {
            "aligned": len(indices),
            "kept": sum(not reasons[i] for i in indices),
            "hours": round(frames / FRAME_RATE / 3600, 4),
            "speakers": len({records[i]["speaker"] for i in indices}),
            "score_median": round(float(np.median(scores)), 4),
            "score_spread": round(_spread(scores), 4),
            "score_worst": round(float(scores.min()), 4),
            "phonemes_per_s": round(sum(records[i]["phonemes"] for i in indices) / frames * FRAME_RATE, 2),
            "leading_silence_s": round(float(np.median([records[i]["leading"] for i in indices])) / FRAME_RATE, 3),
        }
    return {
        "utterances": sum(not reason for reason in reasons),
        "hours": round(kept_s / 3600, 4),
        "rule": {**asdict(rule), "exact_texts": list(rule.exact_texts)},
        "datasets": datasets,
        "left_out": [list(problem) for problem in problems],
    }


def to_text(report: dict[str, Any]) -> str:
    """The report as text, with the first few ids for each reason."""
    lines = [f"{report['utterances']} utterances, {report['hours']:.2f} h"]
    for name, d in report["datasets"].items():
        lines.append(
            f"  {name}: {d['kept']} of {d['aligned']} aligned utterances kept, {d['hours']:.2f} h, {d['speakers']} "
            f"speakers; score {d['score_median']:.2f} +- {d['score_spread']:.2f} nats/frame (worst "
            f"{d['score_worst']:.2f}), {d['phonemes_per_s']:.1f} phonemes/s, {d['leading_silence_s']:.2f} s of silence "
            "before the first word"
        )
    reasons = Counter(_kind(reason) for _, reason in report["left_out"])
    lines.append(f"left out: {sum(reasons.values())}")
    for reason, count in reasons.most_common():
        ids = [key for key, why in report["left_out"] if _kind(why) == reason]
        lines.append(f"  {count} x {reason}: {', '.join(ids[:4])}{', ...' if count > 4 else ''}")
    return "\n".join(lines)


def _kind(reason: str) -> str:
    """A reason without the numbers of an utterance, so that equal reasons are counted together."""
    return " ".join("..." if any(c.isdigit() or c in "./\\" for c in word) else word for word in reason.split())
