"""Long texts, spoken into a file a few pieces at a time in bounded memory. A stopped reading can be continued."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from phonelm.audio import AudioError, check_output, output_format, to_int16
from phonelm.codec import DecodeControls
from phonelm.config import SamplingConfig
from phonelm.files import atomic_write, write_json, written_in_place
from phonelm.text import Phonemes
from phonelm.tts.recipe import identity, voice_identity
from phonelm.tts.speech import Speech, Voice
from phonelm.tts.system import TTS, WIDTH

BLOCK = 1 << 20  # samples that are copied at a time


@dataclass
class Reading:
    """How far a reading is. It is saved next to the audio spoken so far.

    Attributes:
        key: of the text, the voice, the settings, the controls, and all weights.
        pieces: number of pieces of the text that are spoken.
        samples: their length in samples.
    """

    key: str
    pieces: int = 0
    samples: int = 0


Progress = Callable[[Reading, Sequence[Phonemes]], None]


def read_aloud(
    tts: TTS,
    text: str,
    voice: Voice,
    out: Path,
    settings: SamplingConfig = SamplingConfig(),
    on_progress: Progress | None = None,
    controls: DecodeControls = DecodeControls(),
) -> Reading:
    """Speak a text of any length into an audio file (WAV and FLAC with 16 bits).

    The audio spoken so far is kept next to the file, in `OUT.part` and `OUT.part.json`. After any interruption, a call
    with the same arguments continues from there, and the file is the same as without the interruption.
    A reading into a device or a pipe cannot go on: its parts are kept in a temporary folder.

    Args:
        out: the file, written as a whole at the end; its suffix decides the format, see `audio.FORMATS`.
        on_progress: called with the reading so far and the pieces of the text: at once, and whenever some are spoken.
        controls: speed, pitch and intonation, as for `TTS.speak`.
    Raises:
        TextError: there is nothing to say.
        CodecError: the codec has no such controls.
        AudioError: the parts that are there are of another text, voice, setting or model; a file cannot be written.
    """
    try:
        check_output(out)
    except OSError as error:
        raise AudioError(f"cannot write {out}: {error.strerror or error}") from None
    tts.codec.check_controls(controls)
    pieces = tts.phonemize(text)
    plan = Speech(
        text, pieces, voice, settings, tts.codec.sample_rate, deterministic=tts.deterministic, controls=controls
    )
    with TemporaryDirectory() as folder:
        beside = Path(folder, "speech") if written_in_place(out) else Path(os.path.realpath(out))
        return _read_into(tts, plan, beside, out, on_progress)


def stream_long(
    tts: TTS,
    pieces: Sequence[Phonemes],
    voice: Voice,
    settings: SamplingConfig = SamplingConfig(),
    controls: DecodeControls = DecodeControls(),
) -> Iterator[tuple[np.ndarray, Speech]]:
    """The sound of `read_aloud` as it is made, also in bounded memory.

    Args:
        pieces: of the text, as `TTS.phonemize` gives them.
    Yields:
        ((s,) int16 chunk, the speech of the few pieces that are being spoken).
    """
    for at in range(0, len(pieces), WIDTH):
        yield from tts.stream(list(pieces[at : at + WIDTH]), voice, settings.at_sentence(at), controls=controls)


def _read_into(tts: TTS, plan: Speech, beside: Path, out: Path, on_progress: Progress | None) -> Reading:
    """`read_aloud`, with the parts beside the file `beside`."""
    pieces, settings = plan.phonemes, plan.settings
    part, state = (beside.with_name(beside.name + suffix) for suffix in (".part", ".part.json"))
    reading = _resume(part, state, _key(tts, plan))
    if on_progress:
        on_progress(reading, pieces)
    try:
        while reading.pieces < len(pieces):
            at = reading.pieces
            spoken = pieces[at : at + WIDTH]
            speech = tts.speak(spoken, plan.voice, settings.at_sentence(at), controls=plan.controls)
            with open(part, "r+b") as file:
                file.truncate(2 * reading.samples)  # what came after the last state
                file.seek(0, 2)
                file.write(to_int16(speech.wav).astype("<i2").tobytes())
                file.flush()
                os.fsync(file.fileno())  # before the state says that it is there
            reading.pieces = min(at + WIDTH, len(pieces))
            reading.samples += len(speech.wav)
            write_json(state, asdict(reading))
            if on_progress:
                on_progress(reading, pieces)
        _finish(part, out, plan, reading.samples)
    except BrokenPipeError:  # not an error of the path: the reader has enough
        raise
    except OSError as error:
        raise AudioError(f"cannot write {error.filename or out}: {error.strerror or error}") from None
    state.unlink()
    part.unlink()
    return reading


def _key(tts: TTS, plan: Speech) -> str:
    spoken = [(p.symbols, p.closes_paragraph, p.lead_s, p.pause_s, p.speaker) for p in plan.phonemes]
    speakers = sorted({p.speaker for p in plan.phonemes} - {""})
    voices = [voice_identity(voice) for voice in (plan.voice, *map(tts.voice, speakers))]
    parts = [identity(tts), voices, spoken, asdict(plan.settings), asdict(plan.controls)]
    return sha256(json.dumps(parts).encode()).hexdigest()


def _resume(part: Path, state: Path, key: str) -> Reading:
    """The reading to go on with, a new one if there is none."""
    try:
        reading = Reading(**json.loads(state.read_text(encoding="utf-8"))) if state.exists() else Reading(key)
        if not all(type(n) is int and n >= 0 for n in (reading.pieces, reading.samples)):
            raise ValueError
        whole = not reading.pieces or part.stat().st_size >= 2 * reading.samples
    except (ValueError, TypeError, OSError):
        raise AudioError(f"{state} or {part} is damaged: delete both to begin again") from None
    if reading.key != key or not whole:
        raise AudioError(
            f"{part} belongs to another text, voice, setting or model: name another output, or delete {part} and "
            f"{state} to begin again"
        )
    if not reading.pieces:
        try:
            part.write_bytes(b"")
        except OSError as error:
            raise AudioError(f"cannot write {part}: {error.strerror}") from None
    return reading


def _finish(part: Path, out: Path, plan: Speech, samples: int) -> None:
    """The parts as an audio file with the tags of a speech."""
    kind, subtype = output_format(out)
    sound = np.memmap(part, "<i2", "r", shape=(samples,))
    with atomic_write(out) as raw, soundfile.SoundFile(raw, "w", plan.sample_rate, 1, subtype, format=kind) as file:
        for name, value in plan.tags.items():
            setattr(file, name, value)
        for start in range(0, samples, BLOCK):
            file.write(sound[start : start + BLOCK])
    del sound  # Windows deletes no file that is mapped
