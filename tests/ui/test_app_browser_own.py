"""Your voice in a real browser: from recordings to hearing it."""

from importlib.util import find_spec

import pytest

from phonelm.tts import bundled_voices, read_card
from phonelm.ui.tabs.own import NEEDED
from tests.ui.browser import needs_browser

pytestmark = [pytest.mark.slow, needs_browser]
CAN_LEARN = all(find_spec(package) for package in NEEDED)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Folders of users that belong to this test."""
    from phonelm.ui.own import folder

    monkeypatch.setattr(folder, "root_folder", lambda: tmp_path)
    monkeypatch.setattr("phonelm.ui.tabs.own.root_folder", lambda: tmp_path)
    return tmp_path


def open_tab(page):
    page.click("button[role=tab]:has-text('Your voice')")


@pytest.mark.skipif(CAN_LEARN, reason="the packages are there")
def test_without_its_packages_the_tab_says_what_to_install(page):
    open_tab(page)
    page.wait_for_selector("#own-install:has-text(\"pip install 'phonelm[adapt]'\")")


@pytest.mark.skipif(not CAN_LEARN, reason="learning a voice needs phonelm[adapt]")
def test_recordings_become_a_voice_that_speaks(page, cache, tmp_path):
    clip = str(bundled_voices()["kathleen"].path)
    open_tab(page)
    page.click("#own-start")
    page.wait_for_selector("#own-progress:has-text('tick the box')")
    page.check("#own-consent input")
    page.click("#own-start")
    page.wait_for_selector("#own-progress:has-text('no recordings yet')")
    for count in range(1, 5):
        page.set_input_files("#own-files input[type=file]", clip)
        page.wait_for_selector(f"#own-list:has-text('{count} recordings')")
    page.get_by_label("number input for Minutes").fill("1")
    page.keyboard.press("Tab")
    page.click("#own-start")
    page.wait_for_selector("#own-progress:has-text('Listening')")
    page.click("#own-stop")
    page.wait_for_selector("#own-progress:has-text('Start goes on')")
    page.reload()
    open_tab(page)
    page.wait_for_selector("#own-list:has-text('4 recordings')")
    page.check("#own-consent input")
    page.get_by_label("number input for Minutes").fill("1")
    page.keyboard.press("Tab")
    page.click("#own-start")
    page.wait_for_selector("#own-progress:has-text('Your voice is ready')", timeout=900_000)
    page.wait_for_selector("#own-use:not([disabled])")
    [made] = cache.glob("*/my-voice.safetensors")
    assert read_card(made).figures["likeness"] > 0.5
    page.click("#own-use")
    page.wait_for_selector("#voice-card:has-text('my-voice')")
    assert page.is_checked("#voice-kind input[value=clip]")
    open_tab(page)
    page.click("#own-delete")
    page.wait_for_selector("#own-list:has-text('0 recordings')")
    assert list(cache.iterdir()) == []
