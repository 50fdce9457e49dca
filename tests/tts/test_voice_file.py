"""Saved voices: the same speech as from the clip, in every place that takes a voice, and no damaged file."""

from dataclasses import replace

import pytest
import safetensors.torch
import torch

from phonelm import checkpoint
from phonelm.checkpoint import CheckpointError
from phonelm.cli import main
from phonelm.config import SamplingConfig
from phonelm.model import add_low_rank, low_rank_tensors
from phonelm.tts import TTS, VoiceCard, load_voice, named_voices, read_card, save_voice, voice_identity
from phonelm.tts.voice_file import FOLDER_VARIABLE, KIND, LOW_RANK, MAX_BYTES

CARD = VoiceCard("me", "a buzz", "CC0-1.0", "these tests", "It is my own voice.", {"likeness": 0.9})
TEXT = "Hello."


@pytest.fixture
def clip_voice(tiny_tts, voice_file):
    return tiny_tts.voice(voice_file)


@pytest.fixture
def adapted(tiny_tts, clip_voice):
    """A voice with random updates."""
    import copy

    torch.manual_seed(0)
    model = copy.deepcopy(tiny_tts.model)
    for p in add_low_rank(model, 4):
        torch.nn.init.normal_(p, std=0.2)
    return replace(clip_voice, low_rank=low_rank_tensors(model))


@pytest.fixture
def saved(tiny_tts, clip_voice, tmp_path):
    path = tmp_path / "me.safetensors"
    save_voice(path, clip_voice, CARD, tiny_tts.codec)
    return path


def test_a_saved_voice_speaks_as_the_clip_does(tiny_tts, clip_voice, saved):
    voice = tiny_tts.voice(saved)
    assert torch.equal(voice.codes, clip_voice.codes) and voice.name == "me"
    assert voice_identity(voice) == voice_identity(clip_voice)
    settings = SamplingConfig(seed=3)
    assert torch.equal(tiny_tts.speak(TEXT, saved, settings).codes, tiny_tts.speak(TEXT, clip_voice, settings).codes)


def test_the_card_comes_back(saved):
    assert read_card(saved) == CARD


def test_an_adapted_voice_changes_the_model_for_itself_alone(tiny_tts, clip_voice, adapted, tmp_path):
    path = tmp_path / "me.safetensors"
    save_voice(path, adapted, CARD, tiny_tts.codec, tiny_tts.fingerprint)
    plain = tiny_tts.speak(TEXT, clip_voice).codes
    loaded = tiny_tts.voice(path)
    for name, value in adapted.low_rank.items():
        torch.testing.assert_close(loaded.low_rank[name], value, rtol=2e-3, atol=2e-3)
    changed = tiny_tts.speak(TEXT, loaded)
    assert changed.codes.shape != plain.shape or not torch.equal(changed.codes, plain)
    assert torch.equal(tiny_tts.speak(TEXT, clip_voice).codes, plain)
    assert voice_identity(loaded) != voice_identity(clip_voice)


def test_an_adapted_voice_streams_and_is_edited_as_it_speaks(tiny_tts, adapted):
    speech = tiny_tts.speak("Hello there.", adapted)
    *_, (_, streamed) = tiny_tts.stream("Hello there.", adapted)
    assert torch.equal(streamed.codes, speech.codes)
    again = tiny_tts.regenerate(speech, 0, len(speech.timeline), speech.settings.seed)
    assert torch.equal(again.codes, speech.codes)


def test_several_voices_in_one_text_each_have_their_own_model(app_tts, tiny_tts, adapted, clip_voice):
    said = app_tts.phonemize("One.\n\n[other] Two.\n\nThree.")
    whole = app_tts.speak(said, adapted)
    for s, voice in ((0, adapted), (1, clip_voice), (2, adapted)):
        alone = app_tts.speak([replace(said[s], speaker="")], voice, whole.settings.at_sentence(s))
        here = [f.codes.tolist() for f, at in zip(whole.frames, whole.sentence) if at == s]
        assert here == [f.codes.tolist() for f in alone.frames]


def test_voices_of_a_folder_can_be_named(tiny_tts, saved, monkeypatch, capsys):
    monkeypatch.setenv(FOLDER_VARIABLE, str(saved.parent))
    voices = named_voices()
    assert list(voices)[-1] == "me" and voices["me"].about == "a buzz"
    system = TTS(tiny_tts.acoustic, tiny_tts.codec, tiny_tts.phonemizer, voices)
    assert system.voice("me").name == "me"
    assert system.phonemize("[me] Hello.")[0].speaker == "me"
    assert main(["voices"]) == 0
    assert "a buzz; these tests (CC0-1.0)" in capsys.readouterr().out
    (saved.parent / "copy.safetensors").write_bytes(saved.read_bytes())
    with pytest.raises(CheckpointError, match="has the name 'me', which copy.safetensors has too"):
        named_voices()
    monkeypatch.setenv(FOLDER_VARIABLE, str(saved))
    with pytest.raises(CheckpointError, match="no folder"):
        named_voices()


def damaged(tiny_tts, adapted, path, **changes):
    """A voice file with some tensors or metadata changed."""
    save_voice(path, adapted, CARD, tiny_tts.codec, tiny_tts.fingerprint)
    tensors, metadata = checkpoint.load(path, KIND)
    metadata |= changes.pop("metadata", {})
    tensors |= changes.pop("tensors", {})
    checkpoint.save(path, tensors, metadata)
    return path


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metadata": {"codec_fingerprint": "0"}}, "made with another codec"),
        ({"metadata": {"model_fingerprint": "0"}}, "adapted to another model: run `phonelm adapt` again"),
        ({"metadata": {"card": {"name": "No Name!"}}}, "cannot be the name of a voice"),
        ({"metadata": {"card": {"name": "me", "about": "two\nlines"}}}, "'about' of a voice must be one line"),
        ({"metadata": {"card": {"name": "me", "figures": {"x": "y"}}}}, "figures of a voice must be numbers"),
        ({"metadata": {"card": {"name": "me", "colour": "red"}}}, "unknown VoiceCard settings colour"),
        ({"tensors": {"codes": torch.full((10, 8), 1024)}}, "not those of a voice prompt"),
        ({"tensors": {"codes": torch.zeros(10, 3, dtype=torch.int16)}}, "not those of a voice prompt"),
        ({"tensors": {"codes": torch.zeros(10, 8)}}, "not those of a voice prompt"),
        ({"tensors": {"more": torch.zeros(1)}}, "it holds"),
        ({"tensors": {LOW_RANK + "text_encoder.out.up": torch.zeros(1, 1)}}, "nothing that text_encoder"),
    ],
)
def test_a_damaged_file_is_refused_with_a_reason(tiny_tts, adapted, tmp_path, change, message):
    path = damaged(tiny_tts, adapted, tmp_path / "me.safetensors", **change)
    with pytest.raises(CheckpointError, match=message):
        load_voice(path, tiny_tts.codec, tiny_tts.model, tiny_tts.fingerprint)


def test_a_file_of_another_kind_or_size_is_refused(tiny_tts, tmp_path):
    path = tmp_path / "me.safetensors"
    safetensors.torch.save_file({"codes": torch.zeros(MAX_BYTES // 4 + 1)}, path)
    with pytest.raises(CheckpointError, match="no voice file is that large"):
        tiny_tts.voice(path)
    safetensors.torch.save_file({"codes": torch.zeros(3)}, path)
    with pytest.raises(CheckpointError, match="not a PhoneLM checkpoint"):
        tiny_tts.voice(path)
    with pytest.raises(CheckpointError, match="no voice checkpoint at"):
        tiny_tts.voice(tmp_path / "nothing.safetensors")


def test_a_voice_file_needs_its_suffix_and_an_adapted_voice_its_model(tiny_tts, clip_voice, adapted, tmp_path):
    with pytest.raises(ValueError, match="must end in .safetensors"):
        save_voice(tmp_path / "me.voice", clip_voice, CARD, tiny_tts.codec)
    with pytest.raises(ValueError, match="fingerprint of its model"):
        save_voice(tmp_path / "me.safetensors", adapted, CARD, tiny_tts.codec)


@pytest.mark.slow
def test_the_command_line_saves_a_voice_and_speaks_in_it(voice_file, tmp_path, capsys):
    out = tmp_path / "me.safetensors"
    assert main(["voice", str(voice_file), "-o", str(out), "--consent", "It is my own voice."]) == 0
    assert read_card(out) == VoiceCard("me", consent="It is my own voice.")
    wavs = [tmp_path / f"{name}.wav" for name in ("clip", "file")]
    for prompt, wav in zip((voice_file, out), wavs):
        assert main(["speak", "Hi.", "--prompt", str(prompt), "-o", str(wav), "--seed", "1"]) == 0
    import soundfile

    (first, _), (second, _) = map(soundfile.read, wavs)
    assert (first == second).all()
    assert main(["voice", str(voice_file), "-o", str(tmp_path / "Me!.safetensors"), "--consent", "x"]) == 2
    assert "cannot be the name of a voice" in capsys.readouterr().err
