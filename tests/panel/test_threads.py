"""Blocking calls on daemon threads: in time, reused, given up without a trace, never joined."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator

import pytest
from nuke_ai_panel.panel import threads
from nuke_ai_panel.panel.threads import MAX_IDLE, DaemonExecutor, run_blocking


@contextlib.asynccontextmanager
async def hung_calls(count: int) -> AsyncIterator[tuple[DaemonExecutor, threading.Event]]:
    """`count` calls that hang until the event is set, or the test ends."""
    executor, release = DaemonExecutor(), threading.Event()
    asyncio.get_running_loop().set_default_executor(executor)
    started = threading.Semaphore(0)

    def hang() -> str:
        started.release()
        release.wait()
        return "late"

    try:
        for _ in range(count):
            with pytest.raises(TimeoutError, match="hang did not answer within 0.01 s"):
                await run_blocking(hang, deadline=0.01)
            started.acquire(timeout=5)
        yield executor, release
    finally:
        release.set()


async def test_the_answer_and_the_error_of_a_call_come_back():
    def divide(a: int, b: int) -> float:
        return a / b

    assert await run_blocking(divide, 6, 3, deadline=5) == 2
    with pytest.raises(ZeroDivisionError):
        await run_blocking(divide, 6, 0, deadline=5)


async def test_a_call_that_hangs_is_given_up_by_name_and_others_go_on():
    async with hung_calls(40) as (executor, _):
        stats = executor.stats()
        assert len(stats.abandoned) == 40 and all("hang" in name for name in stats.abandoned)
        assert await run_blocking(len, "abc", deadline=5) == 3
        assert any("abandoned" in thread.name for thread in threading.enumerate())


async def test_a_late_answer_is_dropped_and_counted():
    async with hung_calls(1) as (executor, release):
        hung = [thread for thread in threading.enumerate() if "abandoned" in thread.name]
        release.set()
        executor.shutdown()
        for thread in hung:
            thread.join(5)
        assert executor.stats().late == 1
        assert executor.stats().abandoned == ()


async def test_a_cancelled_wait_gives_its_call_up():
    executor, release = DaemonExecutor(), threading.Event()
    asyncio.get_running_loop().set_default_executor(executor)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await run_blocking(release.wait, deadline=60)
    assert len(executor.stats().abandoned) == 1
    release.set()


async def test_the_functions_own_timeout_is_passed_on_as_it_is():
    def refuse() -> None:
        raise TimeoutError("the keyring is locked")

    with pytest.raises(TimeoutError, match="the keyring is locked"):
        await run_blocking(refuse, deadline=5)


async def test_an_answer_that_comes_in_the_turn_of_the_deadline_is_not_lost():
    """Both have happened when the task has its turn. It was a TimeoutError without a word."""
    hold = threading.Event()
    task = asyncio.get_running_loop().create_task(run_blocking(hold.wait, deadline=0.01))
    await asyncio.sleep(0)
    (job,) = threads._executor_of(asyncio.get_running_loop())._jobs  # pyright: ignore[reportPrivateUsage]
    end = time.monotonic() + 0.02
    while time.monotonic() < end:  # the deadline passes, and nobody has noticed yet
        pass
    hold.set()
    while not job.future.done():
        pass
    assert await task is True


async def test_stop_iteration_does_not_hang_the_caller():
    with pytest.raises(RuntimeError, match="StopIteration"):
        await run_blocking(next, iter(()), deadline=5)


async def test_a_system_exit_in_a_thread_reaches_the_caller_and_not_the_loop():
    def leave() -> None:
        raise SystemExit(3)

    with pytest.raises(SystemExit):
        await run_blocking(leave, deadline=5)


async def test_calls_one_after_the_other_share_one_thread():
    identities = {await run_blocking(threading.get_ident, deadline=5) for _ in range(20)}
    assert len(identities) <= 2  # the first may not be idle again yet when the second call comes


async def test_few_threads_stay_when_many_calls_are_done():
    executor = DaemonExecutor()
    barrier = threading.Barrier(12)
    for future in [executor.submit(barrier.wait) for _ in range(12)]:
        future.result(5)
    assert executor.stats().idle <= MAX_IDLE
    executor.shutdown()


async def test_an_idle_thread_ends_by_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(threads, "IDLE_SECONDS", 0.01)
    executor = DaemonExecutor()
    thread = executor.submit(threading.current_thread).result(5)
    thread.join(5)
    assert not thread.is_alive()
    assert executor.submit(len, "ab").result(5) == 2
    executor.shutdown()


async def test_after_shutdown_nothing_starts():
    executor = DaemonExecutor()
    executor.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(len, "")


async def test_names_are_resolved_on_our_threads():
    executor = DaemonExecutor()
    loop = asyncio.get_running_loop()
    loop.set_default_executor(executor)
    names: list[str] = []
    real = socket.getaddrinfo

    def look_up(*args: object, **kwargs: object) -> object:
        names.append(threading.current_thread().name)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    socket.getaddrinfo = look_up  # type: ignore[assignment]
    try:
        assert await loop.getaddrinfo("127.0.0.1", 80)
    finally:
        socket.getaddrinfo = real
    assert names and names[0].startswith(threads.PREFIX)


def test_asyncio_keeps_its_default_executor_under_the_name_we_ask_for():
    loop = asyncio.new_event_loop()
    assert loop._default_executor is None  # type: ignore[attr-defined]
    executor = DaemonExecutor()
    loop.set_default_executor(executor)
    assert loop._default_executor is executor  # type: ignore[attr-defined]
    loop.close()


def test_a_loop_closed_under_a_running_call_says_nothing():
    """The guard around each test fails on a traceback of asyncio or concurrent.futures."""
    release, loop = threading.Event(), asyncio.new_event_loop()
    executor = DaemonExecutor()
    loop.set_default_executor(executor)

    async def start() -> asyncio.Future[bool]:
        return loop.run_in_executor(None, release.wait)

    loop.run_until_complete(start())
    loop.close()
    release.set()
    for thread in threading.enumerate():
        if thread.name.startswith(threads.PREFIX):
            thread.join(5)
    assert executor.stats().late == 1


HANGING_PROGRAM = """
import asyncio, time
from nuke_ai_panel.panel.threads import DaemonExecutor, run_blocking

async def main():
    try:
        await run_blocking(time.sleep, 600, deadline=0.05)
    except TimeoutError as error:
        print(error)

with asyncio.Runner() as runner:
    runner.get_loop().set_default_executor(DaemonExecutor())
    runner.run(main())
"""


def test_a_program_ends_at_once_while_a_call_hangs():
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", HANGING_PROGRAM], capture_output=True, text=True, timeout=30
    )
    assert done.returncode == 0 and done.stderr == ""
    assert done.stdout == "sleep did not answer within 0.05 s\n"
    assert time.monotonic() - started < 10
