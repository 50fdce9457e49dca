"""Make the README's screenshots from the running app: `python docs/screenshots.py` writes the PNG files beside it.

Needs requirements-dev.txt and Chromium.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent))

import app  # noqa: E402
from phonelm.checkpoint import default_dir  # noqa: E402
from phonelm.tts import TTS  # noqa: E402
from phonelm.ui.examples import CLONED  # noqa: E402

TEXT, SEED = "Who said that it could not speak? Listen.", 7
WIDTH, HEIGHT, WAIT_MS = 1280, 1480, 180_000


def open_page(browser: Browser, url: str, theme: str) -> Page:
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{url}?__theme={theme}")
    page.wait_for_selector("#text textarea")
    return page


def speak(page: Page) -> None:
    """A speech, a word of it chosen, and one cell pointed at."""
    page.fill("#text textarea", TEXT)
    page.click("#settings button")
    page.fill("#seed input[type=number]", str(SEED))
    page.check("#seed input[type=checkbox]")
    page.wait_for_function("!document.querySelector('#note .count').innerText.startsWith('80')")
    page.uncheck("#live-sound input[type=checkbox]")
    page.click("#generate")
    page.wait_for_selector("#grid .grid-full:not([hidden])")
    page.wait_for_selector("#generate:not([disabled])")
    page.focus("#grid .grid-scroll")
    page.keyboard.press("Home")
    for key in ("PageDown", "Shift+ArrowRight", "Shift+ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    page.wait_for_selector("#edit", state="visible")
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.wait_for_timeout(500)  # the page is laid out anew


def inside(page: Page) -> None:
    """The example's clip through the codec."""
    page.click("button[role=tab]:has-text('Inside')")
    page.set_input_files("#inside-clip input[type=file]", default_dir() / CLONED)
    page.wait_for_function("document.querySelector('#inside-codes img')?.naturalWidth > 0")
    page.wait_for_timeout(500)


def main() -> None:
    demo = app.build_demo(TTS.load())
    url = app.launch(demo, server_name="127.0.0.1", prevent_thread_lock=True, quiet=True)[1]
    with sync_playwright() as playwright:
        chromium = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--mute-audio"])
        for name, theme, show in (
            ("speak", "light", speak), ("speak-dark", "dark", speak), ("inside", "light", inside)
        ):  # fmt: skip
            page = open_page(browser, url, theme)
            show(page)
            page.screenshot(path=DOCS / f"{name}.png")
            with Image.open(DOCS / f"{name}.png") as picture:
                picture.quantize().save(DOCS / f"{name}.png", optimize=True)  # 256 colours: a third of the size
            page.close()
        browser.close()
    demo.close(verbose=False)


if __name__ == "__main__":
    main()
