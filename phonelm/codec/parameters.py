"""What the source-filter decoder says about each frame, and what a listener may change about it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from torch import Tensor

CONTROL_LIMITS = {"speed": (0.5, 2.0), "pitch_semitones": (-6.0, 6.0), "intonation": (0.0, 2.0)}
LOWEST_HZ, HIGHEST_HZ = 35.0, 1000.0  # limits of a changed pitch


@dataclass(frozen=True)
class DecodeControls:
    """How codes are spoken: changes of tempo and pitch that need no new codes.

    Raises:
        ValueError: a value outside its range.
    """

    speed: float = 1.0  # 0.5 to 2; 2 is twice as fast; the pitch stays
    pitch_semitones: float = 0.0  # -6 to 6; the envelopes stay
    intonation: float = 1.0  # 0 flat, 1 as it is, 2 lively: factor of the distance of log pitch from its mean
    mean_hz: float | None = None  # that mean; None: of the voiced frames of the utterance (whole decode only)

    def __post_init__(self) -> None:
        for name, (low, high) in CONTROL_LIMITS.items():
            _check(name, getattr(self, name), low, high)
        if self.mean_hz is not None:
            _check("mean_hz", self.mean_hz, LOWEST_HZ, HIGHEST_HZ)

    @property
    def changes_sound(self) -> bool:
        """Whether anything differs from a plain decode."""
        return (self.speed, self.pitch_semitones, self.intonation) != (1.0, 0.0, 1.0)

    def frames(self, count: int) -> int:
        """How many frames `count` frames of codes last at this speed; at least 1."""
        return max(1, math.floor(count / self.speed + 0.5))


def _check(name: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ValueError(f"{name} must be from {low:g} to {high:g}, not {value!r}")


@dataclass(frozen=True)
class DecoderParameters:
    """Parameters of T frames. Envelopes have two sub-frames per frame, at the points of `filters.mel_points`."""

    f0_hz: Tensor  # (B, T) float, 0 where unvoiced
    envelope: Tensor  # (B, 2T, E) float, log magnitude of the pulses' filter
    noise: Tensor  # (B, 2T, N) float, log magnitude of the noise's filter
    dispersion: Tensor  # (B, 2T, N) float, tanh of it times pi is added to the pulses' minimum phase

    @property
    def voiced(self) -> Tensor:
        """(B, T) bool."""
        return self.f0_hz > 0

    @property
    def mean_hz(self) -> Tensor:
        """(B,) float, geometric mean of the pitch of voiced frames; 0 where there are none."""
        voiced = self.voiced
        total = torch.where(voiced, self.f0_hz, torch.ones_like(self.f0_hz)).log().sum(1)
        mean = (total / voiced.sum(1).clamp(min=1)).exp()
        return torch.where(voiced.any(1), mean, torch.zeros_like(mean))

    def map(self, function: Callable[[Tensor], Tensor]) -> DecoderParameters:
        """A function applied to every tensor."""
        return DecoderParameters(*(function(getattr(self, f.name)) for f in fields(self)))

    def span(self, start: int, end: int | None = None) -> DecoderParameters:
        """The frames from `start` to before `end`, both not negative."""
        sub = slice(2 * start, None if end is None else 2 * end)
        return DecoderParameters(
            self.f0_hz[:, start:end], self.envelope[:, sub], self.noise[:, sub], self.dispersion[:, sub]
        )

    def then(self, more: DecoderParameters) -> DecoderParameters:
        """These frames followed by others."""
        pairs = ((getattr(self, f.name), getattr(more, f.name)) for f in fields(self))
        return DecoderParameters(*(torch.cat(pair, dim=1) for pair in pairs))


def change_pitch(f0_hz: Tensor, controls: DecodeControls, mean_hz: Tensor | float) -> Tensor:
    """Shift and scale the pitch of voiced frames, on a logarithmic scale.

    Args:
        f0_hz: (B, T) float, 0 where unvoiced.
        controls: `pitch_semitones` and `intonation` are used.
        mean_hz: (B,) or a number, the pitch that intonation leaves as it is.
    """
    if controls.intonation == 1.0 and controls.pitch_semitones == 0.0:
        return f0_hz
    voiced = f0_hz > 0
    mean = torch.as_tensor(mean_hz, dtype=f0_hz.dtype, device=f0_hz.device).clamp(min=LOWEST_HZ).log().reshape(-1, 1)
    log = torch.where(voiced, f0_hz, torch.full_like(f0_hz, LOWEST_HZ)).log()
    changed = mean + controls.intonation * (log - mean) + controls.pitch_semitones * math.log(2) / 12
    return torch.where(voiced, changed.exp().clamp(LOWEST_HZ, HIGHEST_HZ), torch.zeros_like(f0_hz))


class TimeStretch:
    """Resamples parameters in time. They may come in pieces; the joined results do not depend on how they are cut.

    Output frame n is centred where (n + .5) * speed - .5 lies among the input frames. Envelopes and log pitch are
    interpolated linearly, voicing is that of the nearest frame.
    """

    def __init__(self, controls: DecodeControls):
        self._controls, self._speed = controls, controls.speed
        self._waiting: DecoderParameters | None = None
        self._offset = 0  # frames before those that wait
        self._made = 0  # frames handed out

    def push(self, parameters: DecoderParameters, last: bool) -> DecoderParameters:
        """The next T frames -> the frames that they complete; `last`: nothing follows."""
        if self._speed == 1.0:
            return parameters
        waiting = parameters if self._waiting is None else self._waiting.then(parameters)
        total = self._offset + waiting.f0_hz.shape[1]
        if last:
            end = self._controls.frames(total)
        else:  # both sub-frames of a frame, and the frame itself, need the input after their place
            end = max(self._made, math.ceil((total - 0.5) / self._speed - 0.75))
        made = self._resample(waiting, self._made, end) if end > self._made else waiting.span(0, 0)
        self._made = end
        keep = max(self._offset, min(math.floor(end * self._speed) - 1, total - 1))
        self._waiting, self._offset = waiting.span(keep - self._offset), keep
        return made

    def _resample(self, waiting: DecoderParameters, start: int, end: int) -> DecoderParameters:
        left, right, share = self._places(waiting.f0_hz, start, end, self._offset)
        low, high = waiting.f0_hz[:, left], waiting.f0_hz[:, right]
        near, far = torch.where(share < 0.5, low, high), torch.where(share < 0.5, high, low)
        away = torch.minimum(share, 1 - share)  # of the nearest frame
        far = torch.where(far > 0, far, near)  # the pitch of a voiced frame reaches into its unvoiced neighbour
        some = near.clamp(min=LOWEST_HZ).log()
        mixed = torch.lerp(some, far.clamp(min=LOWEST_HZ).log(), away.expand_as(some)).exp()
        f0_hz = torch.where(near > 0, mixed, torch.zeros_like(mixed))
        left, right, share = self._places(waiting.envelope, 2 * start, 2 * end, 2 * self._offset)
        shapes = (waiting.envelope, waiting.noise, waiting.dispersion)
        return DecoderParameters(f0_hz, *(torch.lerp(x[:, left], x[:, right], share[:, None]) for x in shapes))

    def _places(self, values: Tensor, start: int, end: int, offset: int) -> tuple[Tensor, Tensor, Tensor]:
        """For outputs `start` to `end`: the inputs on both sides, counted in `values` (B, t, ...), and the share of the
        right one."""
        place = ((torch.arange(start, end, dtype=torch.float64) + 0.5) * self._speed - 0.5).clamp(min=0)
        left = place.floor().long()
        share = (place - left).to(values)
        final = values.shape[1] - 1
        left = left.to(values.device) - offset
        return left.clamp(max=final), (left + 1).clamp(max=final), share
