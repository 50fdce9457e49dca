"""The routes `/v1/…`: speech, models, voices."""

from __future__ import annotations

import time
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse

from phonelm.audio import MEDIA_TYPES
from phonelm.server.errors import ApiError, OpenAIRoute
from phonelm.server.parameters import MODEL, SpeechRequest, unknown_model
from phonelm.server.speaking import Desk, encoded, events, sent
from phonelm.tts import TTS, Turns


def speech_routes(tts: TTS, turns: Turns) -> APIRouter:
    """Routes as OpenAI's API has them, around a system.

    Args:
        turns: where a request takes its turns with all others that use the system; a client is known by its address.
    """
    router = APIRouter(prefix="/v1", route_class=OpenAIRoute)
    desk, since = Desk(), int(time.time())
    model = {"id": MODEL, "object": "model", "created": since, "owned_by": "phonelm"}

    @router.post("/audio/speech", response_class=StreamingResponse)
    async def speech(body: SpeechRequest, request: Request) -> StreamingResponse:
        """Speak a text. The sound is sent while the rest is still being made."""
        user = request.client.host if request.client else ""
        steps = encoded(tts, turns, desk, user, body)
        if body.stream_format == "sse":
            return StreamingResponse(await sent(events(steps), request, desk), media_type="text/event-stream")
        return StreamingResponse(await sent(steps, request, desk), media_type=MEDIA_TYPES[body.response_format])

    @router.get("/audio/voices")
    async def voices() -> dict[str, Any]:
        """The voices that can be named."""
        listed = [
            {"id": voice.name, "name": voice.name, "object": "voice", "about": voice.about, "licence": voice.licence}
            for voice in tts.voices.values()
        ]
        return {"object": "list", "voices": listed, "data": listed}

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The one model."""
        return {"object": "list", "data": [model]}

    @router.get("/models/{name}")
    async def one_model(name: str) -> dict[str, Any]:
        """The model, if it is this one."""
        if name != MODEL:
            raise unknown_model(name)
        return model

    @router.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def other(path: str, request: Request) -> None:
        """Other endpoints of OpenAI's API."""
        raise ApiError(404, f"there is no {request.method} /v1/{path[:60]} here", code="not_found")

    return router
