"""What of a document shall be read: its chapters, none longer than a reading may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from phonelm.text import Chapter, Document, TextError, of_text, read_document

MOST = 54_000  # characters of a reading, about an hour of speech
CHARACTERS_A_MINUTE = 900  # as `phonemes.MAX_CHARACTERS` has it


def document_of(text: str, file: str | None) -> Document | None:
    """The document of a file, else that of a text, with parts for its long chapters; None if there is neither.

    Raises:
        DocumentError, OSError: the file cannot be read.
    """
    if file is None and not text.strip():
        return None
    document = of_text(text) if file is None else read_document(file)
    if file is not None and not document.title:
        document = Document(Path(file).stem, document.chapters)
    return Document(document.title, tuple(part for chapter in document.chapters for part in _parts(chapter)))


def first_choice(document: Document) -> list[int]:
    """The chapters from the first on that fit into a reading."""
    chosen, length = [], 0
    for i, chapter in enumerate(document.chapters):
        length += len(chapter.text)
        if length > MOST:
            break
        chosen.append(i)
    return chosen


def choose(document: Document | None, chosen: Iterable[int]) -> Document:
    """Some chapters of a document.

    Raises:
        TextError: there is nothing, or too much.
    """
    if document is None:
        raise TextError("there is no text: paste one, or drop a file")
    chapters = tuple(document.chapters[i] for i in sorted(set(chosen)) if 0 <= i < len(document.chapters))
    if not chapters:
        raise TextError("no chapter is chosen: tick at least one")
    if (length := sum(len(chapter.text) for chapter in chapters)) > MOST:
        raise TextError(f"this is {duration(length)} of speech; at most an hour is read at once: untick some chapters")
    return Document(document.title, chapters)


def minutes(characters: int) -> int:
    """About how long a text takes to say, at least one."""
    return max(1, round(characters / CHARACTERS_A_MINUTE))


def duration(characters: int) -> str:
    """The same in words."""
    if characters < CHARACTERS_A_MINUTE:
        return "less than a minute"
    rounded = minutes(characters)
    return f"about {rounded} min" if rounded < 90 else f"about {rounded / 60:.1f} hours"


def _parts(chapter: Chapter) -> Iterator[Chapter]:
    """A chapter as it is, or in parts that can be read at once: cut between paragraphs, or else between words."""
    if len(chapter.text) <= MOST:
        yield chapter
        return
    parts = [""]
    for piece in _pieces(chapter.text):
        if parts[-1] and len(parts[-1]) + len(piece) > MOST // 2:
            parts.append("")
        parts[-1] += piece
    for i, part in enumerate(parts, 1):
        yield Chapter(f"{chapter.title} ({i} of {len(parts)})", part.strip())


def _pieces(text: str) -> Iterator[str]:
    """Paragraphs with their blank lines; those that are too long in pieces of whole words."""
    for paragraph in text.split("\n\n"):
        while len(paragraph) > MOST // 2:
            cut = paragraph.rfind(" ", 1, MOST // 2) + 1 or MOST // 2
            yield paragraph[:cut]
            paragraph = paragraph[cut:]
        yield paragraph + "\n\n"
