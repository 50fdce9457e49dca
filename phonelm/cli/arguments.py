"""Arguments of the commands that speak."""

from __future__ import annotations

import argparse
from pathlib import Path

from phonelm.config import CLAMPS, SamplingConfig

OUT_HELP = "the suffix decides the format: .wav, .flac, .mp3, .opus or .ogg"


def speak_arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("text", nargs="?", metavar="TEXT")
    p.add_argument("--file", type=Path, metavar="SENTENCES.txt", help="speak every line; -o is a folder then")
    p.add_argument("--phonemes", metavar="ARPABET", help='phonemes instead of text, words apart by "|"')
    p.add_argument("-o", "--out", type=Path, metavar="OUT.wav", help=f"default: speech.wav; {OUT_HELP}")
    p.add_argument("--json", type=Path, metavar="INFO.json", help="also write how it was made")
    _speaking_arguments(p)


def read_arguments(p: argparse.ArgumentParser) -> None:
    p.add_argument("file", type=Path, metavar="TEXT.txt", help="UTF-8; blank lines between paragraphs")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.wav", help=OUT_HELP)
    _speaking_arguments(p)


def _speaking_arguments(p: argparse.ArgumentParser) -> None:
    """Voice, settings and model."""
    default = SamplingConfig()
    which = p.add_mutually_exclusive_group()
    which.add_argument("--voice", metavar="NAME", help="one that `voices` lists (default: the first)")
    which.add_argument("--prompt", type=Path, metavar="CLIP", help="recording of the voice, or a voice file")
    p.add_argument("--seed", type=int, default=default.seed, metavar="N")
    p.add_argument("--temperature", type=float, default=default.temperature, metavar="F", help="default %(default)s")
    p.add_argument("--top-k", type=int, default=default.top_k, metavar="N", help="0: no limit (default)")
    p.add_argument("--top-p", type=float, default=default.top_p, metavar="F", help="1: no limit (default)")
    p.add_argument("--codebooks", type=int, default=0, metavar="N", help="sample and decode the first N only")
    p.add_argument("--clamp", choices=CLAMPS, default="off", help="codes that may be sampled: all, those seen in "
                   "training, those of the prompt")  # fmt: skip
    p.add_argument("--speed", type=float, default=1.0, metavar="F",
                   help="0.5 half as fast, 2 twice as fast; the pitch stays (default %(default)s)")  # fmt: skip
    p.add_argument("--pitch", type=float, default=0.0, metavar="SEMITONES", help="-6 to 6 (default 0)")
    p.add_argument("--intonation", type=float, default=1.0, metavar="F",
                   help="0 flat, 1 as the model says it (default), 2 lively")  # fmt: skip
    p.add_argument("--guidance", type=float, default=default.guidance, metavar="F",
                   help="how strictly it follows phonemes and voice; 1: no guidance (default %(default)s)")  # fmt: skip
    p.add_argument("--device", metavar="NAME", help="cpu, cuda, mps (default: cuda if there is one, else cpu)")
    p.add_argument("--deterministic", action="store_true", help="the same at any number of threads, with one")
    p.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    lexicon_argument(p)


def lexicon_argument(p: argparse.ArgumentParser) -> None:
    p.add_argument("--lexicon", type=Path, metavar="FILE", help="how words are said: lines word<TAB>PHONEMES")
