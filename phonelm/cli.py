"""The command line: `phonelm COMMAND` or `python -m phonelm COMMAND`; `--help` lists the commands.

Bad input gives one line on standard error and exit code 2. If the reader of the output leaves, the command ends
quietly.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TextIO

from phonelm import __version__
from phonelm.arguments import OUT_HELP, lexicon_argument, read_arguments, speak_arguments
from phonelm.config import SamplingConfig
from phonelm.files import check_writable, write_json, written_in_place

EXAMPLES = """examples:
  phonelm speak "Hello there, how are you?" -o hello.wav
  phonelm speak "This is my own voice." --prompt me.m4a --seed 7 -o hello.mp3 --json hello.json
  phonelm speak --file sentences.txt -o out/
  phonelm speak --phonemes "HH AH0 L OW1 | W ER1 L D ." -o hello.wav
  phonelm speak "A voice that comes with it." --voice kathleen
  phonelm read book.txt -o book.wav
  phonelm voices
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


STOPPED, READER_LEFT = 130, 141  # exit codes that shells give a process that SIGINT or SIGPIPE ended


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    argv = sys.argv[1:] if argv is None else argv
    if not sys.stderr.isatty():
        os.environ.setdefault("TQDM_MININTERVAL", "30")  # seconds; a log needs fewer lines of progress than a terminal
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal of few letters is no reason to fail
    try:
        try:
            return _run(argv)
        finally:
            if sys.stdout:
                sys.stdout.flush()
    except BrokenPipeError:
        with suppress(OSError, ValueError):  # Python flushes once more when it ends
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_LEFT


def _run(argv: list[str]) -> int:
    try:
        args = _parser(argv[:1]).parse_args(argv)
        if isinstance(info := getattr(args, "json", None), Path):  # for every command, before its work begins
            check_writable(info)
        return args.run(args)
    except ModuleNotFoundError as error:
        missing = (error.name or "phonelm").split(".")[0]
        if missing == "phonelm" or argv[0] not in COMMANDS:
            raise
        how = f"pip install 'phonelm[{COMMANDS[argv[0]][1]}]'"
        print(f"phonelm: error: `{argv[0]}` needs the package {missing}: {how}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("phonelm: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        raise
    except (ValueError, OSError) as error:
        reason = error.strerror + f": {error.filename}" if isinstance(error, OSError) and error.strerror else str(error)
        print(f"phonelm: error: {' '.join(reason.split())}", file=sys.stderr)
        return 2


def _parser(chosen: list[str]) -> argparse.ArgumentParser:
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

    speak_arguments(command("speak", _speak, "Speak a text, or every line of a file."))
    read_arguments(command("read", _read, "Read a long text aloud. A stopped reading is continued."))
    command("voices", _voices, "List the bundled voices.")
    p = command("phonemize", _phonemize, "Show the phonemes of a text.")
    p.add_argument("text")
    p.add_argument("--json", action="store_true", help="print JSON: symbols, ids, and the word of each phoneme")
    lexicon_argument(p)
    p = command("codec", _codec, "Pass a recording through the codec: what it costs to be codes.")
    p.add_argument("input", type=Path, metavar="IN.wav")
    p.add_argument("-o", "--out", type=Path, required=True, metavar="OUT.wav", help=OUT_HELP)
    p.add_argument("--codebooks", type=int, metavar="N", help="decode the first N codebooks only")
    p.add_argument("--codec", default="bundled", metavar="NAME", help="bundled (default) or encodec_24khz")
    p.add_argument("--codec-path", type=Path, metavar="FILE", help="where the codec's weights are")
    p = command("info", _info, "Show checkpoint, codec, device and versions.")
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


def _speak(args: argparse.Namespace) -> int:
    if sum(x is not None for x in (args.text, args.file, args.phonemes)) != 1:
        raise ValueError("give one of TEXT, --file or --phonemes (see speak --help)")
    settings, controls = _settings(args), _controls(args)
    if args.file is None:
        jobs = [(args.text, args.out or Path("speech.wav"))]
    else:
        if args.out is None:
            raise ValueError("--file needs a folder for its results: -o DIR")
        lines = [line.strip() for line in _read_text(args.file).splitlines()]
        jobs = [(line, args.out / f"{i:03d}.wav") for i, line in enumerate(lines) if line]
        if not jobs:
            raise ValueError(f"{args.file} holds no sentence")
        args.out.mkdir(parents=True, exist_ok=True)
    _check_outputs([out for _, out in jobs], args.json)
    tts, voice = _tts_and_voice(args)
    infos = []
    for text, out in jobs:
        said = [tts.phonemizer.from_symbols(args.phonemes)] if text is None else text
        speech = tts.speak(said, voice, settings, controls=controls)
        speech.save(out)
        infos.append({"file": str(out), **speech.info(), "checkpoint": tts.origin})
        for note in speech.notes:
            print(f"note: {note}", file=_report(out))
        done = f"{speech.duration_s:.1f} s, real-time factor {speech.real_time_factor:.2f}, seed {args.seed}"
        print(f"{out}: {done}", file=_report(out))
    if args.json:
        write_json(args.json, infos if args.file else infos[0])
    return 0


def _settings(args: argparse.Namespace) -> SamplingConfig:
    return SamplingConfig(
        temperature=args.temperature, top_k=args.top_k, top_p=args.top_p, n_codebooks=args.codebooks,
        clamp=args.clamp, guidance=args.guidance, seed=args.seed,
    )  # fmt: skip


def _controls(args: argparse.Namespace):
    from phonelm.tts import DecodeControls

    return DecodeControls(args.speed, args.pitch, args.intonation)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 text ({error.reason} at byte {error.start}): save it as UTF-8") from None


def _tts_and_voice(args: argparse.Namespace):
    from phonelm.tts import TTS

    tts = TTS.load(args.checkpoint, device=args.device, lexicon=args.lexicon, deterministic=args.deterministic)
    if args.voice is not None and args.voice not in tts.voices:
        raise ValueError(f"there is no voice {args.voice!r}; there are {', '.join(tts.voices)}")
    return tts, tts.voice(args.prompt or args.voice)


def _read(args: argparse.Namespace) -> int:
    settings, controls, text = _settings(args), _controls(args), _read_text(args.file)
    _check_outputs([args.out])
    tts, voice = _tts_and_voice(args)
    from tqdm import tqdm

    from phonelm.text import left_out
    from phonelm.tts import read_aloud

    with tqdm(unit="piece") as bar:

        def report(reading, pieces) -> None:
            if bar.total is None and (note := left_out(pieces, text)):
                bar.write(f"note: {note}")
            bar.total = len(pieces)
            bar.update(reading.pieces - bar.n)
            bar.set_postfix_str(f"{reading.samples / tts.codec.sample_rate:.0f} s of speech")

        reading = read_aloud(tts, text, voice, args.out, settings, report, controls)
    done = f"{reading.samples / tts.codec.sample_rate:.1f} s, {reading.pieces} pieces, seed {args.seed}"
    print(f"{args.out}: {done}", file=_report(args.out))
    return 0


def _voices(_: argparse.Namespace) -> int:
    from phonelm.tts import bundled_voices

    for voice in bundled_voices().values():
        print(f"{voice.name:12} {voice.about}; {voice.source} ({voice.licence})")
    return 0


def _check_outputs(audio: Sequence[Path], info: Path | None = None) -> None:
    """Refuse outputs that cannot be written before any work is done."""
    from phonelm.audio import check_output

    for path in audio:
        check_output(path)
    names = {os.path.realpath(path) for path in audio if not written_in_place(path)}
    if info is not None and os.path.realpath(info) in names:
        raise ValueError(f"{info} cannot hold both the audio and the JSON: name two files")


def _report(out: Path) -> TextIO:
    """The stream for reports: standard error if the audio may go to standard output."""
    return sys.stderr if written_in_place(out) else sys.stdout


def _phonemize(args: argparse.Namespace) -> int:
    from phonelm.text import Phonemizer, UserLexicon, left_out

    phonemes = Phonemizer(UserLexicon.load(args.lexicon) if args.lexicon else UserLexicon())(args.text)
    if note := left_out([phonemes], args.text):
        print(f"phonelm: note: {note}", file=sys.stderr)
    if args.json:
        words = [phonemes.words[i] if i >= 0 else None for i in phonemes.word_index]
        print(json.dumps({"symbols": phonemes.symbols, "ids": phonemes.ids, "words": words}))
        return 0
    parts = (f"{'| ' if start else ''}{symbol}" for symbol, start in zip(phonemes.symbols, phonemes.word_starts))
    print(" ".join(parts))
    return 0


def _codec(args: argparse.Namespace) -> int:
    from phonelm.audio import read_audio, write_audio
    from phonelm.codec import Codec

    _check_outputs([args.out])
    wav, sample_rate = read_audio(args.input)
    codec = Codec.load(args.codec, args.codec_path)
    codes = codec.encode(wav, sample_rate, args.codebooks)
    write_audio(args.out, codec.waveform(codes), codec.sample_rate)
    done = f"{codes.shape[1]} codebooks x {codes.shape[2]} frames, {codec.frame_rate:.0f} frames/s"
    print(f"{args.out}: {done}", file=_report(args.out))
    return 0


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # the page needs more than speaking does
        return f"no {package}"


def _info(args: argparse.Namespace) -> int:
    import torch

    from phonelm.generation import is_cached
    from phonelm.tts import TTS

    tts = TTS.load(args.checkpoint)
    m = tts.acoustic.metadata
    print(f"phonelm     {__version__}, Python {platform.python_version()}, {platform.system()} {platform.machine()}")
    print("packages    " + ", ".join(map(_installed, ("torch", "encodec", "g2p_en", "gradio", "numpy"))))
    print(f"device      {tts.engine.hold.device}, {tts.engine.precision} weights, {torch.get_num_threads()} threads")
    print(f"model       {sum(p.numel() for p in tts.model.parameters()) / 1e6:.1f}M parameters, {m['config']}")
    print(f"trained     {m.get('progress') or 'the mean of ' + ', '.join(map(str, m.get('averaged', [])))}")
    print(f"codec       {tts.codec.name}, {tts.codec.n_q} codebooks of {tts.codec.card}, {tts.codec.frame_rate:.0f} "
          f"frames/s, fingerprint {tts.codec.fingerprint}")  # fmt: skip
    if not is_cached():
        print("cache       no folder for compiled code can be written, so that every start takes longer: let "
              "NUMBA_CACHE_DIR name one")  # fmt: skip
    return 0
