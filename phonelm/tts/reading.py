"""Long texts, spoken into a file a few pieces at a time in bounded memory. A stopped reading can be continued."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import soundfile

from phonelm.audio import AudioError, check_output, output_format, write_chapters
from phonelm.codec import DecodeControls
from phonelm.config import SamplingConfig
from phonelm.files import atomic_write, written_in_place
from phonelm.text import Chapter, Document, NothingToSay, Phonemes
from phonelm.tts.recipe import identity, voice_identity
from phonelm.tts.speech import Speech, Voice
from phonelm.tts.system import TTS, WIDTH
from phonelm.tts.unfinished import Reading, Unfinished

BLOCK = 1 << 20  # samples that are copied at a time

Progress = Callable[[Reading, Sequence[Phonemes]], None]


@dataclass(frozen=True)
class Plan:
    """What a reading will say.

    Attributes:
        speech: with all its phonemes, not spoken yet.
        title: of the document, "" if it has none.
        chapters: title and first piece of each.
    """

    speech: Speech
    title: str
    chapters: tuple[tuple[str, int], ...]

    def key(self, tts: TTS) -> str:
        """Names this reading: of the text, the voice, the settings, the controls, and all weights."""
        plan = self.speech
        spoken = [(p.symbols, p.closes_paragraph, p.lead_s, p.pause_s, p.speaker) for p in plan.phonemes]
        speakers = sorted({p.speaker for p in plan.phonemes} - {""})
        voices = [voice_identity(voice) for voice in (plan.voice, *map(tts.voice, speakers))]
        parts = [identity(tts), voices, spoken, asdict(plan.settings), asdict(plan.controls)]
        return sha256(json.dumps(parts).encode()).hexdigest()

    def marks(self, reading: Reading) -> list[tuple[str, int]]:
        """Title and first sample of each chapter that has begun."""
        starts = [0, *reading.ends]
        return [(title, starts[piece]) for title, piece in self.chapters if piece < max(reading.pieces, 1)]


def planned(
    tts: TTS,
    text: str | Document,
    voice: Voice,
    settings: SamplingConfig = SamplingConfig(),
    controls: DecodeControls = DecodeControls(),
) -> Plan:
    """What a reading will say: the phonemes of each chapter. A chapter without a word is left out.

    Raises:
        TextError: there is nothing to say.
        CodecError: the codec has no such controls.
    """
    tts.codec.check_controls(controls)
    document = text if isinstance(text, Document) else Document("", (Chapter("", text),))
    said: list[Phonemes] = []
    chapters: list[tuple[str, int]] = []
    for chapter in document.chapters:
        try:
            pieces = tts.phonemize(chapter.text)
        except NothingToSay:
            if len(document.chapters) == 1:
                raise
            continue
        if said:
            said[-1] = replace(said[-1], closes_paragraph=True)
        chapters.append((chapter.title, len(said)))
        said += pieces
    if not said:
        raise NothingToSay("no chapter has a word")
    whole = "\n\n".join(chapter.text for chapter in document.chapters)
    speech = Speech(
        whole, said, voice, settings, tts.codec.sample_rate, deterministic=tts.deterministic, controls=controls
    )
    return Plan(speech, document.title, tuple(chapters))


def read_aloud(
    tts: TTS,
    text: str | Document,
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
        text: English; the chapters of a document are marked in an MP3 file.
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
    plan = planned(tts, text, voice, settings, controls)
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


def _read_into(tts: TTS, plan: Plan, beside: Path, out: Path, on_progress: Progress | None) -> Reading:
    """`read_aloud`, with the parts beside the file `beside`."""
    speech = plan.speech
    unfinished = Unfinished(beside, plan.key(tts))
    reading = unfinished.reading
    if on_progress:
        on_progress(reading, speech.phonemes)
    try:
        while (at := reading.pieces) < len(speech.phonemes):
            said, settings = speech.phonemes[at : at + WIDTH], speech.settings.at_sentence(at)
            unfinished.add(tts.speak(said, speech.voice, settings, controls=speech.controls))
            if on_progress:
                on_progress(reading, speech.phonemes)
        write_reading(out, plan, unfinished)
    except BrokenPipeError:  # not an error of the path: the reader has enough
        raise
    except OSError as error:
        raise AudioError(f"cannot write {error.filename or out}: {error.strerror or error}") from None
    unfinished.discard()
    return reading


def write_reading(out: Path, plan: Plan, unfinished: Unfinished) -> None:
    """The parts as an audio file with the tags of a speech; an MP3 file of several chapters has their marks.

    Raises:
        AudioError, OSError: the file cannot be written.
    """
    sound, speech, tags = unfinished.sound, plan.speech, plan.speech.tags
    if out.suffix.lower() == ".mp3" and len(plan.chapters) > 1:
        named = {"title": plan.title or tags["title"], "comment": tags["comment"], "encoder": tags["software"]}
        write_chapters(out, sound, speech.sample_rate, plan.marks(unfinished.reading), named)
        return
    kind, subtype = output_format(out)
    with atomic_write(out) as raw, soundfile.SoundFile(raw, "w", speech.sample_rate, 1, subtype, format=kind) as file:
        for name, value in tags.items():
            setattr(file, name, value)
        for start in range(0, len(sound), BLOCK):
            file.write(sound[start : start + BLOCK])
