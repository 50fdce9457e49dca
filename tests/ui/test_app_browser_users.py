"""Several users in real browsers, and what becomes of the last speech when another run is begun."""

import threading

import pytest

from tests.ui.browser import GRID, WAIT_MS, generate, needs_browser, player

pytestmark = needs_browser
LONG = "The rain has stopped, and we walk home along the river, all the way to the old mill. " * 6


@pytest.fixture
def other(browser, app_url):
    """The page of another user."""
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(app_url)
    page.wait_for_selector("#text textarea")
    yield page
    page.close()


@pytest.fixture
def held(app_tts, monkeypatch):
    """Whoever says something long has the system until this is set."""
    go, stream = threading.Event(), app_tts.stream

    def stands(said, *args, **settings):
        for chunk in stream(said, *args, **settings):
            if sum(map(len, said)) > 100:
                go.wait(60)
            yield chunk

    monkeypatch.setattr(app_tts, "stream", stands)
    yield go
    go.set()


def shown(page):
    """What is there of the last speech: its sound, its grid, its picture's seed, its downloads."""
    return page.evaluate(
        """() => [
          document.querySelector("#speech audio").src, document.querySelector("#speech audio").duration,
          document.querySelector("#grid .grid-span canvas").width, document.querySelector("#grid .grid-full").hidden,
          [...document.querySelectorAll("#downloads button")].map((b) => b.disabled),
        ]"""
    )


@pytest.mark.slow
def test_a_short_text_does_not_wait_for_a_long_one(page, other, unhurried):
    page.fill("#text textarea", LONG)
    page.click("#generate")
    page.wait_for_selector("#status progress")
    generate(other, "Hi.")
    assert page.is_enabled("#stop") and page.locator("#status progress").count()
    page.click("#stop")
    page.wait_for_selector(GRID)
    page.wait_for_selector("#generate:not([disabled])")


def test_who_waits_sees_the_place_and_can_stop_at_once(page, other, held):
    other.fill("#text textarea", LONG)
    other.click("#generate")
    other.wait_for_selector("#status:has-text('Listening to the voice')")
    page.fill("#text textarea", "Hi.")
    page.click("#generate")
    page.wait_for_selector("#status:has-text('1 request is before')")
    page.click("#stop")
    page.wait_for_selector("#generate:not([disabled])", timeout=2000)
    page.wait_for_selector("#status:has-text('Stopped before it began')")
    page.click("#generate")
    page.wait_for_selector("#status:has-text('1 request is before')")
    held.set()
    page.wait_for_selector(GRID)
    page.wait_for_selector("#generate:not([disabled])")


@pytest.mark.slow
def test_the_last_speech_stays_until_there_is_another(page, unhurried):
    generate(page, "I read it.")
    before = shown(page)
    for text, problem in (("", "the text is empty"), ("Добро", "another script")):
        generate(page, text, wait=False)
        page.wait_for_selector(f"#note .problem:has-text('{problem}')")
        page.wait_for_selector("#generate:not([disabled])")
        assert shown(page) == before
    generate(page, LONG, wait=False)
    page.wait_for_selector("#status progress")
    assert shown(page) == before
    page.click("#stop")
    page.wait_for_selector("#status:has-text('speech before it is still shown')")
    page.wait_for_selector("#generate:not([disabled])")
    assert shown(page) == before
    with page.expect_download() as download:
        page.click("#downloads button:has-text('WAV')")
    assert download.value.path().read_bytes().startswith(b"RIFF")
    page.evaluate("document.querySelector('#speech audio').play()")
    page.wait_for_function("document.querySelector('#speech audio').currentTime > 0.1")
    generate(page, "Hello there. How are you?")
    assert shown(page)[:2] != before[:2] and player(page, "duration") > before[1]
