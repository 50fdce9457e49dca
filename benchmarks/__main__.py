"""`python -m benchmarks`: PhoneLM beside its peers, and with growing work; tables in Markdown, figures in JSON."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch

from benchmarks import growth, peers
from phonelm.files import atomic_write
from phonelm.tts import TTS


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="of each peer, after one to warm up")
    parser.add_argument("--threads", type=int, default=2, metavar="N")
    parser.add_argument("--seconds", type=float, nargs="+", default=[1, 5, 15, 30, 60, 120], help="lengths of speech")
    parser.add_argument("--users", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32], help="utterances side by side")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--markdown", type=Path, metavar="FILE")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    tts = TTS.load(device="cpu")
    found = peers.measure(tts, args.runs)
    long, many = growth.lengths(tts, args.seconds), growth.users(tts, args.users)
    text = f"{peers.table(found)}\n\n{growth.table(long)}\n\n{growth.table(many)}\n"
    print(text)
    payload = {"threads": args.threads, "peers": found, "lengths": long, "users": many}
    for path, content in ((args.json, json.dumps(payload, indent=1) + "\n"), (args.markdown, text)):
        if path:
            with atomic_write(path) as file:
                file.write(content.encode())


if __name__ == "__main__":
    main()
