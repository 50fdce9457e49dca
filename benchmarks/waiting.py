"""`python -m benchmarks.waiting`: how long a user waits for the first sound, alone and while a long text is spoken.

Two users have a browser each. The first sound is when the page starts to play it. Needs Chromium and playwright.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import time
from contextlib import nullcontext
from types import SimpleNamespace
from urllib.parse import urlencode

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.load import serving

SHORT = "The rain has stopped, so we walk home."  # 38 characters
LONG = (  # 583 characters
    "The rain had stopped before they reached the bridge. Below them the river ran brown and fast, carrying branches "
    "and, once, a wooden chair. Nobody spoke. Then the youngest laughed, and pointed at the mill: its wheel, which had "
    "stood still for ten years, was turning again. They stood and watched it for a long time. At last the oldest "
    "said that they should go on, because the light was failing and the path along the water was narrow. So they went "
    "in single file, each with a hand on the shoulder of the one before, and nobody looked back until they could hear "
    "the bell of the church."
)
CLOCK = """() => {
  window.starts = [];
  document.querySelector("#generate").addEventListener("click", () => window.clicked = performance.now(), true);
  const start = AudioBufferSourceNode.prototype.start;
  AudioBufferSourceNode.prototype.start = function (when) {
    window.starts.push(performance.now());
    start.call(this, when);
  };
}"""
FLAGS = "--no-sandbox --disable-gpu --mute-audio --autoplay-policy=no-user-gesture-required".split()
WAIT_MS = 240_000
LATER_S = (0.0, 0.7, 1.4, 2.1)  # after the first sound of the long text, in turn


def opened(browser: Browser, url: str, text: str) -> Page:
    """A user's page, set by a link."""
    page = browser.new_context().new_page()
    page.set_default_timeout(WAIT_MS)
    page.goto(f"{url}/?{urlencode({'text': text, 'seed': 7})}")
    page.wait_for_selector("#live b >> nth=-1")
    page.wait_for_function("document.querySelector('#seed input[type=checkbox]').checked")
    page.evaluate(CLOCK)
    return page


def start(page: Page) -> None:
    page.evaluate("window.starts.length = 0")
    page.click("#generate")
    page.wait_for_selector("#generate[disabled]")


def first_sound_s(page: Page) -> float:
    """Seconds from the click to the first sound."""
    page.wait_for_function("window.starts.length > 0", polling=20)
    return page.evaluate("(window.starts[0] - window.clicked) / 1000")


def ended(page: Page) -> dict[str, float]:
    """When all is made: seconds that it took, and how often the sound had run dry."""
    page.wait_for_selector("#generate:not([disabled])")
    gaps = page.evaluate("+document.querySelector('#live-sound [data-gaps]').dataset.gaps")
    return {"last_sound_s": page.evaluate("(window.starts.at(-1) - window.clicked) / 1000"), "gaps": gaps}


def measured(url: str, tries: int) -> dict:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        long, short = opened(browser, url, LONG), opened(browser, url, SHORT)
        alone, beside, others = [], [], []
        start(long)
        others.append(ended(long) | {"beside": False})
        for i in range(tries):
            start(short)
            alone.append(first_sound_s(short))
            ended(short)
            start(long)
            first_sound_s(long)
            time.sleep(LATER_S[i % len(LATER_S)])
            start(short)
            beside.append(first_sound_s(short))
            others.append(ended(long) | {"beside": True})
            ended(short)
        browser.close()
    more = statistics.median(beside) - statistics.median(alone)
    return {"alone_s": alone, "beside_s": beside, "median_more_s": more,
            "worst_more_s": max(beside) - statistics.median(alone), "long": others}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", help="of an app that runs; default: one is started")
    parser.add_argument("--tries", type=int, default=4)
    args = parser.parse_args()
    with nullcontext(SimpleNamespace(url=args.url.rstrip("/"))) if args.url else serving() as server:
        print(json.dumps(measured(server.url, args.tries), indent=1))


if __name__ == "__main__":
    main()
