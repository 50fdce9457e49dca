"""Text and a voice clip in, speech out: the one façade over the flow; app and command line know nothing below."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from phonelm.audio import read_audio
from phonelm.checkpoint import fingerprint
from phonelm.codec import Codec, DecodeControls
from phonelm.config import SamplingConfig
from phonelm.generation import Engine, Frame, Request, generate_batch
from phonelm.model import weights
from phonelm.text import Phonemes, Phonemizer, UserLexicon, pieces
from phonelm.tts.decoding import StreamDecoder, decode, encode_prompt, resolved
from phonelm.tts.edit import cut_out, fill
from phonelm.tts.engines import AdaptedEngines
from phonelm.tts.loading import limit_compiled_convolutions, load_networks, usable_device, use_one_thread
from phonelm.tts.pauses import silent_codes, with_pauses
from phonelm.tts.sentences import finish, frames_of_sentences, sentence_request
from phonelm.tts.speech import Edit, Speech, Voice
from phonelm.tts.voice_file import SavedVoice, is_voice_file, load_saved, load_voice, named_voices
from phonelm.tts.voices import NamedVoice, check_speakers

Text = str | list[Phonemes]
VoiceSource = str | Path | SavedVoice | tuple[np.ndarray, int]  # name, file; (S,) float samples and their rate in Hz
WIDTH = 8  # sentences generated side by side when the audio is not streamed


class TTS:
    """A text-to-speech system, ready to speak. It keeps no state between calls, so any number of users can share it.

    Example:
        tts = TTS.load()
        speech = tts.speak("Hello there.")
        speech.save("hello.wav")
    """

    def __init__(
        self,
        acoustic: weights.Acoustic,
        codec: Codec,
        phonemizer: Phonemizer,
        voices: Mapping[str, NamedVoice] | None = None,
        precision: str = "auto",
        deterministic: bool = False,
    ):
        if deterministic:
            use_one_thread(codec.device, next(acoustic.model.parameters()).device)
        self.deterministic = deterministic
        self.acoustic, self.codec, self.phonemizer = acoustic, codec, phonemizer
        self.model, self.engine = acoustic.model, Engine(acoustic.model, precision)
        self.n_codebooks = self.model.config.n_codebooks
        self.adapted_engine = AdaptedEngines(acoustic.model, precision)
        self.voices = dict(voices or {})
        self._encoded: dict[str, Voice] = {}  # the bundled ones that have been used

    @classmethod
    def load(
        cls,
        path: str | Path | None = None,
        codec: str | None = None,
        device: str | None = None,
        precision: str = "auto",
        lexicon: str | Path | None = None,
        codec_device: str | None = None,
        deterministic: bool = False,
    ) -> TTS:
        """Load the system.

        PyTorch keeps few compiled convolutions from now on, in the whole process: `loading.CONVOLUTIONS`.

        Args:
            path: acoustic checkpoint; default `phonelm.safetensors` in `checkpoint.default_dir()`.
            codec: name of the codec, if not the one that the checkpoint asks for.
            device: "cpu", "cuda", "mps" …; default the GPU if there is one that PyTorch can use, else the CPU.
            lexicon: a file of lines `word<TAB>PHONEMES`, see `overrides.UserLexicon`.
            codec_device: of the codec, if not `device`.
            precision: of the weights, "int8", "fp32" or "auto"; see `engine.choose_precision`.
            deterministic: the same speech to the bit at any thread count: PyTorch is given one thread, in the whole
                process.
        Raises:
            LexiconError, CheckpointError, CodecError: something is missing, damaged, or does not fit; the message
                says what to do.
        """
        phonemizer = Phonemizer(UserLexicon.load(lexicon) if lexicon else UserLexicon())
        limit_compiled_convolutions()
        acoustic, loaded = load_networks(path, codec, usable_device(device), codec_device)
        return cls(acoustic, loaded, phonemizer, named_voices(), precision, deterministic)

    def warm_up(self) -> TTS:
        """Speak one word, if there is a bundled voice, so that the first user need not wait; returns this system."""
        if self.voices:
            for _ in self.stream("Ready."):
                pass
        return self

    @property
    def origin(self) -> dict[str, Any]:
        """Which model this is: its sizes, its training, its codec."""
        metadata = self.acoustic.metadata
        return {k: metadata[k] for k in ("config", "progress", "averaged", "codec_fingerprint") if k in metadata}

    def voice(self, clip: VoiceSource | None = None) -> Voice:
        """Encode a voice prompt.

        Args:
            clip: the name of a voice (one of `voices`), an audio file, a voice file (`.safetensors`), or ((S,) float
                samples, sample rate in Hz); None for the first of `voices`.
        Raises:
            AudioError: unreadable, silent, or with less than 0.5 s of sound.
            CheckpointError: a voice file that is damaged, or made for another codec or model.
        """
        if clip is None:
            if not self.voices:
                raise ValueError("this system has no bundled voice: give a voice prompt")
            clip = next(iter(self.voices))
        if isinstance(clip, str) and clip in self.voices:
            if clip not in self._encoded:
                self._encoded[clip] = replace(self.voice(self.voices[clip].path), name=clip)
            return self._encoded[clip]
        if isinstance(clip, (str, Path)) and is_voice_file(clip):
            return load_voice(clip, self.codec, self.model, self.fingerprint)
        if isinstance(clip, SavedVoice):
            return load_saved(clip, self.codec, self.model, self.fingerprint)
        return encode_prompt(self.codec, *(read_audio(clip) if isinstance(clip, (str, Path)) else clip))

    def phonemize(self, text: str) -> list[Phonemes]:
        """The phonemes of a text, sentence by sentence, as `pieces` cuts and joins them.

        Raises:
            TextError: there is nothing to say.
            ValueError: a line names a speaker who is none of `voices`.
        """
        phonemes = pieces(self.phonemizer.sentences(text))
        check_speakers(phonemes, self.voices)
        return phonemes

    def speak(
        self,
        text: Text,
        prompt: VoiceSource | Voice | None = None,
        settings: SamplingConfig = SamplingConfig(),
        on_frame: Callable[[Speech], bool | None] | None = None,
        controls: DecodeControls = DecodeControls(),
    ) -> Speech:
        """Speak a text.

        Args:
            text: English, any number of sentences; or phonemes, one `Phonemes` for each sentence.
            prompt: the voice: as for `voice`, or a `Voice`.
            settings: sampling settings; the same seed gives the same speech.
            on_frame: called after every frame with the speech so far; returning True stops there.
            controls: speed, pitch and intonation; the codes do not depend on them. An intonation other than 1 without
                `mean_hz` is around the mean pitch of the voice prompt.
        Raises:
            TextError, AudioError, CodecError, ValueError: input that cannot be used, in one line.
        """
        start = time.perf_counter()
        speech = self._open(text, prompt, settings, controls)
        if on_frame is None:  # sentences side by side: faster, with the same result
            for s, frame in sorted(self._generate(speech, 0, WIDTH), key=itemgetter(0)):
                speech.append(s, frame)
        else:
            for s, frame in self._generate(speech, 0, 1):
                speech.append(s, frame)
                if on_frame(speech):
                    speech.stop_reason = "stopped"
                    break
        return finish(decode(self.codec, speech), start)

    def stream(
        self,
        text: Text,
        prompt: VoiceSource | Voice | None = None,
        settings: SamplingConfig = SamplingConfig(),
        on_frame: Callable[[Speech], bool | None] | None = None,
        first: int = 0,
        controls: DecodeControls = DecodeControls(),
    ) -> Iterator[tuple[np.ndarray, Speech]]:
        """Speak a text, handing out sound as soon as it is made; arguments as for `speak`.

        Args:
            first: the sentence (of `Speech.phonemes`) to begin with; that in which a speech was stopped, to go on.
        Yields:
            ((s,) int16 chunk, the speech so far); the joined chunks equal the audio of `speak`. At the last chunk the
            speech is complete.
        """
        start = time.perf_counter()
        speech = self._open(text, prompt, settings, controls)
        if not 0 <= first < len(speech.phonemes):
            raise ValueError(f"the text has {len(speech.phonemes)} sentences; it cannot begin with number {first}")
        decoder = StreamDecoder(self.codec, speech)
        for s, frame in self._generate(speech, first, 1):
            speech.append(s, frame)
            if len(chunk := decoder.push(frame)):
                speech.first_audio_s = speech.first_audio_s or time.perf_counter() - start
                yield chunk, speech
            if on_frame is not None and on_frame(speech):
                speech.stop_reason = "stopped"
                break
        last = decoder.finish()
        finish(speech, start)
        if len(last):
            speech.first_audio_s = speech.first_audio_s or speech.seconds
            yield last, speech

    def decode(self, speech: Speech, controls: DecodeControls | None = None) -> Speech:
        """The same codes as whole sound, with other controls or those of the speech, which does not change.

        Raises:
            CodecError: the codec has no such controls.
        """
        if controls is not None:
            speech = replace(speech, controls=resolved(self.codec, controls, speech.voice))
        return decode(self.codec, replace(speech))

    def regenerate(
        self,
        speech: Speech,
        start: int,
        end: int,
        seed: int,
        symbols: str | None = None,
        on_frame: Callable[[Frame], bool | None] | None = None,
    ) -> Speech:
        """Say a span of phonemes again, with another seed or as other phonemes, while all the rest stays.

        Args:
            speech: by this system; it does not change.
            start, end: first phoneme of the span and the one after its last, counted as in `speech.timeline`.
            seed: of the new frames; a whole sentence with the speech's own seed comes out as it was.
            symbols: what to say instead, as for `Phonemizer.from_symbols`; None for the same phonemes.
            on_frame: called after every new frame; returning True gives up, and `speech` is returned.
        Raises:
            ValueError: no such span, or one that goes beyond a sentence; phonemes or a seed that cannot be used.
        """
        begin = time.perf_counter()
        edit = Edit(start, end, seed, symbols)
        gap, made = cut_out(speech, edit), []
        settings = replace(speech.settings, seed=seed)
        voice = self._speaker(gap.phonemes, speech.voice)
        prompt, settings = voice.codes[:, : self.n_codebooks], settings.at_sentence(gap.sentence)
        request = sentence_request(gap.phonemes, prompt, settings, gap.before, gap.end)
        for _, frame in self.make_frames([request], low_rank=voice.low_rank):
            made.append(frame)
            if on_frame is not None and on_frame(frame):
                return speech
        return finish(decode(self.codec, fill(speech, gap, made, edit)), begin)

    def _open(
        self, text: Text, prompt: VoiceSource | Voice | None, settings: SamplingConfig, controls: DecodeControls
    ) -> Speech:
        self.codec.check_controls(controls)  # before any work
        phonemes = self.phonemize(text) if isinstance(text, str) else text
        voice = prompt if isinstance(prompt, Voice) else self.voice(prompt)
        whole = text if isinstance(text, str) else " ".join(p.text for p in phonemes)
        speech = Speech(
            whole, phonemes, voice, settings, self.codec.sample_rate, deterministic=self.deterministic,
            controls=resolved(self.codec, controls, voice),
        )  # fmt: skip
        speech.notes.extend(voice.notes)
        return speech

    def _generate(self, speech: Speech, first: int, width: int) -> Iterator[tuple[int, Frame]]:
        """Frames and their sentences, `width` sentences side by side."""
        width = min(width, len(speech.phonemes))
        spoken = [(p, self._speaker(p, speech.voice)) for p in speech.phonemes]
        frames = frames_of_sentences(spoken, self.n_codebooks, speech.settings, self.make_frames, first, width)
        if not any(p.lead_s or p.pause_s for p in speech.phonemes[first:]):
            return frames
        return with_pauses(frames, speech.phonemes, self._silence, in_order=width == 1)

    def _speaker(self, phonemes: Phonemes, voice: Voice) -> Voice:
        """The voice of a sentence, which may name its own."""
        return self.voice(phonemes.speaker) if phonemes.speaker else voice

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that identify the model's weights."""
        return fingerprint([*self.model.state_dict().values(), self.acoustic.seen])

    @cached_property
    def _silence(self) -> list[int]:
        return silent_codes(self.codec)

    def make_frames(
        self, requests: Sequence[Request], width: int = 1, low_rank: Mapping[str, Tensor] | None = None
    ) -> Iterator[tuple[int, Frame]]:
        """`generate_batch` with this system's model and a voice's updates: the one part that gains from a GPU."""
        engine = self.adapted_engine(low_rank) if low_rank else self.engine
        yield from generate_batch(engine, requests, self.acoustic.seen, width)
