"""The code grid explains itself: where the model was unsure, what rows and colours are, and on a phone, too."""

import pytest

from tests.ui.browser import CANVAS, generate, needs_browser

pytestmark = needs_browser


@pytest.mark.slow
def test_the_grid_names_what_the_model_was_least_sure_of(page):
    generate(page, "We saw a boat, and then another boat.")
    page.wait_for_function("document.querySelectorAll('#grid .grid-unsure details .stretch').length > 8")
    data = page.evaluate("JSON.parse(window.phonelmGrid.value)")
    t, k = data["frames"], data["codebooks"]

    def sure(start, end):
        cells = [data["probability"][b * t + i] for b in range(k) for i in range(start, end)]
        return sum(cells) / len(cells) / 1e4

    said = {word: sure(start, end) for word, start, end in data["words"] if word}
    words = sorted((sure(start, end), word) for word, start, end in data["words"] if word)
    assert len(words) == 8 > len(said)
    shown = page.locator("#grid .grid-unsure > p:first-child .stretch").all_inner_texts()[:3]
    assert [text.split()[0] for text in shown] == [word for _, word in words[:3]]
    assert int(shown[0].split()[1]) == round(100 * words[0][0])
    page.evaluate("document.querySelector('#speech audio').pause()")
    page.click("#grid .grid-unsure .stretch >> nth=0")
    page.wait_for_function("!document.querySelector('#speech audio').paused")
    start, end = min((s, e) for w, s, e in data["words"] if w and sure(s, e) == words[0][0])
    page.wait_for_function("document.querySelector('#speech audio').paused")  # that word alone
    at = page.evaluate("document.querySelector('#speech audio').currentTime") / data["frame_s"]
    assert start < at < end + 40


@pytest.mark.slow
def test_the_help_says_what_the_colours_mean(page):
    generate(page, "We saw a boat.")
    page.click("#grid .grid-help summary")
    assert page.locator("#grid .grid-help p:visible").count() == 3
    before = page.inner_text("#grid .grid-help-colour")
    page.select_option("#grid .grid-colour", "entropy")
    assert page.inner_text("#grid .grid-help-colour") != before and "bits" in page.inner_text("#grid .grid-help-colour")


@pytest.mark.slow
def test_one_codebook_is_heard_alone(page):
    generate(page, "We saw a boat.")
    whole = page.evaluate("document.querySelector('#speech audio').duration")
    before = page.evaluate("document.querySelector('#speech audio').src")
    page.check("#first label:has-text('only 2') input")
    page.wait_for_function("(src) => document.querySelector('#speech audio').src !== src", arg=before)
    page.wait_for_function("document.querySelector('#speech audio').duration > 0")
    assert page.evaluate("document.querySelector('#speech audio').duration") == pytest.approx(whole, abs=0.02)


@pytest.mark.slow
def test_cells_can_be_read_on_a_phone(browser, app_url):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(app_url)
    generate(page, "We saw a boat, and then another boat, and it was late when we went home along the river.")
    page.wait_for_function(f"+document.querySelector('{CANVAS}').dataset.px >= 6")
    sizes = "(({scrollWidth, clientWidth}) => [scrollWidth, clientWidth])(document.querySelector('#grid .grid-scroll'))"
    whole, seen = page.evaluate(sizes)
    assert whole > 2 * seen and page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.click("#grid [data-zoom=fit]")
    page.wait_for_function(f"(([whole, seen]) => whole <= seen + 1)({sizes})")
    page.close()
