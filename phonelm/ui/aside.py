"""Work that does not wait for a turn, such as the phonemes of what one types: bounded in number, for all and for each.

It has few threads of its own, so that it never takes those of the page. Of each user one piece is at work and the
latest one waits; when a later one comes, what waited is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

Result = TypeVar("Result")

LONGEST_S = 20.0  # that a user waits for a piece of work


class LeftOut(Exception):
    """A later piece of work of the same user takes the place of this one: its result is not wanted any more."""


class Overloaded(ValueError):
    """Too many users want something at the same time; the message says so."""


@dataclass
class _User:
    waits: asyncio.Future[bool] | None = None  # whether the piece that waits is wanted, as soon as that is known


class Aside:
    """A few threads that are shared by all users; to be used from one event loop.

    Args:
        threads: pieces of work at a time, of all users.
        users: users that may be served or wait; more are refused.
    """

    def __init__(self, threads: int = 2, users: int = 64):
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="aside")
        self._users: dict[Hashable, _User] = {}
        self._most = users

    async def run(self, user: Hashable, work: Callable[..., Result], *values: Any) -> Result:
        """The result of `work(*values)`, done in another thread.

        Raises:
            LeftOut: a later piece of this user's work came while this one waited.
            Overloaded: there are too many users, or it takes too long.
            Exception: whatever the work raises.
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
            return await asyncio.wait_for(asyncio.shield(done), LONGEST_S)
        except asyncio.TimeoutError:
            raise Overloaded("this takes too long at the moment; try again in a minute") from None

    def _next(self, user: Hashable) -> None:
        """A piece of this user's work has ended."""
        state = self._users[user]
        if state.waits is None:
            del self._users[user]
            return
        waits, state.waits = state.waits, None
        if waits.cancelled():
            del self._users[user]
        else:
            waits.set_result(True)
