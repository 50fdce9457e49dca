"""New speakers from the voice space of Kokoro-82M: points drawn along its principal components.

A Kokoro voice is a table of style vectors, one for each length of the text: the first half of a vector is timbre, the
second half prosody. A mixture of two or three voices always lies between them. Here the components of all voices are
found, for timbre and for prosody apart, and a new speaker is a random point along them: it can lie outside of what any
mixture reaches, and it is the same speaker for texts of every length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

TIMBRE, PROSODY = slice(0, 128), slice(128, 256)  # halves of a style vector
LENGTHS = slice(20, 200)  # rows of the tables from which the components are found: texts of usual length
VARIANCE = 0.97  # share that the components explain
LIMIT = 1.5  # standard deviations from the mean that a speaker may lie along a component

Array = np.ndarray


@dataclass(frozen=True)
class Components:
    """Principal components of one half of the style vectors.

    Attributes:
        voices: (V,) indices of the voices that they are made of.
        mixtures: (V, C) float: a step of one standard deviation along a component, as a mixture of the voices'
            deviations from their mean.
    """

    voices: Array
    mixtures: Array


def find_components(tables: Array, voices: Sequence[int], half: slice) -> Components:
    """Args:
    tables: (voices, lengths, 256) float, the style vectors of all voices.
    voices: indices of those to use.
    half: `TIMBRE` or `PROSODY`.
    """
    index = np.asarray(voices)
    means = tables[index][:, LENGTHS, half].mean(1)
    left, spread, _ = np.linalg.svd(means - means.mean(0), full_matrices=False)
    explained = np.cumsum(spread**2) / np.sum(spread**2)
    count = int(np.searchsorted(explained, VARIANCE)) + 1
    return Components(index, left[:, :count] / np.sqrt(len(index)))


def draw_mixture(components: Components, rng: np.random.Generator) -> Array:
    """(V,) float: a new speaker, normal along each component and within `LIMIT`, as a mixture of deviations."""
    z = np.asarray(rng.normal(size=components.mixtures.shape[1]))
    while (far := np.abs(z) > LIMIT).any():
        z[far] = rng.normal(size=int(far.sum()))
    return components.mixtures @ z


@dataclass(frozen=True)
class Speaker:
    """A synthetic speaker; `style` is its input for Kokoro."""

    timbre: Array  # (V,) mixture over the voices of `VoiceSpace.timbre`
    prosody: Array  # (V,) mixture over the voices of `VoiceSpace.prosody`


class VoiceSpace:
    """Args:
    tables: the style vectors of each voice, (lengths, 256) float, by its Kokoro name; "a" and "b" begin English ones.
    """

    def __init__(self, tables: dict[str, Array]):
        names = sorted(tables)
        self.tables = np.stack([tables[name] for name in names]).astype(np.float64)
        english = [i for i, name in enumerate(names) if name[0] in "ab"]
        self.timbre = find_components(self.tables, range(len(names)), TIMBRE)
        self.prosody = find_components(self.tables, english, PROSODY)

    def draw(self, seed: int) -> Speaker:
        """The speaker of a seed: timbre of all languages, prosody of the English voices, drawn apart."""
        rng = np.random.default_rng(seed)
        return Speaker(draw_mixture(self.timbre, rng), draw_mixture(self.prosody, rng))

    def style(self, speaker: Speaker, length: int) -> Array:
        """(256,) float32, the style vector of a speaker for a text of `length` phonemes."""
        row = min(max(length, 1), self.tables.shape[1]) - 1
        halves = []
        for components, mixture, half in (
            (self.timbre, speaker.timbre, TIMBRE), (self.prosody, speaker.prosody, PROSODY),
        ):  # fmt: skip
            vectors = self.tables[components.voices][:, row, half]
            mean = vectors.mean(0)
            halves.append(mean + mixture @ (vectors - mean))
        return np.concatenate(halves).astype(np.float32)
