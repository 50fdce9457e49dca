"""The app in a real browser: what was typed and set outlives a reload and a restart; clips of any kind are taken."""

import base64
import socket

import av
import numpy as np
import pytest

import app
from tests.ui.browser import WAIT_MS, generate, needs_browser, unfold

pytestmark = needs_browser
TEXT, SEED, VOICE = "#text textarea", "#seed input[type=number]", "#voice-kind input[value=other]"


def reopened(page, url=None):
    """Reload the page, or open an address, and wait until it can be used."""
    page.goto(url) if url else page.reload()
    page.wait_for_selector("html[data-remembers]", state="attached")


def kept(page, *parts):
    """Wait until the browser has kept these parts of its JSON."""
    page.wait_for_function("parts => parts.every((p) => Object.values(sessionStorage).join().includes(p))", arg=parts)


def has(page, selector, value):
    """Wait until a box has a value."""
    page.wait_for_function("([box, value]) => document.querySelector(box)?.value === value", arg=[selector, value])


@pytest.mark.slow
def test_a_reload_keeps_what_was_typed_and_set(page):
    page.wait_for_selector("html[data-remembers]", state="attached")
    page.fill(TEXT, "I read it.")
    for fold in ("#settings", "#pronunciation"):
        unfold(page, fold)
    page.check("#by-hand input")
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R IY1 D | IH1 T .'")
    page.fill("#notation textarea", "AY1 | R EH1 D | IH1 T .")
    page.check(VOICE)
    page.fill(SEED, "77")
    page.check("#seed input[type=checkbox]")
    page.get_by_label("number input for Temperature", exact=True).fill("0.8")
    page.keyboard.press("Tab")
    page.click("button[role=tab]:has-text('Compare')")
    page.fill("#compare-text textarea", "How are you?")
    page.check("#compare-blind input")
    page.check("#compare-b-voice-kind input[value=other]")
    kept(page, "AY1 | R EH1 D", '"voice":"other"', '"seed":77', '"keep":true', '"temperature":0.8')
    kept(page, '"compare-text":"How are', '"compare-blind":true', '"compare-B-voice":"other"')
    reopened(page)
    for fold in ("#settings", "#pronunciation"):
        unfold(page, fold)
    page.wait_for_function("document.querySelector('#notation textarea')?.value === 'AY1 | R EH1 D | IH1 T .'")
    has(page, TEXT, "I read it.")
    has(page, SEED, "77")
    assert page.is_checked(VOICE) and page.is_checked("#seed input[type=checkbox]")
    assert page.get_by_label("number input for Temperature", exact=True).input_value() == "0.8"
    page.click("button[role=tab]:has-text('Compare')")
    assert page.input_value("#compare-text textarea") == "How are you?" and page.is_checked("#compare-blind input")
    assert page.is_checked("#compare-b-voice-kind input[value=other]")
    assert not page.is_checked("#compare-a-voice-kind input[value=other]")


@pytest.mark.slow
def test_a_link_is_followed_once_and_leaves_what_other_tabs_keep(browser, app_url):
    context = browser.new_context()
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    reopened(page, app_url)
    page.fill(TEXT, "Mine.")
    kept(page, "Mine.")
    reopened(page, f"{app_url}?text=Theirs.&seed=5")
    page.wait_for_selector("#link-note:has-text('those of the link')")
    has(page, TEXT, "Theirs.")
    unfold(page, "#settings")
    has(page, SEED, "5")
    page.fill(TEXT, "Theirs, changed.")
    kept(page, "Theirs, changed.")
    reopened(page)
    has(page, TEXT, "Theirs, changed.")
    unfold(page, "#settings")
    has(page, SEED, "5")
    tab = context.new_page()
    reopened(tab, app_url)
    has(tab, TEXT, "Mine.")
    context.close()


@pytest.mark.slow
def test_a_restart_of_the_server_keeps_what_was_typed(browser, app_tts, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    page = browser.new_page()
    page.set_default_timeout(WAIT_MS)
    for start in range(2):
        demo = app.build_demo(app_tts)
        app.launch(demo, server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True)
        reopened(page, f"http://127.0.0.1:{port}")
        if start == 0:
            page.fill(TEXT, "Still here.")
            page.check(VOICE)
            kept(page, "Still here.", '"voice":"other"')
        else:
            has(page, TEXT, "Still here.")
            page.wait_for_selector(f"{VOICE}:checked")
            generate(page, "Still here.")
        demo.close(verbose=False)
    page.close()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Two seconds of a buzz, as phones and browsers write them."""
    folder, rate = tmp_path_factory.mktemp("clips"), 48_000
    t = np.arange(2 * rate) / rate
    wav = 0.3 * np.sin(2 * np.pi * (140 * t + 3 * np.sin(5 * t))) ** 3 * (1 + 0.5 * np.sin(9 * t))
    for name, container, codec in (("memo.m4a", "ipod", "aac"), ("film.mp4", "mp4", "aac"),
                                   ("record.webm", "webm", "libopus")):  # fmt: skip
        with av.open(str(folder / name), "w", format=container) as file:
            stream = file.add_stream(codec, rate=rate, layout="mono")
            frame = av.AudioFrame.from_ndarray(wav[None].astype(np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, 0
            resampler = av.AudioResampler(stream.codec_context.format.name, "mono", rate, frame_size=960)
            for part in (*resampler.resample(frame), *resampler.resample(None)):
                file.mux(stream.encode(part))
            file.mux(stream.encode())
    return folder


@pytest.mark.parametrize("name", ["memo.m4a", "film.mp4", "record.webm"])
def test_a_clip_is_taken_whatever_its_type(page, clips, name):
    page.check("#voice-kind input[value=clip]")
    unfold(page, "#heard")
    with page.expect_file_chooser() as chooser:
        page.click("#voice button:has-text('Drop Audio Here')")
    assert ".webm" in chooser.value.element.get_attribute("accept")
    chooser.value.set_files(clips / name)
    page.wait_for_function("document.querySelector('#voice-codec audio')?.duration > 1.5")

    page.click("button[role=tab]:has-text('Inside')")
    data = base64.b64encode((clips / name).read_bytes()).decode()
    kind = {"m4a": "audio/x-m4a", "mp4": "video/mp4", "webm": "video/webm"}[name.split(".")[1]]
    dropped = page.evaluate_handle(
        """([data, name, type]) => {
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], name, {type}));
          return files;
        }""",
        [data, name, kind],
    )
    page.dispatch_event("#inside-clip button:has-text('Drop Audio Here')", "drop", {"dataTransfer": dropped})
    page.wait_for_function("document.querySelector('#inside-decoded audio')?.duration > 1.5")
