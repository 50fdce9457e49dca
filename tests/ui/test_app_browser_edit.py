"""The app in a real browser: phonemes chosen in the grid and said again."""

import re

import pytest

from tests.ui import test_app_browser_tabs as tabs
from tests.ui.browser import CANVAS, READOUT, cell, generate, needs_browser

pytestmark = [pytest.mark.slow, needs_browser]
ABOUT, PHONEMES, PHONEME_LANE = "#edit-about", "#edit-phonemes textarea", 20 + 52 + 56 + 24 + 3 * 4 + 10


def drag(page, start, end):
    """Choose with the mouse the phonemes under a range of frames."""
    (a, _), (b, _) = cell(page, start, 0), cell(page, end, 0)
    y = page.locator(CANVAS).bounding_box()["y"] + PHONEME_LANE
    page.mouse.move(a, y)
    page.mouse.down()
    page.mouse.move((a + b) / 2, y)
    page.mouse.move(b, y)
    page.mouse.up()
    page.wait_for_selector(f"{ABOUT} code")


def said(page):
    """The phonemes that are chosen."""
    return page.inner_text(f"{ABOUT} code")


def say_again(page):
    before = page.inner_text("#status")
    page.click("#edit-again")
    page.wait_for_function("before => document.querySelector('#status').innerText !== before", arg=before)
    page.wait_for_selector("#edit-again:not([disabled])")


def test_a_span_is_said_again_and_undone_and_its_recipe_makes_it_again(page, app_url):
    generate(page, "I read it.")
    before, _ = tabs.take_along(page)
    assert page.is_disabled("#edit-again") and page.is_disabled("#edit-undo")
    drag(page, 0, 12)
    first = said(page)
    assert first.startswith("sil") and " " in first
    drag(page, 6, 12)
    page.wait_for_function(f"document.querySelector('{ABOUT} code').innerText !== '{first}'")
    page.fill(PHONEMES, "AH0 XX")
    page.click("#edit-again")
    page.wait_for_selector(f"{ABOUT} .problem:has-text('unknown phonemes XX')")
    page.wait_for_selector("#edit-again:not([disabled])")
    page.fill(PHONEMES, "AH0 L | OW1")
    say_again(page)
    assert said(page).startswith("AH0 L OW1") and "edited once" in page.inner_text("#status")
    page.wait_for_function("document.querySelector('#speech audio').duration > 0")
    say_again(page)
    assert "edited 2 times" in page.inner_text("#status")
    edited, data = tabs.take_along(page)
    assert edited["codes.npz"] != before["codes.npz"] and edited["recipe.json"].count(b'"seed"') == 3
    for status in ("edited once", "made in"):
        page.click("#edit-undo")
        page.wait_for_selector(f"#status:has-text('{status}')")
    page.wait_for_selector("#edit-undo[disabled]")
    undone, _ = tabs.take_along(page)
    assert undone["recipe.json"] == before["recipe.json"] and undone["speech.wav"] == before["speech.wav"]

    tabs.fresh(page, app_url)
    tabs.load(page, data)
    page.wait_for_selector("#recipe-note:has-text('The recipe fits this system')")
    tabs.speak(page)
    again, _ = tabs.take_along(page)
    for name in ("speech.wav", "codes.npz", "recipe.json"):
        assert again[name] == edited[name], name


def test_choosing_by_keys_and_by_words(page):
    generate(page, "I read it.")
    page.focus("#grid .grid-scroll")
    page.keyboard.press("Home")
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(f"{ABOUT} code:has-text('sil AY1 R')")
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_selector(f"{ABOUT} code:text-is('sil AY1')")
    for _ in range(40):  # the explanations of the grid come first
        page.keyboard.press("Tab")
        if in_edit := page.evaluate("document.activeElement.closest('#edit') !== null"):
            break
    assert in_edit and page.evaluate("document.activeElement.closest('#grid') === null")
    page.focus("#grid .grid-scroll")
    page.keyboard.press("Escape")
    page.wait_for_selector("#edit", state="hidden")
    assert page.is_disabled("#edit-again") and "click a word" in page.inner_text(ABOUT)
    frame = int(re.search(r"frame (\d+)", page.inner_text(READOUT))[1])
    x, _ = cell(page, frame + 1, 0)
    page.mouse.click(x, page.locator(CANVAS).bounding_box()["y"] + 20 + 52 + 56 + 2 * 4 + 10)
    page.wait_for_selector(f"{ABOUT}:has-text('“I”')")
    assert said(page) == "AY1" and page.input_value(PHONEMES) == "AY1"
    generate(page, "Hi.")
    assert page.is_disabled("#edit-again") and not page.is_visible("#edit")
