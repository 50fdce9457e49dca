"""Long texts: pauses between paragraphs; a reading that was interrupted ends as one that was not."""

import numpy as np
import pytest
import soundfile

from phonelm.audio.files import AudioError, to_int16
from phonelm.audio.provenance import STATEMENT
from phonelm.cli import main
from phonelm.config import FRAME_RATE, SAMPLE_RATE, SamplingConfig
from phonelm.text import Chapter, Document, TextError
from phonelm.text.sentences import split_paragraphs
from phonelm.tts.reading import read_aloud
from phonelm.tts.sentences import PARAGRAPH_S
from phonelm.tts.system import WIDTH

SENTENCES = [f"We saw {n} boats on the river that day." for n in range(2, 2 * WIDTH + 4)]
TEXT = "\n\n".join(" ".join(SENTENCES[i : i + 3]) for i in range(0, len(SENTENCES), 3))


def closing_silences(speech):
    """Seconds of the silence that closes each sentence."""
    last = [len(p) - 1 for p in speech.phonemes]
    at = list(zip(speech.sentence, (f.pointer for f in speech.frames), strict=True))
    return [at.count((s, end)) / FRAME_RATE for s, end in enumerate(last)]


def test_a_paragraph_ends_with_a_longer_pause(app_tts):
    speech = app_tts.speak("We saw a boat. It was blue.\n\n\nThen we went home.\nIt was late then.")
    assert [p.closes_paragraph for p in speech.phonemes] == [False, True, False, False]
    first, paragraph, line, end = closing_silences(speech)
    assert paragraph >= PARAGRAPH_S - 1e-6 > max(first, line, end)


def test_the_pause_stays_where_a_long_sentence_is_cut_or_a_short_one_joined(app_tts):
    long = "We walked along the river, past the mill and the bridge, " * 6 + "and home."
    parts = app_tts.phonemize(f"{long}\n\nNo. That was the end of it.\n\nWe slept well.")
    assert [p.closes_paragraph for p in parts] == [False] * (len(parts) - 3) + [True, True, False]
    assert not any(p.closes_paragraph for p in app_tts.phonemize("We saw a boat.\n\n* * *"))


@pytest.mark.parametrize(
    ("text", "paragraphs"),
    [
        ("One.\n\n \nTwo.\r\n\r\nThree.", ["One.", "Two.", "Three."]),
        (
            "It was the best of times, it was the worst of\ntimes, it was the age of wisdom, it was the well-\nknown "
            "age of pre- and post-war foolishness, it was\nlate.",
            [
                "It was the best of times, it was the worst of times, it was the age of wisdom, it was the well-known "
                "age of pre- and post-war foolishness, it was late."
            ],
        ),
        ("A first line.\nA second line.", ["A first line.\nA second line."]),
        *(
            (lines, [lines])
            for lines in (
                "- " + "boats and " * 5 + "ships\n- " + "boats and " * 5 + "ships",
                "\n".join("A paragraph of one line" + ", and so on" * n for n in (9, 12)),
            )
        ),
    ],
)
def test_paragraphs_and_wrapped_lines(text, paragraphs):
    assert [p.strip() for p in split_paragraphs(text)] == paragraphs


@pytest.mark.slow
def test_an_interrupted_reading_ends_as_one_that_was_not(app_tts, tmp_path):
    voice, settings = app_tts.voice(), SamplingConfig(seed=5)
    whole, out = tmp_path / "whole.wav", tmp_path / "out.wav"
    done = read_aloud(app_tts, TEXT, voice, whole, settings)
    assert done.pieces == len(SENTENCES) > 2 * WIDTH and {p.name for p in tmp_path.iterdir()} == {"whole.wav"}

    class Killed(Exception):
        pass

    def killed_at(pieces):
        def report(reading, _):
            seen.append(reading.pieces)
            if reading.pieces == pieces:
                raise Killed

        return report

    seen = []
    for pieces in (WIDTH, 2 * WIDTH):
        with pytest.raises(Killed):
            read_aloud(app_tts, TEXT, voice, out, settings, killed_at(pieces))
        with open(tmp_path / "out.wav.part", "ab") as part:
            part.write(b"what was written when the power went")
        assert not out.exists()
    read_aloud(app_tts, TEXT, voice, out, settings, killed_at(-1))
    assert seen == [0, WIDTH, WIDTH, 2 * WIDTH, 2 * WIDTH, len(SENTENCES)]
    assert out.read_bytes() == whole.read_bytes() and {p.name for p in tmp_path.iterdir()} == {"whole.wav", "out.wav"}
    with soundfile.SoundFile(out) as file:
        assert file.samplerate == SAMPLE_RATE and file.comment.startswith(STATEMENT)
        sound = file.read(dtype="int16")
    speech = app_tts.speak(TEXT, voice, settings)
    assert len(sound) == len(speech.wav) == done.samples
    assert np.abs(sound[:SAMPLE_RATE].astype(int) - to_int16(speech.wav)[:SAMPLE_RATE]).max() <= 4


def test_parts_that_belong_to_something_else_or_are_damaged_are_not_gone_on_with(app_tts, tmp_path):
    out, voice = tmp_path / "out.wav", app_tts.voice()

    def stop(reading, _):
        if reading.pieces:
            raise KeyboardInterrupt

    def start(text=TEXT, settings=SamplingConfig()):
        read_aloud(app_tts, text, voice, out, settings, stop)

    with pytest.raises(KeyboardInterrupt):
        start()
    for other in ({"text": TEXT + " More."}, {"settings": SamplingConfig(seed=1)}):
        with pytest.raises(AudioError, match="another text, voice, setting or model"):
            start(**other)
    weight = next(app_tts.codec.model.decoder.parameters()).data
    before = weight.clone()
    weight.zero_()  # another decoder of the same codes
    with pytest.raises(AudioError, match="another text, voice, setting or model"):
        start()
    weight.copy_(before)
    state = tmp_path / "out.wav.part.json"
    kept = state.read_bytes()
    for damaged in (b"", b"[]", b"{", b'{"key": 1, "x": 2}', kept.replace(b'"pieces": 8', b'"pieces": "8"')):
        state.write_bytes(damaged)
        with pytest.raises(AudioError, match="delete"):
            start()
    state.write_bytes(kept)
    (tmp_path / "out.wav.part").unlink()
    with pytest.raises(AudioError, match="damaged"):
        start()


def test_read_from_the_command_line(tiny_tts, voice_file, tmp_path, capsys):
    from phonelm.model import weights

    model, text, out = (tmp_path / name for name in ("m.safetensors", "text.txt", "out.wav"))
    weights.save(model, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    text.write_text("We saw a boat ⸎ on the river.\n\nIt was a blue one.", encoding="utf-8")
    arguments = ["read", str(text), "--prompt", str(voice_file), "--checkpoint", str(model), "-o", str(out)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "⸎" in said and "2 pieces" in said and soundfile.info(out).duration > PARAGRAPH_S
    text.write_bytes(b"caf\xe9")
    assert main(arguments) == 2
    assert "is not UTF-8 text" in capsys.readouterr().err
    arguments[1] = str(tmp_path / "missing.txt")
    assert main(arguments) == 2
    assert "missing.txt" in capsys.readouterr().err


def test_a_document_becomes_an_mp3_with_a_mark_for_each_chapter(app_tts, tmp_path):
    av = pytest.importorskip("av")
    chapters = (Chapter("One", "We saw a boat. It was blue."), Chapter("Nothing", "* * *"), Chapter("Züri", "Bye now."))
    out = tmp_path / "book.mp3"
    reading = read_aloud(app_tts, Document("Boats", chapters), app_tts.voice(), out, SamplingConfig(seed=3))
    assert reading.pieces == len(reading.ends) == 3 and reading.ends[-1] == reading.samples
    with av.open(str(out)) as file:
        marks = [(c["metadata"]["title"], c["start"] * c["time_base"]) for c in file.chapters()]
        assert file.metadata["title"] == "Boats" and file.metadata["comment"].startswith(STATEMENT)
        assert file.duration / 1e6 == pytest.approx(reading.samples / SAMPLE_RATE, abs=0.1)
    assert marks == [("One", 0), ("Züri", pytest.approx(reading.ends[1] / SAMPLE_RATE, abs=0.001))]
    words = [line.text for line in reading.subtitles]
    assert " ".join(words).lower().split() == "we saw a boat it was blue bye now".split()
    starts = [0, *(end / SAMPLE_RATE for end in reading.ends)]
    for start, end, lines in zip(starts, starts[1:], reading.lines):
        assert lines and all(start <= a < b <= end + 1e-3 for _, a, b in lines)
    with pytest.raises(TextError, match="no chapter has a word"):
        read_aloud(app_tts, Document("", (chapters[1],) * 2), app_tts.voice(), out)
