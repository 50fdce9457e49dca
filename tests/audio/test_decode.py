"""Recordings as phones, browsers and broken writers make them: they are read, or refused in one line."""

import io
import os
import socket
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonelm.audio.files import AudioError, mono, read_audio
from phonelm.audio.prompt import prepare_prompt
from phonelm.config import SAMPLE_RATE

av = pytest.importorskip("av")
RATE, SECONDS, HZ = 48_000, 2, 220
TRIES = int(os.environ.get("FUZZ_TRIES", 0))  # 0: the same few inputs each time


def tone(rate=RATE, seconds=SECONDS):
    t = np.arange(rate * seconds) / rate
    return (0.3 * np.sin(2 * np.pi * HZ * t) * (1 + 0.5 * np.sin(2 * np.pi * 3 * t))).astype(np.float32)


def encode(path, codec, channels=1, video=None, kind=None):
    """A file with a tone, by FFmpeg; with a video track if there is a codec for one."""
    layout = "mono" if channels == 1 else "stereo"
    with av.open(path, "w", format=kind) as container:
        stream = container.add_stream(codec, rate=RATE, layout=layout)
        if video:
            pictures = container.add_stream(video, rate=10)
            pictures.width = pictures.height = 64
            pictures.pix_fmt = "yuv420p"
            for i in range(10 * SECONDS):
                frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), 9 * i, np.uint8), format="rgb24")
                frame.pts = i
                container.mux(pictures.encode(frame))
            container.mux(pictures.encode(None))
        frame = av.AudioFrame.from_ndarray(np.tile(tone(), (channels, 1)), format="fltp", layout=layout)
        frame.sample_rate, frame.pts = RATE, 0
        queue, resampler = av.AudioFifo(), av.AudioResampler(stream.format.name, layout, RATE)
        queue.write(frame)
        while (part := queue.read(stream.codec_context.frame_size or 1024, partial=True)) is not None:
            for converted in resampler.resample(part):
                container.mux(stream.encode(converted))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("memo.m4a", {"codec": "aac"}),
        ("stereo.m4a", {"codec": "aac", "channels": 2}),
        ("lossless.m4a", {"codec": "alac"}),
        ("memo.aac", {"codec": "aac", "kind": "adts"}),
        ("recorder.webm", {"codec": "libopus"}),
        ("film.webm", {"codec": "libopus", "video": "libvpx"}),
        ("film.mp4", {"codec": "aac", "video": "mpeg4"}),
        ("film.mov", {"codec": "aac", "video": "mpeg4"}),
        ("no-suffix", {"codec": "aac", "kind": "mp4"}),
    ],
)
def test_recordings_of_phones_and_browsers(tmp_path, name, options):
    wav, rate = read_audio(encode(tmp_path / name, **options))
    assert rate == RATE and wav.dtype == np.float32 and abs(len(wav) / rate - SECONDS) < 0.1
    spectrum = np.abs(np.fft.rfft(wav))
    assert abs(spectrum.argmax() * rate / len(wav) - HZ) < 1
    assert abs(np.sqrt(np.mean(wav**2)) / np.sqrt(np.mean(tone() ** 2)) - 1) < 0.1
    prepare_prompt(wav, rate)


def test_a_video_without_sound_is_refused(tmp_path):
    path = tmp_path / "silent.mp4"
    with av.open(path, "w") as container:
        pictures = container.add_stream("mpeg4", rate=10)
        pictures.width = pictures.height = 64
        frame = av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), format="rgb24")
        container.mux(pictures.encode(frame))
        container.mux(pictures.encode(None))
    with pytest.raises(AudioError, match="cannot be read"):
        read_audio(path)


def test_a_recording_that_is_cut_off_is_used_as_far_as_it_goes(tmp_path):
    path = encode(tmp_path / "a.webm", "libopus")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    wav, rate = read_audio(path)
    assert 0.3 < len(wav) / rate / SECONDS < 0.7


@pytest.mark.parametrize("name", ["list.m3u8", "list.wav", "list.mp4"])
def test_playlists_open_nothing(tmp_path, name):
    """FFmpeg follows playlists to other files and addresses; a voice clip must not make the server do so."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(0.5)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.ts"
        (tmp_path / "secret.aac").write_bytes(encode(tmp_path / "s.aac", "aac", kind="adts").read_bytes())
        for entry in (address, str(tmp_path / "secret.aac")):
            lists = (
                f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{entry}\n#EXT-X-ENDLIST\n",
                f"ffconcat version 1.0\nfile '{entry}'\n",
            )
            for text in lists:
                (tmp_path / name).write_text(text)
                with pytest.raises(AudioError, match="cannot be read"):
                    read_audio(tmp_path / name)
        with pytest.raises(TimeoutError):
            server.accept()


def test_a_decoder_that_hangs_or_crashes_is_a_file_that_cannot_be_read(tmp_path, monkeypatch):
    path = encode(tmp_path / "a.m4a", "aac")
    for script, limit in (("import time; time.sleep(60)", 0.5), ("import os; os.abort()", 60)):
        (tmp_path / "script.py").write_text(script)
        monkeypatch.setattr("phonelm.audio.decode.ffmpeg.__file__", str(tmp_path / "script.py"))
        monkeypatch.setattr("phonelm.audio.decode.TIMEOUT_S", limit)
        with pytest.raises(AudioError, match="cannot be read"):
            read_audio(path)


@pytest.mark.parametrize("suffix", ["wav", "m4a"])
def test_size_is_checked_before_all_of_it_is_in_memory(tmp_path, suffix):
    class TooLong(ValueError):
        pass

    def check(samples, rate, channels):
        assert rate == RATE and channels == 1
        seen.append(samples)
        if samples > RATE // 2:
            raise TooLong

    seen, path = [], tmp_path / f"a.{suffix}"
    if suffix == "wav":
        soundfile.write(path, tone(), RATE)
    else:
        encode(path, "aac")
    with pytest.raises(TooLong):
        read_audio(path, check)
    assert seen[-1] < RATE * 1.5 or suffix == "wav"


@pytest.mark.parametrize(
    "extra", [b"", b"LIST" + struct.pack("<I", 26) + b"INFOISFT" + struct.pack("<I", 14) + b"x" * 14]
)
@pytest.mark.parametrize("riff", [0, 36, 2**32 - 1])
@pytest.mark.parametrize("size", [0, 2**32 - 1])
@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_wav_file_whose_size_was_never_filled_in_is_read_to_its_end(tmp_path, extra, riff, size, subtype):
    file = io.BytesIO()
    soundfile.write(file, tone(), RATE, format="WAV", subtype=subtype)
    content = bytearray(file.getvalue())
    at = content.index(b"data")
    content[at + 4 : at + 8], content[4:8] = struct.pack("<I", size), struct.pack("<I", riff)
    content[at:at] = extra
    (tmp_path / "a.wav").write_bytes(content)
    wav, rate = read_audio(tmp_path / "a.wav")
    assert rate == RATE and len(wav) == RATE * SECONDS and np.abs(wav - tone()).max() < 1e-3


@pytest.mark.parametrize("gain", [1.0, 0.9, 0.7])
def test_channels_of_opposite_phase_are_not_silence(gain):
    wav = tone()
    for channels in ([wav, -gain * wav], [-gain * wav, wav]):
        assert np.array_equal(np.abs(mono(np.stack(channels, 1))), np.abs(wav))


def test_other_channels_are_averaged():
    wav, other = tone(), np.random.default_rng(0).standard_normal(RATE * SECONDS).astype(np.float32)
    for channels in ([wav, wav], [wav, 0 * wav], [wav, other], [0 * wav] * 8 + [wav], [wav, -0.1 * wav], [wav]):
        assert np.allclose(mono(np.stack(channels, 1)), np.mean(channels, axis=0), atol=1e-6)
    assert np.isnan(mono(np.full((4, 2), np.nan, np.float32))).all() and mono(np.zeros((0, 2))).shape == (0,)


def test_noise_and_steady_tones_are_taken_with_a_note():
    rng, t = np.random.default_rng(0), np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    for wav in (0.1 * rng.standard_normal(len(t)), 0.3 * np.sin(2 * np.pi * 440 * t), rng.uniform(-1, 1, len(t))):
        assert any("speech" in note for note in prepare_prompt(wav, SAMPLE_RATE).notes)


def test_speech_is_taken_without_that_note():
    from phonelm.tts.voices import bundled_voices

    for voice in bundled_voices().values():
        assert not any("speech" in note for note in prepare_prompt(*read_audio(voice.path)).notes)


def test_sound_is_counted_by_its_samples():
    """Half a second is 12,000 samples, whatever the number of frames that they begin."""
    from phonelm.audio.prompt import MIN_PROMPT_S

    needed = round(MIN_PROMPT_S * SAMPLE_RATE)
    noise = 0.1 * np.random.default_rng(0).standard_normal(needed).astype(np.float32)
    assert len(prepare_prompt(noise, SAMPLE_RATE).wav) == needed
    for missing in (1, 400):
        with pytest.raises(AudioError, match="0.4. s of sound"):
            prepare_prompt(noise[missing:], SAMPLE_RATE)


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recordings")
    kinds = (
        ("a.m4a", "aac", None),
        ("a.webm", "libopus", None),
        ("a.mp4", "aac", "mpeg4"),
        ("b.webm", "libopus", "libvpx"),
    )
    return [encode(folder / name, codec, video=video).read_bytes() for name, codec, video in kinds]


@settings(
    max_examples=TRIES or 15, derandomize=not TRIES, deadline=None, database=None,
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
@given(data=st.data())
def test_any_damaged_recording_is_read_or_refused(recordings, tmp_path_factory, data):
    content = bytearray(data.draw(st.sampled_from(recordings)))
    end = len(content) - 1
    places = st.integers(0, 300) | st.integers(max(0, end - 1000), end) | st.integers(0, end)
    for place, value in data.draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=6)):
        content[place] = value
    if data.draw(st.booleans()):
        del content[data.draw(st.integers(0, end)) :]
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(content)
    try:
        wav, rate = read_audio(path)
        assert np.isfinite(wav).all() and wav.ndim == 1
        prepare_prompt(wav, rate)
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
