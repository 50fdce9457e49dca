"""Scheduling of one system among many users: their requests take turns.

A turn lasts until the next piece of sound, a fraction of a second. `TTS` keeps no state between calls, so a result does
not depend on the requests that had a turn in between.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

Item = TypeVar("Item")

POLL_S = 0.1  # between two looks at whether a request that waits was stopped
REPORT_S = 1.0  # between two reports of a place that does not change


class TooMany(ValueError):
    """A user has as many requests open as one may have; the message says so."""


class Turns:
    """Who may use the system. Users come round in the order in which they asked; each of them has one turn a round.

    Args:
        per_user: requests that a user may have open at a time.
    """

    def __init__(self, per_user: int = 4):
        self.per_user = per_user
        self._changed = threading.Condition()
        self._open: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[Turn]] = {}  # requests of each user
        self._round: deque[Hashable] = deque()  # users that wait, the next one first, without that of the holder
        self._holder: Turn | None = None

    @contextmanager
    def request(self, user: Hashable) -> Iterator[Turn]:
        """Open a request of a user; it has no turn yet.

        Raises:
            TooMany: the user has `per_user` requests open.
        """
        with self._changed:
            if self._open[user] >= self.per_user:
                raise TooMany(f"you have {self.per_user} requests here already; wait until one of them has ended")
            self._open[user] += 1
        turn = Turn(self, user)
        try:
            yield turn
        finally:
            turn.leave()
            with self._changed:
                self._open[user] -= 1
                self._open += Counter()  # drops users that have none left

    @contextmanager
    def once(self, user: Hashable) -> Iterator[Turn]:
        """A request for one turn, which is there when the block begins. `TooMany` as for `request`."""
        with self.request(user) as turn, turn:
            yield turn


class Turn:
    """A request's turns; `with turn:` waits for the next one and ends it. Made by `Turns.request`."""

    def __init__(self, turns: Turns, user: Hashable):
        self._turns, self._user = turns, user
        self._changed = turns._changed
        self._began = False

    @property
    def others(self) -> int:
        """Requests that are open beside this one."""
        return sum(self._turns._open.values()) - 1

    def __enter__(self) -> Turn:
        with self._changed:
            self._ask()
            self._changed.wait_for(self._take)
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.leave()

    def queue(self, is_stopped: Callable[[], bool] = lambda: False) -> Iterator[int]:
        """Wait for the first turn, at most until the request is stopped.

        Yields:
            How many requests come before this one; whenever that changes, and every `REPORT_S`.
        """
        reported, silent_s = -1, 0.0
        with self._changed:
            self._ask()
        while not is_stopped():
            with self._changed:
                if self._take():
                    return
                ahead = self._ahead()
                if ahead == reported and silent_s < REPORT_S:
                    self._changed.wait(POLL_S)
                    silent_s += POLL_S
                    continue
            reported, silent_s = ahead, 0.0
            yield ahead
        self.leave()

    def share(self, items: Iterator[Item]) -> Iterator[Item]:
        """Items that are made in turns, one in each; between two of them others have theirs."""
        while True:
            with self:
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    def give_way(self) -> None:
        """In the middle of a turn: let those who wait have theirs first."""
        with self._changed:
            waits = bool(self._turns._round)
        if waits:
            self.leave()
            self.__enter__()

    def leave(self) -> None:
        """End the turn, or the waiting for one."""
        turns, user = self._turns, self._user
        with self._changed:
            mine = turns._waiting.get(user)
            if mine is not None and self in mine:
                mine.remove(self)
                if not mine:
                    del turns._waiting[user]
                    if user in turns._round:
                        turns._round.remove(user)
            if turns._holder is self:
                turns._holder = None
                if user in turns._waiting:
                    turns._round.append(user)
            self._changed.notify_all()

    def _ask(self) -> None:
        """Wait from now on; a request that has begun comes before others of its user."""
        turns, user = self._turns, self._user
        if turns._holder is self:
            return
        mine = turns._waiting.setdefault(user, deque())
        if self not in mine:
            mine.appendleft(self) if self._began else mine.append(self)
        if user not in turns._round and (turns._holder is None or turns._holder._user != user):
            turns._round.append(user)

    def _take(self) -> bool:
        """Take the turn if it is there to be taken, or taken already."""
        turns, user = self._turns, self._user
        if turns._holder is None and turns._round[0] == user and turns._waiting[user][0] is self:
            turns._round.popleft()
            turns._waiting[user].popleft()
            if not turns._waiting[user]:
                del turns._waiting[user]
            turns._holder, self._began = self, True
        return turns._holder is self

    def _ahead(self) -> int:
        """Requests that have a turn before this one."""
        turns, user = self._turns, self._user
        users = turns._round.index(user) if user in turns._round else len(turns._round)
        return (turns._holder is not None) + users + turns._waiting[user].index(self)
