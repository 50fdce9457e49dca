"""The files of a training cache, as `CodesDataset` reads them: memory maps over all utterances, and their records."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from phonelm.training.data.encode import Part

PRIVATE = ("part", "index", "longest", "leading")  # what only `prepare` needs of a record


def write_arrays(
    out: Path,
    parts: list[Path],
    records: list[dict[str, Any]],
    durations: list[np.ndarray],
    n_q: int,
    changed: Mapping[tuple[int, int], tuple[np.ndarray, np.ndarray]] = {},  # noqa: B006
) -> None:
    """Write the arrays and `utterances.jsonl` of the kept utterances.

    Args:
        out: the cache's folder.
        parts: part files, which hold the codes and phonemes.
        records: of the kept utterances, with `part` and `index` (where their arrays are).
        durations: (N,) frames of each phoneme, for each record.
        n_q: codebooks.
        changed: phoneme ids and word starts that replace those of a part, by (part, index).
    """
    total_t, total_n = sum(r["frames"] for r in records), sum(r["phonemes"] for r in records)
    work = out / "unfinished"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    shapes = {
        "codes": ((total_t, n_q), np.int16),
        "phonemes": ((total_n,), np.uint8),
        "word_starts": ((total_n,), np.bool_),
        "durations": ((total_n,), np.uint16),
    }
    arrays = {
        name: np.lib.format.open_memmap(work / f"{name}.npy", mode="w+", dtype=dtype, shape=shape)
        for name, (shape, dtype) in shapes.items()
    }
    frame = phoneme = 0
    loaded: int | None = None
    with open(work / "utterances.jsonl", "w", encoding="utf-8") as file:
        for record, lengths in zip(records, durations, strict=True):
            if record["part"] != loaded:
                loaded = record["part"]
                part = Part(parts[loaded])
                source = {name: part.arrays(name) for name in ("codes", "phonemes", "word_starts")}
            index, t, n = record["index"], record["frames"], record["phonemes"]
            arrays["codes"][frame : frame + t] = source["codes"][index]
            unchanged = source["phonemes"][index], source["word_starts"][index]
            ids, starts = changed.get((record["part"], index), unchanged)
            arrays["phonemes"][phoneme : phoneme + n] = ids
            arrays["word_starts"][phoneme : phoneme + n] = starts
            arrays["durations"][phoneme : phoneme + n] = lengths
            public = {key: value for key, value in record.items() if key not in PRIVATE}
            file.write(json.dumps({**public, "frame": frame, "phoneme": phoneme}, ensure_ascii=False) + "\n")
            frame, phoneme = frame + t, phoneme + n
    for array in arrays.values():
        array.flush()
    for path in sorted(work.iterdir()):
        os.replace(path, out / path.name)
    work.rmdir()
