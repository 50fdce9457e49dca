"""The app in a real browser: Chromium, without a window."""

import re

import numpy as np
import pytest
import soundfile

from phonelm.config import SAMPLE_RATE
from tests.ui.browser import GRID, READOUT, cell, colours, generate, needs_browser, player, unfold

pytestmark = needs_browser


def test_text_becomes_speech_and_a_grid(page):
    unfold(page, "#pronunciation")
    generate(page, "I read it.")
    assert page.locator("#live b").all_inner_texts() == ["I", "read", "it"]
    assert "10 of 600" in page.inner_text("#note") and "end of text" in page.text_content("#status")
    page.wait_for_selector("#stop[disabled]")
    assert colours(page)[0] > 20
    for name, start in (
        ("JSON", b"{"),
        ("WAV", b"RIFF"),
        ("MP3", (b"ID3", b"\xff")),
        ("SRT", b"1\n00:00:00,"),
        ("VTT", b"WEBVTT"),
        ("ZIP", b"PK"),
        ("PNG", b"\x89PNG"),
        ("SVG", b"<?xml"),
    ):
        with page.expect_download() as download:
            page.click(f"#downloads button:has-text('{name}')")
        assert download.value.suggested_filename.startswith("phonelm-")
        assert download.value.path().read_bytes().startswith(start)


def test_sound_plays_while_the_rest_is_made(page):
    page.evaluate(
        """() => {
          window.heard = [];
          window.played = [];
          document.addEventListener("phonelm:live", (e) => window.heard.push(e.detail));
          const start = AudioBufferSourceNode.prototype.start;
          AudioBufferSourceNode.prototype.start = function (when) {
            window.played.push([when, Array.from(this.buffer.getChannelData(0), (x) => x * 32768)]);
            start.call(this, when);
          };
        }"""
    )
    generate(page, "Hello there, how are you today? It is a fine day for a walk along the river.")
    page.wait_for_function("window.heard.length && window.heard.at(-1) === null")
    heard = [h for h in page.evaluate("window.heard") if h is not None]
    assert heard == sorted(heard) and heard[0] < 0.3 and heard[-1] == pytest.approx(player(page, "duration"), abs=0.2)
    times, chunks = zip(*page.evaluate("window.played"))
    ends = [t + len(c) / SAMPLE_RATE for t, c in zip(times, chunks)]
    gaps = [start - end for end, start in zip(ends, times[1:]) if abs(start - end) > 1e-6]
    data = page.evaluate("({...document.querySelector('#live-sound [data-gaps]').dataset})")
    assert (data["lost"], int(data["gaps"])) == ("0", len(gaps)) and all(gap > 0 for gap in gaps)
    with page.expect_download() as download:
        page.click("#downloads button:has-text('WAV')")
    wav, _ = soundfile.read(download.value.path(), dtype="int16")
    assert np.abs(np.concatenate(chunks) - wav).max() <= 4


def test_a_click_in_the_grid_moves_the_player_and_the_playhead_follows_it(page):
    generate(page, "I read it. Do you?")
    x, y = cell(page, 30, 1)
    page.mouse.click(x, y)
    page.wait_for_function("document.querySelector('#speech audio').currentTime > 0.41")  # it plays from there
    assert player(page, "played.start(0)") == pytest.approx(0.4, abs=0.02)
    page.evaluate("document.dispatchEvent(new CustomEvent('phonelm:stop'))")
    readout = page.inner_text(READOUT)
    for part in ("frame 30", "0.400 s", "phoneme", "codebook 2", "code ", "entropy"):
        assert part in readout
    assert page.locator(f"{READOUT} li").count() == 5
    page.evaluate("document.querySelector('#speech audio').currentTime = 0.2")
    page.wait_for_selector("#grid [data-time='0.200']", state="attached")
    page.evaluate("document.querySelector('#speech audio').play()")
    page.wait_for_function("+document.querySelector('#grid [data-time]').dataset.time > 0.3")


def test_the_grid_by_keys_alone(page):
    generate(page, "I read it.")
    page.click("#grid .grid-colour")
    page.keyboard.press("Escape")
    for _ in range(4):  # the zoom's three buttons, then the grid
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "grid-scroll"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Home")
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    assert "frame 2 " in page.inner_text(READOUT) and "codebook 2" in page.inner_text(READOUT)
    assert page.get_attribute(READOUT, "aria-live") == "polite"
    page.keyboard.press("End")
    last = int(re.search(r"frame (\d+)", page.inner_text(READOUT))[1])
    page.keyboard.press("PageUp")
    assert int(re.search(r"frame (\d+)", page.inner_text(READOUT))[1]) < last
    time = float(re.search(r"([\d.]+) s", page.inner_text(READOUT))[1])
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector('#speech audio').currentTime >= {time - 0.01}")


def test_zoom_and_colours(page):
    generate(page, "The rain has stopped. Shall we walk home?")
    width = "document.querySelector('#grid .grid-span').offsetWidth"
    start = page.evaluate(width)
    page.click("[data-zoom=in]")
    assert page.evaluate(width) > 1.3 * start
    page.click("[data-zoom=fit]")
    assert page.evaluate(width) <= page.evaluate("document.querySelector('#grid .grid-scroll').clientWidth")
    page.mouse.move(*cell(page, 5, 0))
    page.keyboard.down("Control")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    page.wait_for_function(f"{width} > document.querySelector('#grid .grid-scroll').clientWidth")
    legends = []
    for kind in ("probability", "entropy", "code", "clamp"):
        page.select_option("#grid .grid-colour", kind)
        legends.append(page.inner_text(".grid-legend"))
    assert len(set(legends)) == 4 and "off" in legends[-1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_grid_has_the_colours_of_the_theme(page, app_url, theme):
    page.goto(f"{app_url}?__theme={theme}")
    page.wait_for_selector("#text textarea")
    generate(page, "Hello.")
    page.wait_for_timeout(200)
    assert (colours(page)[1] > 128) == (theme == "light")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_contrast_of_generate(page, app_url, theme):
    page.goto(f"{app_url}?__theme={theme}")
    page.wait_for_selector("#generate")
    colours = page.evaluate("(({color, backgroundColor}) => [color, backgroundColor])(getComputedStyle(generate))")
    channels = [[int(c) / 255 for c in re.findall(r"\d+", colour)[:3]] for colour in colours]
    linear = [[c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb] for rgb in channels]
    light, dark = sorted((0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in linear), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG 2.2, 1.4.3


def test_an_error_is_shown_and_nothing_is_lost(page):
    generate(page, "Добро", wait=False)
    page.wait_for_selector("#note .problem:has-text('another script')")
    page.wait_for_selector("#generate:not([disabled])")
    assert page.locator(".problem:visible, .toast-body").count() == 1 and "'Д'" in page.inner_text(".problem")
    assert page.input_value("#text textarea") == "Добро"


def test_stop(page, unhurried):
    generate(
        page, "The rain has stopped, and we walk home along the river, all the way to the old mill. " * 6, wait=False
    )
    page.wait_for_selector("#status progress")
    page.click("#stop")
    page.wait_for_selector(GRID)
    assert "stopped" in page.inner_text("#status")
    page.wait_for_selector("#generate:not([disabled])")


def test_phonemes_edited_by_hand(page):
    unfold(page, "#pronunciation")
    page.fill("#text textarea", "I read it.")
    page.wait_for_selector("#live b >> nth=2")
    page.check("#by-hand input")
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R IY1 D | IH1 T .'")
    page.fill("#notation textarea", "AY1 | R XX D | IH1 T .")
    page.wait_for_selector("#note .problem:has-text('unknown phonemes XX')")
    page.fill("#notation textarea", "AY1 | R EH1 D | IH1 T .")
    page.wait_for_selector("#live code:has-text('R EH1 D')")
    page.click("#generate")
    page.wait_for_selector(GRID)
    assert page.locator("#live b").all_inner_texts() == ["I", "read", "it"]
    page.wait_for_selector("#generate:not([disabled])")


def test_a_clip_is_the_voice_and_can_be_heard(page, voice_file):
    page.check("#voice-kind input[value=clip]")
    page.click("#generate")
    page.wait_for_selector("#voice-note .problem")
    unfold(page, "#heard")
    page.set_input_files("#voice input[type=file]", voice_file)
    page.wait_for_function("document.querySelector('#voice-codec audio')?.duration > 0")
    used, codec = (page.evaluate(f"document.querySelector('#voice-{p} audio').duration") for p in ("used", "codec"))
    assert used == pytest.approx(2, abs=0.15) and codec == pytest.approx(used, abs=0.02)
    generate(page, "Hello.")
    assert "end of text" in page.text_content("#status")


def test_the_seed_is_new_or_kept(page):
    seed = "#seed input[type=number]"
    unfold(page, "#settings")
    generate(page, "Hi.")
    first = page.input_value(seed)
    page.click("#seed .dice")
    page.wait_for_function(f"document.querySelector('{seed}').value !== '{first}'")
    assert page.is_checked("#seed input[type=checkbox]")
    kept = page.input_value(seed)
    generate(page, "Hi.")
    assert page.input_value(seed) == kept and f"Seed {kept}" in page.text_content("#status")


def test_listening_with_fewer_codebooks(page):
    generate(page, "Hello there.")
    page.wait_for_selector("#first input")
    before = player(page, "src"), player(page, "duration")
    page.check("#first input >> nth=0")
    page.wait_for_function(f"document.querySelector('#speech audio').src !== '{before[0]}'")
    page.wait_for_function("document.querySelector('#speech audio').duration > 0")
    assert player(page, "duration") == pytest.approx(before[1], abs=0.01)


@pytest.mark.parametrize("width", [400, 1280])
def test_no_sideways_scrolling(page, width):
    page.set_viewport_size({"width": width, "height": 800})
    unfold(page, "#settings")
    page.wait_for_selector("text=Codebook clamping")
    generate(page, "Hello there.")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate("document.querySelector('#grid .grid-span canvas').getBoundingClientRect().right") <= width


@pytest.mark.slow
def test_two_users_see_their_own_results_only(browser, page, app_url):
    context = browser.new_context()
    other = context.new_page()
    other.goto(app_url)
    other.wait_for_selector("#text textarea")
    generate(page, "I read it.")
    assert other.locator(GRID).count() == 0 and other.is_disabled("#downloads button >> nth=0")
    generate(other, "Hello there. How are you?")
    page.check("#first input >> nth=0")
    before = player(page, "duration")
    page.wait_for_function("document.querySelector('#speech audio').src.includes('audio.wav')")
    page.wait_for_function("document.querySelector('#speech audio').duration > 0")
    assert player(page, "duration") == pytest.approx(before, abs=0.01)
    assert player(other, "duration") != pytest.approx(before, abs=0.01)
    context.close()
