"""The Long text tab in a real browser: read, listen meanwhile, stop, reload, go on, take the files along."""

import pytest

from tests.text.test_documents import epub
from tests.ui.browser import needs_browser

axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
pytestmark = needs_browser
SENTENCES = "We saw a boat. It was blue. It went by. Nobody was on it. Then it was gone."
PLAYER = "#long-player section:not([hidden])"


@pytest.fixture
def tab(page):
    page.evaluate("localStorage.clear()")
    open_tab(page)
    return page


def open_tab(page):
    page.click("button[role=tab]:has-text('Long text')")
    page.wait_for_selector("#long-text textarea")


def sound(page, what):
    return page.evaluate(f"document.querySelector('#long-player audio').{what}")


@pytest.mark.slow
def test_a_reading_is_heard_while_it_grows_and_outlives_a_reload(tab, unhurried):
    tab.fill("#long-text textarea", f"Chapter 1\n\n{SENTENCES}\n\nChapter 2\n\n{SENTENCES}")
    tab.wait_for_selector("#long-chapters input")
    assert tab.locator("#long-chapters input").count() == 2
    tab.click("#long-generate")
    tab.wait_for_selector(PLAYER)
    tab.wait_for_function("document.querySelector('#long-player audio').currentTime > 0")  # it plays by itself
    assert "entence" in tab.inner_text("#long-status") and " left" in tab.inner_text("#long-status")
    tab.wait_for_function("document.querySelectorAll('#long-player .chapters button:not(:disabled)').length")
    tab.click("#long-stop")
    tab.wait_for_selector("#long-player .go-on:not([hidden])")
    assert sound(tab, "paused") and tab.locator("#long-player .mp3").is_hidden()
    made = tab.inner_text("#long-player .time").split("/")[1]
    tab.reload()
    open_tab(tab)
    tab.wait_for_selector("#long-player .go-on:not([hidden])")
    assert tab.inner_text("#long-player .time").split("/")[1] == made  # all that was made is there
    tab.click("#long-player .go-on")
    tab.wait_for_selector("#long-player .mp3:not([hidden])")
    with tab.expect_download() as download:
        tab.click("#long-player .mp3")
    assert download.value.path().read_bytes().startswith(b"ID3")
    with tab.expect_download() as download:
        tab.click("#long-player .srt")
    assert download.value.path().read_bytes().startswith(b"1\n00:00:0")
    tab.click("#long-player .chapters li:last-child button")
    tab.wait_for_function("document.querySelector('#long-player .chapters li:last-child button[aria-current]')")
    assert not sound(tab, "paused")
    tab.click("#long-player .play")
    assert sound(tab, "paused")
    tab.once("dialog", lambda dialog: dialog.accept())
    tab.click("#long-player .delete")
    tab.wait_for_selector("#long-player section", state="hidden")
    tab.reload()
    open_tab(tab)
    assert tab.locator("#long-player section").is_hidden()


@pytest.mark.slow
def test_a_book_is_dropped_and_a_bad_file_says_why(tab, tmp_path):
    bad = tmp_path / "bad.epub"
    bad.write_bytes(b"PK no book")
    tab.set_input_files("#long-file input[type=file]", bad)
    tab.wait_for_selector("#long-note .problem")
    assert tab.inner_text("#long-note") == "bad.epub is no EPUB file, or a damaged one"
    tab.click("#long-generate")
    tab.wait_for_selector("#long-generate:not([disabled])")
    assert "no text" in tab.inner_text("#long-note")
    tab.click("#long-file button[aria-label*='emove'], #long-file button[aria-label*='lear']")
    pages = [f"<h1>Part {i}</h1><p>It was blue.</p>" for i in range(1, 4)]
    tab.wait_for_selector("#long-file input[type=file]", state="attached")
    tab.set_input_files("#long-file input[type=file]", epub(tmp_path / "boats.epub", pages, title="Boats"))
    tab.wait_for_selector("#long-chapters input")
    tab.click("#long-chapters label:has-text('Part 1')")
    tab.wait_for_function("document.querySelector('#long-note').innerText.includes('2 of 3 chapters')")
    tab.click("#long-generate")
    tab.wait_for_selector("#long-player .mp3:not([hidden])")
    assert tab.inner_text("#long-player h3") == "Boats"
    assert tab.locator("#long-player .chapters li").count() == 2


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_the_tab_fits_and_is_accessible(tab, width):
    tab.set_viewport_size({"width": width, "height": 900})
    tab.fill("#long-text textarea", f"Chapter 1\n\n{SENTENCES}\n\nChapter 2\n\n{SENTENCES}")
    tab.wait_for_selector("#long-chapters input")
    tab.click("#long-generate")
    tab.wait_for_selector("#long-player .mp3:not([hidden])")
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    small = tab.evaluate(
        "[...document.querySelectorAll('#long-player button, #long-player a')].filter((b) => b.offsetParent"
        " && b.getBoundingClientRect().height < 24).length"
    )
    assert not small
    found = axe.Axe().run(tab, context="#long-player").response["violations"]
    assert not [v["id"] for v in found if v["impact"] in ("serious", "critical")]
