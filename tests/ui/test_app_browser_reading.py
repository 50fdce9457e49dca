"""Words that are explained and mended in the page, in a real browser."""

import pytest

from phonelm.text import UserLexicon
from tests.ui.browser import generate, needs_browser

pytestmark = [pytest.mark.slow, needs_browser]
TEXT = "We met in Worcester, for $5."


def open_panel(page):
    page.click("#pronunciation .fold-head button")


def mend(page, said_as):
    page.fill("#reading input[name=said_as]", said_as)
    page.click("#reading .reading-keep")


def test_a_word_is_explained_by_pointer_and_by_keyboard(page):
    open_panel(page)
    page.fill("#text textarea", TEXT)
    page.locator("#live [data-read]", has_text="dollars").hover()
    page.wait_for_function("document.querySelector('.reading-about').textContent.includes('money')")
    assert "$5." in page.inner_text("#reading .reading-about")
    assert page.locator("#live [data-read][tabindex='0']").count() == 1
    page.locator("#live [data-read]").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    about = page.inner_text("#reading .reading-about")
    assert about.startswith("Worcester, is read") and "W UH1 S T ER0" in about
    page.keyboard.press("Enter")
    assert page.input_value("#reading input[name=word]") == "worcester"
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent").startswith("Worcester")


def test_a_mended_word_is_spoken_kept_exported_and_forgotten(page, app_url, tmp_path, app_tts):
    open_panel(page)
    page.fill("#text textarea", TEXT)
    page.locator("#live [data-read]", has_text="Worcester").click()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    mend(page, "ward cheese")
    page.wait_for_selector("#live .mine code:has-text('CH IY1 Z')")
    page.wait_for_timeout(1000)
    assert len(asked) < 20, asked
    generate(page, TEXT)
    with page.expect_download() as details:
        page.click("button:has-text('JSON')")
    assert '"CH"' in details.value.path().read_text("utf-8")
    page.reload()
    open_panel(page)
    page.wait_for_selector("#live .mine code:has-text('CH IY1 Z')", state="attached")
    page.click("#reading summary")
    with page.expect_download() as file:
        page.click("#reading .reading-export")
    file.value.save_as(tmp_path / "mine.tsv")
    assert list(UserLexicon.load(tmp_path / "mine.tsv").entries) == ["worcester"]
    page.click("#reading .reading-list button")
    page.wait_for_selector("#live .mine", state="detached")
    page.set_input_files("input[data-testid='Import a dictionary-upload-button'] >> nth=0", tmp_path / "mine.tsv")
    page.wait_for_selector("#live .mine")


def test_what_cannot_be_said_is_named_and_a_word_is_heard(page):
    open_panel(page)
    page.evaluate("window.heard = []; window.Audio = function (url) { heard.push(url); this.play = async () => {}; }")
    page.fill("#text textarea", TEXT)
    page.locator("#live [data-read]", has_text="Worcester").click()
    mend(page, "?!")
    page.wait_for_selector("#reading .reading-problem:has-text('nothing to say')")
    page.fill("#reading input[name=said_as]", "wooster")
    page.click("#reading .reading-hear")
    page.wait_for_function("heard.some((url) => String(url).startsWith('data:audio/wav'))")
