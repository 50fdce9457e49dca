"""Between sound and codes: a voice clip is encoded, a speech is decoded with its speed, pitch and intonation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from phonelm.audio import prepare_prompt, to_int16
from phonelm.codec import Codec, DecodeControls
from phonelm.generation import Frame
from phonelm.tts.speech import Speech, Voice

UNVOICED_HZ = 150.0  # mean pitch that is assumed of a voice prompt without a voiced frame


def encode_prompt(codec: Codec, wav: np.ndarray, sample_rate: int) -> Voice:
    """Encode a voice prompt, (S,) float samples at `sample_rate` Hz.

    Raises:
        AudioError: silent, or with less than 0.5 s of sound.
    """
    prompt = prepare_prompt(wav, sample_rate)
    codes = codec.encode(prompt.wav, codec.sample_rate)
    return Voice(codes[0].T.cpu(), prompt.wav, prompt.notes)


def decode(codec: Codec, speech: Speech) -> Speech:
    """`speech` with the sound and the pitch of its codes, whole."""
    if codec.has_controls:
        parameters = codec.parameters(speech.codes)
        speech.f0_hz = parameters.f0_hz[0].cpu().numpy()
        speech.wav = codec.synthesize(parameters, speech.controls)[0, 0].cpu().numpy()
    else:
        speech.wav = codec.waveform(speech.codes, speech.controls)
    return speech


def resolved(codec: Codec, controls: DecodeControls, voice: Voice) -> DecodeControls:
    """Controls with a mean pitch, if they need one: that of the voice prompt.

    The mean of the speech is not known while it is streamed, and all pieces of a long text need the same mean.

    Raises:
        CodecError: the codec has no controls.
    """
    codec.check_controls(controls)
    if controls.intonation == 1.0 or controls.mean_hz is not None:
        return controls
    mean_hz = codec.parameters(voice.codes.T[None]).mean_hz.item()
    return replace(controls, mean_hz=mean_hz or UNVOICED_HZ)


class StreamDecoder:
    """Decodes a speech frame by frame, with its controls.

    Chunks are (s,) int16 and may be empty, because the decoder needs some later frames. Joined, they equal the whole
    decoded speech.
    """

    def __init__(self, codec: Codec, speech: Speech):
        self._speech, self._stream = speech, codec.decode_stream(controls=speech.controls)
        self._chunks: list[np.ndarray] = []

    def push(self, frame: Frame) -> np.ndarray:
        """The sound that the next frame completes."""
        return self._add(self._stream.push(frame.codes[None, :, None]))

    def finish(self) -> np.ndarray:
        """The rest of the sound. The speech gets its whole sound and its pitch."""
        last = self._add(self._stream.flush())
        self._speech.wav = np.concatenate(self._chunks)
        if self._stream.f0_hz is not None:
            self._speech.f0_hz = self._stream.f0_hz[0].cpu().numpy()
        return last

    def _add(self, chunk: Tensor) -> np.ndarray:
        """(1, 1, s) float32 to (s,) int16."""
        self._chunks.append(chunk[0, 0].cpu().numpy())
        return to_int16(self._chunks[-1])
