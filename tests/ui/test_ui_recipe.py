"""Speech to take along: what goes into the zip comes out again to the bit, and nothing else comes out of any file."""

import io
import json
import struct
import zipfile
from dataclasses import replace

import gradio as gr
import numpy as np
import pytest
import soundfile

from phonelm.audio.files import read_audio, to_int16
from phonelm.codec.parameters import DecodeControls
from phonelm.config import SamplingConfig
from phonelm.tts.bundle import CLIP_FILE, LIMITS, MAX_BYTES, MAX_RECIPE_BYTES, RECIPE, VOICE_FILE, pack, unpack
from phonelm.tts.recipe import (
    MAX_CLIP_SAMPLES,
    MAX_EDITS,
    RecipeError,
    check_clip,
    differences,
    identity,
    voice_identity,
)
from phonelm.tts.speech import Edit
from phonelm.ui.controls import controls
from phonelm.ui.phonemes import sentences
from phonelm.ui.take_along import read_recipe, recipe_of, with_edits
from phonelm.ui.voice import read_clip

SETTINGS = SamplingConfig(temperature=0.7, top_k=40, top_p=0.95, n_codebooks=3, clamp="seen", seed=5)
TUNED = DecodeControls(1.1, -2, 1.5)
EDIT = {"start": 2, "end": 5, "seed": 4, "symbols": None}
WRITTEN = ("I read it. Do you?", True, "AY1 | R EH1 D | IH1 T .\nD UW1 | Y UW1 ?")


@pytest.fixture(scope="module")
def here(app_tts):
    return identity(app_tts)


@pytest.fixture(scope="module")
def packed(app_tts, here, voice_file):
    """Zips of a speech with the bundled voice, and with a clip."""
    zips = {}
    for name, clip in (("bundled", "bundled"), ("clip", read_clip(str(voice_file)))):
        speech = app_tts.speak(sentences(app_tts, *WRITTEN), clip, SETTINGS, controls=TUNED)
        zips[name] = speech, pack(speech, recipe_of(speech, WRITTEN, clip, here))
    return zips


def members(data):
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name: file.read(name) for name in file.namelist()}


def zipped(parts, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **{"compression": zipfile.ZIP_DEFLATED} | options) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return buffer.getvalue()


def changed(data, **values):
    """The recipe's JSON with other values; None leaves the key out."""
    recipe = json.loads(members(data)[RECIPE]) | values
    return json.dumps({k: v for k, v in recipe.items() if v is not None}).encode()


def with_settings(data, **values):
    return changed(data, settings=json.loads(members(data)[RECIPE])["settings"] | values)


@pytest.mark.parametrize("kind", ["bundled", "clip"])
def test_a_recipe_makes_the_same_speech_again(app_tts, here, packed, kind):
    speech, data = packed[kind]
    recipe = unpack(data)
    assert (recipe.text, recipe.by_hand, recipe.phonemes) == WRITTEN
    assert recipe.settings == SETTINGS and recipe.controls == TUNED and recipe.complete
    said = sentences(app_tts, recipe.text, recipe.by_hand, recipe.phonemes)
    again = app_tts.speak(said, recipe.voice, recipe.settings, controls=recipe.controls)
    assert np.array_equal(again.wav, speech.wav) and again.codes.equal(speech.codes)
    twice = members(pack(again, recipe_of(again, WRITTEN, recipe.voice, here))), members(data)
    varying = {"speech.opus", CLIP_FILE} if kind == "clip" else {"speech.opus"}  # Opus numbers its streams
    for name in twice[0].keys() - varying:
        assert twice[0][name] == twice[1][name], name


def test_audio_and_codes_lie_beside_the_recipe(packed, voice_file):
    speech, data = packed["clip"]
    parts = members(data)
    assert sorted(parts) == sorted(set(LIMITS) - {VOICE_FILE})
    wav, _ = soundfile.read(io.BytesIO(parts["speech.wav"]), dtype="int16")
    assert np.array_equal(wav, to_int16(speech.wav))
    for name, kind in (("speech.mp3", "MP3"), ("speech.opus", "OGG")):
        small, rate = soundfile.read(io.BytesIO(parts[name]))
        assert soundfile.info(io.BytesIO(parts[name])).format == kind and len(parts[name]) < len(parts["speech.wav"])
        assert len(small) / rate == pytest.approx(speech.duration_s, abs=0.1)
        assert np.sqrt((small**2).mean()) == pytest.approx(np.sqrt((speech.wav**2).mean()), rel=0.3)
    with np.load(io.BytesIO(parts["codes.npz"])) as arrays:
        assert np.array_equal(arrays["codes"], speech.codes.numpy()) and arrays["codes"].dtype == np.int16
        assert arrays["pointer"].tolist() == [f.pointer for f in speech.frames]
        assert arrays["sentence"].tolist() == speech.sentence and max(speech.sentence) == 1
    clip, rate = unpack(data).voice
    wav, wav_rate = read_audio(voice_file)
    assert rate == wav_rate and np.array_equal(clip, wav) and clip.dtype == np.float32
    assert CLIP_FILE not in members(packed["bundled"][1])


def test_formats_that_libsndfile_cannot_write_are_left_out(app_tts, here, packed, monkeypatch):
    monkeypatch.setattr(soundfile, "available_subtypes", lambda kind: {"MPEG_LAYER_III": ""} if kind == "MP3" else {})
    found = members(pack(packed["bundled"][0], recipe_of(packed["bundled"][0], WRITTEN, "bundled", here)))
    assert "speech.mp3" in found and "speech.opus" not in found


def test_edits_are_made_again(app_tts, here, packed):
    edited = app_tts.regenerate(packed["bundled"][0], 2, 5, 4)
    edited = app_tts.regenerate(edited, 3, 4, 2**60, "AH0")
    recipe = unpack(pack(edited, recipe_of(edited, WRITTEN, "bundled", here)))
    assert recipe.edits == (Edit(2, 5, 4), Edit(3, 4, 2**60, "AH0"))
    plain = app_tts.speak(sentences(app_tts, *WRITTEN), None, SETTINGS, controls=TUNED)
    made = recipe_of(plain, WRITTEN, "bundled", here)
    again = with_edits(app_tts, plain, made, recipe, lambda: False)
    assert again.codes.equal(edited.codes) and np.array_equal(again.wav, edited.wav)
    assert not again.codes.equal(plain.codes)
    assert recipe_of(again, WRITTEN, "bundled", here).edits == recipe.edits
    with pytest.raises(ValueError, match="stopped"):
        with_edits(app_tts, plain, made, recipe, lambda: True)


def test_edits_of_something_else_are_left_out_and_it_is_said(app_tts, here, packed):
    speech = app_tts.speak(sentences(app_tts, *WRITTEN), None, replace(SETTINGS, seed=6))
    loaded = replace(unpack(packed["bundled"][1]), edits=(Edit(2, 5, 4),))
    assert with_edits(app_tts, speech, recipe_of(speech, WRITTEN, "bundled", here), loaded, lambda: False) is speech
    assert "edits of the recipe are left out" in speech.notes[-1]


def test_the_recipe_alone_is_enough_for_the_bundled_voice(packed):
    recipe = unpack(members(packed["bundled"][1])[RECIPE])
    assert recipe.voice == "bundled" and recipe.settings == SETTINGS
    with pytest.raises(RecipeError, match="needs its voice clip: load the whole zip file"):
        unpack(members(packed["clip"][1])[RECIPE])


def test_another_system_is_told(app_tts, here, packed):
    recipe = unpack(packed["bundled"][1])
    same = here | {"voice": recipe.made_with["voice"]}
    assert differences(recipe, same) == []
    assert differences(recipe, same | {"model": "0" * 16, "torch": "1.0"}) == ["torch", "model"]
    wav, rate = unpack(packed["clip"][1]).voice
    assert voice_identity(app_tts.voice((wav[::2].copy(), rate))) != recipe.made_with["voice"]


def test_nothing_spoken_is_not_taken_along(app_tts, here, packed):
    speech = replace(packed["bundled"][0], frames=[], sentence=[])
    with pytest.raises(RecipeError, match="nothing was spoken"):
        pack(speech, recipe_of(speech, WRITTEN, "bundled", here))


def refused(data, message):
    with pytest.raises(RecipeError, match=message) as error:
        unpack(data)
    line = str(error.value)
    assert "\n" not in line and len(line) < 300 and line.isprintable()


@pytest.mark.parametrize(
    "data, message",
    [
        (b"", "neither a bundle of PhoneLM nor a recipe"),
        (b"RIFF", "neither a bundle"),
        (b"[" * 60_000, "neither a bundle"),
        (b'{"kind": ' + b"9" * 9_000 + b"}", "neither a bundle"),
        (b" " * (MAX_RECIPE_BYTES + 1), "neither a bundle"),
        (b"PK" + b" " * MAX_BYTES, "has more than 20 MiB"),
        (b"PK\3\4 and so on", "damaged, or no bundle"),
        (zipped({"../recipe.json": b"{}"}), "holds '../recipe.json', which no bundle"),
        (zipped({"/etc/passwd": b"{}"}), "holds '/etc/passwd', which"),
        (zipped({"a\n" * 200: b"{}"}), "which no bundle"),
        (zipped({"speech.wav": b""}), "there is no recipe.json"),
        (zipped({str(i): b"" for i in range(2000)}), "damaged, or no bundle"),
        (zipped({RECIPE: b"0" * 5_000_000}), "recipe.json in the zip file is too large"),
        (zipped({RECIPE: b"{}"}, compression=zipfile.ZIP_LZMA), "packed in an unknown way"),
        (zipped({RECIPE: b"{}"}), "neither a bundle"),
    ],
    ids=lambda value: value if isinstance(value, str) else "file",
)
def test_what_is_no_recipe_is_refused(data, message):
    refused(data, message)


def test_damaged_and_lying_zips_are_refused(packed):
    data = packed["clip"][1]
    for cut in (100, len(data) // 2, len(data) - 1):
        refused(data[:cut], "zip file is damaged")
    for place in (60, len(data) - 5000):  # in the recipe, in the clip
        refused(data[:place] + b"\0" * 40 + data[place + 40 :], "zip file is damaged")
    bomb = bytearray(zipped({RECIPE: b" " * 5_000_000}))
    place = bomb.rfind(b"PK\1\2")
    bomb[place + 24 : place + 28] = struct.pack("<I", 1000)  # the size it claims to have
    refused(bytes(bomb), "zip file is damaged")
    twice = zipped({RECIPE: b"{}", "recipe.jsoN": b"{}"}).replace(b"recipe.jsoN", b"recipe.json")
    refused(twice, "holds 'recipe.json', which no bundle")
    encrypted = bytearray(zipped({RECIPE: b"{}"}))
    encrypted[encrypted.rfind(b"PK\1\2") + 8] |= 1
    refused(bytes(encrypted), "encrypted")


@pytest.mark.parametrize(
    "values, message",
    [
        ({"kind": "another"}, "neither a bundle"),
        ({"format": 1}, "format is 1; this version of PhoneLM reads formats 2 to 4"),
        ({"format": "2"}, "format is no number"),
        ({"edits": {}}, "'edits' in the recipe must be of type list, not dict"),
        ({"edits": [7]}, "an edit of the recipe must be of type dict, not int"),
        ({"edits": [{"start": 1, "end": 2, "seed": 3}]}, "an edit of the recipe has no 'symbols'"),
        ({"edits": [EDIT | {"seed": True}]}, "'seed' in an edit of the recipe must be of type int, not bool"),
        ({"edits": [EDIT | {"symbols": 5}]}, "'symbols' in an edit of the recipe must be of type str, not int"),
        ({"edits": [EDIT | {"path": "x"}]}, "an edit of the recipe has an unknown key 'path'"),
        ({"edits": [EDIT] * (MAX_EDITS + 1)}, "the recipe has 51 edits; at most 50"),
        ({"text": None}, "the recipe has no 'text'"),
        ({"text": 7}, "'text' in the recipe must be of type str, not int"),
        ({"text": "\ud800"}, "'text' in the recipe is no valid text"),
        ({"by_hand": 1}, "'by_hand' in the recipe must be of type bool"),
        ({"path\n" * 99: "/etc/passwd"}, "unknown key 'path"),
        ({"voice": "../../other.wav"}, "voice is '../../other.wav'; it must be a voice's name"),
        ({"voice": CLIP_FILE}, "needs its voice clip"),
        ({"made_with": {}}, "made_with in the recipe has no 'phonelm'"),
        ({"settings": {}}, "settings have no 'clamp'"),
    ],
)
def test_recipes_of_another_form_are_refused(packed, values, message):
    refused(changed(packed["bundled"][1], **values), message)


@pytest.mark.parametrize(
    "values, message",
    [
        ({"temperature": 3}, "temperature must be from 0.0 to 2.0, not 3"),
        ({"temperature": float("nan")}, "temperature must be from"),
        ({"temperature": None}, "temperature must be from"),
        ({"temperature": "x" * 30_000}, "'temperature' in the recipe's settings must be a number, not str"),
        ({"top_p": [[[]]]}, "must be a number, not list"),
        ({"top_k": 1.5}, "top_k must be a whole number"),
        ({"guidance": 0}, "guidance must be from 1.0 to 5.0, not 0"),
        ({"seed": True}, "seed must be from"),
        ({"seed": 10**4000}, "seed must be from"),
        ({"clamp": "x" * 30_000}, "clamp must be one of off, seen, prompt"),
        ({"surprise": 1}, "unknown key 'surprise'"),
    ],
)
def test_settings_out_of_range_are_refused(packed, values, message):
    refused(with_settings(packed["bundled"][1], **values), message)


def test_recipes_from_before_there_was_guidance_have_none(packed):
    data = packed["bundled"][1]
    settings = json.loads(members(data)[RECIPE])["settings"]
    del settings["guidance"]
    old = {"settings": settings | {"speed": 1}, "format": 2, "controls": None}
    assert unpack(changed(data, **old)).settings == replace(SETTINGS, guidance=1.0)
    refused(changed(data, settings=settings), "settings have no 'guidance'")


@pytest.mark.parametrize("version", [2, 3])
def test_the_speed_of_old_recipes_is_that_of_the_decoder(packed, version):
    data = packed["bundled"][1]
    settings = json.loads(members(data)[RECIPE])["settings"]
    old = unpack(changed(data, settings=settings | {"speed": 0.8}, format=version, controls=None))
    assert old.settings == SETTINGS and old.controls == DecodeControls(speed=0.8)
    refused(changed(data, settings=settings | {"speed": 3}, format=version, controls=None), "speed must be from 0.5")
    refused(changed(data, settings=settings, format=version, controls=None), "settings have no 'speed'")
    refused(with_settings(data, speed=1), "unknown key 'speed'")


@pytest.mark.parametrize(
    "values, message",
    [
        ({"pitch_semitones": 7}, "pitch_semitones must be from -6 to 6, not 7"),
        ({"intonation": "lively"}, "'intonation' in the recipe's controls must be a number, not str"),
        ({"speed": True}, "speed must be from"),
        ({"mean_hz": 100.0}, "unknown key 'mean_hz'"),
    ],
)
def test_controls_that_cannot_be_used_are_refused(packed, values, message):
    data = packed["bundled"][1]
    refused(changed(data, controls=json.loads(members(data)[RECIPE])["controls"] | values), message)


def test_a_recipe_without_controls_is_refused(packed):
    refused(changed(packed["bundled"][1], controls=None), "the recipe has no 'controls'")
    refused(changed(packed["bundled"][1], controls={}), "the recipe's controls have no 'intonation'")


def test_a_clip_that_is_none_is_refused(packed):
    parts = members(packed["clip"][1])

    def with_clip(wav, rate=24_000, subtype="FLOAT"):
        buffer = io.BytesIO()
        soundfile.write(buffer, wav, rate, format="WAV", subtype=subtype)
        return zipped({**parts, CLIP_FILE: buffer.getvalue()})

    refused(zipped({**parts, CLIP_FILE: b"words"}), "cannot be read as audio")
    refused(with_clip(np.zeros(100), subtype="PCM_16"), "no one-channel WAV file of 32-bit floats")
    refused(with_clip(np.zeros((100, 2))), "no one-channel")
    refused(with_clip(np.zeros(100), rate=1), "1 samples a second; 4000 to 192000 are taken")
    refused(with_clip(np.full(100, np.nan)), "NaN")
    refused(zipped({**members(packed["bundled"][1]), CLIP_FILE: parts[CLIP_FILE]}), "uses no voice clip")


def test_a_clip_is_measured_before_it_is_read(tmp_path):
    long = tmp_path / "long.flac"
    soundfile.write(long, np.zeros(MAX_CLIP_SAMPLES + 1, np.int16), 48_000)
    assert long.stat().st_size < 100_000
    with pytest.raises(ValueError, match="83 s long; at most 83 s are taken at 48000 Hz: cut it"):
        read_clip(str(long))
    with pytest.raises(RecipeError, match="9 channels"):
        check_clip(100, 24_000, 9)


def test_only_what_the_page_can_show_is_loaded(app_tts, here, packed, tmp_path):
    with gr.Blocks():
        shown = controls(app_tts)

    def load(data):
        path = tmp_path / "recipe.zip"
        path.write_bytes(data)
        return read_recipe(app_tts, here, shown, str(path))

    recipe, notes = load(packed["clip"][1])
    assert recipe.settings == SETTINGS
    assert notes == ["The recipe fits this system: Generate makes the same speech again."]
    data = packed["bundled"][1]
    assert load(with_settings(data, n_codebooks=0))[0].settings.n_codebooks == app_tts.model.config.n_codebooks
    made_with = unpack(data).made_with | {"model": "other"}
    assert load(changed(data, complete=False, made_with=made_with))[1] == [
        "Made with another model: it may sound different.",
        "This speech was stopped before its end; Generate speaks the whole text.",
    ]
    for wrong, message in (
        (with_settings(data, temperature=1.9), "temperature in the recipe is 1.9; it must be from 0 to 1.5"),
        (with_settings(data, n_codebooks=8), "n_codebooks in the recipe is 8"),
        (with_settings(data, pointer_temperature=0.1), "pointer_temperature in the recipe is 0.1; here it is 0.4"),
        (with_settings(data, seed=2**60), "the seed in the recipe is"),
        (changed(data, text="no " * 300), "the text has 900 characters"),
        (changed(data, phonemes="XX"), "unknown phonemes XX"),
        (b" " * (MAX_BYTES + 1), "more than 20 MiB"),
    ):
        with pytest.raises(ValueError, match=message):
            load(wrong)
