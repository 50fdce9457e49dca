"""Parameters of frames to waveform: stretch in time, change of pitch, source, filter."""

from __future__ import annotations

from torch import Tensor

from phonelm.codec.filters import FilterStream, SpectralFilter
from phonelm.codec.parameters import DecodeControls, DecoderParameters, TimeStretch, change_pitch
from phonelm.codec.source import PulseSource, white_noise


class Synthesis:
    """The synthesis of one utterance, whole or in pieces: the joined pieces equal the whole.

    Args:
        spectral: the filter.
        sample_rate: Hz.
        controls: tempo and pitch.
        mean_hz: (B,) or a number, mean pitch for `controls.intonation`; not used where that is 1.
    """

    def __init__(self, spectral: SpectralFilter, sample_rate: int, controls: DecodeControls, mean_hz: Tensor | float):
        self._controls, self._mean_hz = controls, mean_hz
        self._stretch = TimeStretch(controls)
        self._source = PulseSource(sample_rate, 2 * spectral.hop)
        self._filter = FilterStream(spectral, white_noise)

    def push(self, parameters: DecoderParameters, last: bool) -> Tensor:
        """The next T frames -> (B, 1, S), the samples that they complete; `last`: nothing follows.

        At speed 1 all samples up to two frames before the last one are complete.
        """
        frames = self._stretch.push(parameters, last)
        f0_hz = change_pitch(frames.f0_hz, self._controls, self._mean_hz)
        pulses = self._source.push(f0_hz, last).to(frames.envelope.device)
        return self._filter.push(pulses, frames.envelope, frames.noise, frames.dispersion, last)[:, None]
