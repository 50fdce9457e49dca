"""A speech for one request, made in turns with all others, those of the page among them."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager
from typing import Any

from anyio import CapacityLimiter, to_thread
from fastapi import Request

from phonelm.audio import AudioStream
from phonelm.server.errors import ApiError
from phonelm.server.parameters import SpeechRequest
from phonelm.text import Phonemes
from phonelm.tts import TTS, Speech, TooMany, Turns, stream_long

AT_ONCE = 32  # requests; one more is refused
CLIENT_LEFT = 499  # as nginx calls it; nobody is there to read it
BUSY = "too many requests at the moment; try again in a minute"

Usage = dict[str, int]
Steps = Generator[bytes, None, Usage]


class Desk:
    """Room for the requests of programs, and threads for them, so that they never take those of the page."""

    def __init__(self) -> None:
        self.threads = CapacityLimiter(AT_ONCE)
        self._free = threading.BoundedSemaphore(AT_ONCE)

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place for one request; `ApiError` if there is none."""
        if not self._free.acquire(blocking=False):
            raise ApiError(503, BUSY, code="overloaded")
        try:
            yield
        finally:
            self._free.release()


def encoded(tts: TTS, turns: Turns, desk: Desk, user: str, body: SpeechRequest) -> Steps:
    """The bytes of a speech, as they are made; empty ones while it waits for its turn.

    Returns:
        How much was read and made: a token of the input is a phoneme, one of the output a frame.
    Raises:
        ApiError: the first step raises it if the request cannot be fulfilled.
    """
    body.check_model()
    name, settings, controls = body.voice_in(tts), body.settings(), body.controls()
    try:
        with desk.place(), turns.request(user) as turn:
            pieces = _pieces(tts, body.input)
            for _ in turn.queue():
                yield b""
            with turn:
                voice = tts.voice(name)
            rate = tts.codec.sample_rate
            plan = Speech(
                body.input, pieces, voice, settings, rate, deterministic=tts.deterministic, controls=controls
            )
            stream = AudioStream(body.response_format, rate, plan.tags)
            samples = 0
            for chunk, _ in turn.share(stream_long(tts, pieces, voice, settings, controls)):
                samples += len(chunk)
                yield stream.push(chunk)
            yield stream.finish()
            frames = round(samples / rate * tts.codec.frame_rate * controls.speed)
            return _usage(sum(map(len, pieces)), frames)
    except TooMany as error:
        raise ApiError(429, str(error), code="rate_limit_exceeded") from None


def _usage(read: int, made: int) -> Usage:
    return {"input_tokens": read, "output_tokens": made, "total_tokens": read + made}


def events(steps: Steps) -> Steps:
    """The bytes of a speech as server-sent events, as OpenAI's `stream_format: sse` has them; empty ones stay empty.

    Each event is JSON with a `type`: `speech.audio.delta` with some of the file in base64, at the end
    `speech.audio.done` with the usage.
    """
    try:
        while True:
            data = next(steps)
            delta = {"type": "speech.audio.delta", "audio": b64encode(data).decode()}
            yield _event(delta) if data else b""
    except StopIteration as end:
        usage: Usage = end.value
    finally:
        steps.close()
    yield _event({"type": "speech.audio.done", "usage": usage})
    return usage


def _event(content: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(content)}\n\n".encode()


def _pieces(tts: TTS, text: str) -> list[Phonemes]:
    try:
        return tts.phonemize(text)
    except ValueError as error:
        raise ApiError(400, str(error), "input", "invalid_value") from None


async def sent(steps: Steps, request: Request, desk: Desk) -> AsyncIterator[bytes]:
    """Wait for the first bytes, so that whatever is wrong is known before an answer begins.

    Returns:
        All bytes, the first among them. The work ends when they are all read, or when the client goes away.
    Raises:
        ApiError: as the steps do.
    """
    try:
        while (first := await _next(steps, desk)) == b"":
            if await request.is_disconnected():
                raise ApiError(CLIENT_LEFT, "the client has gone away")
    except BaseException:
        steps.close()
        raise
    return _rest(first, steps, desk)


async def _rest(first: bytes | None, steps: Steps, desk: Desk) -> AsyncIterator[bytes]:
    try:
        chunk = first
        while chunk is not None:
            if chunk:
                yield chunk
            chunk = await _next(steps, desk)
    finally:
        steps.close()


async def _next(steps: Steps, desk: Desk) -> bytes | None:
    return await to_thread.run_sync(next, steps, None, limiter=desk.threads)
