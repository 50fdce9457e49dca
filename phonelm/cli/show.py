"""The commands that show what there is and what the stages do: `voices`, `phonemize`, `codec` and `info`."""

from __future__ import annotations

import argparse
import json
import platform
import sys
from importlib.metadata import PackageNotFoundError, version

from phonelm import __version__
from phonelm.cli.outputs import check_outputs, report_stream


def voices(_: argparse.Namespace) -> int:
    from phonelm.tts import named_voices

    for voice in named_voices().values():
        print(f"{voice.name:12} {voice.about}; {voice.source} ({voice.licence})")
    return 0


def phonemize(args: argparse.Namespace) -> int:
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


def codec(args: argparse.Namespace) -> int:
    from phonelm.audio import read_audio, write_audio
    from phonelm.codec import Codec

    check_outputs([args.out])
    wav, sample_rate = read_audio(args.input)
    loaded = Codec.load(args.codec, args.codec_path)
    codes = loaded.encode(wav, sample_rate, args.codebooks)
    write_audio(args.out, loaded.waveform(codes), loaded.sample_rate)
    done = f"{codes.shape[1]} codebooks x {codes.shape[2]} frames, {loaded.frame_rate:.0f} frames/s"
    print(f"{args.out}: {done}", file=report_stream(args.out))
    return 0


def _installed(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:  # the page needs more than speaking does
        return f"no {package}"


def info(args: argparse.Namespace) -> int:
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
