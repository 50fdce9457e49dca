"""A clip becomes a voice file, which is loaded and speaks as the clip does; a bundle takes it along."""

import pytest

from phonelm.tts import VoiceCard, read_card, save_voice
from tests.ui.browser import generate, needs_browser, unfold
from tests.ui.test_app_browser_tabs import load, speak, take_along

pytestmark = [pytest.mark.slow, needs_browser]
TEXT = "Hi."


def own_clip(page):
    page.check("#voice-kind input[value=clip]")
    page.wait_for_selector("#own-clip", state="visible")


def load_voice(page, path):
    page.set_input_files("#voice-file input[type=file]", str(path))


@pytest.fixture
def saved(app_tts, voice_file, tmp_path):
    path = tmp_path / "me.safetensors"
    card = VoiceCard("me", "a buzz", "CC0-1.0", "these tests", "It is my own voice.")
    save_voice(path, app_tts.voice(voice_file), card, app_tts.codec)
    return path


def test_a_clip_is_saved_as_a_voice_after_consent(page, app_tts, voice_file, tmp_path):
    own_clip(page)
    page.set_input_files("#voice input[type=file]", voice_file)
    page.wait_for_selector("#voice audio", state="attached")
    unfold(page, "#save-voice")
    page.fill("#save-name input, #save-name textarea", "My Voice")
    page.click("#save-make")
    page.wait_for_selector("#save-note:has-text('needs the consent')")
    page.check("#save-consent input")
    page.click("#save-make")
    page.wait_for_selector("#save-file a[download]", timeout=30_000)
    with page.expect_download() as download:
        page.click("#save-file a[download]")
    path = tmp_path / "made.safetensors"
    download.value.save_as(path)
    assert download.value.suggested_filename == "my-voice.safetensors"
    assert read_card(path).name == "my-voice" and "agreed" in read_card(path).consent
    assert (app_tts.voice(path).codes == app_tts.voice(voice_file).codes).all()


def test_a_voice_file_speaks_and_goes_along_in_the_bundle(page, app_url, saved):
    own_clip(page)
    load_voice(page, saved)
    page.wait_for_selector("#voice-card:has-text('a buzz')")
    page.wait_for_selector("#voice-card:has-text('It is my own voice.')")
    generate(page, TEXT)
    first, bundle = take_along(page)
    assert first["voice.safetensors"] == saved.read_bytes() and "voice.wav" not in first
    page.goto(app_url)
    page.wait_for_selector("#text textarea")
    load(page, bundle)
    page.wait_for_selector("#recipe-note:has-text('Generate makes the same speech again')")
    assert page.is_checked("#voice-kind input[value=clip]")
    speak(page)
    assert take_along(page)[0]["codes.npz"] == first["codes.npz"]


def test_a_file_that_is_no_voice_is_refused_next_to_it(page, tmp_path):
    own_clip(page)
    other = tmp_path / "other.safetensors"
    other.write_bytes(b"not a voice")
    load_voice(page, other)
    page.wait_for_selector("#voice-card:has-text('other.safetensors is not a checkpoint')")
