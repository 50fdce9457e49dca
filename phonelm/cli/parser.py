"""The commands and their arguments."""

from __future__ import annotations

import argparse
import gc
from importlib import import_module
from pathlib import Path

from phonelm import __version__
from phonelm.cli.arguments import OUT_HELP, lexicon_argument, read_arguments, speak_arguments
from phonelm.cli.show import codec, info, phonemize, voices
from phonelm.cli.speak import read, speak

EXAMPLES = """examples:
  phonelm speak "Hello there, how are you?" -o hello.wav
  phonelm speak "This is my own voice." --prompt me.m4a --seed 7 -o hello.mp3 --json hello.json
  phonelm speak --file sentences.txt -o out/
  phonelm speak --phonemes "HH AH0 L OW1 | W ER1 L D ." -o hello.wav
  phonelm speak "A voice that comes with it." --voice kathleen
  phonelm read book.txt -o book.wav
  phonelm voices
  phonelm voice me.m4a -o me.safetensors --consent "It is my own voice."
  phonelm phonemize "I read it yesterday, because I like to read."
  phonelm phonemize "A [word](W ER1 D) said as you like."
  phonelm codec in.wav -o out.wav --codebooks 4
  phonelm info
"""
# Commands of other modules, which are imported only when they are asked for: speaking does not need what they import.
# Name: module with `add_arguments` and `run`, the extra that installs what it imports, help.
COMMANDS = {
    "app": ("ui.app", "app", "Open the app in a browser."),
    "serve": ("server.serve", "serve", "Serve speech to programs, as OpenAI's API does, without the page."),
    "wyoming": ("server.wyoming", "wyoming", "Serve speech to Home Assistant, by the Wyoming protocol."),
    "voice": ("tts.voice_command", "all", "Save a clip as a voice file, to use and to share."),
    "adapt": ("training.adapt.adapt", "adapt", "Adapt the model to a person, from one to five minutes of recordings."),
    "prepare": ("training.data.prepare", "train", "Make a training cache of dataset folders."),
    "train": ("training.train", "train", "Train the model."),
    "average": ("training.average", "train", "Average the weights of runs that began with the same ones."),
    "train-codec": ("training.codec.train", "train", "Train the codec, or measure one."),
    "bench": (
        "evaluation.speed", "eval", "Measure speed: real-time factor, time to first audio, where the time goes."),
    "evaluate": ("evaluation.evaluate", "eval", "Measure word error rate, DNSMOS, speaker similarity and speed."),
    "ladder": (
        "training.experiments.ladder", "train",
        "Climb one rung of the ladder: over-fit a few utterances, or compare variants."),
}  # fmt: skip


def build_parser(chosen: list[str]) -> argparse.ArgumentParser:
    """The parser of all commands; of those in `COMMANDS` only the `chosen` ones are imported and get arguments."""
    parser = argparse.ArgumentParser(
        prog="phonelm", description="Text to speech in the voice of a clip.", epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--version", action="version", version=f"phonelm {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def command(name: str, run, text: str) -> argparse.ArgumentParser:
        p = commands.add_parser(name, help=text, description=text)
        p.set_defaults(run=run)
        return p

    speak_arguments(command("speak", speak, "Speak a text, or every line of a file."))
    read_arguments(command("read", read, "Read a long text aloud. A stopped reading is continued."))
    command("voices", voices, "List the voices that can be named: bundled ones, and those of $PHONELM_VOICES.")
    p = command("phonemize", phonemize, "Show the phonemes of a text.")
    p.add_argument("text")
    p.add_argument("--json", action="store_true", help="print JSON: symbols, ids, and the word of each phoneme")
    lexicon_argument(p)
    p = command("codec", codec, "Pass a recording through the codec: what it costs to be codes.")
    p.add_argument("input", type=Path, metavar="IN.wav")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.wav", help=OUT_HELP)
    p.add_argument("--codebooks", type=int, metavar="N", help="decode the first N codebooks only")
    p.add_argument("--codec", default="bundled", metavar="NAME", help="bundled (default) or encodec_24khz")
    p.add_argument("--codec-path", type=Path, metavar="FILE", help="where the codec's weights are")
    p = command("info", info, "Show checkpoint, codec, device and versions.")
    p.add_argument("--checkpoint", type=Path, metavar="FILE")
    for name, (path, _, text) in COMMANDS.items():
        if name in chosen:
            gc.disable()  # imports leave no garbage, and looking for it takes a quarter of their time
            try:
                module = import_module(f"phonelm.{path}")
            finally:
                gc.enable()
            module.add_arguments(command(name, module.run, text))
        else:
            command(name, None, text)
    return parser
