"""The server for Home Assistant, asked by the protocol's own client."""

import asyncio
import socket
import threading
import time

import numpy as np
import pytest

from phonelm.audio import to_int16
from phonelm.config import SAMPLE_RATE

pytest.importorskip("wyoming", reason="these tests need the package wyoming")
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.info import Describe, Info
from wyoming.tts import Synthesize, SynthesizeVoice


@pytest.fixture(scope="module")
def port(app_tts):
    from phonelm.server.wyoming import serve

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    uri = f"tcp://127.0.0.1:{number}"
    threading.Thread(target=lambda: asyncio.run(serve(app_tts, uri)), daemon=True).start()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", number)):
                break
        time.sleep(0.05)
    return number


def ask(port, *events):
    """All events that come back until the speech has ended, or an error came."""

    async def talk():
        answers = []
        async with AsyncTcpClient("127.0.0.1", port) as client:
            for event in events:
                await client.write_event(event.event())
                while (answer := await client.read_event()) is not None:
                    answers.append(answer)
                    if answer.type in ("info", "audio-stop", "error"):
                        break
        return answers

    return asyncio.run(asyncio.wait_for(talk(), 60))


def test_home_assistant_is_told_the_voices(port):
    [answer] = ask(port, Describe())
    [program] = Info.from_event(answer).tts
    assert program.name == "phonelm" and program.installed
    assert [(voice.name, voice.languages[0]) for voice in program.voices] == [("bundled", "en"), ("other", "en")]


def test_a_text_is_spoken(port, app_tts):
    start, *chunks, stop = ask(port, Synthesize("I read it. Do you?", SynthesizeVoice("other")))
    assert AudioStart.from_event(start).rate == SAMPLE_RATE and AudioStop.is_type(stop.type)
    sound = b"".join(AudioChunk.from_event(chunk).audio for chunk in chunks)
    wav = to_int16(app_tts.speak("I read it. Do you?", "other").wav)
    got = np.frombuffer(sound, "<i2").astype(int)
    assert len(chunks) > 1 and len(got) == len(wav) and np.abs(got - wav).max() <= 1


def test_one_connection_speaks_again(port):
    answers = ask(port, Synthesize("Hi."), Synthesize("Hello."))
    assert [answer.type for answer in answers].count("audio-stop") == 2


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (Synthesize("?!"), "nothing to say"),
        (Synthesize("Hi.", SynthesizeVoice("/etc/passwd")), "there are bundled, other"),
        (Synthesize("a" * 5000), "at most 4096"),
    ],
)
def test_what_cannot_be_spoken_is_named(port, asked, says):
    [answer] = ask(port, asked)
    assert says in Error.from_event(answer).text
