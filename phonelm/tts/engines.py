"""Engines of adapted voices, made when they are needed and kept a few at a time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from torch import Tensor

from phonelm.checkpoint import fingerprint
from phonelm.generation import Engine
from phonelm.model import PhoneLM, merge_low_rank

KEPT = 4  # each takes about as much memory as the model


class AdaptedEngines:
    """Engines of a model with low-rank updates merged into its weights: they are as fast as the model's own.

    Thread-safe: an engine that is in use stays whole when others take its place.
    """

    def __init__(self, model: PhoneLM, precision: str):
        self.model, self.precision = model, precision
        self._engines: OrderedDict[str, Engine] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, low_rank: Mapping[str, Tensor]) -> Engine:
        """The engine with these updates.

        Raises:
            ValueError: they do not fit the model.
        """
        key = fingerprint(low_rank.values())
        with self._lock:
            if key not in self._engines:
                self._engines[key] = Engine(merge_low_rank(self.model, low_rank), self.precision)
            self._engines.move_to_end(key)
            while len(self._engines) > KEPT:
                self._engines.popitem(last=False)
            return self._engines[key]
