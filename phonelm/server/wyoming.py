"""`phonelm wyoming`: speech for Home Assistant, by the Wyoming protocol."""

from __future__ import annotations

import argparse
import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Generator
from contextlib import suppress
from functools import partial
from pathlib import Path

import numpy as np
from anyio import CapacityLimiter, to_thread
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.server import AsyncEventHandler, AsyncServer
from wyoming.tts import Synthesize

from phonelm import __version__
from phonelm.server.parameters import MAX_CHARACTERS
from phonelm.server.speaking import AT_ONCE
from phonelm.tts import TTS, Turns, stream_long

HOST, PORT = "127.0.0.1", 10200
BYTES = 2  # of a sample
LANGUAGES = ["en", "en-US", "en-GB"]


def about(tts: TTS) -> Info:
    """What Home Assistant is told: the program and its voices."""
    voices = [
        TtsVoice(name=voice.name, attribution=Attribution(voice.source, ""), installed=True, description=voice.about,
                 version=None, languages=LANGUAGES)
        for voice in tts.voices.values()
    ]  # fmt: skip
    program = TtsProgram(
        name="phonelm", attribution=Attribution("PhoneLM", ""), installed=True, version=__version__,
        description="Text to speech that shows how it was made", voices=voices,
    )  # fmt: skip
    return Info(tts=[program])


def spoken(tts: TTS, turns: Turns, user: str, event: Synthesize) -> Generator[np.ndarray, None, None]:
    """The sound of a request, (s,) int16 chunks, made in turns with all others.

    Raises:
        ValueError: the request cannot be fulfilled; the message says why.
    """
    name = (event.voice.name if event.voice else None) or next(iter(tts.voices))
    if name not in tuple(tts.voices):  # a path that a user names is never opened
        raise ValueError(f"there is no voice {name[:60]!r}; there are {', '.join(tts.voices)}")
    if len(event.text) > MAX_CHARACTERS:
        raise ValueError(f"the text has {len(event.text)} characters; at most {MAX_CHARACTERS} are spoken")
    pieces = tts.phonemize(event.text)
    with turns.request(user) as turn:
        with turn:
            voice = tts.voice(name)
        for chunk, _ in turn.share(stream_long(tts, pieces, voice)):
            yield chunk


class Handler(AsyncEventHandler):
    """One connection."""

    def __init__(
        self, tts: TTS, turns: Turns, threads: CapacityLimiter, reader: StreamReader, writer: StreamWriter
    ) -> None:
        super().__init__(reader, writer)
        self._tts, self._turns, self._threads = tts, turns, threads

    async def handle_event(self, event: Event) -> bool:
        """Answer one event; after an error the connection is closed."""
        if Describe.is_type(event.type):
            await self.write_event(about(self._tts).event())
        elif Synthesize.is_type(event.type):
            try:
                await self._speak(Synthesize.from_event(event))
            except ValueError as error:
                with suppress(OSError):
                    await self.write_event(Error(text=str(error)).event())
                return False
            except OSError:  # the client has gone away
                return False
        return True

    async def _speak(self, event: Synthesize) -> None:
        rate, (user, *_) = self._tts.codec.sample_rate, self.writer.get_extra_info("peername") or ("",)
        steps = spoken(self._tts, self._turns, user, event)
        started = False
        try:
            while (chunk := await to_thread.run_sync(next, steps, None, limiter=self._threads)) is not None:
                if not started:
                    await self.write_event(AudioStart(rate, BYTES, 1).event())
                    started = True
                await self.write_event(AudioChunk(rate, BYTES, 1, chunk.astype("<i2").tobytes()).event())
            await self.write_event(AudioStop().event())
        finally:
            steps.close()


async def serve(tts: TTS, uri: str) -> None:
    """Answer connections until it is interrupted; `uri` as in tcp://127.0.0.1:10200."""
    handler = partial(Handler, tts, Turns(), CapacityLimiter(AT_ONCE))
    await AsyncServer.from_uri(uri).run(handler)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help="address to listen on (default: this machine only; 0.0.0.0: all)")
    parser.add_argument("--port", type=int, default=PORT, help="default %(default)s")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, mps (default: cuda if there is one, else cpu)")


def run(args: argparse.Namespace) -> int:
    """Serve until it is interrupted.

    Raises:
        ValueError: no such checkpoint or device.
    """
    tts = TTS.load(args.checkpoint, device=args.device).warm_up()
    print(f"Wyoming server at tcp://{args.host}:{args.port}", flush=True)
    asyncio.run(serve(tts, f"tcp://{args.host}:{args.port}"))
    return 0
