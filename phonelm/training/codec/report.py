"""`train-codec --report`: what recordings lose in one or more codecs, by dataset, with intervals."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from tqdm import tqdm

from phonelm.codec import BUNDLED, Codec
from phonelm.config import SAMPLE_RATE
from phonelm.datasets import Row, read_datasets
from phonelm.evaluation import (
    Clip,
    Decoder,
    Judges,
    Score,
    cell,
    difference,
    measure,
    read_clip,
    to_markdown,
)
from phonelm.files import write_json
from phonelm.training.data.heldout import PARTS, pick

Report = dict[str, dict[str, list[Score]]]  # by dataset, then by version


def pick_rows(folders: Sequence[Path], part: str | None, per_speaker: int = 0) -> dict[str, list[Row]]:
    """Recordings to measure, by dataset.

    Args:
        folders: dataset folders; texts are not needed.
        part: one of `heldout.PARTS`, the people held out by name. None for everyone, if nobody in these folders is
            in the training data.
        per_speaker: most recordings of a speaker; 0 for all. If there are fewer than 3 speakers, it has no effect.
    Raises:
        ValueError: nobody is held out, or two folders have the same name.
        FileNotFoundError: see `read_dataset`.
    """
    rows, _ = read_datasets(folders, need_text=False)
    rows = pick(rows, part) if part else rows
    if not rows:
        raise ValueError(
            f"nobody in these data is held out for {part}; use --all-speakers if the codec was trained on none of them"
        )
    taken: dict[str, int] = defaultdict(int)
    chosen: dict[str, list[Row]] = defaultdict(list)
    speakers = {row.speaker for row in rows}
    for row in rows:
        taken[row.speaker] += 1
        if not per_speaker or len(speakers) < 3 or taken[row.speaker] <= per_speaker:
            chosen[row.id.split("/")[0]].append(row)
    return dict(chosen)


def read_clips(rows: Sequence[Row]) -> list[Clip]:
    """The recordings, prepared like voice prompts. Unusable ones are left out and reported."""
    clips = []
    for row in rows:
        try:
            clips.append(read_clip(row.path, row.id, row.speaker, row.text))
        except ValueError as error:
            tqdm.write(f"left out: {row.id}: {error}")
    return clips


def decoders(codecs: Sequence[Path], codebooks: Sequence[int]) -> dict[str, Decoder]:
    """Functions that pass a recording through a codec, by codec and number of codebooks. Errors: see `Codec.load`."""
    found: dict[str, Decoder] = {}
    for path in codecs:
        codec = Codec.load(BUNDLED, path)
        for k in codebooks:
            found[f"{path.with_suffix('').as_posix()}, {k} codebooks"] = _through(codec, k)
    return found


def _through(codec: Codec, codebooks: int) -> Decoder:
    return lambda wav: codec.waveform(codec.encode(wav, SAMPLE_RATE, codebooks))


def report(rows: dict[str, list[Row]], versions: dict[str, Decoder], judges: Judges) -> Report:
    """Scores of all recordings, their WORLD copies and their versions, by dataset.

    Raises:
        ValueError: no recording can be measured.
    """
    clips = {name: read_clips(found) for name, found in rows.items()}
    if not any(clips.values()):
        raise ValueError(f"none of {sum(map(len, rows.values()))} recordings can be measured")
    return {name: measure(found, versions, judges) for name, found in clips.items() if found}


def compare(scores: Sequence[Score], base: Sequence[Score]) -> str:
    """The differences of DistillMOS and similarity between two versions, as text."""
    figures = (("DistillMOS", "distillmos", 2), ("similarity", "similarity", 3))
    return ", ".join(f"{name} {cell(difference(scores, base, key), digits)}" for name, key, digits in figures)


def add_report_arguments(parser: argparse._ArgumentGroup) -> None:
    """Declare the arguments of `--report`."""
    add = parser.add_argument
    add("--report", type=Path, nargs="+", metavar="CODEC", help="measure these codec.safetensors on people of --data "
        "who are held out by name: DistillMOS, DNSMOS, similarity, PESQ, STOI, pitch, word error rate")  # fmt: skip
    add("--part", choices=PARTS, default=PARTS[0], help="part of the held-out people (default %(default)s)")
    add("--all-speakers", action="store_true", help="measure everyone; nobody in --data was trained on")
    add("--per-speaker", type=int, default=2, metavar="N", help="most recordings per speaker; 0: all (default 2)")
    add("--measured-codebooks", type=int, nargs="+", default=[4], metavar="N", help="numbers of codebooks (default 4)")
    add("--json", type=Path, metavar="FILE", help="also write all scores to this file")


def run_report(args: argparse.Namespace) -> int:
    """Run `train-codec --report` from the command line and print one table per dataset."""
    versions, judges = decoders(args.report, args.measured_codebooks), Judges(torch.get_num_threads())
    rows = pick_rows(args.data, None if args.all_speakers else args.part, args.per_speaker)
    found = report(rows, versions, judges)
    print("Means (95 % bootstrap intervals over speakers, or over utterances if there are fewer than 3 speakers).")
    for name, scores in found.items():
        print("\n" + to_markdown(name, scores))
        first, *others = versions
        for other in others:
            print(f"{other} minus {first}, paired: {compare(scores[other], scores[first])}")
    if args.json:
        write_json(args.json, {k: {v: [asdict(s) for s in many] for v, many in by.items()} for k, by in found.items()})
    return 0
