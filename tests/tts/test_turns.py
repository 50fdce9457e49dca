"""Turns: who comes next, and that nobody's work is changed by that of others."""

import threading
import time
from contextlib import ExitStack

import numpy as np
import pytest

from phonelm.config import SamplingConfig
from phonelm.tts import TooMany, Turns


def waits(turn):
    """A request that has asked for its first turn: its queue, and how many come before it."""
    queue = turn.queue()
    return queue, next(queue)


def test_users_come_round_in_the_order_in_which_they_asked():
    turns = Turns()
    with ExitStack() as opened:
        a, b, c = (opened.enter_context(turns.request(user)) for user in "abc")
        with a:
            (of_b, before_b), (of_c, before_c) = waits(b), waits(c)
            assert (before_b, before_c) == (1, 2)
        of_a, before_a = waits(a)
        assert before_a == 2 and list(of_b) == []  # which has its turn now
        b.leave()
        of_b, before_b = waits(b)
        assert before_b == 2 and list(of_c) == []
        c.leave()
        assert list(of_a) == []
        a.leave()
        assert list(of_b) == []


def test_a_user_with_many_requests_has_no_more_turns_than_one_with_one():
    turns = Turns(per_user=3)
    with ExitStack() as opened:
        mine = [opened.enter_context(turns.request("many")) for _ in range(3)]
        other = opened.enter_context(turns.request("one"))
        with mine[0]:
            (second, _), (_, third_before), (of_other, other_before) = (waits(turn) for turn in (*mine[1:], other))
            assert (third_before, other_before) == (2, 1)
        first, before = waits(mine[0])
        assert before == 1 and list(of_other) == []  # the other's turn comes between two of mine
        other.leave()
        assert list(first) == []  # it has begun, so it goes on before the second begins
        assert next(second) == 1
        with pytest.raises(TooMany, match="3 requests"), turns.request("many"):
            pass
    with turns.request("many"):
        pass


def test_a_request_that_is_stopped_waits_no_longer():
    turns, stop = Turns(), threading.Event()
    with turns.request("a") as a, turns.request("b") as b, a:
        threading.Timer(0.2, stop.set).start()
        start = time.perf_counter()
        assert set(b.queue(stop.is_set)) == {1}
        assert time.perf_counter() - start < 2
    with turns.once("c"):
        pass


def test_who_goes_away_or_fails_leaves_no_turn_behind():
    turns = Turns()

    def fails():
        yield 1
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"), turns.request("a") as a:
        list(a.share(fails()))

    def asks():
        with turns.request("b") as b:
            yield from b.share(iter(range(3)))

    steps = asks()
    next(steps)
    steps.close()
    for user in "abc":
        with turns.once(user) as turn:
            assert turn.others == 0


def test_a_long_piece_of_work_gives_way():
    turns, order = Turns(), []
    with turns.request("a") as a, turns.request("b") as b:
        thread = threading.Thread(target=lambda: [order.append("b") for _ in b.share(iter([0]))])
        with a:
            thread.start()
            while not turns._round:
                time.sleep(0.01)
            a.give_way()
            order.append("a")
        thread.join()
    assert order == ["b", "a"]


def test_speech_is_the_same_whoever_has_turns_in_between(app_tts):
    turns, made = Turns(), {}
    texts = {"a": "I read it. Do you?", "b": "How are you today?", "c": "It is late. We walk home."}

    def use(user):
        with turns.request(user) as turn:
            for _, speech in turn.share(app_tts.stream(texts[user], None, SamplingConfig(seed=3))):
                made[user] = speech

    threads = [threading.Thread(target=use, args=user) for user in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for user, text in texts.items():
        *_, (_, alone) = app_tts.stream(text, None, SamplingConfig(seed=3))
        assert np.array_equal(made[user].wav, alone.wav)
        assert [f.codes.tolist() for f in made[user].frames] == [f.codes.tolist() for f in alone.frames]
