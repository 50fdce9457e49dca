"""`phonelm serve`: the routes for programs, without the page."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from phonelm import __version__
from phonelm.server.routes import speech_routes
from phonelm.tts import TTS, Turns

HOST, PORT = "127.0.0.1", 8000


def build_server(tts: TTS) -> FastAPI:
    """An app with the routes of `speech_routes`, and `/health` for what watches over servers."""
    app = FastAPI(title="PhoneLM", version=__version__, description="Speech for programs, as in OpenAI's API.")
    app.include_router(speech_routes(tts, Turns()))

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Ready: the model is loaded before this answers."""
        return {"status": "ok"}

    return app


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default=HOST, help="address to listen on (default: this machine only; 0.0.0.0: all)")
    parser.add_argument("--port", type=int, default=PORT, help="default %(default)s")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="acoustic checkpoint")
    parser.add_argument("--device", metavar="NAME", help="cpu, cuda, mps (default: cuda if there is one, else cpu)")
    parser.add_argument("--lexicon", type=Path, metavar="FILE", help="how words are said: lines word<TAB>PHONEMES")


def run(args: argparse.Namespace) -> int:
    """Serve until it is interrupted.

    Raises:
        ValueError: no such checkpoint, device or lexicon.
    """
    tts = TTS.load(args.checkpoint, device=args.device, lexicon=args.lexicon).warm_up()
    uvicorn.run(build_server(tts), host=args.host, port=args.port)
    return 0
