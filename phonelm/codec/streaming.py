"""Decoding codes while they arrive: the chunks of waveform, joined, equal the decode of all codes at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

LARGEST = 48  # frames; decoding more at a time costs no less for each


class DecodeStream:
    """The decoding state of one utterance; made by `Codec.decode_stream`.

    Args:
        check: returns codes ready to decode, raises ValueError on those that the codec does not know.
        quantizer: its `decode` maps codes (K, B, T) to the latent (B, dim, T).
        chunk_frames: frames to collect before they are decoded; more means fewer, cheaper calls and later sound. With
            sound in hand there is time for more: each chunk is half as large again, up to `LARGEST`.
    """

    def __init__(self, check: Callable[[Tensor], Tensor], quantizer: Any, chunk_frames: int):
        if chunk_frames < 1:
            raise ValueError(f"chunk_frames must be at least 1, not {chunk_frames}")
        self._check, self._quantizer, self._chunk_frames = check, quantizer, chunk_frames
        self._waiting: Tensor | None = None  # (B, K, t), codes not yet decoded
        self._closed = False

    @property
    def f0_hz(self) -> Tensor | None:
        """(B, t), pitch of the frames decoded so far, before controls, 0 where unvoiced; None if it is not known."""
        return None

    def push(self, codes: Tensor) -> Tensor:
        """Take the next frames.

        Args:
            codes: (B, K, t) integer, B and K the same in each call.
        Returns:
            (B, 1, S) float: the next part of the waveform that no later code can change; S is often 0.
        Raises:
            ValueError: codes of another shape or outside the codebook, or a stream that was flushed.
        """
        if self._closed:
            raise ValueError("this decode stream was flushed; open a new one for the next utterance")
        codes = self._check(codes)
        if self._waiting is None:
            self._waiting = codes[..., :0]
        if codes.shape[:2] != self._waiting.shape[:2]:
            raise ValueError(f"codes (B, K) changed from {tuple(self._waiting.shape[:2])} to {tuple(codes.shape[:2])}")
        self._waiting = torch.cat([self._waiting, codes], dim=2)
        if self._waiting.shape[2] < max(self._chunk_frames, self._least_frames()):
            return codes.new_zeros(codes.shape[0], 1, 0, dtype=torch.float32)
        return self._advance(self._waiting, last=False)

    def flush(self) -> Tensor:
        """The rest of the waveform, (B, 1, S) float; the stream takes no more codes. A second call returns nothing."""
        if self._closed or self._waiting is None:
            self._closed = True
            return torch.zeros(1 if self._waiting is None else self._waiting.shape[0], 1, 0)
        self._closed = True
        return self._advance(self._waiting, last=True)

    def _advance(self, waiting: Tensor, last: bool) -> Tensor:
        with torch.inference_mode():
            wav = self._decode(self._quantizer.decode(waiting.transpose(0, 1)), last)
        self._waiting = waiting[..., :0]
        self._chunk_frames = max(self._chunk_frames, min(3 * self._chunk_frames // 2, LARGEST))
        return wav.clone()  # a plain tensor, that autograd accepts

    def _least_frames(self) -> int:
        """Frames without which the next ones cannot be decoded."""
        return 1

    def _decode(self, latent: Tensor, last: bool) -> Tensor:
        """(B, dim, t), the next frames -> (B, 1, S), the samples that they complete; t may be 0 if `last`."""
        raise NotImplementedError


class ConvStream:
    """A `Conv1d` of stride 1 with zeros around its input, which arrives in pieces.

    Zeros are put before the first piece and after the last one only, as when the input comes whole.
    """

    def __init__(self, conv: nn.Conv1d):
        self._conv, self._half = conv, conv.kernel_size[0] // 2
        self._past: Tensor | None = None  # (B, C, up to 2 * half), inputs that later outputs still need

    def __call__(self, x: Tensor, last: bool) -> tuple[Tensor, Tensor]:
        """(B, C, t), the next inputs -> the outputs now known, and the inputs at the same frames."""
        zeros = x.new_zeros(*x.shape[:2], self._half)
        past = zeros if self._past is None else self._past
        x = torch.cat([past, x, zeros] if last else [past, x], dim=2)
        self._past = x[..., -2 * self._half :]
        if x.shape[2] <= 2 * self._half:
            return x.new_zeros(x.shape[0], self._conv.out_channels, 0), x[..., :0]
        y = F.conv1d(x, self._conv.weight, self._conv.bias, groups=self._conv.groups)
        return y, x[..., self._half : -self._half]


class SeanetStream(DecodeStream):
    """For EnCodec's causal decoder (arXiv:2210.13438): convolution, LSTM, then causal upsampling.

    The LSTM's state is carried on; the convolutions get the frames they look back on. Only the very start looks ahead:
    the first convolution is padded there with a reflection of the frames that follow.
    """

    _UPSAMPLING_FRAMES = 2  # the upsampling layers look back on 478 samples, less than two frames

    def __init__(self, decoder: Any, *args):
        super().__init__(*args)
        self._first, self._lstm, self._upsample = decoder.model[0], decoder.model[1], decoder.model[2:]
        self._lookback = self._first.conv.conv.kernel_size[0] - 1  # frames
        self._past: Tensor | None = None  # (B, dim, lookback), the first layer's last inputs
        self._state: tuple[Tensor, Tensor] | None = None
        self._tail: Tensor | None = None  # (B, C, 2), the LSTM's last outputs

    def _least_frames(self) -> int:
        return self._lookback + 1 if self._past is None else 1

    def _decode(self, latent: Tensor, last: bool) -> Tensor:
        if latent.shape[2] == 0:
            return latent.new_zeros(latent.shape[0], 1, 0)
        old = 0 if self._past is None else self._lookback
        x = latent if self._past is None else torch.cat([self._past, latent], dim=2)
        self._past = x[..., -self._lookback :]
        x = self._first(x)[..., old:]
        y, self._state = self._lstm.lstm(x.permute(2, 0, 1), self._state)
        y = y.permute(1, 2, 0) + (x if self._lstm.skip else 0)
        new = y.shape[2]
        y = y if self._tail is None else torch.cat([self._tail, y], dim=2)
        self._tail = y[..., -self._UPSAMPLING_FRAMES :]
        wav = self._upsample(y)
        return wav[..., -(wav.shape[2] // y.shape[2]) * new :]
