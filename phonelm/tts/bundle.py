"""Bundles: audio, codes and recipe of a speech in one zip file, and reading the recipe back.

Files that are read are untrusted: sizes are checked before anything is unpacked, names are only compared, nothing is
written.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict
from typing import Any

import numpy as np
import soundfile

from phonelm.audio import FORMATS, audio_bytes, to_int16
from phonelm.codec import DecodeControls
from phonelm.config import C, SamplingConfig, from_dict
from phonelm.tts.recipe import MADE_WITH, MAX_CLIP_SAMPLES, MAX_EDITS, Clip, Recipe, RecipeError, check_clip
from phonelm.tts.speech import Edit, Speech
from phonelm.tts.voice_file import MAX_BYTES as MAX_VOICE_BYTES
from phonelm.tts.voice_file import SavedVoice
from phonelm.tts.voices import NAME

KIND, FORMAT = "phonelm-recipe", 4
UNGUIDED, UNCONTROLLED = 2, 3  # the formats before there was guidance, and before the decoder had controls
CONTROLS = ("speed", "pitch_semitones", "intonation")
RECIPE, SPEECH, CODES = "recipe.json", "speech.wav", "codes.npz"
CLIP_FILE, VOICE_FILE = "voice.wav", "voice.safetensors"  # one of them, if the voice is no named one
SMALL = {f"speech{suffix}": FORMATS[suffix] for suffix in (".mp3", ".opus")}
MAX_BYTES = 20 * 2**20  # of a file that is read
MAX_RECIPE_BYTES = 2**16
LIMITS = {RECIPE: MAX_RECIPE_BYTES, SPEECH: MAX_BYTES, CODES: MAX_BYTES, CLIP_FILE: 4 * MAX_CLIP_SAMPLES + 2**12}
LIMITS |= dict.fromkeys(SMALL, MAX_BYTES) | {VOICE_FILE: MAX_VOICE_BYTES}
END, ZIP64 = b"PK\5\6", b"PK\6\7"  # the last record of a zip, and what precedes it in a zip for huge files
END_BYTES, ZIP64_BYTES = 22, 20
MAX_DIRECTORY_BYTES = 2**12  # of the list of members


def pack(speech: Speech, recipe: Recipe) -> bytes:
    """A zip of `speech.wav` (16 bit), `codes.npz`, `recipe.json`, and the voice, unless it is a named one.

    The voice is `voice.wav` (32-bit float) for a clip, and `voice.safetensors` for a voice file. Beside them are
    `speech.mp3` and `speech.opus`, where libsndfile can write them.

    `codes.npz` holds `codes` (1, K, T), and for each frame the `pointer` (T,) to a phoneme of the `sentence` (T,); all
    int16.

    Raises:
        RecipeError: nothing was spoken, a clip that `unpack` would refuse, or a mean pitch, which recipes do not hold.
    """
    if not speech.frames:
        raise RecipeError("nothing was spoken, so there is nothing to save")
    if recipe.controls.mean_hz is not None:
        raise RecipeError("a recipe has the mean pitch of its voice: leave out mean_hz")
    values = {
        "kind": KIND,
        "format": FORMAT,
        "text": recipe.text,
        "by_hand": recipe.by_hand,
        "phonemes": recipe.phonemes,
        "settings": asdict(recipe.settings),
        "controls": {name: getattr(recipe.controls, name) for name in CONTROLS},
        "voice": recipe.voice if isinstance(recipe.voice, str) else _member(recipe.voice),
        "complete": recipe.complete,
        "made_with": recipe.made_with,
        "edits": [asdict(edit) for edit in recipe.edits],
    }
    codes = io.BytesIO()
    np.savez_compressed(
        codes,
        codes=speech.codes.numpy().astype(np.int16),
        pointer=np.array([f.pointer for f in speech.frames], np.int16),
        sentence=np.array(speech.sentence, np.int16),
    )
    members = {
        RECIPE: (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode(),
        SPEECH: audio_bytes(to_int16(speech.wav), speech.sample_rate, "WAV", "PCM_16", speech.tags),
        **{
            name: audio_bytes(to_int16(speech.wav), speech.sample_rate, *kind, speech.tags)
            for name, kind in SMALL.items()
            if kind[1] in soundfile.available_subtypes(kind[0])
        },
        CODES: codes.getvalue(),
    }
    if isinstance(recipe.voice, SavedVoice):
        members[VOICE_FILE] = recipe.voice.data
    elif not isinstance(recipe.voice, str):
        wav, sample_rate = recipe.voice
        check_clip(len(wav), sample_rate)
        members[CLIP_FILE] = audio_bytes(wav, sample_rate, "WAV", "FLOAT")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            info = zipfile.ZipInfo(name)  # of no date, so that the same speech gives the same members (but Opus)
            info.external_attr = 0o644 << 16
            file.writestr(info, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def unpack(data: bytes) -> Recipe:
    """The recipe in a zip of `pack`, or in its `recipe.json` alone if the voice is a bundled one.

    Up to format 3, `speed` was a sampling setting that changed the codes and hardly the tempo. What it asked for is now
    `controls.speed`, so such a recipe is spoken as fast as it was meant to be.

    Raises:
        RecipeError: the file is neither of them, too large or damaged, or holds something that `pack` does not write.
    """
    if len(data) > MAX_BYTES:
        raise RecipeError(f"the file has more than {MAX_BYTES >> 20} MiB: no recipe is that large")
    members = _members(data) if data.startswith(b"PK") else {RECIPE: data}
    if RECIPE not in members:
        raise RecipeError(f"there is no {RECIPE} in the zip file")
    if len(members[RECIPE]) > MAX_RECIPE_BYTES:
        raise RecipeError("the file is neither a bundle of PhoneLM nor a recipe")
    values = _values(members[RECIPE])
    for name, kind in ((CLIP_FILE, "voice clip"), (VOICE_FILE, "voice file")):
        if (values["voice"] == name) != (name in members):
            lone = f"needs its {kind}: load the whole zip file" if values["voice"] == name else f"uses no {kind}"
            raise RecipeError(f"the recipe {lone}")
    if len(values["edits"]) > MAX_EDITS:
        raise RecipeError(f"the recipe has {len(values['edits'])} edits; at most {MAX_EDITS} are made")
    voice = _clip(members[CLIP_FILE]) if CLIP_FILE in members else values["voice"]
    if VOICE_FILE in members:
        voice = SavedVoice(members[VOICE_FILE])
    return Recipe(
        values["text"], values["by_hand"], values["phonemes"], _settings(values["settings"]), voice, values["complete"],
        values["made_with"], tuple(map(_edit, values["edits"])), _controls(values["controls"]),
    )  # fmt: skip


def _member(voice: Clip | SavedVoice) -> str:
    """The file of the bundle that holds a voice."""
    return VOICE_FILE if isinstance(voice, SavedVoice) else CLIP_FILE


def _members(data: bytes) -> dict[str, bytes]:
    """The recipe and the clip out of a zip; the other members stay packed."""
    end = data[-END_BYTES:]
    directory_bytes = int.from_bytes(end[12:16], "little")
    plain = end.startswith(END) and end.endswith(b"\0\0")  # no comment, so that `zipfile` reads this very record
    large = data[-END_BYTES - ZIP64_BYTES :].startswith(ZIP64) or directory_bytes > MAX_DIRECTORY_BYTES
    if not plain or large:
        raise RecipeError("the zip file is damaged, or no bundle of PhoneLM")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            found = [info.filename for info in file.infolist()]
            for info in file.infolist():
                if info.filename not in LIMITS or found.count(info.filename) > 1:
                    raise RecipeError(f"the zip file holds {_short(info.filename)}, which no bundle of PhoneLM does")
                if info.file_size > LIMITS[info.filename]:
                    raise RecipeError(f"{info.filename} in the zip file is too large")
                if info.flag_bits & 1 or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                    raise RecipeError(f"{info.filename} in the zip file is encrypted or packed in an unknown way")
            members = {}
            for name in {RECIPE, CLIP_FILE, VOICE_FILE} & set(found):
                with file.open(name) as member:
                    members[name] = member.read(LIMITS[name])  # never more, whatever size the member claims
            return members
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, UnicodeDecodeError):
        raise RecipeError("the zip file is damaged") from None


def _values(data: bytes) -> dict[str, Any]:
    """The recipe's JSON, every key there and of its type."""
    try:
        values = json.loads(data)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict) or values.get("kind") != KIND:
        raise RecipeError("the file is neither a bundle of PhoneLM nor a recipe")
    version = values.get("format")
    if type(version) is not int or version not in range(UNGUIDED, FORMAT + 1):
        found = _short(version, quote=False) if isinstance(version, int) else "no number"
        known = f"formats {UNGUIDED} to {FORMAT}"
        raise RecipeError(f"the recipe's format is {found}; this version of PhoneLM reads {known}")
    types = {"kind": str, "format": int, "text": str, "by_hand": bool, "phonemes": str, "settings": dict, "voice": str,
             "complete": bool, "made_with": dict, "edits": list, "controls": dict}  # fmt: skip
    if version <= UNCONTROLLED:
        settings = values.get("settings")
        if type(settings) is not dict or "speed" not in settings:
            raise RecipeError("the recipe's settings have no 'speed'")
        values.setdefault("controls", {"speed": settings.pop("speed"), "pitch_semitones": 0.0, "intonation": 1.0})
    _check_keys(values, types, "the recipe")
    if version == UNGUIDED:
        values["settings"].setdefault("guidance", 1.0)
    _check_keys(values["made_with"], dict.fromkeys(MADE_WITH, str), "made_with in the recipe")
    if values["voice"] not in (CLIP_FILE, VOICE_FILE) and not NAME.fullmatch(values["voice"]):
        found = _short(values["voice"])
        raise RecipeError(f"the recipe's voice is {found}; it must be a voice's name, {CLIP_FILE!r} or {VOICE_FILE!r}")
    return values


def _check_keys(values: dict[str, Any], types: dict[str, type], where: str) -> None:
    """Exactly these keys, with values of exactly these types; text must be valid Unicode."""
    for key in [*types, *values]:
        if key not in types:
            raise RecipeError(f"{where} has an unknown key {_short(key)}")
        if key not in values:
            raise RecipeError(f"{where} has no {key!r}")
        value, wanted = values[key], types[key]
        if type(value) is not wanted:
            raise RecipeError(f"{key!r} in {where} must be of type {wanted.__name__}, not {type(value).__name__}")
        if isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value):
            raise RecipeError(f"{key!r} in {where} is no valid text")


def _settings(values: dict[str, Any]) -> SamplingConfig:
    return _config(SamplingConfig, values, tuple(asdict(SamplingConfig())), "settings")


def _controls(values: dict[str, Any]) -> DecodeControls:
    return _config(DecodeControls, values, CONTROLS, "controls")


def _config(cls: type[C], values: dict[str, Any], known: tuple[str, ...], where: str) -> C:
    """A config of exactly these keys."""
    if missing := sorted(set(known) - set(values)):
        raise RecipeError(f"the recipe's {where} have no {missing[0]!r}")
    if unknown := sorted(set(values) - set(known)):
        raise RecipeError(f"the recipe's {where} have an unknown key {_short(unknown[0])}")
    for name, value in values.items():
        if isinstance(value, (str, list, dict)) and not (name == "clamp" and isinstance(value, str)):
            raise RecipeError(f"{name!r} in the recipe's {where} must be a number, not {type(value).__name__}")
    try:
        return from_dict(cls, values)
    except ValueError as error:
        raise RecipeError(f"the recipe's {where} cannot be used: {_short(str(error), 150, quote=False)}") from None


def _edit(values: Any) -> Edit:
    where = "an edit of the recipe"
    if type(values) is not dict:
        raise RecipeError(f"{where} must be of type dict, not {type(values).__name__}")
    same = values.get("symbols", "") is None
    _check_keys(values, {"start": int, "end": int, "seed": int, "symbols": type(None) if same else str}, where)
    return Edit(**values)


def _clip(data: bytes) -> Clip:
    """The voice clip as `pack` wrote it."""
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            if (file.format, file.subtype, file.channels) != ("WAV", "FLOAT", 1):
                raise RecipeError(f"{CLIP_FILE} in the zip file is no one-channel WAV file of 32-bit floats")
            check_clip(file.frames, file.samplerate)
            wav, sample_rate = file.read(dtype="float32"), file.samplerate
    except (soundfile.SoundFileError, OSError):
        raise RecipeError(f"{CLIP_FILE} in the zip file cannot be read as audio") from None
    if not np.isfinite(wav).all():
        raise RecipeError(f"{CLIP_FILE} in the zip file holds NaN or infinite samples")
    return wav, sample_rate


def _short(value: object, most: int = 40, quote: bool = True) -> str:
    """Any untrusted value as one short line."""
    text = ascii(value) if quote else " ".join(str(value).split())
    return text if len(text) <= most else text[: most - 1] + "…"
