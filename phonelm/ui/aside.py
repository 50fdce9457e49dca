"""Small jobs that do not wait for a turn, such as the phonemes of a text while the user types.

They run in a few threads of their own, so they never block the threads of the page. For each user one job runs and the
latest one waits. When a newer job arrives, the waiting one is dropped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

MAX_WAIT_S = 20.0  # for the result of a job


class LeftOut(Exception):
    """A newer job of the same user replaced this one, so its result is not needed."""


class Overloaded(ValueError):
    """Too many users have jobs at the same time; the message says so."""


@dataclass
class _User:
    waits: asyncio.Future[bool] | None = None  # of the waiting job: True when it may run, False when it is dropped


class Aside:
    """A few threads that all users share. It is used from one event loop.

    Args:
        threads: jobs that run at the same time, of all users.
        users: the largest number of users with jobs; more are refused.
    """

    def __init__(self, threads: int = 2, users: int = 64):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="aside")
        self._users: dict[Hashable, _User] = {}
        self._most = users

    async def run(self, user: Hashable, work: Callable[..., Result], *values: Any) -> Result:
        """The result of `work(*values)`, done in another thread.

        Raises:
            LeftOut: a newer job of this user arrived while this one waited.
            Overloaded: there are too many users, or the job takes too long.
            Exception: any error of the work.
        """
        loop = asyncio.get_running_loop()
        state = self._users.get(user)
        if state is None:
            if len(self._users) >= self._most:
                raise Overloaded("too many people use this at the moment; try again in a minute")
            self._users[user] = state = _User()
        else:
            if state.waits is not None:
                state.waits.set_result(False)
            state.waits = waits = loop.create_future()
            if not await waits:
                raise LeftOut
        done = loop.run_in_executor(self._pool, lambda: work(*values))
        done.add_done_callback(lambda _: self._next(user))
        try:
            return await asyncio.wait_for(asyncio.shield(done), MAX_WAIT_S)
        except asyncio.TimeoutError:
            raise Overloaded("this takes too long at the moment; try again in a minute") from None

    def _next(self, user: Hashable) -> None:
        """A job of this user has ended; start the waiting one."""
        state = self._users[user]
        if state.waits is None:
            del self._users[user]
            return
        waits, state.waits = state.waits, None
        if waits.cancelled():
            del self._users[user]
        else:
            waits.set_result(True)
