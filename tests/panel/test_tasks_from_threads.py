"""Calls from other threads: in order, bounded, never waiting, and each of them ends."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import gc
import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.tasks import ScopeClosed, TaskScope
from nuke_ai_panel.panel.tasks.intake import MOST_CALLS, PATIENCE, SLICE
from task_parts import Failures, forever, swallow_cancels, turns

Future = concurrent.futures.Future[Any]


def in_thread(func: Callable[[], object]) -> None:
    """On a thread that has ended when this returns: so nothing in `func` waited for the loop."""
    thread = threading.Thread(target=func)
    thread.start()
    thread.join(20)
    assert not thread.is_alive(), "it waits for the loop"


async def ends(*futures: Future) -> None:
    while not all(future.done() for future in futures):
        await asyncio.sleep(0)


async def test_a_call_runs_on_the_loop_s_thread_and_gives_its_result():
    async with TaskScope("app") as scope:
        futures: list[concurrent.futures.Future[int]] = []
        in_thread(lambda: futures.append(scope.run_from_thread(threading.get_ident)))
        await ends(*futures)
        assert futures[0].result() == threading.get_ident()
        stats = scope.stats()
    assert (stats.done, stats.waiting, stats.dropped) == (1, 0, 0)


async def test_calls_of_many_threads_run_in_the_order_in_which_each_thread_asked():
    seen: dict[int, list[int]] = {number: [] for number in range(8)}
    async with TaskScope("app", most_calls=8000) as scope:
        futures: list[Future] = []

        def ask(number: int) -> None:
            futures.extend(scope.run_from_thread(seen[number].append, step) for step in range(500))

        threads = [threading.Thread(target=ask, args=(number,)) for number in seen]
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            await asyncio.sleep(0)
        await ends(*futures)
    assert all(steps == list(range(500)) for steps in seen.values())


async def test_many_calls_wake_the_loop_once(monkeypatch: pytest.MonkeyPatch):
    loop, woken = asyncio.get_running_loop(), list[object]()
    wake = loop.call_soon_threadsafe
    monkeypatch.setattr(loop, "call_soon_threadsafe", lambda *args: (woken.append(args), wake(*args))[1])
    async with TaskScope("app") as scope:
        futures: list[Future] = []
        in_thread(lambda: futures.extend(scope.run_from_thread(int) for _ in range(1000)))
        await ends(*futures)
        assert len(woken) == 1
        in_thread(lambda: futures.append(scope.run_from_thread(int)))
        await ends(*futures)
        assert len(woken) == 2


async def test_fifty_thousand_calls_leave_the_others_their_turns():
    """Each slice is a turn for whoever else is on the loop; what Qt gets is the loop's own bound."""
    others = 0

    async def other() -> None:
        nonlocal others
        while True:
            others += 1
            await asyncio.sleep(0)

    async with TaskScope("app", most_calls=50_000) as scope:
        futures: list[Future] = []
        in_thread(lambda: futures.extend(scope.run_from_thread(int) for _ in range(50_000)))
        scope.start(other(), name="other")
        assert scope.stats().waiting == 50_000
        started = time.process_time()
        await ends(futures[-1])
        spent = time.process_time() - started
        assert scope.stats().done == 50_000
    assert others >= 10
    assert spent / others < 20 * SLICE


async def test_beyond_the_bound_calls_are_cancelled_and_counted():
    ran: list[int] = []
    async with TaskScope("app", most_calls=10) as scope:
        futures = [scope.run_from_thread(ran.append, number) for number in range(15)]
        assert [future.cancelled() for future in futures] == [False] * 10 + [True] * 5
        assert concurrent.futures.wait(futures[10:], timeout=0).not_done == set()
        await ends(*futures)
        stats = scope.stats()
    assert ran == list(range(10))
    assert (stats.done, stats.dropped) == (10, 5)


async def test_a_failing_call_reaches_its_future_and_is_told_once_with_where_it_was_asked_for():
    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    future = scope.run_from_thread(int, "seven")
    await ends(future)
    with pytest.raises(ValueError) as caught:
        future.result()
    assert [name for name, _ in failures] == ["app/int"]
    assert caught.value.__notes__ == [f"In app/int, started at panel/test_tasks_from_threads.py:{line_of('seven')}"]
    assert scope.stats().failed == 1
    await scope.close(1)


def line_of(part: str) -> int:
    """The first line of this file with that word."""
    with open(__file__, encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if part in line)


async def test_a_call_that_fails_holds_up_none_of_the_others(unseen_errors: UnseenErrors):
    def cannot_show(name: str, error: BaseException) -> None:
        raise RuntimeError(f"cannot show {error}")

    scope = TaskScope("app", on_failure=cannot_show)
    first, second = scope.run_from_thread(lambda: 1 / 0), scope.run_from_thread(int, "2")
    await ends(first, second)
    assert isinstance(first.exception(), ZeroDivisionError) and second.result() == 2
    unseen_errors.expect("cannot show division by zero")
    await scope.close(1)


async def test_a_coroutine_becomes_a_task_of_the_scope():
    async def double(number: int) -> int:
        await turns()
        return 2 * number

    async with TaskScope("app") as scope:
        future = scope.run_from_thread(double, 21)
        await turns(2)
        (name,) = scope.stats().names
        assert name.startswith("app/") and name.endswith("double")
        await ends(future)
        assert future.result() == 42
        assert scope.stats().done == 1


async def test_a_failing_coroutine_reaches_its_future_and_is_told_once():
    async def read() -> None:
        await turns()
        raise OSError("disk")

    failures = Failures()
    scope = TaskScope("app", on_failure=failures)
    future = scope.run_from_thread(read)
    await ends(future)
    await turns()
    assert str(future.exception()) == "disk" and len(failures) == 1
    await scope.close(1)


async def test_the_caller_can_take_a_call_back_before_it_begins():
    async with TaskScope("app") as scope:
        ran: list[str] = []
        future = scope.run_from_thread(ran.append, "late")
        assert future.cancel()
        await turns()
        assert ran == [] and concurrent.futures.wait([future], timeout=0).done == {future}
        assert scope.stats().cancelled == 1


async def test_the_caller_can_cancel_the_task_that_came_of_a_call():
    async with TaskScope("app") as scope:
        future = scope.run_from_thread(forever)
        await turns()
        assert scope.stats().running == 1
        in_thread(future.cancel)
        await turns()
        assert scope.stats().running == 0 and scope.stats().cancelled == 1
        assert concurrent.futures.wait([future], timeout=0).done == {future}


async def test_a_call_runs_in_the_context_of_its_caller():
    place = contextvars.ContextVar("place", default="loop")
    futures: list[Future] = []

    async def later() -> str:
        return place.get()

    async with TaskScope("app") as scope:

        def ask(where: str) -> None:
            place.set(where)
            futures.extend((scope.run_from_thread(place.get), scope.run_from_thread(later)))

        for where in ("first", "second"):  # they are waiting at the same time: one wake-up is for both
            in_thread(partial(ask, where))
        await ends(*futures)
        assert [future.result() for future in futures] == ["first", "first", "second", "second"]
        assert place.get() == "loop"


async def test_closing_drops_what_has_not_begun_and_whatever_comes_later():
    scope = TaskScope("app")
    turn = scope.child("turn")
    waiting = [turn.run_from_thread(int) for _ in range(3)]
    assert scope.stats().waiting == 3
    await turn.close(1)
    late: list[Future] = []
    in_thread(lambda: late.append(turn.run_from_thread(int)))
    assert all(future.cancelled() for future in (*waiting, *late))
    assert (scope.stats().dropped, scope.stats().waiting) == (4, 0)
    await scope.close(1)
    assert scope.run_from_thread(int).cancelled()
    assert scope.stats().dropped == 5


async def test_a_coroutine_that_a_call_brings_to_a_closed_scope_is_dropped_without_a_word():
    scope = TaskScope("app")
    closing: list[asyncio.Task[object]] = []
    turn = scope.child("turn")

    def close_and_go_on() -> Any:
        closing.append(scope.start(turn.close(1), name="closing"))
        return forever()

    async def closes_first() -> None:
        await turn.close(1)

    first, late = turn.run_from_thread(closes_first), turn.run_from_thread(close_and_go_on)
    await ends(first, late)
    assert late.cancelled()
    await scope.close(1)


def test_calls_after_the_loop_has_closed_are_cancelled_and_counted():
    loop = asyncio.new_event_loop()
    scope = TaskScope("app", loop=loop)
    waiting = scope.run_from_thread(int)
    loop.close()
    late: list[Future] = []
    in_thread(lambda: late.append(scope.run_from_thread(int)))
    assert waiting.cancelled() and late[0].cancelled()
    assert scope.stats().dropped == 2


def test_who_calls_when_the_loop_has_closed_drops_some_of_what_waits_and_is_not_held_up_by_the_rest():
    loop = asyncio.new_event_loop()
    scope = TaskScope("app", loop=loop)
    waiting = [scope.run_from_thread(int) for _ in range(MOST_CALLS - 1)]
    loop.close()
    began = time.thread_time()
    assert not scope.run_from_thread(int).done()  # dropping ten thousand takes ten times as long as it may
    assert time.thread_time() - began < 20 * PATIENCE and waiting[0].cancelled()
    del scope
    gc.collect()
    assert all(future.cancelled() for future in waiting)


def test_calls_that_wait_when_scope_and_loop_are_thrown_away_end_as_well():
    loop = asyncio.new_event_loop()
    future = TaskScope("app", loop=loop).run_from_thread(int)
    loop.close()
    gc.collect()
    assert future.cancelled()


async def test_the_future_of_a_task_that_was_let_go_ends():
    release, log = asyncio.Event(), list[str]()
    scope = TaskScope("app")
    future = scope.run_from_thread(swallow_cancels, release, log)
    await turns()
    assert await scope.close(0.01) == ("app/swallow_cancels",)
    assert future.cancelled()
    release.set()
    await turns()


@pytest.mark.parametrize("threads", [1, 8])
async def test_each_call_ends_when_the_scope_closes_under_a_flood(threads: int):
    scope = TaskScope("app", most_calls=500)
    done: list[list[Future]] = [[] for _ in range(threads)]
    stop = threading.Event()

    def flood(futures: list[Future]) -> None:
        while not stop.is_set() or len(futures) < 100:
            futures.append(scope.run_from_thread(int))
        futures.extend(scope.run_from_thread(int) for _ in range(100))

    flooding = [threading.Thread(target=flood, args=(futures,)) for futures in done]
    for thread in flooding:
        thread.start()
    while scope.stats().done < 300:
        await asyncio.sleep(0)
    await scope.close(5)
    stop.set()
    for thread in flooding:
        thread.join()
    futures = [future for mine in done for future in mine]
    assert all(future.done() for future in futures)
    dropped = sum(future.cancelled() for future in futures)
    stats = scope.stats()
    assert (stats.dropped, stats.done, stats.waiting) == (dropped, len(futures) - dropped, 0)


def test_an_exit_request_in_a_call_reaches_its_future_and_the_loop_and_loses_no_other_call():
    def leave() -> None:
        raise SystemExit(3)

    loop, failures = asyncio.new_event_loop(), Failures()
    scope = TaskScope("app", on_failure=failures, loop=loop)
    future, after = scope.run_from_thread(leave), scope.run_from_thread(int)
    with pytest.raises(SystemExit):
        loop.run_forever()
    assert isinstance(future.exception(), SystemExit) and [error for _, error in failures] == ["3"]
    loop.run_until_complete(ends(after))
    assert after.result() == 0
    loop.run_until_complete(scope.close(1))
    loop.close()


async def test_a_closed_scope_s_own_refusal_inside_a_call_is_that_call_s_failure():
    failures = Failures()
    async with TaskScope("app", on_failure=failures) as scope:
        other = scope.child("other")
        await other.close(1)
        future = scope.run_from_thread(other.child, "late")
        await ends(future)
        assert isinstance(future.exception(), ScopeClosed) and len(failures) == 1


class Meanwhile(deque[object]):
    """The calls that wait, with a thread that does something in the worst moment."""

    def __init__(self, *, before_append: Callable[[], object] = int, when_empty: Callable[[], object] = int) -> None:
        super().__init__()
        self._before_append = before_append
        self._when_empty = when_empty

    def append(self, call: object) -> None:
        self._before_append()
        super().append(call)

    def popleft(self) -> object:
        if not self:
            when_empty, self._when_empty = self._when_empty, int
            when_empty()
            raise IndexError
        return super().popleft()


async def test_a_call_that_is_put_while_the_scope_closes_ends_and_is_counted():
    async with TaskScope("app") as scope:
        turn = scope.child("turn")
        turn._intake._calls = Meanwhile(before_append=turn._end_at_once)
        assert turn.run_from_thread(int).cancelled()
        assert scope.stats().dropped == 1 and scope.stats().children == ()


async def test_a_call_that_is_put_when_the_loop_has_just_emptied_the_queue_is_not_forgotten():
    async with TaskScope("app") as scope:
        late: list[Future] = []
        scope._intake._calls = Meanwhile(when_empty=lambda: late.append(scope.run_from_thread(int)))
        await ends(scope.run_from_thread(int))
        await turns()
        assert late[0].done()


async def test_while_a_call_is_in_a_dialog_of_the_host_the_next_calls_run():
    """A call may open what has a Qt loop of its own; the ones behind it, and those that come now, do not wait."""
    from PySide6.QtCore import QEventLoop  # noqa: TID251

    dialog = QEventLoop()
    seen: list[str] = []

    async with TaskScope("app") as scope:
        opening = scope.run_from_thread(dialog.exec)
        behind = scope.run_from_thread(seen.append, "behind")
        asker = threading.Thread(target=lambda: (behind.result(20), scope.run_from_thread(dialog.quit)))
        asker.start()
        await ends(opening)
        assert seen == ["behind"] and behind.done()
        asker.join()
        await turns()
        assert scope.stats().done == 3
