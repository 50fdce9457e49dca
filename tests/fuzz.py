"""Coverage-guided fuzzing: it changes inputs towards branches that none has taken yet. For Linux and macOS.

    pip install atheris==3.0.0
    python -m tests.fuzz text -max_total_time=60

Targets are those of `TARGETS`; what follows is for libFuzzer. It ends with exit code 0 unless an input did something
else than to be used or refused by a `ValueError` of one line; that input is then written to `crash-…`.
"""

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import atheris

with atheris.instrument_imports(include=["phonelm"]):
    from phonelm import bundle, checkpoint, overrides, phonemes, weights
    from phonelm.config import SamplingConfig, from_dict

FOLDER = TemporaryDirectory()


def a_file(data: bytes) -> Path:
    path = Path(FOLDER.name, "file")
    path.write_bytes(data)
    return path


def text_of(data: bytes) -> str:
    return atheris.FuzzedDataProvider(data).ConsumeUnicodeNoSurrogates(len(data))


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


def main() -> None:
    target = TARGETS.get(sys.argv[1] if len(sys.argv) > 1 else "")
    if target is None:
        sys.exit(f"usage: python -m tests.fuzz {'|'.join(TARGETS)} [libFuzzer options]")

    def one_input(data: bytes) -> None:
        try:
            target(data)
        except ValueError as error:
            assert "\n" not in str(error), error

    atheris.Setup([f"fuzz {sys.argv[1]}", *sys.argv[2:]], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
