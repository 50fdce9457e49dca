"""The app in a real browser: Chromium, without a window."""

import shutil

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="the browser tests need the package playwright")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="the browser tests need Chromium (apt-get install chromium)")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
WAIT_MS = 30_000


@pytest.fixture(scope="module")
def browser():
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, app_url):
    """The app's page; at the end nothing may have gone wrong in it, nor been asked of another host."""
    page, problems = browser.new_page(), []
    page.set_default_timeout(WAIT_MS)
    page.on("console", lambda m: problems.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: problems.append(str(e)))
    allowed = (app_url.rstrip("/"), "data:", "blob:")
    page.on("request", lambda r: None if r.url.startswith(allowed) else problems.append(f"request to {r.url}"))
    page.goto(app_url)
    page.wait_for_selector("#text textarea")
    yield page
    page.close()
    assert not problems


def generate(page, text):
    page.fill("#text textarea", text)
    page.click("#generate")


def test_text_becomes_speech_and_a_picture(page):
    generate(page, "I read it.")
    page.wait_for_selector("#grid img")
    page.wait_for_selector("#speech audio, #speech #waveform, #speech .waveform-container", state="attached")
    page.wait_for_function("document.querySelector('#grid img').naturalWidth > 1000")
    assert "end of text" in page.inner_text("#status")
    assert page.locator("#phonemes b").all_inner_texts() == ["I", "read", "it"]
    assert page.is_enabled("#generate") and page.is_disabled("#stop")
    with page.expect_download() as download:
        page.click("text=Download details (JSON)")
    assert download.value.suggested_filename.startswith("phonelm-") and download.value.path().read_text()[0] == "{"


def test_an_error_is_shown_and_nothing_is_lost(page):
    generate(page, "Добро")
    page.wait_for_selector("#status .problem")
    assert "cannot read 'Д'" in page.inner_text("#status .problem")
    page.wait_for_selector(".toast-body:has-text('cannot read')")
    page.wait_for_selector("#generate:not([disabled])")
    assert page.input_value("#text textarea") == "Добро"


def test_stop(page):
    generate(page, "The rain has stopped, and we walk home along the river, all the way to the old mill. " * 6)
    page.wait_for_selector("#status progress")
    page.click("#stop")
    page.wait_for_selector("#grid img")
    assert "stopped" in page.inner_text("#status")
    page.wait_for_selector("#generate:not([disabled])")


@pytest.mark.parametrize("width", [400, 1280])
def test_no_sideways_scrolling(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    page.click("#settings button")
    page.wait_for_selector("text=Codebook clamping")
    generate(page, "Hello there.")
    page.wait_for_selector("#grid img")
    page.wait_for_function("document.querySelector('#grid img').naturalWidth > 1000")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
