"""What the player of a long reading asks the server for. Who knows the name of a reading may hear and delete it."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, HTTPException
from fastapi.responses import FileResponse, Response

from phonelm.audio import FORMATS, audio_bytes
from phonelm.ui.long.shelf import FILES, Book, Gone, Shelf

LONGEST = 60 * 48_000  # samples in one answer
TYPES = {"mp3": "audio/mpeg", "srt": "application/x-subrip"}
FRESH = {"Cache-Control": "no-store"}


def reading_routes(shelf: Shelf) -> APIRouter:
    """Routes under `/long`."""
    router = APIRouter(prefix="/long", include_in_schema=False)

    def found(name: str) -> Book:
        try:
            return shelf.get(name)
        except Gone as error:
            raise HTTPException(404, str(error)) from None

    @router.get("/{name}/state")
    def state(name: str, response: Response, first: int = 0) -> dict[str, Any]:
        """How far it is, with the pieces from `first` on."""
        book = found(name)
        response.headers.update(FRESH)
        book.touch()
        try:
            return {**book.state(first), "busy": shelf.is_busy(book)}
        except Gone as error:
            raise HTTPException(404, str(error)) from None

    @router.get("/{name}/sound.wav")
    def sound(name: str, first: int, last: int, rate: int) -> Response:
        """A part of the sound; `first` and `last` are samples, `rate` is that of `state`."""
        wav = found(name).sound(first, min(last, first + LONGEST))
        if not len(wav) or not 8_000 <= rate <= 48_000:
            raise HTTPException(404, "there is no sound yet")
        return Response(audio_bytes(wav, rate, *FORMATS[".wav"]), media_type="audio/wav", headers=FRESH)

    @router.get("/{name}/reading.{kind}")
    def file(name: str, kind: str) -> FileResponse:
        """A finished file."""
        book = found(name)
        if kind not in FILES or not book.is_done:
            raise HTTPException(404, "there is no such file")
        title = re.sub(r"[^A-Za-z0-9]+", "-", book.title).strip("-")[:60].lower() or "reading"
        options: dict[str, Any] = {"media_type": TYPES[kind], "filename": f"{title}.{kind}", "headers": FRESH}
        return FileResponse(book.folder / FILES[kind], **options)

    @router.delete("/{name}")
    def remove(name: str) -> dict[str, bool]:
        """Delete it."""
        shelf.remove(found(name))
        return {"deleted": True}

    return router
