"""A system in, HTTP routes out: programs ask for speech as they ask OpenAI's API. It knows nothing of the page."""

from phonelm.server.routes import speech_routes

__all__ = ["speech_routes"]
