"""Work beside the queue: one user never holds the others."""

import asyncio
import threading
import time

import pytest

from phonelm.ui import aside as module
from phonelm.ui.aside import Aside, LeftOut, Overloaded


def test_of_a_user_s_pieces_the_first_and_the_last_are_done():
    async def use():
        aside, go, done = Aside(threads=1), threading.Event(), []

        def work(i):
            go.wait(10)
            done.append(i)
            return i

        pieces = [asyncio.ensure_future(aside.run("me", work, i)) for i in range(100)]
        await asyncio.sleep(0.05)
        go.set()
        results = await asyncio.gather(*pieces, return_exceptions=True)
        assert done == [0, 99] and (results[0], results[-1]) == (0, 99)
        assert all(isinstance(result, LeftOut) for result in results[1:-1])
        assert not aside._users

    asyncio.run(use())


def test_a_user_with_much_work_does_not_hold_another():
    async def use():
        aside, order = Aside(threads=1), []

        def work(who):
            time.sleep(0.02)
            order.append(who)

        many = [asyncio.ensure_future(aside.run("many", work, "many")) for _ in range(50)]
        await asyncio.sleep(0)
        await aside.run("one", work, "one")
        await asyncio.gather(*many, return_exceptions=True)
        assert order == ["many", "one", "many"]

    asyncio.run(use())


def test_users_and_time_have_limits(monkeypatch):
    async def use():
        aside, go = Aside(threads=1, users=2), threading.Event()
        held = asyncio.ensure_future(aside.run("a", go.wait, 10))
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="takes too long"):
            await aside.run("b", int, "1")
        with pytest.raises(Overloaded, match="too many people"):
            await aside.run("c", int, "1")
        go.set()
        with pytest.raises(Overloaded, match="takes too long"):  # the first waited too long, too
            await held
        while aside._users:
            await asyncio.sleep(0.01)
        with pytest.raises(ValueError, match="invalid literal"):
            await aside.run("c", int, "x")
        assert await aside.run("c", int, "2") == 2

    monkeypatch.setattr(module, "MAX_WAIT_S", 0.2)
    asyncio.run(use())
