"""The commands `speak` and `read`."""

from __future__ import annotations

import argparse
from pathlib import Path

from phonelm.cli.outputs import check_outputs, report_stream
from phonelm.config import SamplingConfig
from phonelm.files import write_json


def speak(args: argparse.Namespace) -> int:
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
    check_outputs([out for _, out in jobs], args.json)
    tts, voice = _tts_and_voice(args)
    infos = []
    for text, out in jobs:
        spoken = [tts.phonemizer.from_symbols(args.phonemes)] if text is None else text
        speech = tts.speak(spoken, voice, settings, controls=controls)
        speech.save(out)
        infos.append({"file": str(out), **speech.info(), "checkpoint": tts.origin})
        for note in speech.notes:
            print(f"note: {note}", file=report_stream(out))
        done = f"{speech.duration_s:.1f} s, real-time factor {speech.real_time_factor:.2f}, seed {args.seed}"
        print(f"{out}: {done}", file=report_stream(out))
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


def read(args: argparse.Namespace) -> int:
    from phonelm.text import left_out, read_document

    settings, controls, document = _settings(args), _controls(args), read_document(args.file, most=None)
    text = "\n\n".join(chapter.text for chapter in document.chapters)
    check_outputs([args.out])
    tts, voice = _tts_and_voice(args)
    from tqdm import tqdm

    from phonelm.tts import read_aloud

    with tqdm(unit="piece") as bar:

        def report(reading, pieces) -> None:
            if bar.total is None and (note := left_out(pieces, text)):
                bar.write(f"note: {note}")
            bar.total = len(pieces)
            bar.update(reading.pieces - bar.n)
            bar.set_postfix_str(f"{reading.samples / tts.codec.sample_rate:.0f} s of speech")

        reading = read_aloud(tts, document, voice, args.out, settings, report, controls)
    done = f"{reading.samples / tts.codec.sample_rate:.1f} s, {reading.pieces} pieces, seed {args.seed}"
    print(f"{args.out}: {done}", file=report_stream(args.out))
    return 0
