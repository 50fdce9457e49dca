"""The codes of a speech to sound, with its speed, pitch and intonation."""

from __future__ import annotations

from dataclasses import replace

from phonelm.codec import Codec, DecodeControls
from phonelm.tts.speech import Speech, Voice

UNVOICED_HZ = 150.0  # mean pitch that is assumed of a voice prompt without a voiced frame


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

    That of the speech is not known while it is streamed, and the pieces of a long text shall have one mean.

    Raises:
        CodecError: the codec has no controls.
    """
    codec.check_controls(controls)
    if controls.intonation == 1.0 or controls.mean_hz is not None:
        return controls
    mean_hz = codec.parameters(voice.codes.T[None]).mean_hz.item()
    return replace(controls, mean_hz=mean_hz or UNVOICED_HZ)
