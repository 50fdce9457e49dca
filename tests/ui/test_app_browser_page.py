"""Journeys of a new user in a real browser: what opens, voices, settings, one transport, takes."""

import shutil
import socket

import pytest

import app
from phonelm.checkpoint import DIRECTORY_VARIABLE, default_dir
from phonelm.ui import opening
from tests.ui.browser import GRID, WAIT_MS, generate, needs_browser, player, unfold

pytestmark = [pytest.mark.slow, needs_browser]
PLAY, SEEK, ROWS = "#live-sound .play", "#live-sound .seek", "#takes li"
LONG = "The rain has stopped, and we walk home along the river, all the way to the old mill. "
SOUNDING = "document.querySelector('#live-sound .play').getAttribute('aria-label') === 'Pause'"
SILENT = "document.querySelector('#live-sound .play').getAttribute('aria-label') === 'Play'"


@pytest.fixture(scope="module")
def opened_url(app_url, app_tts, tmp_path_factory):
    """The address of an app that has a take on the page when it opens; it shares the temporary folder of `app_url`."""
    folder = tmp_path_factory.mktemp("checkpoints")
    shutil.copytree(default_dir() / "voices", folder / "voices")
    opening.save(opening.make(app_tts), folder / opening.FILE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.MonkeyPatch.context() as other:
        other.setenv(DIRECTORY_VARIABLE, str(folder))
        demo = app.build_demo(app_tts)
    yield app.launch(demo, server_name="127.0.0.1", server_port=port, prevent_thread_lock=True, quiet=True)[1]
    demo.close(verbose=False)


@pytest.fixture
def opened(browser, opened_url):
    page, problems = browser.new_page(), []
    page.set_default_timeout(WAIT_MS)
    page.on("pageerror", lambda e: problems.append(str(e)))
    page.goto(opened_url)
    page.wait_for_selector(GRID)
    yield page
    page.close()
    assert not problems


def stored(page):
    """Wait until the newest take is in the browser's storage."""
    newest = "document.querySelector('#takes li[aria-current]')?.dataset.key"
    page.wait_for_function(f"document.querySelector('#takes [data-stored]')?.dataset.stored === {newest}")


def test_the_first_click_plays(opened):
    assert opened.input_value("#text textarea") == opening.TEXT
    assert opened.is_checked("#voice-kind input[value=bundled]")
    assert opened.locator("#downloads button:not([disabled])").count() == 8
    opened.click(PLAY)
    opened.wait_for_function("document.querySelector('#speech audio').currentTime > 0.1")
    opened.wait_for_selector("#live-sound .read-along .now")
    opened.click("#stop")  # it can be pressed while anything sounds
    opened.wait_for_function(SILENT)
    opened.wait_for_selector("#stop[disabled]")
    with opened.expect_download() as download:
        opened.click("#downloads button:has-text('WAV')")
    assert download.value.path().read_bytes().startswith(b"RIFF")


def test_what_opens_can_be_edited(opened):
    opened.focus("#grid .grid-scroll")
    for key in ("Home", "Shift+ArrowRight", "Shift+ArrowRight"):
        opened.keyboard.press(key)
    opened.wait_for_selector("#edit-again:not([disabled])")
    opened.click("#edit-again")
    opened.wait_for_selector("#status:has-text('edited once')")
    opened.wait_for_function("document.querySelector('#speech audio').played.length > 0")  # it is heard at once
    assert opened.locator(ROWS).count() == 2


def test_ctrl_enter_generates_and_a_phone_shows_the_result(page):
    page.set_viewport_size({"width": 390, "height": 844})
    page.emulate_media(reduced_motion="reduce")
    page.fill("#text textarea", "I read it.")
    page.focus("#text textarea")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#stop:not([disabled])")
    page.wait_for_selector(GRID)
    box = page.locator(PLAY).bounding_box()
    assert 0 <= box["y"] and box["y"] + box["height"] <= 844
    go, result = (page.locator(part).bounding_box() for part in ("#manner", "#status"))
    assert 0 <= result["y"] - go["y"] - go["height"] < 60  # nothing lies between
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    durations = page.evaluate(
        "[...document.querySelectorAll('button')].map((b) => getComputedStyle(b).transitionDuration)"
    )
    assert all(float(part[:-1]) < 0.001 for each in durations for part in each.split(", "))


def test_voices_by_keys(page):
    page.focus("#text textarea")
    while page.evaluate("document.activeElement.closest('#voice-kind') === null"):
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.value") == "bundled"
    page.keyboard.press("Enter")
    page.wait_for_selector("#voice-kind .card-play.on[data-voice=bundled]")
    page.keyboard.press("ArrowRight")
    assert page.is_checked("#voice-kind input[value=other]")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('#voice-kind') === null")  # one tab stop
    page.keyboard.press("Shift+Tab")
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    page.wait_for_selector("#own-clip:has-text('agreed')", state="visible")
    assert page.locator("#voice-kind label").all_inner_texts()[0].startswith("Your own clip")
    assert page.inner_text("#voice-kind label:has(input[value=other]) .card-about") == "a buzz"


def test_changed_settings_have_a_badge_and_are_set_back(page):
    assert not page.is_visible("#reset")
    unfold(page, "#settings")
    page.get_by_label("number input for Temperature", exact=True).fill("0.8")
    page.keyboard.press("Tab")
    page.check("#settings input[value=seen]")
    page.wait_for_selector("#changed-badge span >> nth=1")
    badge = page.inner_text("#changed-badge")
    assert "Temperature 0.8" in badge and "seen" in badge
    page.click("#reset")
    page.wait_for_selector("#reset", state="hidden")
    assert page.is_checked("#settings input[value=off]")


def test_one_transport_while_it_is_made(page, unhurried):
    generate(page, LONG * 3, wait=False)
    page.wait_for_function("+document.querySelector('#live-sound .seek').max > 1.5")
    page.wait_for_function("+document.querySelector('#live-sound .seek').value > 0.8")
    page.focus(SEEK)
    page.keyboard.press("Home")  # back to the beginning, and on from there
    page.wait_for_function("+document.querySelector('#live-sound .seek').value < 0.6")
    page.wait_for_selector("#live-sound .read-along .now")
    page.click(PLAY)
    page.wait_for_function(SILENT)
    place = page.input_value(SEEK)
    page.wait_for_timeout(500)
    assert page.input_value(SEEK) == place and page.is_enabled("#stop")
    page.click(PLAY)
    page.wait_for_function(f"+document.querySelector('#live-sound .seek').value > {place}")
    page.click("#stop")
    page.wait_for_function(SILENT)
    page.wait_for_selector(GRID)
    page.wait_for_selector("#stop[disabled]")
    assert page.evaluate(SILENT)


def test_fewer_codebooks_are_heard_at_once(page):
    page.uncheck("#live-sound input[type=checkbox]")
    generate(page, "Hello there.")
    before = player(page, "src")
    page.check("#first input >> nth=0")
    page.wait_for_function(f"document.querySelector('#speech audio').src !== '{before}'")
    page.wait_for_function("document.querySelector('#speech audio').played.length > 0")


def test_takes_are_kept_renamed_compared_and_deleted(page):
    page.uncheck("#live-sound input[type=checkbox]")
    for text in ("I read it.", "How are you?"):
        generate(page, text)
        stored(page)
    assert page.locator(f"{ROWS} .name").all_inner_texts() == ["How are you?", "I read it."]
    page.click(f"{ROWS}:nth-child(2) [data-act=name]")
    page.keyboard.type("First try")
    page.keyboard.press("Enter")
    page.reload()
    page.wait_for_selector(f"{ROWS} >> nth=1")
    assert "First try" in page.inner_text(f"{ROWS}:nth-child(2)")
    page.click(f"{ROWS}:nth-child(2) [data-act=play]")
    page.wait_for_function("document.querySelector('#takes audio').currentTime > 0.1")
    page.wait_for_selector(GRID)
    page.wait_for_function("document.querySelectorAll('#live-sound .read-along span').length === 3")
    page.wait_for_selector("#downloads button:not([disabled]) >> nth=7")  # the server still knows it
    page.click(f"{ROWS}:nth-child(1) [data-act=swap]")
    page.wait_for_function("document.querySelector('#takes li[aria-current]').innerText.includes('How are you')")
    page.wait_for_function(SOUNDING)
    with page.expect_download() as download:
        page.click(f"{ROWS}:nth-child(2) [data-act=save]")
    assert download.value.suggested_filename == "phonelm-First-try.wav"
    page.click(f"{ROWS}:nth-child(2) [data-act=drop]")
    assert page.locator(ROWS).count() == 1
    page.reload()
    page.wait_for_selector(ROWS)
    assert page.locator(ROWS).count() == 1


def test_no_more_than_ten_takes_stay(page):
    """Older ones are put into the storage as an earlier visit leaves them."""
    page.evaluate(
        """() => new Promise((done) => {
          const open = indexedDB.open(`phonelm:${location.pathname}`, 1);
          open.onupgradeneeded = () => open.result.createObjectStore("takes", {keyPath: "key"});
          open.onsuccess = () => {
            const work = open.result.transaction("takes", "readwrite"), store = work.objectStore("takes");
            for (let i = 0; i < 14; i++) {
              store.put({key: `old-${i}`, time: i, text: `Old ${i}`, voice: "x", seed: i, seconds: 1});
            }
            work.oncomplete = () => { open.result.close(); done(); };
          };
        })"""
    )
    generate(page, "Hi.")
    stored(page)
    page.reload()
    page.wait_for_selector(f"{ROWS} >> nth=9")
    texts = page.locator(f"{ROWS} .name").all_inner_texts()
    assert texts == ["Hi.", *(f"Old {i}" for i in range(13, 4, -1))]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, opened_url, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs the package axe-playwright-python")
    opened.goto(f"{opened_url}?__theme={theme}")
    opened.wait_for_selector(GRID)
    for part in ("#pronunciation", "#settings"):
        unfold(opened, part)
    found = axe.Axe().run(opened, options={"runOnly": ["wcag2a", "wcag2aa"]}).response["violations"]
    serious = [f"{v['id']}: {[n['html'][:150] for n in v['nodes'][:4]]}" for v in found
               if v["impact"] in ("serious", "critical")]  # fmt: skip
    assert not serious, "\n".join(serious)
