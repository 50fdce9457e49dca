"""Reading, writing and resampling audio; making voice prompts."""

import io
import os
import threading

import numpy as np
import pytest
import soundfile

from phonelm.audio.files import FORMATS, AudioError, check_output, read_audio, resample, to_int16, write_audio
from phonelm.audio.loudness import PROMPT_DBFS, PROMPT_PEAK
from phonelm.audio.prompt import EDGE_S, MAX_PROMPT_S, MIN_CUT_S, prepare_prompt
from phonelm.config import SAMPLE_RATE


def tone(seconds, rate=SAMPLE_RATE, level=0.3, hz=220.0):
    return (level * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)).astype(np.float32)


def silence(seconds, rate=SAMPLE_RATE):
    return np.zeros(round(seconds * rate), np.float32)


def dbfs(wav):
    return 20 * np.log10(np.sqrt(np.mean(wav**2)))


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_read_averages_channels(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, np.stack([tone(1, 44100), 0 * tone(1, 44100)], axis=1), 44100)
    wav, rate = read_audio(path)
    assert rate == 44100 and wav.shape == (44100,) and wav.dtype == np.float32
    assert np.abs(wav - tone(1, 44100) / 2).max() < 0.02


@pytest.mark.parametrize(
    "samples, message",
    [
        (np.zeros(0), "empty"),
        (np.zeros(1000), "silent"),
        (np.full(1000, 0.5), "silent"),
        (np.full(1000, 1e-4) * np.sign(np.arange(1000) % 2 - 0.5), "silent"),
        (np.array([0.1, np.nan, 0.2]), "NaN"),
        (np.array([0.1, np.inf, 0.2]), "NaN or infinite"),
    ],
)
def test_read_refuses_what_holds_no_sound(tmp_path, samples, message):
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    with pytest.raises(AudioError, match=message):
        read_audio(path)


def test_read_refuses_what_is_no_audio(tmp_path):
    with pytest.raises(AudioError, match="no audio file"):
        read_audio(tmp_path / "none.wav")
    with pytest.raises(AudioError, match="no audio file"):
        read_audio(tmp_path)
    for name in ("text.wav", "text.raw", "text"):
        (tmp_path / name).write_text("this is not audio")
        with pytest.raises(AudioError, match="cannot be read"):
            read_audio(tmp_path / name)


def test_resample_keeps_the_tone():
    wav = resample(tone(1, 16000), 16000, SAMPLE_RATE)
    assert abs(len(wav) - SAMPLE_RATE) <= 1 and wav.dtype == np.float32
    assert np.abs(wav - tone(1))[2000:-2000].max() < 1e-3
    assert resample(wav, SAMPLE_RATE, SAMPLE_RATE) is wav
    with pytest.raises(ValueError, match="positive"):
        resample(wav, 0, SAMPLE_RATE)


def test_int16_clips_and_round_trips():
    assert to_int16([-2.0, -1.0, 0.0, 0.5, 1.0, 2.0]).tolist() == [-32768, -32768, 0, 16384, 32767, 32767]
    codes = np.arange(-32768, 32768)
    assert np.array_equal(to_int16(codes / 32768), codes)


def test_write_is_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    write_audio(path, tone(0.1), SAMPLE_RATE)
    wav, rate = soundfile.read(path, dtype="int16")
    assert rate == SAMPLE_RATE and np.array_equal(wav, to_int16(tone(0.1)))

    def full_disk(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("phonelm.files.os.fsync", full_disk)
    with pytest.raises(AudioError, match="No space left"):
        write_audio(path, tone(0.2), SAMPLE_RATE)
    assert soundfile.info(path).frames == len(tone(0.1)) and list(tmp_path.iterdir()) == [path]


def test_write_names_the_path_it_cannot_write(tmp_path):
    (tmp_path / "folder.wav").mkdir()
    for path in (tmp_path / "none" / "a.wav", tmp_path / "folder.wav"):
        with pytest.raises(AudioError, match="cannot write .*" + path.name):
            write_audio(path, tone(0.1), SAMPLE_RATE)
    with pytest.raises(AudioError, match="must end in"):
        write_audio("", tone(0.1), SAMPLE_RATE)
    with pytest.raises(AudioError, match="finite"):
        write_audio(tmp_path / "a.wav", np.array([np.nan]), SAMPLE_RATE)
    with pytest.raises(AudioError, match="shape"):
        write_audio(tmp_path / "a.wav", np.zeros((2, 2)), SAMPLE_RATE)


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_suffix_decides_the_format(tmp_path, suffix):
    path = tmp_path / f"a{suffix.upper()}"
    write_audio(path, tone(1), SAMPLE_RATE, {"title": "A tone"})
    with soundfile.SoundFile(path) as file:
        assert (file.format, file.subtype) == FORMATS[suffix] and file.title == "A tone"
        assert abs(file.frames / file.samplerate - 1) < 0.1
    assert abs(dbfs(read_audio(path)[0]) - dbfs(tone(1))) < 1


@pytest.mark.parametrize("name", ["a.txt", "a", "a.wav.bak", ".wav"])
def test_another_suffix_is_refused_with_the_list(tmp_path, name):
    for refuse in (check_output, lambda path: write_audio(path, tone(0.1), SAMPLE_RATE)):
        with pytest.raises(AudioError, match=".wav, .flac, .mp3, .opus, .ogg"):
            refuse(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="pipes as POSIX has them")
@pytest.mark.parametrize(("name", "kind"), [("pipe", "WAV"), ("pipe.flac", "FLAC")])
def test_a_pipe_gets_the_format_of_its_suffix_or_wav(tmp_path, name, kind):
    os.mkfifo(tmp_path / name)
    check_output(tmp_path / name)
    got = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / name).read_bytes()), daemon=True)
    reader.start()
    write_audio(tmp_path / name, tone(1), SAMPLE_RATE)
    reader.join(10)
    assert soundfile.info(io.BytesIO(got[0])).format == kind


def test_prompt_is_trimmed_centred_and_normalised():
    recording = np.concatenate([silence(1, 16000), tone(2, 16000, 0.02), silence(0.7, 16000)]) + 0.1
    prompt = prepare_prompt(recording, 16000)
    assert prompt.start_s == pytest.approx(1 - EDGE_S, abs=0.03)
    assert prompt.end_s == pytest.approx(3 + EDGE_S, abs=0.03)
    assert len(prompt.wav) == round((prompt.end_s - prompt.start_s) * SAMPLE_RATE) and prompt.wav.dtype == np.float32
    sound = prompt.wav[round(0.1 * SAMPLE_RATE) : -round(0.1 * SAMPLE_RATE)]
    assert dbfs(sound) == pytest.approx(PROMPT_DBFS, abs=0.2)
    assert abs(sound.mean()) < 1e-3


def test_prompt_peak_is_limited():
    recording = tone(2, level=0.01)
    recording[SAMPLE_RATE] = 0.9
    assert np.abs(prepare_prompt(recording, SAMPLE_RATE).wav).max() <= PROMPT_PEAK + 1e-6


def test_long_prompt_is_cut_at_a_pause():
    recording = np.concatenate([silence(0.5), tone(7.5), silence(0.3), tone(20)])
    prompt = prepare_prompt(recording, SAMPLE_RATE)
    assert prompt.start_s == pytest.approx(0.45, abs=0.03)
    assert 8.0 <= prompt.end_s <= 8.3
    note = prompt.notes[0]
    assert "28.3 s long" in note and "0.5 s to 8.1 s" in note and "\n" not in note


def test_long_prompt_without_a_pause_is_cut_all_the_same():
    prompt = prepare_prompt(tone(15), SAMPLE_RATE)
    assert MIN_CUT_S <= prompt.end_s - prompt.start_s <= MAX_PROMPT_S and "15.0 s long" in prompt.notes[0]


@pytest.mark.parametrize(
    "wav, message",
    [
        (silence(2), "silent"),
        (np.zeros(0), "empty"),
        (np.concatenate([silence(2), tone(0.3), silence(2)]), "0.3. s of sound"),
        (np.array([np.nan] * SAMPLE_RATE), "NaN"),
        (np.zeros((2, SAMPLE_RATE)), "one channel"),
    ],
)
def test_unusable_prompts_are_refused(wav, message):
    with pytest.raises(AudioError, match=message):
        prepare_prompt(wav, SAMPLE_RATE)
