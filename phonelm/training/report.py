"""How good the alignments of a cache are, and which utterances are left out for it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from phonelm.config import FRAME_RATE
from phonelm.training.data import Problem

MAD_TO_SIGMA = 1.4826
MIN_SPREAD = 0.05  # nats per frame: in a very even dataset nothing is an outlier below this


@dataclass(frozen=True)
class KeepRule:
    """An utterance is left out when its score is more than `max_deviations` robust standard deviations (1.4826 times
    the median absolute deviation) below its dataset's median, or when a phoneme (pauses and `<sil>` excepted) is
    longer than `max_phoneme_s`."""

    max_deviations: float = 4.0
    max_phoneme_s: float = 1.0


def _by_dataset(records: Sequence[dict[str, Any]]) -> dict[str, list[int]]:
    groups: dict[str, list[int]] = defaultdict(list)
    for index, record in enumerate(records):
        groups[record["id"].split("/")[0]].append(index)
    return groups


def _median_spread(scores: np.ndarray) -> tuple[float, float]:
    median = float(np.median(scores))
    return median, max(MIN_SPREAD, MAD_TO_SIGMA * float(np.median(np.abs(scores - median))))


def judge(records: Sequence[dict[str, Any]], rule: KeepRule) -> list[str]:
    """Why each aligned utterance is left out, "" for those kept.

    Args:
        records: with `id`, `score` (nats per frame) and `longest` (frames of the longest phoneme that is no pause).
    """
    reasons = [""] * len(records)
    for indices in _by_dataset(records).values():
        median, spread = _median_spread(np.array([records[i]["score"] for i in indices]))
        for i in indices:
            if records[i]["longest"] > rule.max_phoneme_s * FRAME_RATE:
                reasons[i] = f"a phoneme longer than {rule.max_phoneme_s} s"
            elif records[i]["score"] < median - rule.max_deviations * spread:
                reasons[i] = "alignment score too low"
    return reasons


def summarise(
    records: Sequence[dict[str, Any]], reasons: Sequence[str], problems: Sequence[Problem], rule: KeepRule
) -> dict[str, Any]:
    """The report as plain JSON.

    Args:
        records: of all aligned utterances.
        reasons: of `judge`.
        problems: all utterances left out, those of `judge` included.
    """
    kept_s = sum(r["frames"] for r, reason in zip(records, reasons, strict=True) if not reason) / FRAME_RATE
    datasets = {}
    for name, indices in _by_dataset(records).items():
        scores = np.array([records[i]["score"] for i in indices])
        median, spread = _median_spread(scores)
        frames = sum(records[i]["frames"] for i in indices)
        datasets[name] = {
            "aligned": len(indices),
            "kept": sum(not reasons[i] for i in indices),
            "hours": round(frames / FRAME_RATE / 3600, 4),
            "speakers": len({records[i]["speaker"] for i in indices}),
            "score_median": round(median, 4),
            "score_spread": round(spread, 4),
            "score_worst": round(float(scores.min()), 4),
            "phonemes_per_s": round(sum(records[i]["phonemes"] for i in indices) / frames * FRAME_RATE, 2),
            "leading_silence_s": round(float(np.median([records[i]["leading"] for i in indices])) / FRAME_RATE, 3),
        }
    return {
        "utterances": sum(not reason for reason in reasons),
        "hours": round(kept_s / 3600, 4),
        "rule": asdict(rule),
        "datasets": datasets,
        "left_out": [list(problem) for problem in problems],
    }


def to_text(report: dict[str, Any]) -> str:
    """The report for people; of each reason for leaving out, the first few ids."""
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
    """A reason without what differs from one utterance to the next, so that equal ones count together."""
    words = ["#" if any(c.isdigit() for c in word) else "..." if "/" in word else word for word in reason.split()]
    return " ".join(words)
