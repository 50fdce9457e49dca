"""The gallery that `docs/gallery.py` makes."""

import importlib.util
import re
from pathlib import Path

import pytest
import soundfile
from PIL import Image

from phonelm.config import FRAME_RATE, SamplingConfig

FILE = Path(__file__).parent.parent / "docs/gallery.py"


@pytest.fixture(scope="module")
def gallery():
    spec = importlib.util.spec_from_file_location("gallery", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_gallery_has_sound_and_picture_of_each_sentence(gallery, app_tts, tmp_path):
    page = gallery.make(app_tts, tmp_path / "gallery", ("I read it.", "Tom & Ann <3."))
    text = page.read_text("utf-8")
    assert text.count("<article>") == 2 and "Tom &amp; Ann &lt;3." in text and "://" not in text
    for name in re.findall(r'src="([^"]+)"', text):
        assert (page.parent / name).exists(), name
    assert soundfile.info(page.parent / "02.mp3").duration > 0.2
    with Image.open(page.parent / "01.png") as picture:
        assert picture.width > 500


def test_the_least_sure_word_has_the_lowest_mean(gallery, app_tts):
    speech = app_tts.speak("I read it. Do you?", None, SamplingConfig(seed=2))
    word, chance = gallery.least_sure(speech)
    means = {}
    for span in speech.timeline:
        if span.word:
            start, end = (round(t * FRAME_RATE) for t in (span.start_s, span.end_s))
            chances = [pick.probability for frame in speech.frames[start:end] for pick in frame.picks]
            means.setdefault(span.word_index, []).extend(chances)
    assert chance == pytest.approx(min(sum(m) / len(m) for m in means.values()))
    assert word in ("I", "read", "it", "Do", "you")


def test_twenty_sentences(gallery):
    assert len(set(gallery.SENTENCES)) == 20
