"""Long texts in the page: what is read, and readings on disk that outlive a restart."""

import os
import time

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from phonelm.config import SAMPLE_RATE, SamplingConfig
from phonelm.text import Chapter, Document, TextError
from phonelm.tts import DecodeControls, Turns
from phonelm.ui.events import KEEP_S
from phonelm.ui.long.document import MOST, choose, document_of, first_choice
from phonelm.ui.long.routes import reading_routes
from phonelm.ui.long.shelf import KEPT_S, Gone, Shelf
from phonelm.ui.run import Running
from phonelm.ui.tabs.long import _spoken

TEXT = Document("Boats", (Chapter("One", "We saw a boat. It was blue."), Chapter("Two", "It sank. Then we went home.")))


def order(shelf, tts, voice=None, document=TEXT):
    return shelf.add(tts, document, voice or tts.voice(), SamplingConfig(seed=3), DecodeControls(speed=1.25))


def read(shelf, tts, book, steps=None):
    """Read on, for some steps at most; returns what the page says at each of them."""
    lines, running = [], Running(None)
    with shelf.claim(book), Turns().request("me") as turn:
        plan = book.plan(tts)
        unfinished = book.unfinished(tts, plan)
        for line in _spoken(tts, turn, plan, unfinished, running):
            lines.append(line)
            if len(lines) == steps:
                running.stop.set()
        if not running.stop.is_set():
            book.finish(plan, unfinished)
    return lines


def test_a_reading_goes_on_after_a_restart_and_ends_as_one_without(app_tts, tmp_path):
    whole, other = Shelf(tmp_path / "a"), Shelf(tmp_path / "b")
    book = order(whole, app_tts)
    assert len(read(whole, app_tts, book)) == 4 and book.is_done
    begun = order(other, app_tts)
    assert "2 of 4" in read(other, app_tts, begun, steps=2)[-1] and not begun.is_done
    again = Shelf(tmp_path / "b")  # another process
    assert [s["pieces"] - s["made"] for s in (begun.state(), again.get(begun.name).state())] == [2, 2]
    assert len(read(again, app_tts, again.get(begun.name))) == 2
    for file in ("reading.mp3", "reading.srt", "sound.part"):
        assert (begun.folder / file).read_bytes() == (book.folder / file).read_bytes()
    state = again.get(begun.name).state(first=3)
    assert state["done"] and state["title"] == "Boats" and state["chapters"] == [["One", 0], ["Two", 2]]
    [[end, text]] = state["said"]
    assert text.startswith("Then we") and len(begun.sound(0, 10**9)) == end


def test_a_reading_in_a_users_own_voice_keeps_that_voice(app_tts, tmp_path, voice_file):
    shelf, voice = Shelf(tmp_path), app_tts.voice(voice_file)
    book = order(shelf, app_tts, voice)
    assert (Shelf(tmp_path).get(book.name).plan(app_tts).speech.voice.codes == voice.codes).all()


def test_old_readings_and_those_that_are_too_many_are_deleted(app_tts, tmp_path, voice_file):
    shelf = Shelf(tmp_path)
    mine, own = order(shelf, app_tts), order(shelf, app_tts, app_tts.voice(voice_file))
    for book in (mine, own):
        os.utime(book.folder, (time.time() - KEEP_S - 60,) * 2)
    shelf.sweep()
    assert mine.folder.exists() and not own.folder.exists()
    os.utime(mine.folder, (time.time() - KEPT_S - 60,) * 2)
    with shelf.claim(mine):
        shelf.sweep()
        assert mine.folder.exists()  # somebody works on it
        os.utime(mine.folder, (time.time() - KEPT_S - 60,) * 2)
        with pytest.raises(ValueError, match="read already"), shelf.claim(mine):
            pass
    newer = [order(shelf, app_tts) for _ in range(3)]
    shelf.sweep(most=2)
    assert sum(book.folder.exists() for book in [mine, *newer]) == 2
    for name in ("0" * 32, "..", "../x", None, newer[0].name + "/.."):
        with pytest.raises(Gone):
            shelf.get(name)


def test_the_player_gets_sound_state_and_files_by_the_name_alone(app_tts, tmp_path):
    shelf, app = Shelf(tmp_path), FastAPI()
    app.include_router(reading_routes(shelf))
    client, book = TestClient(app), order(shelf, app_tts)
    at = f"/long/{book.name}"
    state = client.get(f"{at}/state").json()
    assert (state["made"], state["said"], state["done"], state["busy"]) == (0, [], False, False)
    assert client.get(f"{at}/reading.mp3").status_code == 404
    assert client.get(f"{at}/sound.wav?first=0&last=100&rate=24000").status_code == 404
    read(shelf, app_tts, book)
    state = client.get(f"{at}/state").json()
    end = state["said"][1][0]
    wav = client.get(f"{at}/sound.wav?first=100&last={end}&rate={state['rate']}").content
    assert wav[:4] == b"RIFF" and len(wav) == 44 + 2 * (end - 100) and state["rate"] == SAMPLE_RATE
    mp3 = client.get(f"{at}/reading.mp3")
    assert mp3.content[:3] == b"ID3" and 'filename="boats.mp3"' in mp3.headers["content-disposition"]
    assert client.get(f"{at}/reading.srt").text.startswith("1\n00:00:0")
    for path in ("/long/x/state", f"/long/{'0' * 32}/state", f"{at}/reading.json", f"{at}/order.json"):
        assert client.get(path).status_code == 404, path
    assert client.delete(at).json() == {"deleted": True} and client.get(f"{at}/state").status_code == 404


def test_a_long_document_is_offered_in_parts_that_can_be_read(tmp_path):
    assert document_of(" \n", None) is None
    path = tmp_path / "novel.txt"
    path.write_text("\n\n".join(f"Chapter {i}\n\n" + "We saw a boat. " * 1800 for i in range(1, 5)))
    novel = document_of("", str(path))
    assert novel.title == "novel" and [c.title for c in novel.chapters][:2] == ["Chapter 1", "Chapter 2"]
    assert first_choice(novel) == [0]  # 27,000 characters and a heading: a second one would be too much
    with pytest.raises(TextError, match="about 60 min|untick"):
        choose(novel, [0, 1, 2])
    for nothing in ([], [99]):
        with pytest.raises(TextError, match="tick"):
            choose(novel, nothing)
    endless = document_of("word " * 30_000, None)
    assert "".join(c.text for c in endless.chapters).split() and all(len(c.text) <= MOST for c in endless.chapters)
    assert " ".join(c.text for c in endless.chapters).split() == ["word"] * 30_000
    assert endless.chapters[1].title.endswith(f"(2 of {len(endless.chapters)})")
