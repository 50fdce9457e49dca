"""Stages (b) and (c) of `prepare`: the aligner of a cache, and the alignment of all its utterances."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from phonelm import checkpoint
from phonelm.config import from_dict
from phonelm.text import SYMBOLS
from phonelm.training.config import AlignerConfig
from phonelm.training.data.aligner import LAST_SILENCE_ID, VERSION, Aligner, Item, align_batch, batches, train_aligner
from phonelm.training.data.encode import Part
from phonelm.training.data.pauses import insert_pauses

ALIGNER_UTTERANCES = 4000  # most utterances that the aligner is trained on, drawn by its seed
Changed = dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]  # (part, index): other ids and word starts, (N,) each


def cache_aligner(path: Path, parts: list[Path], config: AlignerConfig) -> Aligner:
    """The cache's aligner: the saved one if it has these phonemes and settings, else a new one."""
    if path.exists():
        tensors, metadata = checkpoint.load(path, "aligner")
        same = metadata.get("version") == VERSION and metadata["symbols"] == list(SYMBOLS)
        if same and from_dict(AlignerConfig, metadata["config"]) == config:
            aligner = Aligner(config)
            aligner.load_state_dict(tensors)
            return aligner.eval()
    total = sum(len(Part(part).records) for part in parts)
    chosen = set(np.random.default_rng(config.seed).permutation(total)[:ALIGNER_UTTERANCES].tolist())
    items, seen = [], 0
    for part in map(Part, parts):
        pairs = zip(part.arrays("phonemes"), part.arrays("mel"), strict=True)
        items += [pair for number, pair in enumerate(pairs, seen) if number in chosen]
        seen += len(part.records)
    with tqdm(total=config.steps, unit="step", desc="aligner") as bar:

        def progress(step: int, loss: float) -> None:
            bar.update()
            bar.set_postfix_str(f"loss {loss:.3f} nats/frame", refresh=False)

        aligner = train_aligner(items, config, progress)
    save_aligner(aligner, path)
    return aligner


def save_aligner(aligner: Aligner, path: Path) -> None:
    """Write the file in which `cache_aligner` looks for an aligner."""
    metadata = {"kind": "aligner", "version": VERSION, "config": asdict(aligner.config), "symbols": list(SYMBOLS)}
    checkpoint.save(path, aligner.state_dict(), metadata)


def align_parts(aligner: Aligner, parts: list[Path], budget: int) -> tuple[list[dict[str, Any]], list[np.ndarray]]:
    """Records and durations of all utterances, in order.

    The records gain `score`, `frames`, `phonemes`, `longest` and `leading` (frames of the longest phoneme that is no
    pause, and of the first `<sil>`), `part` and `index` (where their arrays are).
    """
    records: list[dict[str, Any]] = []
    durations: list[np.ndarray] = []
    for number, path in enumerate(tqdm(parts, unit="part", desc="align")):
        part = Part(path)
        items = list(zip(part.arrays("phonemes"), part.arrays("mel"), strict=True))
        found = _align(aligner, items, budget)
        for index, record in enumerate(part.records):
            lengths, score = found[index]
            durations.append(lengths)
            place = {"frames": int(lengths.sum()), "part": number, "index": index}
            records.append(record | place | _measures(items[index][0], lengths, score))
    return records, durations


def add_pauses(
    aligner: Aligner,
    parts: list[Path],
    records: Sequence[dict[str, Any]],
    durations: list[np.ndarray],
    datasets: Collection[str],
    budget: int,
) -> Changed:
    """Write the pauses of speakers into the phonemes of some datasets, and align these utterances again.

    Args:
        records, durations: of `align_parts`; changed in place. Changed records gain `pauses_added`, a number.
        datasets: their names.
    Returns:
        The phonemes and word starts of changed utterances.
    """
    changed: Changed = {}
    wanted = [n for n, r in enumerate(records) if r["id"].split("/")[0] in datasets]
    for number in tqdm(sorted({records[n]["part"] for n in wanted}), unit="part", desc="pauses"):
        part = Part(parts[number])
        ids, starts, mels = (part.arrays(name) for name in ("phonemes", "word_starts", "mel"))
        places: list[int] = []
        items: list[Item] = []
        for n in (n for n in wanted if records[n]["part"] == number):
            i = records[n]["index"]
            if new := insert_pauses(ids[i], starts[i], durations[n], mels[i]):
                changed[number, i] = new
                records[n]["pauses_added"] = len(new[0]) - len(ids[i])
                places.append(n)
                items.append((new[0], mels[i]))
        for k, (lengths, score) in _align(aligner, items, budget).items():
            durations[places[k]] = lengths
            records[places[k]].update(_measures(items[k][0], lengths, score))
    return changed


def _align(aligner: Aligner, items: Sequence[Item], budget: int) -> dict[int, tuple[np.ndarray, float]]:
    """`align_batch` in batches of about `budget` frames; results by the index of their item."""
    found: dict[int, tuple[np.ndarray, float]] = {}
    for group in batches([len(mel) for _, mel in items], budget) if items else ():
        found.update(zip(group, align_batch(aligner, [items[i] for i in group]), strict=True))
    return found


def _measures(ids: np.ndarray, durations: np.ndarray, score: float) -> dict[str, Any]:
    spoken = durations[ids > LAST_SILENCE_ID]
    return {
        "score": round(score, 4), "phonemes": len(durations), "longest": int(spoken.max(initial=0)),
        "leading": int(durations[0]),
    }  # fmt: skip
