"""A speech for one request, made in turns with all others, those of the page among them."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import contextmanager

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

Steps = Generator[bytes, None, None]


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
            for chunk, _ in turn.share(stream_long(tts, pieces, voice, settings, controls)):
                yield stream.push(chunk)
            yield stream.finish()
    except TooMany as error:
        raise ApiError(429, str(error), code="rate_limit_exceeded") from None


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
