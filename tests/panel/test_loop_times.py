"""Times that nobody means: no number, never, long ago, further off than Qt or an integer reaches."""

from __future__ import annotations

import asyncio
import math
import random

import pytest
from nuke_ai_panel.panel.loop import PanelLoop
from qt_host import running


@pytest.mark.bound(5)
async def test_a_time_that_is_not_a_number_is_refused_and_stops_no_other_timer():
    """In the heap it is neither before nor after the others, and would hide them for ever."""
    loop = running()
    for call in (loop.call_at, loop.call_later):
        with pytest.raises(ValueError, match="not a number"):
            call(math.nan, int)
    with pytest.raises(ValueError, match="[Nn]ot a number|NaN"):
        await asyncio.sleep(math.nan)
    await asyncio.sleep(0.001)


@pytest.mark.bound(5)
@pytest.mark.parametrize("seconds", [math.inf, 1e306, 1e12, 10 * 366 * 86400.0])
async def test_what_is_far_off_waits_and_holds_up_nobody(seconds: float, qapp):
    loop, seen = running(), list[int]()
    timer = loop.call_at(seconds, seen.append, 1)
    await asyncio.sleep(0.001)
    assert seen == [] and timer.when() == seconds
    timer.cancel()

    other = PanelLoop(qapp)  # one that is idle sets Qt's timer at once
    other.call_at(seconds, int)
    other.close()


@pytest.mark.parametrize("seconds", [0.0, -1.0, -1e306, -math.inf])
async def test_what_is_long_past_runs_at_the_next_turn(seconds: float):
    done = asyncio.Event()
    running().call_later(seconds, done.set)
    await done.wait()


async def test_a_timer_that_is_cancelled_in_its_own_callback_is_counted_once():
    loop = running()
    before, done = loop.stats().timers, asyncio.Event()

    def cancel_itself() -> None:
        timer.cancel()
        timer.cancel()
        done.set()

    timer = loop.call_later(0, cancel_itself)
    await done.wait()
    assert loop.stats().timers == before
    assert loop._timer_cancelled_count == 0  # pyright: ignore[reportPrivateUsage]


async def test_a_timer_that_sets_itself_again_in_the_past_lets_the_others_live():
    loop, seen = running(), list[int]()

    def again() -> None:
        if seen != [1]:
            loop.call_at(loop.time() - 1, again)

    again()
    loop.call_later(0.002, seen.append, 1)
    while not seen:
        await asyncio.sleep(0.001)


async def test_a_timer_set_by_a_timer_in_a_slot_is_heard(qapp):
    """Qt's timer is set to the later one when the earlier one comes."""
    loop, seen = running(), list[int]()
    later = loop.call_later(30, seen.append, 2)
    await asyncio.sleep(0)
    loop.call_later(0.001, seen.append, 1)
    while not seen:
        await asyncio.sleep(0.001)
    later.cancel()
    assert seen == [1]


async def test_timers_keep_their_order_when_the_cancelled_ones_among_them_are_dropped():
    loop, chance, seen = running(), random.Random(7), list[float]()
    begin = loop.time() + 0.001
    timers = [loop.call_at(when, seen.append, when) for when in (begin + chance.random() / 50 for _ in range(600))]
    kept = {timer.when() for timer in timers[::3]}
    for timer in timers:
        if timer.when() not in kept:
            timer.cancel()
    await asyncio.sleep(0.001)
    assert len(loop._scheduled) < 300, "they were dropped"  # pyright: ignore[reportPrivateUsage]
    while len(seen) < len(kept):
        await asyncio.sleep(0.001)
    assert seen == sorted(kept)


async def test_cancelled_timers_that_leave_one_by_one_are_counted_out():
    loop = running()
    before = loop.stats().timers
    for _ in range(5):
        loop.call_later(0, int).cancel()
    await asyncio.sleep(0.001)
    assert loop.stats().timers == before
    assert loop._timer_cancelled_count == 0  # pyright: ignore[reportPrivateUsage]


async def test_a_sleep_of_part_of_a_millisecond_is_waited_for_and_not_spun_away():
    """Qt counts whole ones: with one too few the loop would look again and again until it is due."""
    loop = running()
    before = loop.stats().batches
    for _ in range(20):
        await asyncio.sleep(0.0019)
    assert loop.stats().batches - before <= 20 * 5


def test_what_was_posted_before_the_loop_began_is_no_lag_of_its(qapp):
    """For the watchdog the thread would have stood since then."""
    loop = PanelLoop(qapp)
    loop.call_soon(int)
    assert loop.pulse.busy_since()
    loop.attach()
    assert not loop.pulse.busy_since()
    loop.detach()
