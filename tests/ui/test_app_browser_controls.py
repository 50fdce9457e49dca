"""Speed, pitch and the pitch line in a real browser: the finished take changes at once, its codes stay."""

import json

import pytest

from phonelm.config import SamplingConfig
from tests.ui.browser import CANVAS, READOUT, generate, needs_browser, player

pytestmark = needs_browser
TEXT = "I read it. Do you?"
TAKE = "JSON.parse(window.phonelmGrid.value)"


def shown(page):
    """The data of the grid that is drawn."""
    return json.loads(page.evaluate("window.phonelmGrid.value"))


def drag(page, slider, share):
    """Take a slider's knob to a share of its way, and release it."""
    box = page.locator(f"{slider} input[type=range]").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + share * box["width"], y, steps=4)
    page.mouse.up()


def changed(page, before, slider, act):
    """The data of the grid after a slider was moved."""
    key = before["take"]
    act()
    page.wait_for_function(f"{TAKE}.take !== '{key}'")
    page.wait_for_function(f"document.querySelector('#speech audio').src.includes({TAKE}.take)")
    page.wait_for_function("document.querySelector('#speech audio').duration > 0")
    return shown(page)


@pytest.fixture
def spoken(page, app_url, app_tts):
    """A take with voiced and unvoiced frames; the untrained model makes some that have only one kind."""
    speeches = (app_tts.speak(TEXT, settings=SamplingConfig(seed=seed)) for seed in range(50))
    seed = next(s.settings.seed for s in speeches if (s.pitch_hz > 0).any() and (s.pitch_hz == 0).any())
    page.goto(f"{app_url}?seed={seed}")
    page.wait_for_selector("#link-note:has-text('those of the link')")
    generate(page, TEXT)


def test_a_released_slider_changes_the_take_and_no_code(page, spoken):
    before, duration = shown(page), player(page, "duration")
    rows = page.locator("#takes li").count()
    slow = changed(page, before, "#speed", lambda: drag(page, "#speed", 0.0))
    assert page.input_value("#speed input[type=number]") == "0.5"
    assert player(page, "duration") == pytest.approx(2 * duration, rel=0.01)
    assert slow["codes"] == before["codes"] and slow["frame_s"] == pytest.approx(2 * before["frame_s"])
    assert slow["f0"] == before["f0"] and page.locator("#takes li").count() == rows
    high = changed(page, slow, "#pitch", lambda: drag(page, "#pitch", 1.0))
    assert high["codes"] == before["codes"] and player(page, "duration") == pytest.approx(2 * duration, rel=0.01)
    voiced = [(a, b) for a, b in zip(high["f0"], before["f0"], strict=True) if b]
    assert voiced and all(a == pytest.approx(b * 2**0.5, abs=0.15) for a, b in voiced)


def test_the_keys_move_a_slider_too(page):
    generate(page, "I read it.")
    before = shown(page)
    page.focus("#pitch input[type=range]")
    changed(page, before, "#pitch", lambda: page.keyboard.press("ArrowRight"))
    assert page.input_value("#pitch input[type=number]") == "0.5"


def test_the_pitch_line_is_drawn_and_says_hertz_and_note(page, spoken):
    data = shown(page)
    page.locator(CANVAS).scroll_into_view_if_needed()
    box = page.locator(CANVAS).bounding_box()
    grid = page.locator(CANVAS).evaluate(
        "c => ({gutter: +c.dataset.gutter, px: +c.dataset.px, pitch: +c.dataset.pitch})"
    )
    for is_voiced in (True, False):
        frame = next(t for t, hz in enumerate(data["f0"]) if bool(hz) == is_voiced)
        page.mouse.move(box["x"] + grid["gutter"] + (frame + 0.5) * grid["px"], box["y"] + grid["pitch"] + 20)
        page.wait_for_selector(f"{READOUT}:has-text('frame {frame} ')")
        said = page.inner_text(READOUT)
        assert (f"pitch {round(data['f0'][frame])} Hz, " if is_voiced else "pitch unvoiced") in said
    assert page.evaluate(
        f"""() => {{
          const c = document.querySelector('{CANVAS}'), dots = window.devicePixelRatio, top = {grid["pitch"]} * dots;
          const p = c.getContext('2d').getImageData(0, top, c.width, 56 * dots).data;
          for (let i = 0; i < p.length; i += 4) if (p[i] === 139 && p[i + 1] === 92 && p[i + 2] === 246) return true;
          return false;
        }}"""
    )
