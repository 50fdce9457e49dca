"""Means with bootstrap intervals (Efron and Tibshirani 1993), over speakers or over utterances."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

DRAWS = 2000
LEVEL = 0.95


class Interval(NamedTuple):
    """A mean and the bounds of its interval. All are NaN if nothing was measured."""

    mean: float
    low: float
    high: float


def mean_interval(values: Sequence[float], groups: Sequence[Hashable] | None = None) -> Interval:
    """The mean of the group means, and the percentile interval of a bootstrap over groups.

    Args:
        values: NaN for a missing value.
        groups: speaker of each value. Default: each value is its own group.
    """
    groups = range(len(values)) if groups is None else groups
    by_group: dict[Hashable, list[float]] = defaultdict(list)
    for group, value in zip(groups, values, strict=True):
        if not np.isnan(value):
            by_group[group].append(value)
    means = [float(np.mean(found)) for found in by_group.values()]
    return ratio_interval(means, [1.0] * len(means))


def ratio_interval(numerators: Sequence[float], denominators: Sequence[float]) -> Interval:
    """sum(numerators) / sum(denominators), such as errors / words, with a bootstrap over the pairs. The seed is fixed.

    Args:
        numerators, denominators: one of each per utterance or speaker.
    """
    if not sum(denominators) > 0:
        return Interval(float("nan"), float("nan"), float("nan"))
    pairs = np.stack([np.asarray(numerators, float), np.asarray(denominators, float)])
    draws = pairs[:, np.random.default_rng(0).integers(pairs.shape[1], size=(DRAWS, pairs.shape[1]))].sum(2)
    ratios = draws[0, draws[1] > 0] / draws[1, draws[1] > 0]
    low, high = np.quantile(ratios, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(pairs[0].sum() / pairs[1].sum()), float(low), float(high))
