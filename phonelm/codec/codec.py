"""Waveform to codes and back, with the bundled codec or the official 24 kHz EnCodec."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from phonelm.audio import resample
from phonelm.codec.decoder import SourceFilterDecoder, SourceFilterStream
from phonelm.codec.encodec import ENCODEC, CodecError, EncodecModel, load_encodec
from phonelm.codec.istft import IstftDecoder, IstftStream
from phonelm.codec.parameters import DecodeControls, DecoderParameters
from phonelm.codec.streaming import DecodeStream, SeanetStream
from phonelm.codec.weights import BUNDLED, load_bundled
from phonelm.config import N_Q

NAMES = (BUNDLED, ENCODEC)


class Codec:
    """An `encodec.EncodecModel` with weights, seen through waveforms and codes. It keeps no state between calls.

    `model` is the network itself, frozen and in eval mode. Of EnCodec's 32 codebooks the first 8 are used, as many as
    the bundled codec has.
    """

    def __init__(self, model: EncodecModel, name: str):
        self.model = model.eval().requires_grad_(False)
        self.name = name
        self.sample_rate: int = model.sample_rate  # Hz
        self.hop_length = int(np.prod(model.encoder.ratios))  # samples per frame
        self.frame_rate = self.sample_rate / self.hop_length  # frames per second
        self.n_q = min(N_Q, model.quantizer.n_q)
        self.card: int = model.quantizer.bins

    @classmethod
    def load(cls, name: str = BUNDLED, path: str | Path | None = None, device: str | torch.device = "cpu") -> Codec:
        """Load a codec by name.

        Args:
            name: "bundled" (`checkpoints/codec.safetensors`) or "encodec_24khz" (official weights, fetched on first
                use; or from `path`, or from `$PHONELM_ENCODEC_24KHZ`).
            path: the weights, instead of the usual place.
            device: where to compute.
        Raises:
            CodecError: an unknown name, or official weights that cannot be found, fetched or trusted.
            checkpoint.CheckpointError: bundled weights that are missing or damaged.
        """
        if name == BUNDLED:
            model, _ = load_bundled(path)
        elif name == ENCODEC:
            model = load_encodec(path)
            model.set_target_bandwidth(6.0)  # kbit/s: 8 codebooks
        else:
            raise CodecError(f"unknown codec {name!r}; known are {', '.join(NAMES)}")
        return cls(model.to(device), name)

    @property
    def device(self) -> torch.device:
        """Where the codec computes."""
        return next(self.model.parameters()).device

    @property
    def codebooks(self) -> Tensor:
        """(n_q, card, dim) float32, a copy of the code vectors; a frame's latent is the sum of one from each."""
        return torch.stack([layer.codebook.float() for layer in self.model.quantizer.vq.layers[: self.n_q]])

    @property
    def fingerprint(self) -> str:
        """16 hex digits that identify the codebooks: two codecs with the same one speak the same codes."""
        return hashlib.sha256(self.codebooks.cpu().contiguous().numpy().tobytes()).hexdigest()[:16]

    def encode(self, wav: Tensor | np.ndarray, sample_rate: int, n_q: int | None = None) -> Tensor:
        """Waveform to codes.

        Args:
            wav: float in [-1, 1], (S,), (C, S) or (B, C, S); channels are averaged.
            sample_rate: of `wav`, Hz; any rate, resampled by soxr.
            n_q: K, codebooks wanted, 1 to `self.n_q`; default all.
        Returns:
            (B, K, T) int64 on the codec's device, T = ceil(S / hop_length) at the codec's rate.
        Raises:
            ValueError: not such a waveform, empty, shorter than one frame, NaN or infinite values, a bad rate or n_q.
        """
        n_q = self.n_q if n_q is None else n_q
        if not 1 <= n_q <= self.n_q:
            raise ValueError(f"n_q must be 1 to {self.n_q}, not {n_q}")
        mono = _mono(wav)  # (B, S)
        if sample_rate != self.sample_rate:
            mono = torch.from_numpy(resample(mono.cpu().numpy().T, sample_rate, self.sample_rate).T.copy())
        if mono.shape[1] < self.hop_length:
            raise ValueError(f"audio is too short: {mono.shape[1]} samples, one frame has {self.hop_length}")
        with torch.inference_mode():
            [(codes, _)] = self.model.encode(mono[:, None].to(self.device))
        return codes[:, :n_q].clone()  # a plain tensor, that autograd accepts

    @property
    def has_controls(self) -> bool:
        """Whether it decodes through pitch and envelopes, so that tempo and pitch can be changed and shown."""
        return isinstance(self.model.decoder, SourceFilterDecoder)

    def decode(self, codes: Tensor, controls: DecodeControls = DecodeControls()) -> Tensor:
        """Codes to waveform.

        Args:
            codes: (B, K, T) integer, values below `card`, K from 1 to `n_q`, T at least 1.
            controls: tempo and pitch.
        Returns:
            (B, 1, hop_length * controls.frames(T)) float32 on the codec's device, nominally in [-1, 1], not clipped.
        Raises:
            ValueError: another shape, or a code outside the codebook.
            CodecError: controls that change the sound, of a codec without them.
        """
        if controls.changes_sound:
            return self.synthesize(self.parameters(codes), controls)
        codes = self._check(codes)
        with torch.inference_mode():
            wav = self.model.decode([(codes, None)])
        return wav.clone()

    def alone(self, codes: Tensor, book: int, controls: DecodeControls = DecodeControls()) -> np.ndarray:
        """The sound of one codebook: its vectors go into the decoder without those of the others.

        Args:
            codes: (1, K, T), and `controls`, as for `decode`.
            book: from 0.
        Returns:
            (S,) float32 samples.
        Raises:
            ValueError: as for `decode`; no such codebook.
        """
        codes = self._check(codes)
        if not 0 <= book < codes.shape[1]:
            raise ValueError(f"these codes have {codes.shape[1]} codebooks; there is no number {book}")
        with torch.inference_mode():
            vectors = self.model.quantizer.vq.layers[book].decode(codes[:, book])  # (1, dim, T)
            if self.has_controls:
                wav = self.synthesize(self.model.decoder.analyse(vectors).map(Tensor.clone), controls)
            else:
                self.check_controls(controls)
                wav = self.model.decoder(vectors)
        return wav[0, 0].cpu().numpy()

    def parameters(self, codes: Tensor) -> DecoderParameters:
        """What the decoder makes of codes before it makes sound: pitch, voicing and envelopes of every frame.

        Args:
            codes: as for `decode`.
        Raises:
            ValueError: as for `decode`.
            CodecError: a codec whose decoder has no such parameters.
        """
        self._need_controls()
        codes = self._check(codes)
        with torch.inference_mode():
            found = self.model.decoder.analyse(self.model.quantizer.decode(codes.transpose(0, 1)))
        return found.map(Tensor.clone)

    def synthesize(self, parameters: DecoderParameters, controls: DecodeControls = DecodeControls()) -> Tensor:
        """What `parameters` found, as sound: both together are `decode`.

        Returns:
            (B, 1, hop_length * controls.frames(T)) float32 on the codec's device.
        Raises:
            CodecError: a codec whose decoder has no such parameters.
        """
        self._need_controls()
        with torch.inference_mode():
            wav = self.model.decoder.synthesize(parameters, controls)
        return wav.clone()

    def check_controls(self, controls: DecodeControls) -> None:
        """Whether this codec can speak with some controls; CodecError if it cannot."""
        if controls.changes_sound:
            self._need_controls()

    def waveform(self, codes: Tensor, controls: DecodeControls = DecodeControls()) -> np.ndarray:
        """Codes (1, K, T) of one utterance, as for `decode`, to its (S,) float32 samples."""
        return self.decode(codes, controls)[0, 0].cpu().numpy()

    def decode_stream(self, chunk_frames: int = 12, controls: DecodeControls = DecodeControls()) -> DecodeStream:
        """Open the decoding of one utterance whose codes are still being made; the joined chunks equal `decode`.

        Args:
            chunk_frames: frames to collect at first before they are decoded. The bundled codec's waveform comes another
                `decoder.context` frames (23, 0.3 s) later, that of encodec_24khz at once.
            controls: tempo and pitch. An intonation other than 1 needs `mean_hz`: a stream cannot know the mean of what
                is still to come. `parameters(...).mean_hz` of a voice prompt is a good one.
        Raises:
            ValueError: chunk_frames below 1, or an intonation without `mean_hz`.
            CodecError: controls that change the sound, of a codec without them.
        """
        decoder, rest = self.model.decoder, (self._check, self.model.quantizer, chunk_frames)
        self.check_controls(controls)
        if isinstance(decoder, SourceFilterDecoder):
            return SourceFilterStream(decoder, *rest, controls=controls)
        return (IstftStream if isinstance(decoder, IstftDecoder) else SeanetStream)(decoder, *rest)

    def _need_controls(self) -> None:
        if not self.has_controls:
            raise CodecError(
                f"the codec {self.name} has no pitch to show or change: speed, pitch and intonation must stay 1, 0 and "
                "1; the bundled codec has one (a source-filter decoder)"
            )

    def _check(self, codes: Tensor) -> Tensor:
        """Codes as int64 on the device, or ValueError."""
        codes = torch.as_tensor(codes)
        if codes.dim() != 3 or codes.is_floating_point() or codes.is_complex() or codes.dtype == torch.bool:
            raise ValueError(f"codes must be (B, K, T) integers, not {tuple(codes.shape)} {codes.dtype}")
        if not 1 <= codes.shape[1] <= self.n_q:
            raise ValueError(f"codes have K = {codes.shape[1]} codebooks; {self.name} takes 1 to {self.n_q}")
        if codes.shape[0] == 0 or codes.shape[2] == 0:
            raise ValueError(f"codes {tuple(codes.shape)} are empty")
        wrong = (codes < 0) | (codes >= self.card)
        if wrong.any():
            b, k, t = wrong.nonzero()[0].tolist()
            raise ValueError(f"code {codes[b, k, t].item()} at codebook {k}, frame {t} is outside 0..{self.card - 1}")
        return codes.to(self.device, torch.int64)


def _mono(wav: Tensor | np.ndarray) -> Tensor:
    """(S,), (C, S) or (B, C, S) float -> (B, S) float32, channels averaged; ValueError if it is no waveform."""
    wav = torch.as_tensor(wav)
    if not wav.is_floating_point():
        raise ValueError(f"audio must be float in [-1, 1], not {wav.dtype}: divide integers by their full scale")
    if not 1 <= wav.dim() <= 3:
        raise ValueError(f"audio must be (S,), (C, S) or (B, C, S), not {tuple(wav.shape)}")
    if wav.numel() == 0:
        raise ValueError(f"audio is empty: {tuple(wav.shape)}")
    if wav.dim() > 1 and wav.shape[-2] > wav.shape[-1]:
        raise ValueError(f"audio {tuple(wav.shape)} has more channels than samples: (..., C, S) is expected")
    if not wav.isfinite().all():
        raise ValueError("audio holds NaN or infinite values")
    return wav.detach().float().reshape((1,) * (3 - wav.dim()) + tuple(wav.shape)).mean(dim=1)
