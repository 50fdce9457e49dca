"""Whatever is handed in as a voice clip, a bundle, a recipe or settings: it is used, or refused in one line."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
import soundfile
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from phonelm.audio.files import AudioError, read_audio
from phonelm.audio.prompt import MAX_PROMPT_S, MIN_PROMPT_S, prepare_prompt
from phonelm.cli import main
from phonelm.config import SAMPLE_RATE, SamplingConfig, from_dict
from phonelm.tts.bundle import LIMITS, pack, unpack
from phonelm.tts.recipe import Recipe, RecipeError, identity
from phonelm.ui.api.compare import read_settings
from phonelm.ui.phonemes import sentences
from phonelm.ui.take_along import recipe_of
from phonelm.ui.voice import read_clip

TRIES = int(os.environ.get("FUZZ_TRIES", 0))  # 0: the same few inputs each time


def fuzzed(few):
    return settings(
        max_examples=TRIES or few, derandomize=not TRIES, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip


FORMATS = [("WAV", "PCM_16"), ("WAV", "PCM_U8"), ("WAV", "FLOAT"), ("WAV", "ULAW"), ("FLAC", "PCM_16"),
           ("OGG", "VORBIS"), ("MP3", "MPEG_LAYER_III"), ("AIFF", "PCM_24"), ("CAF", "DOUBLE")]  # fmt: skip
NAMES = ["a.wav", "a.flac", "a.mp3", "a.raw", "a.txt", "a", "ä 声.ogg"]
RATES = st.sampled_from([8_000, 16_000, 22_050, 24_000, 44_100, 48_000]) | st.integers(1, 400_000)


@st.composite
def waves(draw):
    """(S,) or (S, C) float32 and a sample rate: sound, silence, an offset, overdriven, with holes, not finite."""
    rate = draw(RATES)
    length = draw(st.integers(0, 3) | st.integers(0, min(4 * rate, 200_000)))
    channels = draw(st.sampled_from([1, 1, 1, 2, 9]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    wav = rng.standard_normal((length, channels)) * draw(st.sampled_from([0, 1e-30, 1e-4, 0.1, 1, 1e6, 1e30, 1e38]))
    wav += draw(st.sampled_from([0, 0.5, -1, 1e6]))
    if draw(st.booleans()):
        wav = np.clip(wav, -1, 1)
    if length and draw(st.booleans()):
        start = draw(st.integers(0, length - 1))
        wav[start : start + draw(st.integers(1, length))] = draw(st.sampled_from([0, np.nan, np.inf, -np.inf]))
    return wav.astype(np.float32)[:, 0] if channels == 1 else wav.astype(np.float32), rate


@st.composite
def clips(draw):
    """The bytes of a file: audio of any kind, cut or changed in places, or no audio at all."""
    wav, rate = draw(waves())
    kind, subtype = draw(st.sampled_from(FORMATS))
    if subtype not in ("FLOAT", "DOUBLE"):  # of what is not within -1 to 1, or of high rates, libsndfile's encoders die
        wav, rate = np.clip(np.nan_to_num(wav), -1, 1), min(rate, 192_000)
    file = io.BytesIO()
    try:
        soundfile.write(file, wav, rate, format=kind, subtype=subtype)
    except (soundfile.SoundFileError, ValueError):  # more channels, or another rate, than this format knows
        return draw(st.binary(max_size=200))
    return draw(damaged(file.getvalue())) if draw(st.booleans()) else file.getvalue()


@st.composite
def damaged(draw, content):
    """Bytes of which a few are changed, and the end perhaps cut off; mostly in the first 100 and in the last 200."""
    changed = bytearray(content)
    end = max(0, len(content) - 1)
    places = st.integers(0, min(100, end)) | st.integers(max(0, end - 200), end) | st.integers(0, end)
    for place, value in draw(st.lists(st.tuples(places, st.integers(0, 255)), max_size=4)):
        changed[place : place + 1] = bytes([value])
    return bytes(changed[: draw(st.integers(0, len(changed)))] if draw(st.booleans()) else changed)


def one_line(error):
    return str(error) and "\n" not in str(error) and len(str(error)) < 400


def check_prompt(prompt):
    assert prompt.wav.dtype == np.float32 and np.isfinite(prompt.wav).all() and np.abs(prompt.wav).max() <= 1
    assert MIN_PROMPT_S * SAMPLE_RATE <= len(prompt.wav) <= (MAX_PROMPT_S + 0.2) * SAMPLE_RATE


@pytest.mark.slow
@fuzzed(60)
@given(waves())
def test_any_sound_is_a_prompt_or_refused(wave):
    try:
        check_prompt(prepare_prompt(*wave))
    except ValueError as error:
        assert one_line(error)


@pytest.mark.parametrize("rate", [-1, 0, 1, 3_999, 192_001, 2**31 - 1])
def test_a_strange_rate_is_refused_before_it_takes_all_memory(rate):
    with pytest.raises(AudioError, match="4000 to 192000"):
        prepare_prompt(np.random.default_rng(0).standard_normal(10**6).astype(np.float32), rate)


@pytest.mark.slow
@pytest.mark.parametrize("read", [read_audio, read_clip])
@fuzzed(60)
@given(content=clips(), name=st.sampled_from(NAMES))
def test_any_file_is_a_clip_or_refused(tmp_path_factory, read, content, name):
    path = tmp_path_factory.getbasetemp() / name
    path.write_bytes(content)
    try:
        check_prompt(prepare_prompt(*read(str(path))))
    except ValueError as error:
        assert one_line(error)


@pytest.mark.slow
@fuzzed(8)
@given(content=clips(), name=st.sampled_from(NAMES))
def test_any_file_through_the_command_line(tmp_path_factory, content, name):
    folder = tmp_path_factory.getbasetemp()
    (folder / name).write_bytes(content)
    assert main(["codec", str(folder / name), "-o", str(folder / "out.wav")]) in (0, 2)


@pytest.mark.slow
def test_any_file_through_the_web(app_url, tmp_path):
    client = Client(app_url, verbose=False, download_files=tmp_path, analytics_enabled=False)

    @fuzzed(8)
    @given(content=clips(), name=st.sampled_from(NAMES))
    def generate(content, name):
        (tmp_path / name).write_bytes(content)
        try:
            client.predict(text="Hi.", clip=handle_file(tmp_path / name), api_name="/generate")
        except AppError as error:
            assert one_line(error) and str(tmp_path) not in str(error)

    generate()
    assert client.predict(text="Hi.", seed=1, new_seed=False, api_name="/generate")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from([2**63, -1, "seen"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
SETTINGS = st.dictionaries(st.sampled_from([*SamplingConfig.__dataclass_fields__, "voice"]) | st.text(max_size=5), JSON)


@fuzzed(200)
@given(values=SETTINGS)
def test_any_settings_are_settings_or_refused(values):
    try:
        made = from_dict(SamplingConfig, values)
    except ValueError as error:
        assert "\n" not in str(error)
        return
    assert from_dict(SamplingConfig, json.loads(json.dumps(made.__dict__))) == made


@fuzzed(200)
@given(values=SETTINGS | JSON)
def test_any_settings_to_compare(app_tts, values):
    try:
        voice, *_ = read_settings(app_tts, values, None)
        assert voice in app_tts.voices
    except ValueError as error:
        assert "\n" not in str(error)


@pytest.fixture(scope="module")
def packed(app_tts, voice_file):
    """A whole bundle, and one of nothing but the members that are read."""
    written, clip = ("Hi.", False, ""), read_clip(str(voice_file))
    speech = app_tts.speak(sentences(app_tts, *written), clip)
    data = pack(speech, recipe_of(speech, written, clip, identity(app_tts)))
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return data, {name: file.read(name) for name in file.namelist()}


def check_recipe(data):
    try:
        assert isinstance(unpack(data), Recipe)
    except RecipeError as error:
        assert one_line(error)


@pytest.mark.slow
@fuzzed(200)
@given(data=st.data())
def test_any_damaged_bundle_is_a_recipe_or_refused(packed, data):
    check_recipe(data.draw(damaged(packed[0])))


@fuzzed(100)
@given(data=st.data())
def test_any_member_of_a_bundle_may_be_anything(packed, data):
    members = dict(packed[1])
    name = data.draw(st.sampled_from([*members]))
    bomb = st.sampled_from([10**6, LIMITS[name] + 1]).map(bytes)
    members[name] = data.draw(damaged(members[name]) | st.binary(max_size=50) | bomb)
    if data.draw(st.booleans()):
        members[data.draw(st.text(min_size=1, max_size=9))] = b"more"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for member, content in members.items():
            file.writestr(member, content)
    check_recipe(buffer.getvalue())


@fuzzed(200)
@given(data=st.data())
def test_any_value_in_a_recipe(packed, data):
    values = json.loads(packed[1]["recipe.json"]) | {"voice": "bundled"}
    part = data.draw(st.sampled_from([values, values["settings"], values["made_with"]]))
    part[data.draw(st.sampled_from([*part]) | st.text(max_size=5))] = data.draw(JSON)
    check_recipe(json.dumps(values).encode())
