"""What a program may ask for: OpenAI's parameters of a speech, and the settings of this system beside them."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from phonelm.config import SamplingConfig
from phonelm.server.errors import ApiError
from phonelm.tts import TTS, DecodeControls

MODEL = "phonelm"
ALIASES = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")  # OpenAI's names, which programs send unless they are told otherwise
MAX_CHARACTERS = 4096  # of a text, as in OpenAI's API; about five minutes of speech


class VoiceName(BaseModel):
    """A voice as OpenAI's clients write one that is not OpenAI's own."""

    id: str


class SpeechRequest(BaseModel):
    """The body of `POST /v1/audio/speech`."""

    model_config = ConfigDict(extra="forbid")

    input: str = Field(max_length=MAX_CHARACTERS, description="The text.")
    model: str = Field(MODEL, description="phonelm. OpenAI's names of models are taken, too, and mean the same.")
    voice: str | VoiceName | None = Field(None, description="A name of /v1/audio/voices; the first one if left out.")
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = Field(
        "mp3", description="pcm is 16 bits, 24 kHz, one channel, little-endian."
    )
    speed: float = Field(1.0, description="0.5 to 2; 2 is twice as fast.")
    pitch: float = Field(0.0, description="Semitones, -6 to 6.")
    intonation: float = Field(1.0, description="0 is flat, 2 is lively.")
    stream_format: Literal["audio", "sse"] = Field(
        "audio", description="The sound itself, as it is made, or server-sent events with it in base64."
    )
    instructions: str | None = Field(None, description="Ignored: this model takes no instructions.")
    seed: int | None = Field(None, description="The same seed gives the same speech.")
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    guidance: float | None = None

    def check_model(self) -> None:
        """`ApiError` if it is the name of another model."""
        if self.model not in (MODEL, *ALIASES):
            raise unknown_model(self.model)

    def voice_in(self, tts: TTS) -> str:
        """The name of the voice; `ApiError` if there is none of that name."""
        name = self.voice.id if isinstance(self.voice, VoiceName) else self.voice
        if name is None:
            return next(iter(tts.voices))
        if name not in tuple(tts.voices):
            known = ", ".join(tts.voices)
            raise ApiError(400, f"there is no voice {name[:60]!r}; there are {known}", "voice", "voice_not_found")
        return name

    def settings(self) -> SamplingConfig:
        """The sampling settings; those that are left out have their default. `ApiError` names what is out of range."""
        names = {field.name for field in fields(SamplingConfig)}
        values = {k: v for k, v in self.model_dump().items() if k in names and v is not None}
        try:
            return SamplingConfig(**values)
        except ValueError as error:
            name = str(error).partition(" ")[0]
            raise ApiError(400, str(error), name if name in values else None, "invalid_value") from None

    def controls(self) -> DecodeControls:
        """Speed, pitch and intonation; `ApiError` names what is out of range."""
        try:
            return DecodeControls(self.speed, self.pitch, self.intonation)
        except ValueError as error:
            field = str(error).partition(" ")[0].removesuffix("_semitones")
            raise ApiError(400, str(error).replace("_semitones", "", 1), field, "invalid_value") from None


def unknown_model(name: str) -> ApiError:
    """The error for the name of another model."""
    return ApiError(404, f"there is no model {name[:60]!r}; there is {MODEL}", "model", "model_not_found")
