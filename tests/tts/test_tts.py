"""The façade, with an untrained model and the real codec: shapes, times, streaming, voices, checkpoints."""

import numpy as np
import pytest
import torch

from phonelm import checkpoint
from phonelm.audio.files import AudioError, to_int16
from phonelm.config import HOP_LENGTH, PRESETS, SAMPLE_RATE, SamplingConfig
from phonelm.model import weights
from phonelm.model.megabyte import PhoneLM
from phonelm.text.errors import TextError
from phonelm.tts.system import TTS

TEXT = "Hello there. How are you?"


@pytest.fixture
def clip():
    """A second and a half of something voice-like: a buzzing tone with changing loudness."""
    t = np.arange(int(1.5 * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.3 * np.sin(2 * np.pi * 140 * t) ** 3 * (1 + 0.5 * np.sin(9 * t))).astype(np.float32), SAMPLE_RATE


def test_speech_has_audio_codes_and_a_timeline_that_agree(tiny_tts, clip):
    speech = tiny_tts.speak(TEXT, clip, SamplingConfig(seed=1))
    k, t = tiny_tts.model.config.n_codebooks, len(speech.frames)
    assert speech.codes.shape == (1, k, t) and speech.clamped.shape == (k, t)
    assert len(speech.wav) == t * HOP_LENGTH and speech.duration_s == pytest.approx(t * HOP_LENGTH / SAMPLE_RATE)
    assert [p.symbols for p in speech.phonemes] == [p.symbols for p in tiny_tts.phonemize(TEXT)]
    timeline = speech.timeline
    assert [s.symbol for s in timeline] == [x for p in speech.phonemes for x in p.symbols]
    assert timeline[0].start_s == 0 and timeline[-1].end_s == pytest.approx(speech.duration_s)
    assert all(a.end_s == b.start_s for a, b in zip(timeline, timeline[1:]))
    assert list(dict.fromkeys(s.word for s in timeline if s.word)) == ["Hello", "there", "How", "are", "you"]
    info = speech.info()
    assert info["seed"] == 1 and info["codes_shape"] == [1, k, t] and info["stop_reason"] == "end of text"


def test_streamed_audio_equals_the_whole(tiny_tts, clip):
    text, settings = f"{TEXT} {TEXT}", SamplingConfig(seed=5)
    whole = tiny_tts.speak(text, clip, settings)
    chunks = list(tiny_tts.stream(text, clip, settings))
    assert len(chunks) > 2
    joined = np.concatenate([c for c, _ in chunks])
    assert joined.dtype == np.int16 and np.abs(joined.astype(int) - to_int16(whole.wav)).max() <= 4
    assert 0 < chunks[-1][1].first_audio_s < chunks[-1][1].seconds
    assert torch.equal(chunks[-1][1].codes, whole.codes)


def test_a_caller_can_stop(tiny_tts, clip):
    speech = tiny_tts.speak(TEXT, clip, on_frame=lambda s: len(s.frames) == 5)
    assert speech.stop_reason == "stopped" and len(speech.wav) == 5 * HOP_LENGTH


def test_clamped_cells_are_reported(tiny_tts, clip):
    speech = tiny_tts.speak("Hello.", clip, SamplingConfig(clamp="prompt"))
    voice = tiny_tts.voice(clip)
    for k in range(speech.codes.shape[1]):
        assert set(speech.codes[0, k].tolist()) <= set(voice.codes[:, k].tolist())
    assert speech.info()["clamped_cells"] == speech.clamped.sum() > 0
    assert any("clamping" in note for note in speech.notes)


def test_long_prompt_is_cut_and_the_result_says_so(tiny_tts, clip):
    long = np.tile(clip[0], 9), clip[1]
    speech = tiny_tts.speak("Hello.", long)
    assert len(speech.voice.wav) <= 10 * SAMPLE_RATE and any("13.5 s long" in note for note in speech.notes)


@pytest.mark.parametrize("text", ["", "   ", "?!", "…"])
def test_nothing_to_say_is_an_error(tiny_tts, clip, text):
    with pytest.raises(TextError):
        tiny_tts.speak(text, clip)


@pytest.mark.parametrize("wav", [np.zeros(SAMPLE_RATE), np.zeros(0), 0.2 * np.sin(np.arange(4000) / 20)])
def test_silent_empty_and_short_prompts_are_errors(tiny_tts, wav):
    with pytest.raises(AudioError, match="silent|empty|0.5 s"):
        tiny_tts.speak("Hello.", (wav.astype(np.float32), SAMPLE_RATE))


def test_checkpoint_round_trip_gives_equal_codes(tiny_tts, clip, tmp_path):
    path = tmp_path / "model.safetensors"
    model = tiny_tts.model
    weights.save(path, model, tiny_tts.acoustic.seen, tiny_tts.codec, {"progress": {"step": 3}})
    with torch.no_grad():  # the file holds float16: compare with what it can hold
        rounded = PhoneLM(model.config, tiny_tts.codec.codebooks[: model.config.n_codebooks])
        rounded.load_state_dict(
            {k: v if k.endswith(weights.CODEBOOKS) else v.half().float() for k, v in model.state_dict().items()}
        )
    again = TTS.load(path, device="cpu")
    expected = TTS(weights.Acoustic(rounded.eval(), tiny_tts.acoustic.seen, {}), tiny_tts.codec, tiny_tts.phonemizer)
    assert torch.equal(again.speak("Hi.", clip).codes, expected.speak("Hi.", clip).codes)
    assert again.acoustic.metadata["progress"] == {"step": 3}
    assert torch.equal(again.acoustic.seen, tiny_tts.acoustic.seen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"codec_fingerprint": "0" * 16}, "another version of the codec"),
        ({"symbols": ["<pad>"]}, "another set of phonemes"),
        ({"config": {"n_codebooks": 2, "wings": 4}}, "wings"),
        ({"kind": "codec"}, "kind"),
    ],
)
def test_foreign_checkpoints_are_refused(tiny_tts, tmp_path, change, message):
    path = tmp_path / "model.safetensors"
    weights.save(path, tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    tensors, metadata = checkpoint.load(path, weights.KIND)
    checkpoint.save(path, tensors, {**metadata, **change})
    with pytest.raises(checkpoint.CheckpointError, match=message) as error:
        weights.load(path, tiny_tts.codec)
    assert "\n" not in str(error.value)


def test_codebooks_are_not_stored_twice(tiny_tts, tmp_path):
    weights.save(tmp_path / "m.safetensors", tiny_tts.model, tiny_tts.acoustic.seen, tiny_tts.codec, {})
    tensors, _ = checkpoint.load(tmp_path / "m.safetensors", weights.KIND)
    assert not any("vectors" in name for name in tensors)
    assert PRESETS["tiny"].n_codebooks == tensors["seen_codes"].shape[0]
