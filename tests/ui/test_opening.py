"""The take that is on the page when it opens, and a speech's words as subtitles."""

import re

import pytest

from phonelm.config import SamplingConfig
from phonelm.tts import identity, lines_of, srt, vtt
from phonelm.tts.subtitles import LINE, words_of
from phonelm.ui import opening
from phonelm.ui.grid import grid_data
from phonelm.ui.result import Made, Recent


@pytest.fixture(scope="module")
def made(app_tts):
    return opening.make(app_tts)


def test_a_kept_take_is_the_one_that_was_made(app_tts, made, tmp_path):
    opening.save(made, tmp_path / opening.FILE)
    again = opening.load(app_tts, identity(app_tts), tmp_path / opening.FILE)
    before, after = grid_data(made.speech), grid_data(again.speech)
    for name in ("codes", "top", "words", "phonemes", "sentences", "clamped"):
        assert before[name] == after[name], name
    for name in ("probability", "entropy", "wave"):
        assert after[name] == pytest.approx(before[name], abs=10), name
    assert again.recipe.settings == made.recipe.settings and again.recipe.text == opening.TEXT
    edited = app_tts.regenerate(again.speech, 1, 3, seed=5)  # it can be edited like any other
    assert edited.edits and len(edited.wav)


def test_a_take_of_other_weights_is_left_out(app_tts, made, tmp_path):
    path = tmp_path / opening.FILE
    assert opening.load(app_tts, identity(app_tts), path) is None
    opening.save(made, path)
    assert opening.load(app_tts, identity(app_tts) | {"model": "0" * 16}, path) is None
    assert opening.load(app_tts, identity(app_tts) | {"torch": "another"}, path) is not None
    path.write_bytes(path.read_bytes()[:1000])
    assert opening.load(app_tts, identity(app_tts), path) is None


def test_the_last_takes_are_kept_and_no_more(made):
    recent, several = Recent(2), [Made(made.speech, made.recipe) for _ in range(3)]
    for one in several:
        recent.keep(one)
    assert [recent.get(one.key) for one in several] == [None, several[1], several[2]]
    assert recent.get(None) is None and len({one.key for one in several}) == 3


def seconds(time):
    hours, minutes, rest = re.split(":", time.replace(",", "."))
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_subtitles_have_every_word_at_the_time_of_the_pointer(app_tts):
    text = "The rain has stopped, and we walk home along the river. Shall we?"
    speech = app_tts.speak(text, None, SamplingConfig(seed=3))
    words = words_of(speech)
    cues = re.findall(r"(\d+)\n(\S+) --> (\S+)\n(.*)\n\n", srt(lines_of(speech)))
    assert [int(number) for number, *_ in cues] == list(range(1, len(cues) + 1))
    assert " ".join(line for *_, line in cues).split() == [word.text for word in words]
    assert all(len(line) <= LINE for *_, line in cues) and cues[-1][3] == "Shall we"
    times = [(seconds(start), seconds(end)) for _, start, end, _ in cues]
    assert times[0][0] == pytest.approx(words[0].start_s, abs=0.001)
    assert times[-1][1] == pytest.approx(words[-1].end_s, abs=0.001)
    assert all(start < end for start, end in times) and times == sorted(times)
    web = vtt(speech)
    assert web.startswith("WEBVTT\n\n") and web.count("-->") == len(cues)
    inside = [seconds(time) for time in re.findall(r"<([\d:.]+)>", web)]
    assert len(inside) == len(words) - len(cues) and inside == sorted(inside)
