"""The app in a real browser: speech taken along and made again, and the Inside tab."""

import io
import json
import zipfile

import pytest
import soundfile

from tests.ui.browser import GRID, generate, needs_browser, unfold

pytestmark = [pytest.mark.slow, needs_browser]
RECIPE_INPUT = "input[type=file][data-testid='Load a bundle or recipe-upload-button']"


def take_along(page):
    """The members of the bundle of the last speech, and the bundle."""
    with page.expect_download() as download:
        page.click("#downloads button:has-text('ZIP')")
    data = download.value.path().read_bytes()
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}, data


def speak(page):
    """Press Generate and wait for the new bundle."""
    page.click("#generate")
    page.wait_for_selector("#stop:not([disabled])")
    page.wait_for_selector("#generate:not([disabled])")
    page.wait_for_selector(GRID)
    page.wait_for_selector("#downloads button:has-text('ZIP'):not([disabled])")


def fresh(page, app_url):
    page.goto(app_url)
    page.wait_for_selector("#text textarea")


def load(page, data, name="recipe.zip"):
    if not page.is_visible("#recipe"):
        unfold(page, "#sharing")
    page.set_input_files(RECIPE_INPUT, {"name": name, "mimeType": "application/octet-stream", "buffer": data})


def test_a_bundle_sets_every_control_and_makes_the_same_speech_again(page, app_url, voice_file):
    for fold in ("#settings", "#pronunciation", "#heard"):
        unfold(page, fold)
    page.wait_for_selector("text=Codebook clamping")
    page.fill("#text textarea", "I read it.")
    page.check("#voice-kind input[value=clip]")
    page.set_input_files("#voice input[type=file]", voice_file)
    page.wait_for_function("document.querySelector('#voice-codec audio')?.duration > 0")
    page.check("#by-hand input")
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R IY1 D | IH1 T .'")
    page.fill("#notation textarea", "AY1 | R EH1 D | IH1 T .")
    for name, value in (
        ("Temperature", "0.8"),
        ("Top-k", "50"),
        ("Top-p", "0.9"),
        ("Codebooks", "3"),
        ("Speed", "1.2"),
        ("Guidance", "1.8"),
    ):
        page.get_by_label(f"number input for {name}", exact=True).fill(value)
        page.keyboard.press("Tab")
    page.check("#settings input[value=seen]")
    page.click("#seed .dice")
    page.wait_for_function("document.querySelector('#seed input[type=checkbox]').checked")
    speak(page)
    before, data = take_along(page)
    settings = json.loads(before["recipe.json"])["settings"]
    expected = dict(temperature=0.8, top_k=50, top_p=0.9, n_codebooks=3, clamp="seen", guidance=1.8)
    assert {name: settings[name] for name in expected} == expected
    assert json.loads(before["recipe.json"])["controls"]["speed"] == 1.2
    assert {"codes.npz", "recipe.json", "speech.wav", "voice.wav"} <= set(before)

    fresh(page, app_url)
    for fold in ("#settings", "#pronunciation", "#heard"):
        unfold(page, fold)
    load(page, data)
    page.wait_for_selector("#recipe-note:has-text('The recipe fits this system')")
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R EH1 D | IH1 T .'")
    page.wait_for_function("document.querySelector('#voice-codec audio')?.duration > 0")
    assert page.input_value("#text textarea") == "I read it." and page.is_checked("#by-hand input")
    assert page.input_value("#seed input[type=number]") == str(settings["seed"])
    speak(page)
    again, _ = take_along(page)
    for name in ("speech.wav", "codes.npz", "recipe.json"):
        assert again[name] == before[name], name
    clips = [soundfile.read(io.BytesIO(parts["voice.wav"]))[0].tolist() for parts in (before, again)]
    assert clips[0] == clips[1]


def test_a_recipe_replaces_what_was_set_by_hand(page):
    generate(page, "Hi.")
    members, _ = take_along(page)
    unfold(page, "#pronunciation")
    page.check("#by-hand input")
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'HH AY1 .'")
    page.check("#voice-kind input[value=clip]")
    load(page, members["recipe.json"], "recipe.json")
    page.wait_for_selector("#recipe-note:has-text('The recipe fits this system')")
    page.wait_for_selector("#notation textarea", state="detached")
    assert not page.is_checked("#by-hand input") and page.is_checked("#voice-kind input[value=bundled]")
    speak(page)
    again, _ = take_along(page)
    assert again["speech.wav"] == members["speech.wav"]


def test_a_link_sets_every_control_and_makes_the_same_speech_again(page, app_url):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.fill("#text textarea", "I read it.")
    unfold(page, "#pronunciation")
    page.check("#by-hand input")
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R IY1 D | IH1 T .'")
    page.fill("#notation textarea", "AY1 | R EH1 D | IH1 T .")
    unfold(page, "#settings")
    page.get_by_label("number input for Temperature", exact=True).fill("0.8")
    page.keyboard.press("Tab")
    page.check("#settings input[value=seen]")
    speak(page)
    before, _ = take_along(page)
    unfold(page, "#sharing")
    page.click("#copy-link")
    page.wait_for_selector("#link-note:has-text('Copied')")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.get_attribute("#link-note a", "href") and link.startswith(f"{app_url}?text=I+read+it.&")

    page.goto(link)
    page.wait_for_selector("#link-note:has-text('those of the link')")
    for fold in ("#settings", "#pronunciation"):
        unfold(page, fold)
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R EH1 D | IH1 T .'")
    assert page.is_checked("#seed input[type=checkbox]") and page.is_checked("#by-hand input")
    speak(page)
    again, _ = take_along(page)
    for name in ("speech.wav", "recipe.json"):
        assert again[name] == before[name], name


def test_a_link_leaves_the_clip_out_and_bad_values_are_named(page, app_url, voice_file):
    page.check("#voice-kind input[value=clip]")
    page.set_input_files("#voice input[type=file]", voice_file)
    unfold(page, "#sharing")
    page.click("#copy-link")
    page.wait_for_selector("#link-note .problem:has-text('clip is not in the link')")
    assert "voice=" not in page.get_attribute("#link-note a", "href")
    page.goto(f"{app_url}?text=<b>Hi</b>&temperature=9&seed=x&voice=nobody&utm_source=mail&speed=1.5")
    page.wait_for_selector("#link-note .problem >> nth=2")
    said = page.inner_text("#link-note")
    for part in ("temperature in the link is left out: it must be from 0 to 1.5", "seed", "voice"):
        assert part in said
    assert "speed" not in said and "utm" not in said and page.input_value("#text textarea") == "<b>Hi</b>"
    unfold(page, "#settings")
    assert page.is_checked("#voice-kind input >> nth=1") and not page.is_checked("#seed input[type=checkbox]")


def test_a_broken_recipe_changes_nothing(page):
    page.fill("#text textarea", "Stay.")
    load(page, b"PK and nothing more")
    page.wait_for_selector("#recipe-note .problem:has-text('no bundle of PhoneLM')")
    load(page, b"{}", "recipe.json")
    page.wait_for_selector("#recipe-note .problem:has-text('nor a recipe')")
    with zipfile.ZipFile(hostile := io.BytesIO(), "w") as file:
        file.writestr("<img src=x alt=y>", b"")
    load(page, hostile.getvalue())
    page.wait_for_selector("#recipe-note .problem:has-text('<img src=x alt=y>')")
    assert page.locator("img[src=x]").count() == 0 and page.input_value("#text textarea") == "Stay."


def loaded(page, selector):
    """Wait for a picture, and return its width in pixels."""
    width = f"document.querySelector('{selector} img')?.naturalWidth"
    page.wait_for_function(f"{width} > 0")
    return page.evaluate(width)


def test_a_clip_through_the_codec(page, voice_file):
    page.click("button[role=tab]:has-text('Inside')")
    page.set_input_files("#inside-clip input[type=file]", voice_file)
    for picture in ("original-picture", "decoded-picture", "codes"):
        assert loaded(page, f"#inside-{picture}") > 600
    seconds = "document.querySelector('#inside-{} audio')?.duration"
    page.wait_for_function(seconds.format("decoded") + " > 0")
    original, decoded = (page.evaluate(seconds.format(name)) for name in ("original", "decoded"))
    assert original == pytest.approx(2, abs=0.02) and decoded == pytest.approx(original, abs=0.02)
    source = "document.querySelector('#inside-{}').src"
    audio, picture = (page.evaluate(source.format(part)) for part in ("decoded audio", "decoded-picture img"))
    page.check("#inside-count input >> nth=0")
    page.wait_for_function(f"{source.format('decoded audio')} !== '{audio}'")
    page.wait_for_function(f"{source.format('decoded-picture img')} !== '{picture}'")
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def test_a_clip_that_cannot_be_used_is_named(page):
    soundfile.write(silence := io.BytesIO(), [0.0] * 24_000, 24_000, format="WAV")
    page.click("button[role=tab]:has-text('Inside')")
    file = {"name": "silence.wav", "mimeType": "audio/wav", "buffer": silence.getvalue()}
    page.set_input_files("#inside-clip input[type=file]", file)
    page.wait_for_selector("#inside-note .problem:has-text('silence.wav is silent')")


def test_the_tabs_by_keys(page):
    page.focus("button[role=tab] >> nth=0")
    for shown in ("#long-text", "#compare-text", "#inside-clip", "#own-start, #own-install"):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_selector(shown, state="visible")
    page.click("button[role=tab]:has-text('Speak')")
    page.wait_for_selector("#text textarea", state="visible")
