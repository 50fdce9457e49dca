"""`phonelm voice`: a clip becomes a voice file."""

from __future__ import annotations

import argparse
from pathlib import Path

from phonelm.files import check_writable
from phonelm.tts.system import TTS
from phonelm.tts.voice_file import VoiceCard, save_voice


def add_card_arguments(parser: argparse.ArgumentParser) -> None:
    """The voice file and what it says about its voice."""
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="ME.safetensors", help="the voice file")
    parser.add_argument("--name", help="of the voice, a-z, 0-9 and - (default: that of the file)")
    parser.add_argument("--about", default="", help="what the voice sounds like, a few words")
    parser.add_argument("--licence", default="", help="an SPDX identifier, or other terms of use")
    parser.add_argument("--source", default="", help="who speaks")
    parser.add_argument("--consent", required=True, help='that the speaker agrees, in words: "It is my own voice."')


def card_of(args: argparse.Namespace) -> VoiceCard:
    """The card of these arguments; ValueError names what cannot be used."""
    return VoiceCard(args.name or args.out.stem.lower(), args.about, args.licence, args.source, args.consent)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path, metavar="CLIP", help="recording of the voice, a few seconds")
    add_card_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Save a voice and say how to use it."""
    card = card_of(args)
    check_writable(args.out)
    tts = TTS.load()
    voice = tts.voice(args.clip)
    for note in voice.notes:
        print(f"note: {note}")
    save_voice(args.out, voice, card, tts.codec, tts.fingerprint)
    print(f"{args.out}: the voice {card.name}; `phonelm speak TEXT --prompt {args.out}` speaks in it")
    return 0
