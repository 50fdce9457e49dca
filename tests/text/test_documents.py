"""Files of long texts as chapters."""

import zipfile

import pytest

from phonelm.text.documents import MAX_CHARACTERS, DocumentError, of_text, read_document

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles><rootfile full-path="OPS/book.opf" '
    'media-type="application/oebps-package+xml"/></rootfiles></container>'
)
LOCKED = (
    '<encryption xmlns="urn:oasis:names:tc:opendocument:xmlns:container" xmlns:enc="http://www.w3.org/2001/04/xmlenc#">'
    '<enc:EncryptedData><enc:CipherData><enc:CipherReference URI="{}"/></enc:CipherData></enc:EncryptedData>'
    "</encryption>"
)


def epub(path, pages, title="A Book", locked=None, spine=None):
    """Write an EPUB file of XHTML bodies."""
    names = [f"part {i}.xhtml" for i in range(len(pages))]
    items = "".join(
        f'<item id="i{i}" href="{name.replace(" ", "%20")}" media-type="application/xhtml+xml"/>'
        for i, name in enumerate(names)
    )
    order = "".join(f'<itemref idref="i{i}"/>' for i in (range(len(pages)) if spine is None else spine))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("mimetype", "application/epub+zip")
        book.writestr("META-INF/container.xml", CONTAINER)
        if locked:
            book.writestr("META-INF/encryption.xml", LOCKED.format(locked))
        book.writestr(
            "OPS/book.opf",
            f'<package xmlns="http://www.idpf.org/2007/opf"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
            f"<dc:title>{title}</dc:title></metadata><manifest>{items}</manifest><spine>{order}</spine></package>",
        )
        for name, page in zip(names, pages):
            book.writestr(f"OPS/{name}", f'<html xmlns="http://www.w3.org/1999/xhtml"><body>{page}</body></html>')
    return path


def test_plain_text_has_chapters_where_a_heading_stands_alone():
    text = "The Boats\n\nBy nobody.\n\nChapter 1\n\nWe saw a boat.\nIt was blue."
    text += "\n\nCHAPTER II.\nThe end\n\nPart of it sank."
    document = of_text(text.replace("\n", "\r\n"))
    assert [c.title for c in document.chapters] == ["The Boats", "Chapter 1", "CHAPTER II. The end"]
    assert document.chapters[1].text == "Chapter 1\n\nWe saw a boat.\nIt was blue."
    [only] = of_text("Chapter one of my life was long, and chapter two is not over yet, as you can see here.").chapters
    assert only.title.startswith("Chapter one of my life")


def test_markdown_is_read_without_its_marks(tmp_path):
    path = tmp_path / "story.md"
    path.write_text(
        "---\nlayout: post\n---\nBefore.\n\n# One & two\n\nHello *you*, see [the\nlink](a.html).\n\n- a boat\n"
        "  - a blue one\n\n```\nx = 1\n```\n\n### Not a chapter\n\n> quoted\n\n## Two\n\nBye.\n"
    )
    first, one, two = read_document(path).chapters
    assert (first.title, first.text) == ("Before.", "Before.")
    assert one.title == "One & two"
    assert one.text.split("\n\n") == [
        "One & two", "Hello you, see the\nlink.", "a boat", "a blue one", "Not a chapter", "quoted",
    ]  # fmt: skip
    assert two.text == "Two\n\nBye."


def test_a_book_is_read_in_the_order_of_its_spine(tmp_path):
    pages = [
        "<h1>Second</h1><h2>On boats</h2><p>It was <i>blue</i>,<br/>or green.</p>"
        "<div>Loose <b>words</b><p>Inside.</p></div>",
        "<section><h2>First</h2><p>Hello&nbsp;&amp; welcome.</p><script>var x</script>"
        "<table><tr><td>1</td></tr></table></section>",
        "<p>* * *</p>",
        "bare text",
    ]
    document = read_document(epub(tmp_path / "book.epub", pages, spine=[1, 0, 2, 3]))
    assert document.title == "A Book"
    assert [c.title for c in document.chapters] == ["First", "Second", "bare text"]
    assert document.chapters[0].text == "First\n\nHello & welcome."
    assert document.chapters[1].text == "Second\n\nOn boats\n\nIt was blue,\nor green.\n\nLoose words\n\nInside."


def test_a_file_that_cannot_be_read_says_why(tmp_path):
    def refused(name, content, match):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(DocumentError, match=match):
            read_document(path)

    refused("latin.txt", b"caf\xe9 au lait", "latin.txt is not UTF-8 text")
    refused("empty.txt", b" \n", "holds no text")
    refused("picture.txt", b"\x00\x01\x02", "holds no text")
    refused("long.txt", b"word " * (MAX_CHARACTERS // 5 + 1), "at most")
    good = epub(tmp_path / "good.epub", ["<p>Hello.</p>"]).read_bytes()
    for cut in (0, 10, len(good) // 2, len(good) - 30):
        refused("cut.epub", good[:cut], "no EPUB file, or a damaged one")
    with zipfile.ZipFile(tmp_path / "other.epub", "w") as other:
        other.writestr("word/document.xml", "<x/>")
    refused("other.epub", (tmp_path / "other.epub").read_bytes(), "no EPUB file")
    locked = epub(tmp_path / "locked.epub", ["<p>x</p>"], locked="OPS/part 0.xhtml").read_bytes()
    refused("locked.epub", locked, "locked by its seller")
    bomb = epub(tmp_path / "bomb.epub", ["<p>Hello.</p>" * 3_000_000]).read_bytes()
    assert len(bomb) < 200_000
    refused("bomb.epub", bomb, "MB of text")


def test_a_file_with_a_byte_order_mark_is_read(tmp_path):
    for encoding in ("utf-8-sig", "utf-16"):
        (tmp_path / "a.txt").write_text("Café.", encoding=encoding)
        assert read_document(tmp_path / "a.txt").chapters[0].text == "Café."
