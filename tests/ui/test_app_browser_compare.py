"""The Compare tab in a real browser."""

import csv
import io
import re
import secrets

import pytest

from phonelm.config import SamplingConfig
from phonelm.ui.differences import starts
from tests.ui.browser import needs_browser, unfold

pytestmark = [pytest.mark.slow, needs_browser]
GRIDS = [f"#compare-{name}-grid .grid-full:not([hidden])" for name in ("first", "second")]
TEXT = "I read it. Do you?"
LONG = "The rain has stopped, and we walk home along the river, all the way to the old mill. " * 6


def start(page, text=TEXT, blind=False):
    """Open the tab and press the button."""
    page.click("button[role=tab]:has-text('Compare')")
    page.fill("#compare-text textarea", text)
    if blind:
        page.check("#compare-blind input")
    page.click("#compare-generate")


def made(page):
    """Wait until both can be heard, and return their durations."""
    page.wait_for_selector("#compare-stop:not([disabled])")
    page.wait_for_selector("#compare-generate:not([disabled])")
    page.wait_for_selector("#compare-swap .swap:not([disabled])")
    seconds = [f"document.querySelector('#compare-{name} audio')?.duration" for name in ("first", "second")]
    for duration in seconds:
        page.wait_for_function(f"{duration} > 0")
    return [page.evaluate(duration) for duration in seconds]


def player(page, name, what):
    return page.evaluate(f"document.querySelector('#compare-{name} audio').{what}")


def test_two_seeds_are_heard_and_seen(page):
    start(page)
    lengths = made(page)
    for grid in GRIDS:
        page.wait_for_selector(grid)
    assert re.search(r"\d\.\d% of the cells differ", page.inner_text("#compare-status"))
    said = [page.text_content(f"#compare-{name}-said").strip() for name in ("first", "second")]
    seeds = [page.input_value(f"#compare-{side}-seed input[type=number]") for side in "ab"]
    for text, name, seed, seconds in zip(said, "AB", seeds, lengths):
        assert text.startswith(name) and f"Seed {seed}" in text and f"{seconds:.1f} s" in text
    assert seeds[0] != seeds[1] and page.locator("#compare-votes").count() == 0
    legend = page.inner_text("#compare-second-grid .grid-legend")
    assert "another code" in legend and "the same" in legend
    page.focus("#compare-first-grid .grid-scroll")
    page.keyboard.press("Home")
    assert "the other has" in page.inner_text("#compare-first-grid .grid-readout") or "the same in" in page.inner_text(
        "#compare-first-grid .grid-readout"
    )
    assert page.locator("#grid option[value=other]").get_attribute("hidden") is not None


def test_grids_of_a_pair_move_together(page):
    start(page, "The rain has stopped. Shall we walk home?")
    made(page)
    page.wait_for_selector(GRIDS[1])
    for _ in range(3):
        page.click("#compare-first-grid [data-zoom=in]")
    place = "document.querySelector('#compare-{}-grid .grid-scroll').scrollLeft"
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")  # zooming scrolls
    page.evaluate(f"{place.format('second')} = 120")
    page.wait_for_function(f"{place.format('first')} === 120")
    page.wait_for_timeout(100)
    grids = [page.locator(f"#compare-{n}-grid .grid-span canvas") for n in ("first", "second")]
    widths = [grid.get_attribute("data-px") for grid in grids]
    assert widths[0] == widths[1] and page.evaluate(place.format("second")) == 120


def test_one_is_heard_at_a_time(page):
    start(page)
    made(page)
    page.evaluate("document.querySelectorAll('[id^=compare-] audio').forEach((audio) => { audio.loop = true; })")
    page.click("#compare-swap .swap")
    page.wait_for_function("!document.querySelector('#compare-first audio').paused")
    page.click("#compare-swap .swap")
    page.wait_for_function("!document.querySelector('#compare-second audio').paused")
    assert player(page, "first", "paused")


def test_swap_goes_on_at_the_same_place_of_the_same_phoneme(page, app_tts):
    page.evaluate("HTMLMediaElement.prototype.play = async function () { this.dispatchEvent(new Event('play')); }")
    start(page)
    made(page)
    seeds = [int(page.input_value(f"#compare-{side}-seed input[type=number]")) for side in "ab"]
    first, second = (starts(app_tts.speak(TEXT, None, SamplingConfig(seed=seed))) for seed in seeds)
    page.click("#compare-swap .swap")  # the first is the one that is heard
    for i in (3, len(first) - 2):
        page.evaluate(f"document.querySelector('#compare-first audio').currentTime = {(first[i] + first[i + 1]) / 2}")
        page.click("#compare-swap .swap")
        assert player(page, "second", "currentTime") == pytest.approx((second[i] + second[i + 1]) / 2, abs=0.002)
        page.click("#compare-swap .swap")
        assert player(page, "first", "currentTime") == pytest.approx((first[i] + first[i + 1]) / 2, abs=0.002)


def test_the_same_twice_is_refused(page):
    page.click("button[role=tab]:has-text('Compare')")
    page.check("#compare-same-seed input")
    start(page)
    page.wait_for_selector("#compare-status .problem:has-text('A and B are the same')")
    unfold(page, "#compare-b-settings")
    temperature = page.locator("#compare-b-settings").get_by_label("number input for Temperature", exact=True)
    temperature.fill("1.2")
    temperature.press("Tab")
    ranges = "[...document.querySelectorAll('#compare-b-settings input[type=range]')]"
    page.wait_for_function(f"{ranges}.some((slider) => slider.value === '1.2')")
    page.wait_for_timeout(500)  # a person is slower than the page
    page.click("#compare-generate")
    made(page)
    seeds = [page.input_value(f"#compare-{side}-seed input[type=number]") for side in "ab"]
    assert seeds[0] == seeds[1]


def test_a_clip_against_a_bundled_voice(page, voice_file):
    page.click("button[role=tab]:has-text('Compare')")
    page.check("#compare-b-voice-kind input[value=clip]")
    start(page)
    page.wait_for_selector("#compare-b-voice-note .problem:has-text('there is no voice clip')")
    page.wait_for_selector("#compare-generate:not([disabled])")
    unfold(page, "#compare-b-heard")
    page.set_input_files("#compare-b-voice input[type=file]", voice_file)
    page.wait_for_function("document.querySelector('#compare-b-voice-codec audio')?.duration > 0")
    assert page.locator("#compare-a-voice-codec audio").count() == 0
    page.click("#compare-generate")
    made(page)
    assert "of the cells differ" in page.inner_text("#compare-status")


def test_stop(page, unhurried):
    start(page, LONG)
    page.wait_for_selector("#compare-status progress")
    page.click("#compare-stop")
    page.wait_for_selector("#compare-status:has-text('nothing new to compare')")
    page.wait_for_selector("#compare-generate:not([disabled])")
    assert page.is_disabled("#compare-swap .swap")


def test_blind_trials_hide_which_is_which_until_the_vote_and_count_votes(page, monkeypatch):
    outcomes, randbelow = [], secrets.randbelow  # the app runs in this process
    for trial, ballot in enumerate(("X is better", "Neither is")):
        monkeypatch.setattr(secrets, "randbelow", lambda most, trial=trial: trial if most == 2 else randbelow(most))
        start(page, blind=True)
        lengths = made(page)
        page.wait_for_selector("#compare-votes button")
        assert [page.inner_text(f"#compare-{n}-said").strip() for n in ("first", "second")] == ["X", "Y"]
        assert not page.is_visible("#compare-a-seed") and not any(map(page.is_visible, GRIDS))
        assert "differ" not in page.inner_text("#compare-status")
        page.click(f"#compare-votes button:has-text('{ballot}')")
        page.wait_for_selector(GRIDS[1])
        page.wait_for_selector("#compare-votes", state="hidden")
        said = [page.text_content(f"#compare-{n}-said").strip() for n in ("first", "second")]
        titles = [page.inner_text(f"#compare-{n}-said h3") for n in ("first", "second")]
        assert titles == [["X was B", "Y was A"], ["X was A", "Y was B"]][trial]
        assert all(f"{seconds:.1f} s of speech" in s for s, seconds in zip(said, lengths))
        seed = page.input_value(f"#compare-{titles[0].split()[2].lower()}-seed input[type=number]")
        assert f"Seed {seed}" in said[0] and page.is_visible("#compare-a-seed")
        outcomes.append(titles[0].split()[2] if trial == 0 else "neither")
    page.wait_for_selector("#compare-count:has-text('neither: 1')")
    assert f"{outcomes[0]}: 1" in page.inner_text("#compare-count")
    with page.expect_download() as download:
        page.click("button:has-text('Votes (CSV)')")
    rows = list(csv.DictReader(io.StringIO(download.value.path().read_text("utf-8"))))
    assert [row["better"] for row in rows] == outcomes and rows[0]["seed_A"] != rows[0]["seed_B"]
    page.click("button:has-text('Forget the votes')")
    page.wait_for_selector("#compare-count:has-text('neither')", state="detached")


@pytest.mark.parametrize("width", [400, 1280])
def test_no_sideways_scrolling(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    start(page)
    made(page)
    page.wait_for_selector(GRIDS[1])
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for name in ("first", "second"):
        canvas = f"document.querySelector('#compare-{name}-grid .grid-span canvas')"
        assert page.evaluate(f"{canvas}.getBoundingClientRect().right") <= width
