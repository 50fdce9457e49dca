"""Long texts as chapters: plain text, Markdown and EPUB files. Reading the last two needs the extra `app`."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree

from phonelm.text.errors import TextError

SUFFIXES = (".txt", ".md", ".markdown", ".epub")
MAX_CHARACTERS = 3_000_000  # of a document; a long novel has a third of that
MAX_BYTES = 30_000_000  # of all texts of an EPUB file, unpacked
TITLE = 80  # characters of a chapter's title
NUMBER = (
    r"\d+|[ivxlc]+|(?:twenty|thirty|forty|fifty)(?:[- ](?:one|two|three|four|five|six|seven|eight|nine))?|one|two|three"
    r"|four|five|six|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
)
HEADING = re.compile(  # of plain text: lines that stand alone
    rf"(?i:(?:chapter|part|book|act|letter|stave|section)\s+(?:{NUMBER})\b)"
    r"(?:\s*[.:,;—–-][^\n]{0,60}|\s+[A-Z\"“][^\n]{0,60})?(?:\n[^\n]{1,60})?"
    r"|(?i:prologue|epilogue|preface|introduction|foreword|afterword)\.?"
)
UNREADABLE = (  # what damaged EPUB files raise
    zipfile.BadZipFile, zlib.error, ElementTree.ParseError, LookupError, ValueError, EOFError, NotImplementedError,
    RuntimeError, StopIteration,
)  # fmt: skip
BLOCKS = "p h1 h2 h3 h4 h5 h6 li blockquote pre td th dt dd figcaption div section article".split()
PAGES = ("application/xhtml+xml", "text/html")
HEADINGS = ("h1", "h2", "h3")
LEFT_OUT = "script style head nav pre table svg math sup figure".split()  # nobody reads them aloud


class DocumentError(TextError):
    """A file that holds no text that can be read; the message names what is wrong."""


@dataclass(frozen=True)
class Chapter:
    """A part of a document.

    Attributes:
        title: as a list of chapters shows it.
        text: what is read, the heading first if there is one.
    """

    title: str
    text: str


@dataclass(frozen=True)
class Document:
    """A long text with at least one chapter; `title` is "" if it has none."""

    title: str
    chapters: tuple[Chapter, ...]


def read_document(path: str | Path, most: int | None = MAX_CHARACTERS) -> Document:
    """A text file as chapters: by its suffix Markdown, EPUB or, with any other, plain text.

    Args:
        most: characters that it may have.
    Raises:
        DocumentError: a file that is none of these, is locked, or holds no text or too much of it.
        OSError: it cannot be opened.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    try:
        if suffix == ".epub":
            document = _of_epub(path)
        else:
            text = _decoded(path)
            document = of_markdown(text) if suffix in (".md", ".markdown") else of_text(text)
    except ModuleNotFoundError as error:
        raise DocumentError(f"{path.name} needs the package {error.name}: pip install 'phonelm[app]'") from None
    if not document.chapters:
        raise DocumentError(f"{path.name} holds no text that can be read")
    count = sum(len(chapter.text) for chapter in document.chapters)
    if most is not None and count > most:
        raise DocumentError(f"{path.name} has {count:,} characters; at most {most:,} are read: split it")
    return document


def of_text(text: str) -> Document:
    """Plain text; lines such as `Chapter 3` that stand alone between blank lines begin a chapter."""
    chapters: list[list[str]] = [[]]
    for paragraph in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        if HEADING.fullmatch(paragraph.strip()):
            chapters.append([])
        chapters[-1].append(paragraph.strip("\n"))
    joined = ["\n\n".join(parts) for parts in chapters]
    return Document("", _numbered((part.partition("\n\n")[0] if i else "", part) for i, part in enumerate(joined)))


def of_markdown(text: str) -> Document:
    """Markdown; its headings of the first and second level begin chapters."""
    from markdown_it import MarkdownIt

    text = re.sub(r"\A---\n.*?\n---\n", "", text, count=1, flags=re.DOTALL)  # front matter
    return Document("", _numbered(_of_html(MarkdownIt("commonmark").enable("table").render(text), ("h1", "h2"))))


def _of_epub(path: Path) -> Document:
    """An EPUB file: the documents of its spine, in order."""
    try:
        with zipfile.ZipFile(path) as book:
            return _of_book(book)
    except DocumentError:
        raise
    except UNREADABLE:
        raise DocumentError(f"{path.name} is no EPUB file, or a damaged one") from None


def _of_book(book: zipfile.ZipFile) -> Document:
    left = MAX_BYTES

    def member(name: str) -> bytes:
        nonlocal left
        with book.open(name) as file:
            content = file.read(left + 1)
        left -= len(content)
        if left < 0:
            raise DocumentError(f"this book has more than {MAX_BYTES // 1_000_000} MB of text: split it")
        return content

    container = ElementTree.fromstring(member("META-INF/container.xml"))
    root = next(e.attrib["full-path"] for e in _named(container, "rootfile"))
    package = ElementTree.fromstring(member(root))
    items = {e.attrib["id"]: e.attrib for e in _named(package, "item")}
    spine = [items[e.attrib["idref"]] for e in _named(package, "itemref") if e.get("linear") != "no"]
    pages = [item for item in spine if item.get("media-type") in PAGES and item.get("properties") != "nav"]
    names = [posixpath.normpath(posixpath.join(posixpath.dirname(root), unquote(item["href"]))) for item in pages]
    if "META-INF/encryption.xml" in book.namelist():
        encryption = ElementTree.fromstring(member("META-INF/encryption.xml"))
        if set(names) & {e.get("URI") for e in _named(encryption, "CipherReference")}:
            raise DocumentError("this book is locked by its seller (DRM): its text cannot be read")
    title = next((e.text or "" for e in _named(package, "title")), "").strip()
    found = (part for name in names for part in _of_html(member(name).decode("utf-8", "replace"), HEADINGS, whole=True))
    return Document(title[:TITLE], _numbered(found))


def _named(tree: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    return tree.iterfind(f".//{{*}}{name}")


def _of_html(html: str, headings: tuple[str, ...], whole: bool = False) -> list[tuple[str, str]]:
    """Titles and texts of the chapters in HTML; what comes before the first heading has no title.

    Args:
        headings: the elements that begin a chapter.
        whole: all of it is one chapter, and the first heading is its title.
    """
    from bs4 import BeautifulSoup

    page = BeautifulSoup(html, "html.parser")
    for tag in page(LEFT_OUT):
        tag.decompose()
    chapters: list[tuple[str, list[str]]] = [("", [])]
    for block in page.find_all(BLOCKS):
        text = _block_text(block)
        if not text:
            continue
        title, parts = chapters[-1]
        if block.name in headings and not (whole and (title or parts)):
            chapters.append((text, [text]))
        else:
            parts.append(text)
    if not any(parts for _, parts in chapters):
        chapters = [("", [" ".join(page.get_text(" ").split())])]
    return [(title, "\n\n".join(parts)) for title, parts in chapters]


def _block_text(block: Any) -> str:
    """What a block says itself, without what the blocks inside say."""
    pieces = []
    for child in block.children:
        if getattr(child, "name", None) is None:
            pieces.append(str(child) if type(child).__name__ == "NavigableString" else "")
        elif child.name == "br":
            pieces.append("\n")
        elif child.name not in BLOCKS and not child.find(BLOCKS):
            pieces.append(child.get_text())
    return "\n".join(filter(None, (" ".join(line.split()) for line in "".join(pieces).split("\n"))))


def _numbered(found: Iterable[tuple[str, str]]) -> tuple[Chapter, ...]:
    """Chapters of titles and texts: none that says nothing, and for a title that is missing the first words."""
    return tuple(
        Chapter(" ".join((title or _first_line(text)).split())[:TITLE], text.strip())
        for title, text in found
        if any(c.isalnum() for c in text)
    )


def _first_line(text: str) -> str:
    line = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= 40 else line[:40].rsplit(" ", 1)[0] + " …"


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        why = f"{error.reason} at byte {error.start}"
        raise DocumentError(f"{path.name} is not UTF-8 text ({why}): save it as UTF-8") from None
    if "\0" in text:
        raise DocumentError(f"{path.name} holds no text: drop a {', '.join(SUFFIXES)} file")
    return text

