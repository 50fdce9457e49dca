"""Text and a voice clip in, speech out: the one façade over the flow; app and command line know nothing below."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from phonelm import checkpoint
from phonelm.audio import prepare_prompt, read_audio, to_int16
from phonelm.codec import Codec, DecodeControls
from phonelm.config import FRAME_RATE, SamplingConfig
from phonelm.generation import Engine, Frame, Request, generate_batch
from phonelm.model import weights
from phonelm.text import Phonemes, Phonemizer, UserLexicon, left_out, pieces
from phonelm.tts.decoding import decode, resolved
from phonelm.tts.edit import cut_out, fill
from phonelm.tts.pauses import with_pauses
from phonelm.tts.speech import Edit, Speech, Voice
from phonelm.tts.voices import BundledVoice, bundled_voices, check_speakers

PARAGRAPH_S = 0.6  # silence after a paragraph; that before the next one is added
WIDTH = 8  # sentences generated side by side when the audio is not streamed
CONVOLUTIONS = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"  # of each length of audio one is kept: by default 1,024, 100 MiB


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
        voices: Mapping[str, BundledVoice] | None = None,
        precision: str = "auto",
        deterministic: bool = False,
    ):
        if deterministic:
            if {codec.device.type, next(acoustic.model.parameters()).device.type} != {"cpu"}:
                raise ValueError("deterministic speech is for the CPU: choose the device cpu")
            torch.set_num_threads(1)  # sums of several threads are rounded otherwise
        self.deterministic = deterministic
        self.acoustic, self.codec, self.phonemizer = acoustic, codec, phonemizer
        self.model, self.engine = acoustic.model, Engine(acoustic.model, precision)
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

        PyTorch is told to keep few compiled convolutions, in the whole process, unless `CONVOLUTIONS` is set.

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
        os.environ.setdefault(CONVOLUTIONS, "32")
        phonemizer = Phonemizer(UserLexicon.load(lexicon) if lexicon else UserLexicon())
        path = Path(path) if path else checkpoint.default_dir() / weights.FILE
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        try:
            torch.device(device)
            torch.zeros(1, device=device)
        except (RuntimeError, AssertionError) as error:
            raise ValueError(f"device {device!r} cannot be used: {str(error).splitlines()[0]}") from None
        name = codec or checkpoint.metadata(path, weights.KIND)["config"].get("codec", "bundled")
        loaded = Codec.load(name, device=codec_device or device)
        acoustic = weights.load(path, loaded, device)
        return cls(acoustic, loaded, phonemizer, bundled_voices(), precision, deterministic)

    def warm_up(self) -> TTS:
        """Speak one word, so that the first user does not wait for compilation and files read at the first use.

        Returns:
            This system. Without bundled voices this does nothing.
        """
        if self.voices:
            for _ in self.stream("Ready."):
                pass
        return self

    @property
    def origin(self) -> dict[str, Any]:
        """Which model this is: its sizes, its training, its codec."""
        metadata = self.acoustic.metadata
        return {k: metadata[k] for k in ("config", "progress", "averaged", "codec_fingerprint") if k in metadata}

    def voice(self, clip: str | Path | tuple[np.ndarray, int] | None = None) -> Voice:
        """Encode a voice prompt.

        Args:
            clip: the name of a bundled voice (one of `voices`), an audio file, or ((S,) float samples, sample rate in
                Hz); None for the first of `voices`.
        Raises:
            AudioError: unreadable, silent, or with less than 0.5 s of sound.
        """
        if clip is None:
            if not self.voices:
                raise ValueError("this system has no bundled voice: give a voice prompt")
            clip = next(iter(self.voices))
        if isinstance(clip, str) and clip in self.voices:
            if clip not in self._encoded:
                self._encoded[clip] = replace(self.voice(self.voices[clip].path), name=clip)
            return self._encoded[clip]
        wav, sample_rate = read_audio(clip) if isinstance(clip, (str, Path)) else clip
        prompt = prepare_prompt(wav, sample_rate)
        codes = self.codec.encode(prompt.wav, self.codec.sample_rate)
        return Voice(codes[0].T.cpu(), prompt.wav, prompt.notes)

    def phonemize(self, text: str) -> list[Phonemes]:
        """The phonemes of a text, sentence by sentence, as `pieces` cuts and joins them.

        Raises:
            TextError: there is nothing to say.
            ValueError: a line names a speaker who is none of `voices`.
        """
        said = pieces(self.phonemizer.sentences(text))
        check_speakers(said, self.voices)
        return said

    def speak(
        self,
        text: str | list[Phonemes],
        prompt: str | Path | tuple[np.ndarray, int] | Voice | None = None,
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
        if on_frame is None:  # side by side, which is faster, and gives the same
            for s, frame in sorted(self._generate(speech, 0, WIDTH), key=itemgetter(0)):
                speech.frames.append(frame)
                speech.sentence.append(s)
        else:
            for _ in self._frames(speech):
                if on_frame(speech):
                    speech.stop_reason = "stopped"
                    break
        return self._close(decode(self.codec, speech), start)

    def stream(
        self,
        text: str | list[Phonemes],
        prompt: str | Path | tuple[np.ndarray, int] | Voice | None = None,
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
        decoder, chunks = self.codec.decode_stream(controls=speech.controls), []

        def hand_out(chunk: Tensor) -> Iterator[tuple[np.ndarray, Speech]]:
            if chunk.shape[-1]:
                speech.first_audio_s = speech.first_audio_s or time.perf_counter() - start
                chunks.append(chunk[0, 0].cpu().numpy())
                yield to_int16(chunks[-1]), speech

        for frame in self._frames(speech, first):
            yield from hand_out(decoder.push(frame.codes[None, :, None]))
            if on_frame is not None and on_frame(speech):
                speech.stop_reason = "stopped"
                break
        last = decoder.flush()
        speech.wav = np.concatenate([*chunks, last[0, 0].cpu().numpy()])
        if decoder.f0_hz is not None:
            speech.f0_hz = decoder.f0_hz[0].cpu().numpy()
        self._close(speech, start)
        yield from hand_out(last)

    def decode(self, speech: Speech, controls: DecodeControls | None = None) -> Speech:
        """The same codes as whole sound, with another speed, pitch and intonation or, by default, those of the speech.

        This takes a small part of the time of generation. `speech` does not change.

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
        request = self._request(gap.sentence, gap.phonemes, speech.voice, settings, gap.before, gap.end)
        for _, frame in self.make_frames([request]):
            made.append(frame)
            if on_frame is not None and on_frame(frame):
                return speech
        return self._close(decode(self.codec, fill(speech, gap, made, edit)), begin)

    def _open(self, text, prompt, settings: SamplingConfig, controls: DecodeControls) -> Speech:
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

    def _frames(self, speech: Speech, first: int = 0) -> Iterator[Frame]:
        """Generate sentence after sentence into `speech`."""
        for s, frame in self._generate(speech, first, 1):
            speech.frames.append(frame)
            speech.sentence.append(s)
            yield frame

    def _generate(self, speech: Speech, first: int, width: int) -> Iterator[tuple[int, Frame]]:
        """Frames and their sentences, `width` sentences side by side."""
        rest = enumerate(speech.phonemes[first:], first)
        requests = [self._request(s, p, speech.voice, speech.settings) for s, p in rest]
        width = min(width, len(speech.phonemes))
        frames = ((first + i, frame) for i, frame in self.make_frames(requests, width))
        if not any(p.lead_s or p.pause_s for p in speech.phonemes[first:]):
            return frames
        return with_pauses(frames, speech.phonemes, self._silence, in_order=width == 1)

    @cached_property
    def _silence(self) -> list[int]:
        """The codes of a frame of silence, all codebooks."""
        codes = self.codec.encode(np.zeros(self.codec.sample_rate, np.float32), self.codec.sample_rate)[0]
        return codes[:, codes.shape[1] // 2].tolist()

    def _request(
        self, s: int, phonemes: Phonemes, voice: Voice, settings: SamplingConfig, before: Sequence[Frame] = (),
        end: int | None = None,
    ) -> Request:  # fmt: skip
        """The sentence at place `s`, which moves its seed on."""
        settings = settings.at_sentence(s)
        voice = self.voice(phonemes.speaker) if phonemes.speaker else voice
        symbols, starts = torch.tensor(phonemes.ids), torch.tensor(phonemes.word_starts)
        rest = round(PARAGRAPH_S * FRAME_RATE) if phonemes.closes_paragraph else 0
        return Request(symbols, starts, voice.codes[:, : self.model.config.n_codebooks], settings, before, end, rest)

    def make_frames(self, requests: Sequence[Request], width: int = 1) -> Iterator[tuple[int, Frame]]:
        """`generate_batch` with this system's model: the one part of the work that gains from a GPU."""
        yield from generate_batch(self.engine, requests, self.acoustic.seen, width)

    @staticmethod
    def _close(speech: Speech, start: float) -> Speech:
        speech.seconds = time.perf_counter() - start
        if note := left_out(speech.phonemes, speech.text):
            speech.notes.append(note)
        if forced := sum(f.forced for f in speech.frames):
            speech.notes.append(f"phonemes cut short because they lasted longer than any may: {forced}")
        if clamped := int(speech.clamped.sum()):
            speech.notes.append(
                f"clamping removed the model's first choice in {clamped} of {speech.clamped.size} cells"
            )
        return speech
