"""`prepare`: dataset folders in, a compact cache of codes, phonemes and durations out.

Stages: (a) encode, in part files, resumable and divisible into shards; (b) train the aligner on the encoded utterances;
(c) align everything; (d) write the cache that `CodesDataset` reads. Stages (b) to (d) need all parts.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from phonelm.codec import Codec
from phonelm.datasets import FORMS, Problem, Row, read_datasets
from phonelm.files import write_json
from phonelm.text import SYMBOLS, Phonemizer
from phonelm.training.config import AlignerConfig
from phonelm.training.data.align import Changed, add_pauses, align_parts, cache_aligner
from phonelm.training.data.cache import write_arrays
from phonelm.training.data.dataset import CACHE_FORMAT
from phonelm.training.data.encode import Chunk, Part, encode_chunk, make_chunks
from phonelm.training.data.heldout import leave_out
from phonelm.training.data.report import KeepRule, drop_reasons, summarise, to_text

_worker: dict[str, Any] = {}  # kept in a worker process between chunks


def _start_worker(codec_name: str) -> None:
    torch.set_num_threads(1)
    _worker.update(phonemizer=Phonemizer(), codec=Codec.load(codec_name))


def _work(chunk: Chunk, folder: Path) -> tuple[int, float]:
    return len(chunk.rows), encode_chunk(chunk, folder, _worker["phonemizer"], _worker["codec"])


@contextmanager
def _encoder(codec: Codec, codec_name: str, chunks: list[Chunk], folder: Path, workers: int) -> Iterator[Iterable]:
    """(rows, seconds of audio) of every chunk as it is finished, from this process or from `workers` others."""
    if workers <= 1:
        phonemizer = Phonemizer()
        yield ((len(c.rows), encode_chunk(c, folder, phonemizer, codec)) for c in chunks)
    else:
        context = multiprocessing.get_context("spawn")
        with context.Pool(min(workers, len(chunks)), _start_worker, (codec_name,)) as pool:
            yield pool.imap_unordered(partial(_work, folder=folder), chunks)


def _encode(codec: Codec, codec_name: str, chunks: list[Chunk], folder: Path, workers: int) -> None:
    missing = [chunk for chunk in chunks if not chunk.path(folder).exists()]
    if not missing:
        return
    done_s = 0.0
    total = sum(len(chunk.rows) for chunk in missing)
    with (
        tqdm(total=total, unit="utt", desc="encode") as bar,
        _encoder(codec, codec_name, missing, folder, workers) as results,
    ):
        for rows, seconds in results:
            done_s += seconds
            bar.update(rows)
            elapsed_s = bar.format_dict["elapsed"]
            bar.set_postfix_str(f"{done_s / 3600:.2f} h, {done_s / max(elapsed_s, 1e-9):.0f}x real time")


def _read_rows(
    dataset_dirs: list[Path], form: str | None, speeds: Sequence[float], augmented: float
) -> tuple[list[Row], list[Problem]]:
    """The utterances with their copies at other speeds and as worse recordings; those that cannot be used."""
    rows, problems = read_datasets(dataset_dirs, form)
    rows, held_out = leave_out(rows)
    worse = [row.augmented() for row in rows if zlib.crc32(row.id.encode()) < augmented * 2**32]
    return rows + [row.at_speed(speed) for speed in speeds for row in rows] + worse, problems + held_out


def _finish(
    out: Path,
    parts: list[Path],
    problems: list[Problem],
    rule: KeepRule,
    config: AlignerConfig,
    codec: Codec,
    with_pauses: Collection[str],
) -> dict[str, Any]:
    """Stages (b) to (d): align all parts and write the cache; arguments and errors are those of `prepare`."""
    problems += [problem for path in parts for problem in Part(path).problems]
    if not any(Part(path).records for path in parts):
        raise ValueError(f"no usable utterance; left out: {dict(Counter(p.reason for p in problems).most_common(5))}")
    aligner = cache_aligner(out / "aligner.safetensors", parts, config)
    records, durations = align_parts(aligner, parts, config.batch_frames)
    changed: Changed = {}
    if with_pauses:
        changed = add_pauses(aligner, parts, records, durations, with_pauses, config.batch_frames)
    reasons = drop_reasons(records, rule)
    problems += [Problem(r["id"], reason) for r, reason in zip(records, reasons, strict=True) if reason]
    kept = [i for i, reason in enumerate(reasons) if not reason]
    report = summarise(records, reasons, problems, rule)
    (out / "cache.json").unlink(missing_ok=True)  # written again as the last file, when the cache is complete
    write_arrays(out, parts, [records[i] for i in kept], [durations[i] for i in kept], codec.n_q, changed)
    write_json(out / "report.json", report)
    info = {
        "format": CACHE_FORMAT,
        "codec": {"name": codec.name, "fingerprint": codec.fingerprint},
        "n_q": codec.n_q,
        "frame_rate": codec.frame_rate,
        "utterances": len(kept),
        "hours": report["hours"],
        "speakers": len({records[i]["speaker"] for i in kept}),
        "symbols": list(SYMBOLS),
    }
    write_json(out / "cache.json", info)
    return report


def prepare(
    dataset_dirs: list[Path],
    out: Path,
    codec_name: str = "bundled",
    shard: tuple[int, int] = (0, 1),
    rule: KeepRule = KeepRule(),
    workers: int = 1,
    form: str | None = None,
    config: AlignerConfig = AlignerConfig(),
    speeds: Sequence[float] = (),
    augmented: float = 0.0,
    with_pauses: Collection[str] = (),
) -> dict[str, Any] | None:
    """Make or continue a cache. Finished parts are kept, so an interrupted run can be started again.

    Args:
        dataset_dirs: dataset folders with different names, see `read_dataset`. People whom `heldout` names are left
            out.
        out: the cache's folder.
        codec_name: as for `Codec.load`.
        shard: (i, n) encodes every n-th chunk from the i-th and stops there; (0, 1) encodes what is missing and
            finishes the cache.
        rule: which utterances to leave out after alignment.
        workers: processes for encoding, with one thread each; 1 encodes in this process.
        form: of `metadata.csv`, see `read_dataset`.
        config: of the aligner.
        speeds: every utterance is added once more at each of these speeds, as another speaker.
        augmented: share of the utterances that are added once more as worse recordings, see `augment_waveform`.
        with_pauses: names of datasets whose speakers pause where the text has no mark, see `pauses`.
    Returns:
        the report, as written to `report.json`; None for a shard.
    Raises:
        ValueError: two datasets of one name, a wrong shard, an unknown name of a dataset, nothing usable.
        FileNotFoundError: a folder is no dataset.
    """
    index, count = shard
    if not 0 <= index < count:
        raise ValueError(f"shard {index}/{count}: must be 0/{count} to {count - 1}/{count}")
    names = {folder.resolve().name for folder in dataset_dirs}
    if unknown := sorted({*with_pauses, *rule.exact_texts} - names):
        raise ValueError(f"there is no dataset {', '.join(unknown)}; there are {', '.join(sorted(names))}")
    rows, problems = _read_rows(dataset_dirs, form, speeds, augmented)
    codec = Codec.load(codec_name)
    chunks = make_chunks(rows, codec.fingerprint)
    folder = out / "parts"
    folder.mkdir(parents=True, exist_ok=True)
    _encode(codec, codec_name, chunks[index::count], folder, workers)
    if count > 1:
        return None
    for left in folder.glob(".*.tmp"):  # by a run that was killed
        left.unlink()
    return _finish(out, [chunk.path(folder) for chunk in chunks], problems, rule, config, codec, with_pauses)


def _shard(text: str) -> tuple[int, int]:
    index, slash, count = text.partition("/")
    if not (slash and index.isdecimal() and count.isdecimal() and int(index) < int(count)):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard: 0/4, 1/4, 2/4 and 3/4 are the four quarters")
    return int(index), int(count)


def _speed(text: str) -> float:
    speed = float(text)
    if not 0.7 <= speed <= 1.4 or speed == 1:
        raise argparse.ArgumentTypeError(f"{text} must be from 0.7 to 1.4 and not 1")
    return speed


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of `prepare`."""
    rule = KeepRule()
    parser.add_argument("datasets", nargs="+", type=Path, metavar="DATASET", help="metadata.csv and audio/ or wavs/")
    parser.add_argument("--out", type=Path, required=True, metavar="CACHE", help="folder of the cache")
    parser.add_argument("--codec", default="bundled", metavar="NAME", help="bundled (default) or encodec_24khz")
    parser.add_argument("--form", choices=FORMS, help="columns of metadata.csv; detected when not given")
    parser.add_argument(
        "--shard", type=_shard, default=(0, 1), metavar="I/N",
        help="encode only this share (0/4 to 3/4); a last run without --shard finishes the cache",
    )  # fmt: skip
    parser.add_argument(
        "--speeds", type=_speed, nargs="+", default=[], metavar="X",
        help="add every utterance at these speeds too, pitch included, as more voices: --speeds 0.9 1.12",
    )  # fmt: skip
    parser.add_argument(
        "--augment", "--spoiled", type=float, default=0.0, metavar="SHARE",
        help="add this share of the utterances once more as worse recordings: with noise, with an echo, muffled",
    )  # fmt: skip
    parser.add_argument(
        "--add-pauses", nargs="+", default=[], metavar="NAME",
        help="datasets whose speakers pause where the text has no mark: these pauses become commas in the phonemes",
    )  # fmt: skip
    parser.add_argument(
        "--exact-texts", nargs="+", default=[], metavar="NAME",
        help="datasets whose texts are exactly what is spoken, such as synthetic speech: short or repeated words are "
        "not left out for a low score",
    )  # fmt: skip
    parser.add_argument("--workers", type=int, default=min(4, os.cpu_count() or 1), help="encoding processes")
    parser.add_argument("--aligner-steps", type=int, default=AlignerConfig().steps, help="training steps")
    parser.add_argument(
        "--max-deviations", type=float, default=rule.max_deviations, metavar="D",
        help="leave out alignments scored this many robust standard deviations below the median (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-phoneme-s", type=float, default=rule.max_phoneme_s, metavar="S",
        help="leave out utterances with a phoneme longer than this (default %(default)s)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Run `prepare` from the command line and print its report."""
    report = prepare(
        args.datasets,
        args.out,
        codec_name=args.codec,
        shard=args.shard,
        rule=KeepRule(args.max_deviations, args.max_phoneme_s, tuple(args.exact_texts)),
        workers=args.workers,
        form=args.form,
        config=AlignerConfig(steps=args.aligner_steps),
        speeds=args.speeds,
        augmented=args.augment,
        with_pauses=args.add_pauses,
    )
    print(to_text(report) if report else f"shard {args.shard[0]}/{args.shard[1]} is encoded")
    return 0
