"""Errors in the shape of OpenAI's API, so that its clients show them and know when to try again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

MAX_BYTES = 2**16  # of a request; its text has at most a quarter of that


class ApiError(Exception):
    """What a client is told instead of a result.

    Args:
        status: of HTTP; OpenAI's clients ask again after 429 and 503.
        message: what is wrong and what to do.
        param: the parameter that is wrong, if it is one.
        code: a word for programs.
    """

    def __init__(self, status: int, message: str, param: str | None = None, code: str | None = None):
        super().__init__(message)
        self.status, self.message, self.param, self.code = status, message, param, code

    def response(self) -> JSONResponse:
        """As JSON, in OpenAI's shape."""
        kind = {429: "rate_limit_error", 503: "server_error", 500: "server_error"}.get(
            self.status, "invalid_request_error"
        )
        error = {"message": self.message, "type": kind, "param": self.param, "code": self.code}
        return JSONResponse({"error": error}, self.status)


class OpenAIRoute(APIRoute):
    """A route that answers every error in OpenAI's shape."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler of FastAPI, with errors caught."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                _check_size(request)
                return await handle(request)
            except ApiError as error:
                return error.response()
            except RequestValidationError as error:
                return _invalid(error).response()
            except HTTPException as error:  # FastAPI's own, for a body that it cannot read at all
                return ApiError(error.status_code, "the request cannot be read: it is not valid JSON").response()

        return handler


def _check_size(request: Request) -> None:
    """Refuse a body that is too large, or of unknown size, before it is read."""
    length = request.headers.get("content-length", "0" if request.method == "GET" else "")
    if not length.isdecimal():
        raise ApiError(411, "the request must say its Content-Length")
    if int(length) > MAX_BYTES:
        raise ApiError(413, f"the request has {length} bytes; at most {MAX_BYTES} are read")


def _invalid(error: RequestValidationError) -> ApiError:
    """The first thing that is wrong with a request, in one line."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return ApiError(400, "the request is not valid JSON")
    names = [str(part) for part in first["loc"] if part != "body"]
    if not names:
        return ApiError(400, "the request must be a JSON object, with Content-Type: application/json")
    name = names[0]
    if first["type"] == "extra_forbidden":
        return ApiError(400, f"unknown parameter: {name}", name, "unknown_parameter")
    if first["type"] == "missing":
        return ApiError(400, f"missing required parameter: {name}", name, "missing_required_parameter")
    given = "" if isinstance(first["input"], (dict, list)) else f", not {str(first['input'])[:60]!r}"
    return ApiError(400, f"{name}: {first['msg'][:1].lower()}{first['msg'][1:]}{given}", name, "invalid_value")
