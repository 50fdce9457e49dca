"""Speed, pitch and intonation of a speech: the codes stay, the sound and every time in it change."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile

from phonelm.audio.files import to_int16
from phonelm.codec.codec import CodecError
from phonelm.codec.parameters import DecodeControls
from phonelm.config import FRAME_RATE, HOP_LENGTH, SamplingConfig
from phonelm.tts.picture import draw_grid
from phonelm.tts.reading import read_aloud
from phonelm.tts.system import TTS
from tests.codec_cases import encodec

TEXT = "Hello there. How are you?"
TUNED = DecodeControls(speed=1.3, pitch_semitones=2.0, intonation=1.6)
SPEEDS = (0.5, 0.7, 1.0, 1.35, 1.6, 2.0)


@pytest.fixture(scope="module")
def speech(app_tts):
    return app_tts.speak(TEXT, settings=SamplingConfig(seed=2))


def semitones(a_hz, b_hz):
    """From b to a, where both are voiced."""
    return 12 * np.log2(a_hz[a_hz > 0] / b_hz[b_hz > 0])


def test_speed_is_exact_and_monotone_and_leaves_codes_and_pitch(app_tts, speech):
    spoken = [app_tts.decode(speech, DecodeControls(speed=speed)) for speed in SPEEDS]
    durations = [s.duration_s for s in spoken]
    assert durations == sorted(set(durations), reverse=True)
    for speed, said in zip(SPEEDS, spoken, strict=True):
        assert said.duration_s * speed / speech.duration_s == pytest.approx(1, abs=0.03)
        assert said.timeline[-1].end_s == pytest.approx(said.duration_s, abs=0.5 / FRAME_RATE + 1e-9)
        times = [(p.start_s * speed, p.end_s * speed) for p in said.timeline]
        assert np.allclose(times, [(p.start_s, p.end_s) for p in speech.timeline])
        assert said.codes.equal(speech.codes) and np.array_equal(said.pitch_hz, speech.pitch_hz)
    assert np.array_equal(spoken[SPEEDS.index(1.0)].wav, speech.wav)


def test_pitch_and_intonation_are_what_was_asked_for(app_tts, speech):
    assert len(speech.pitch_hz) == len(speech.frames) and (speech.pitch_hz > 0).any()
    higher = app_tts.decode(speech, DecodeControls(pitch_semitones=4))
    assert np.allclose(semitones(higher.pitch_hz, speech.pitch_hz), 4, atol=1e-3)
    assert len(higher.wav) == len(speech.wav) and not np.array_equal(higher.wav, speech.wav)
    flat = app_tts.decode(speech, DecodeControls(intonation=0)).pitch_hz
    mean_hz = app_tts.codec.parameters(speech.voice.codes.T[None]).mean_hz.item()
    assert np.allclose(flat[flat > 0], mean_hz, rtol=1e-4)
    lively = app_tts.decode(speech, DecodeControls(intonation=2, mean_hz=80.0)).pitch_hz
    assert np.allclose(semitones(lively, speech.pitch_hz), 12 * np.log2(speech.pitch_hz[speech.pitch_hz > 0] / 80),
                       atol=1e-3)  # fmt: skip


def test_speaking_streaming_and_decoding_again_give_the_same(app_tts, speech):
    whole = app_tts.speak(TEXT, settings=SamplingConfig(seed=2), controls=TUNED)
    assert np.array_equal(app_tts.decode(speech, TUNED).wav, whole.wav) and whole.codes.equal(speech.codes)
    chunks = list(app_tts.stream(TEXT, settings=SamplingConfig(seed=2), controls=TUNED))
    joined, streamed = np.concatenate([chunk for chunk, _ in chunks]), chunks[-1][1]
    assert len(joined) == len(whole.wav) and np.abs(joined.astype(int) - to_int16(whole.wav)).max() <= 4
    assert np.allclose(streamed.pitch_hz, whole.pitch_hz, rtol=1e-4) and streamed.timeline == whole.timeline
    assert whole.info()["controls"]["pitch_semitones"] == 2 and "1.3" in json.dumps(whole.tags)


def test_an_edit_keeps_them(app_tts, speech):
    edited = app_tts.regenerate(app_tts.decode(speech, TUNED), 2, 4, 9)
    plain = app_tts.regenerate(speech, 2, 4, 9)
    assert edited.controls.speed == 1.3 and edited.codes.equal(plain.codes)
    assert len(edited.wav) == TUNED.frames(len(edited.frames)) * HOP_LENGTH
    assert np.array_equal(edited.wav, app_tts.decode(plain, TUNED).wav)


def test_a_long_text_is_read_with_them(app_tts, tmp_path):
    voice, paths = app_tts.voice(), [tmp_path / "slow.wav", tmp_path / "plain.wav"]
    text = "We saw a boat. It was blue.\n\nThen we went home."
    for path, controls in zip(paths, (replace(TUNED, speed=0.5), DecodeControls()), strict=True):
        read_aloud(app_tts, text, voice, path, controls=controls)
    slow, plain = (soundfile.info(path).duration for path in paths)
    assert slow == pytest.approx(2 * plain, rel=0.01)


def test_the_picture_has_the_pitch_on_the_stretched_time(app_tts, speech):
    said = app_tts.decode(speech, TUNED)
    wave, pitch, *_ = draw_grid(said).axes
    [line] = pitch.lines
    drawn = line.get_ydata()
    assert pitch.get_yscale() == "log" and pitch.get_xlim() == wave.get_xlim()
    assert np.array_equal(np.isnan(drawn), said.pitch_hz == 0)
    assert np.allclose(drawn[said.pitch_hz > 0], said.pitch_hz[said.pitch_hz > 0])
    assert np.allclose(line.get_xdata(), (np.arange(len(said.frames)) + 0.5) / FRAME_RATE / 1.3)
    voiced_s = sum(p.get_width() for p in pitch.patches)
    assert voiced_s == pytest.approx((said.pitch_hz > 0).sum() / FRAME_RATE / 1.3)
    assert len(draw_grid(replace(said, f0_hz=said.f0_hz[:0])).axes) == len(draw_grid(said).axes) - 1


def test_a_codec_without_pitch_says_so_before_any_work(app_tts, tmp_path):
    other = TTS(app_tts.acoustic, encodec(), app_tts.phonemizer, app_tts.voices)
    voice = other.voice()
    for controls in (DecodeControls(speed=1.5), DecodeControls(pitch_semitones=1), DecodeControls(intonation=0.5)):
        for call in (
            lambda c: other.speak("Hi.", voice, controls=c, on_frame=pytest.fail),
            lambda c: next(other.stream("Hi.", voice, controls=c, on_frame=pytest.fail)),
            lambda c: read_aloud(other, "Hi.", voice, tmp_path / "out.wav", controls=c),
        ):
            with pytest.raises(CodecError, match="speed, pitch and intonation"):
                call(controls)
    plain = other.speak("Hi.", voice)
    assert len(plain.wav) and not len(plain.pitch_hz) and len(draw_grid(plain).axes) > 3
    with pytest.raises(CodecError):
        other.decode(plain, TUNED)
