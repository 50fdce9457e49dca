"""The app in a real browser: the examples."""

from phonelm.ui.examples import EXAMPLES
from tests.ui.browser import GRID, needs_browser, unfold

pytestmark = needs_browser


def choose(page, name):
    page.click(f"#examples button:has-text('{name}')")
    text = next(e.text for e in EXAMPLES if e.name == name)
    page.wait_for_function("text => document.querySelector('#text textarea').value === text", arg=text)


def test_an_example_sets_text_voice_and_settings_and_nothing_runs_by_itself(page):
    for fold in ("#pronunciation", "#heard"):
        unfold(page, fold)
    page.check("#by-hand input")
    choose(page, "Clamped, two codebooks")
    page.wait_for_function("document.querySelector('#voice-codec audio')?.duration > 4")
    assert not page.is_checked("#by-hand input") and page.is_checked("#voice-kind input[value=clip]")
    assert page.locator(GRID).count() == 0 and page.is_enabled("#generate")
    unfold(page, "#settings")
    assert page.get_by_label("number input for Codebooks", exact=True).input_value() == "2"
    assert page.is_checked("#settings input[value=prompt]")
    page.click("#generate")
    page.wait_for_selector(GRID)
    page.wait_for_selector("#generate:not([disabled])")
    assert "clamping removed" in page.inner_text("#status")
    choose(page, "A question")
    page.wait_for_function("!document.querySelector('#voice-kind input[value=clip]').checked")
    assert page.is_checked("#settings input[value=off]")
    assert page.get_by_label("number input for Codebooks", exact=True).input_value() == "4"
