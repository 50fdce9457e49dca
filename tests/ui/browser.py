"""Chromium without a window, the page in it, and what the browser tests do with the page."""

import shutil
import time

import pytest

try:
    from playwright import sync_api
except ImportError:
    sync_api = None

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
needs_browser = pytest.mark.skipif(
    sync_api is None or CHROMIUM is None,
    reason="the browser tests need the package playwright and Chromium (apt-get install chromium)",
)
FLAGS = (
    "--no-sandbox --disable-gpu --mute-audio --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
WAIT_MS = 120_000
GRID, CANVAS, READOUT = "#grid .grid-full:not([hidden])", "#grid .grid-span canvas", "#grid .grid-readout"


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


@pytest.fixture
def unhurried(app_tts, monkeypatch):
    """The tiny system takes its time, so that the slowest browser can stop it before its end."""
    stream = app_tts.stream

    def slowly(*args, **settings):
        for chunk in stream(*args, **settings):
            time.sleep(0.5)
            yield chunk

    monkeypatch.setattr(app_tts, "stream", slowly)


def generate(page, text, wait=True):
    page.fill("#text textarea", text)
    page.click("#generate")
    if wait:
        page.wait_for_selector("#stop:not([disabled])")
        page.wait_for_selector("#generate:not([disabled])")
        page.wait_for_selector(GRID)
        page.wait_for_function("document.querySelector('#speech audio').duration > 0")


def unfold(page, accordion):
    """Open an accordion. Gradio builds its contents anew in the next frame: what is typed before that is lost."""
    page.click(f"{accordion} button")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def player(page, what):
    return page.evaluate(f"document.querySelector('#speech audio').{what}")


def cell(page, frame, book):
    """Where in the page a cell of the grid's first view is drawn."""
    page.locator(CANVAS).scroll_into_view_if_needed()
    box = page.locator(CANVAS).bounding_box()
    grid = page.locator(CANVAS).evaluate(
        "c => ({gutter: +c.dataset.gutter, px: +c.dataset.px, codes: +c.dataset.codes})"
    )
    x = box["x"] + grid["gutter"] + (frame + 0.5) * grid["px"]
    return x, box["y"] + grid["codes"] + (book + 0.5) * 20


def colours(page):
    """How many different colours the grid's canvas shows, and the brightness of its lower left corner."""
    return page.evaluate(
        """() => {
          const canvas = document.querySelector("#grid .grid-span canvas"), c = canvas.getContext("2d");
          const p = c.getImageData(0, 0, canvas.width, canvas.height).data, seen = new Set();
          for (let i = 0; i < p.length; i += 4) seen.add((p[i] << 16) | (p[i + 1] << 8) | p[i + 2]);
          const last = 4 * (canvas.height - 2) * canvas.width;
          return [seen.size, (p[last] + p[last + 1] + p[last + 2]) / 3];
        }"""
    )
