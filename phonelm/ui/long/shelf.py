"""Readings of the page on disk, each in a folder with a name that nobody can guess: they outlive reload and restart."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from phonelm.config import SamplingConfig, from_dict
from phonelm.files import atomic_write, write_json
from phonelm.text import Chapter, Document
from phonelm.tts import (
    TTS,
    DecodeControls,
    Plan,
    Unfinished,
    Voice,
    VoiceCard,
    planned,
    save_voice,
    srt,
    write_reading,
)
from phonelm.ui.events import KEEP_S
from phonelm.ui.private import NAME, last_used, new_name, private_folders, private_root

KEPT_S = 24 * 3600  # a reading is deleted when nobody worked on it or listened to it for this long …
MOST = 20  # … and the oldest ones when there are more than these; an hour of sound takes 170 MB
ORDER, SPOKEN, VOICE, SOUND = "order.json", "spoken.json", "voice.safetensors", "sound"
FILES = {"mp3": "reading.mp3", "srt": "reading.srt"}


class Gone(ValueError):
    """A reading is not kept any more, or was never here."""


@dataclass(frozen=True)
class Book:
    """One reading: what was asked for, and what is there of it.

    Attributes:
        folder: where all of it lies; its name is that of the reading.
    """

    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def order(self) -> dict[str, Any]:
        """What was asked for; `Gone` if the folder was deleted."""
        return self._json(ORDER)

    @property
    def is_done(self) -> bool:
        return all((self.folder / file).exists() for file in FILES.values())

    @property
    def title(self) -> str:
        """Of the document, or of its first chapter."""
        order = self.order
        return order["title"] or order["chapters"][0][0]

    def plan(self, tts: TTS) -> Plan:
        """The phonemes of all chapters; what the page shows of them is kept for `state`.

        Raises:
            Gone: it was deleted.
            ValueError: there is nothing to say, or the voice is not here any more.
        """
        order = self.order
        document = Document(order["title"], tuple(Chapter(*chapter) for chapter in order["chapters"]))
        settings = from_dict(SamplingConfig, order["settings"])
        controls = from_dict(DecodeControls, order["controls"])
        plan = planned(tts, document, self._voice(tts, order["voice"]), settings, controls)
        texts = [phonemes.text for phonemes in plan.speech.phonemes]
        write_json(self.folder / SPOKEN, {"texts": texts, "chapters": plan.chapters, "rate": tts.codec.sample_rate})
        return plan

    def unfinished(self, tts: TTS, plan: Plan) -> Unfinished:
        """What is spoken already; made with other weights it is thrown away, so that all of it has one sound."""
        key = plan.key(tts)
        try:
            return Unfinished(self.folder / SOUND, key)
        except ValueError:
            for file in (*self.folder.glob(f"{SOUND}.*"), *self.folder.glob("reading.*")):
                file.unlink()
            return Unfinished(self.folder / SOUND, key)

    def finish(self, plan: Plan, unfinished: Unfinished) -> None:
        """Write the files for people to keep."""
        write_reading(self.folder / FILES["mp3"], plan, unfinished)
        with atomic_write(self.folder / FILES["srt"]) as file:
            file.write(srt(unfinished.reading.subtitles).encode())

    def state(self, first: int = 0) -> dict[str, Any]:
        """What the browser shows, from piece `first` on; `said` has the last sample and the text of each piece."""
        nothing: dict[str, Any] = {"texts": [], "chapters": [], "rate": 1}
        spoken = self._json(SPOKEN) if (self.folder / SPOKEN).exists() else nothing
        there = (self.folder / f"{SOUND}.part.json").exists()
        ends = self._json(f"{SOUND}.part.json")["ends"] if there else []
        said = list(zip(ends, spoken["texts"]))[max(first, 0) :]
        return {"title": self.title, "chapters": spoken["chapters"], "rate": spoken["rate"], "made": len(ends),
                "pieces": len(spoken["texts"]), "said": said, "done": self.is_done}  # fmt: skip

    def sound(self, first: int, last: int) -> np.ndarray:
        """(s,) int16, the samples from `first` to before `last` as far as they are made."""
        try:
            sound = np.memmap(self.folder / f"{SOUND}.part", "<i2", "r")
        except (OSError, ValueError):  # none, or an empty file
            return np.zeros(0, np.int16)
        return np.array(sound[max(first, 0) : max(last, 0)])

    def touch(self) -> None:
        """It is in use: it is kept longer."""
        if self.folder.exists():
            os.utime(self.folder)

    def _voice(self, tts: TTS, name: str) -> Voice:
        if name:
            return tts.voice(name)
        return tts.voice(self.folder / VOICE)

    def _json(self, file: str) -> dict[str, Any]:
        try:
            return json.loads((self.folder / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Gone("this reading is no longer kept: read the text again") from None


class Shelf:
    """All readings of this machine.

    Args:
        folder: default `private_root("readings")`.
    """

    def __init__(self, folder: Path | None = None):
        self.folder = folder or private_root("readings")
        self._busy: set[str] = set()
        self._lock = Lock()

    def add(
        self, tts: TTS, document: Document, voice: Voice, settings: SamplingConfig, controls: DecodeControls
    ) -> Book:
        """A new reading; old ones make room for it. A voice that is not one of the system's is kept with it."""
        self.sweep(MOST - 1)
        book = Book(self.folder / new_name())
        book.folder.mkdir(parents=True, mode=0o700)
        name = voice.name if voice.name in tts.voices else ""
        if not name:
            save_voice(book.folder / VOICE, voice, VoiceCard("own-clip"), tts.codec, tts.fingerprint)
        write_json(book.folder / ORDER, {
            "title": document.title, "chapters": [[c.title, c.text] for c in document.chapters], "voice": name,
            "settings": asdict(settings), "controls": asdict(controls),
        })  # fmt: skip
        return book

    def get(self, name: object) -> Book:
        """The reading of that name; `Gone` if there is none."""
        book = Book(self.folder / str(name))
        if not NAME.fullmatch(str(name)) or not (book.folder / ORDER).is_file():
            raise Gone("this reading is no longer kept: read the text again")
        return book

    def is_busy(self, book: Book) -> bool:
        """Whether somebody works on it at the moment."""
        return book.name in self._busy

    @contextmanager
    def claim(self, book: Book) -> Iterator[None]:
        """Work on a reading; ValueError if somebody does already."""
        with self._lock:
            if book.name in self._busy:
                raise ValueError("this text is being read already, perhaps in another window; try again in a moment")
            self._busy.add(book.name)
        try:
            yield
        finally:
            self._busy.discard(book.name)
            book.touch()

    def remove(self, book: Book) -> None:
        """Delete it, unless somebody works on it."""
        if not self.is_busy(book):
            shutil.rmtree(book.folder, ignore_errors=True)

    def sweep(self, most: int = MOST) -> None:
        """Delete what was not used for long, a voice of a user sooner, and what is too much."""
        for place, folder in enumerate(sorted(private_folders(self.folder), key=last_used, reverse=True)):
            kept_s = KEEP_S if (folder / VOICE).exists() else KEPT_S
            if place >= most or time.time() - last_used(folder) > kept_s:
                self.remove(Book(folder))
