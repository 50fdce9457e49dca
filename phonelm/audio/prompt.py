"""Making a clean voice prompt from a recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phonelm.audio.bandwidth import fill_band
from phonelm.audio.decode import AudioError
from phonelm.audio.files import SILENCE_DBFS, _checked, resample
from phonelm.audio.loudness import FRAME_S, MIN_QUIET_SHARE, _active, active_s, normalise, quiet_share
from phonelm.config import SAMPLE_RATE

EDGE_S = 0.05  # silence kept before and after a prompt
CLIP_HZ = (4_000, 192_000)  # rates of a recording to make a prompt of
MIN_PROMPT_S = 0.5  # of sound, pauses not counted
MIN_CUT_S, MAX_PROMPT_S = 6.0, 10.0  # a longer prompt is cut between the two
QUIET_S = 0.1  # the cut is in the middle of the quietest window of this length


@dataclass(frozen=True)
class Prompt:
    """A voice prompt, ready to be encoded.

    Attributes:
        wav: (S,) float32 at `config.SAMPLE_RATE`.
        start_s, end_s: the part of the recording it is, seconds.
        notes: changes that the user should know of, one line each.
    """

    wav: np.ndarray
    start_s: float
    end_s: float
    notes: tuple[str, ...]


def prepare_prompt(wav: np.ndarray, sample_rate: int, max_s: float = MAX_PROMPT_S) -> Prompt:
    """Make a voice prompt: offset removed, silent edges trimmed, cut at a pause if long, a narrow band filled up,
    loudness normalised.

    Args:
        wav: (S,) float.
        sample_rate: of `wav`, Hz.
        max_s: a longer recording is cut at its quietest place between 60 % of this and this.
    Raises:
        AudioError: not one channel, a strange rate, empty or silent, NaN or infinite samples, under 0.5 s of sound.
    """
    wav = np.asarray(wav, np.float32)
    if wav.ndim != 1:
        raise AudioError(f"a voice prompt must be one channel (S,), got shape {wav.shape}")
    low, high = CLIP_HZ
    if not low <= sample_rate <= high:
        raise AudioError(f"the voice prompt has {sample_rate} samples a second; {low} to {high} are taken")
    wav = _checked(wav, "the voice prompt")
    wav = resample(wav - wav.mean(), sample_rate, SAMPLE_RATE)  # an offset would ring at the edges
    notes = []
    start, end = _sounding(wav)
    if end - start > max_s * SAMPLE_RATE:
        end = start + quietest(wav[start:end], max_s)
        start, end = (start + edge for edge in _sounding(wav[start:end]))
        notes.append(
            f"the voice prompt is {len(wav) / SAMPLE_RATE:.1f} s long; the part from {start / SAMPLE_RATE:.1f} s to "
            f"{end / SAMPLE_RATE:.1f} s is used"
        )
    wav = wav[start:end]
    if (sound_s := active_s(wav)) < MIN_PROMPT_S:
        raise AudioError(
            f"the voice prompt has only {np.floor(sound_s * 100) / 100:.2f} s of sound; at least {MIN_PROMPT_S} s are "
            "needed"
        )
    if quiet_share(wav) < MIN_QUIET_SHARE:
        notes.append("the voice prompt does not sound like speech: it has no quiet moments, like noise and some music")
    wav, width_hz = fill_band(wav)
    if width_hz is not None:
        notes.append(f"the voice prompt has nothing above {width_hz / 1000:.1f} kHz: high frequencies were filled in")
    return Prompt(normalise(wav), start / SAMPLE_RATE, end / SAMPLE_RATE, tuple(notes))


def _sounding(wav: np.ndarray) -> tuple[int, int]:
    """First and last sample of the part between the silent edges, EDGE_S of which are kept; AudioError if none."""
    frames = np.flatnonzero(_active(wav))
    if frames.size == 0:
        raise AudioError(f"the voice prompt is silent (never above {SILENCE_DBFS:.0f} dBFS)")
    size, edge = round(FRAME_S * SAMPLE_RATE), round(EDGE_S * SAMPLE_RATE)
    return max(0, frames[0] * size - edge), min(len(wav), (frames[-1] + 1) * size + edge)


def quietest(wav: np.ndarray, max_s: float) -> int:
    """Where to cut a long waveform (S,) at `SAMPLE_RATE`: in the middle of the quietest QUIET_S.

    Returns:
        a sample between MIN_CUT_S / MAX_PROMPT_S of `max_s` and `max_s`.
    """
    window = round(QUIET_S * SAMPLE_RATE)
    first = round(max_s * MIN_CUT_S / MAX_PROMPT_S * SAMPLE_RATE)
    part = wav[first : round(max_s * SAMPLE_RATE)].astype(np.float64)
    total = np.concatenate([[0.0], np.cumsum(part**2)])
    return first + int(np.argmin(total[window:] - total[:-window])) + window // 2
