"""Coverage-guided fuzzing: it changes inputs towards branches that none has taken yet. For Linux and macOS.

    pip install atheris==3.0.0
    python -m tests.fuzz text -max_total_time=60

Targets are those of `TARGETS`; what follows is for libFuzzer. It ends with exit code 0 unless an input did something
else than to be used or refused by a `ValueError` of one line; that input is then written to `crash-…`.
"""

import io
import json
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["phonelm", "zipfile"]):
    from dataclasses import asdict

    import numpy as np
    import torch

    from phonelm import checkpoint
    from phonelm.audio.files import audio_bytes
    from phonelm.config import SamplingConfig, from_dict
    from phonelm.model import weights
    from phonelm.text import overrides
    from phonelm.text import phonemizer as phonemes
    from phonelm.tts import bundle
    from phonelm.tts.recipe import MADE_WITH

FOLDER = TemporaryDirectory()


def a_file(data: bytes) -> Path:
    path = Path(FOLDER.name, "file")
    path.write_bytes(data)
    return path


def text_of(data: bytes) -> str:
    return data.decode(errors="replace")


def checkpoint_of(data: bytes) -> None:
    """A safetensors file with this header, and as it is."""
    for content in (data, len(data).to_bytes(8, "little") + data):
        try:
            checkpoint.load(a_file(content), weights.KIND)
        except checkpoint.CheckpointError as error:
            assert "\n" not in str(error)


def settings_of(data: bytes) -> None:
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        return
    if isinstance(values, dict):
        from_dict(SamplingConfig, values)


PHONEMIZER = phonemes.Phonemizer()
TARGETS = {
    "text": lambda data: PHONEMIZER.sentences(text_of(data)),
    "phonemes": lambda data: PHONEMIZER.from_symbols(text_of(data)),
    "lexicon": lambda data: overrides.UserLexicon.load(a_file(data)).apply("A word, or two."),
    "bundle": bundle.unpack,
    "checkpoint": checkpoint_of,
    "settings": settings_of,
}


def valid_checkpoint() -> bytes:
    path = Path(FOLDER.name, "valid")
    checkpoint.save(path, {"weight": torch.zeros(2)}, {"kind": weights.KIND, "config": {}})
    return path.read_bytes()


def valid_recipe(voice: str) -> bytes:
    return json.dumps({
        "kind": bundle.KIND, "format": bundle.FORMAT, "text": "Hi.", "by_hand": False, "phonemes": "", "voice": voice,
        "settings": asdict(SamplingConfig()), "complete": True, "made_with": dict.fromkeys(MADE_WITH, "1"),
        "edits": [{"start": 1, "end": 2, "seed": 3, "symbols": None}],
    }).encode()  # fmt: skip


def valid_zip() -> bytes:
    buffer, clip = io.BytesIO(), audio_bytes(np.zeros(4000, np.float32), 8000, "WAV", "FLOAT")
    with zipfile.ZipFile(buffer, "w") as file:
        for name, content in ((bundle.RECIPE, valid_recipe(bundle.CLIP_FILE)), (bundle.CLIP_FILE, clip)):
            file.writestr(name, content)
    return buffer.getvalue()


SEEDS = {  # what the fuzzer starts from: with nothing it does not find a branch behind a key or a magic number
    "text": ["I read it at 3:30 p.m., for £5; [live](L AY1 V)!".encode()],
    "phonemes": [b"HH AH0 L OW1 , | W ER1 L D ."],
    "lexicon": [b"# names\nKrzysztof\tK SH IH1 SH T AO0 F\n"],
    "bundle": [valid_recipe("hibari"), valid_zip()],
    "checkpoint": [valid_checkpoint()],
    "settings": [json.dumps(asdict(SamplingConfig())).encode()],
}


def main() -> None:
    target = TARGETS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if target is None:
        sys.exit(f"usage: python -m tests.fuzz {'|'.join(TARGETS)} [libFuzzer options]")

    def one_input(data: bytes) -> None:
        try:
            target(data)
        except ValueError as error:
            assert "\n" not in str(error), error

    seeds = Path(FOLDER.name, "seeds")
    seeds.mkdir()
    for i, seed in enumerate(SEEDS[sys.argv[1]]):
        target(seed)
        Path(seeds, str(i)).write_bytes(seed)
    atheris.Setup([f"fuzz {sys.argv[1]}", *sys.argv[2:], str(seeds)], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
