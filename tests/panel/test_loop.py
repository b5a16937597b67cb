"""PanelLoop by itself: asyncio's promises, kept on Qt's loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import logging
import random
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable

import pytest
from guards import UnseenErrors
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.pieces import PIECE
from nuke_ai_panel.panel.threads import run_blocking
from PySide6.QtCore import QTimer
from qt_host import running

number = contextvars.ContextVar("number", default=0)


async def from_a_slot(call: Callable[[], object]) -> object:
    """What `call` returns or raises when Qt calls it, outside of our callbacks."""
    answer: asyncio.Future[object] = running().create_future()
    timer = QTimer()
    timer.setSingleShot(True)

    def slot() -> None:
        try:
            answer.set_result(call())
        except Exception as error:
            answer.set_exception(error)

    timer.timeout.connect(slot)
    timer.start(0)
    return await answer


async def test_callbacks_run_in_order_each_once():
    loop, seen = running(), list[int]()
    for index in range(1000):
        loop.call_soon(seen.append, index)
    await asyncio.sleep(0)
    assert seen == list(range(1000))


async def test_a_long_queue_lets_qt_have_its_turns():
    loop, turns = running(), list[int]()
    timer = QTimer()
    timer.timeout.connect(lambda: turns.append(1))
    timer.start(0)
    while len(turns) < 5:  # never would be, without a bound on a batch
        await asyncio.sleep(0)
    timer.stop()
    assert loop.stats().longest_batch < 1


async def test_outside_of_callbacks_no_loop_is_running():
    with pytest.raises(RuntimeError, match="no running event loop"):
        await from_a_slot(asyncio.get_running_loop)


async def test_another_plug_ins_asyncio_run_works_in_a_slot():
    def neighbour() -> str:
        with asyncio.Runner() as runner:
            return runner.run(asyncio.sleep(0.001, "fine"))

    assert await from_a_slot(neighbour) == "fine"


async def test_a_slot_can_give_us_work():
    loop, done = running(), asyncio.Event()
    await from_a_slot(lambda: loop.call_soon(done.set))
    await done.wait()


async def test_no_sleep_ends_early():
    loop = running()

    async def early(seconds: float) -> float:
        begin = loop.time()
        await asyncio.sleep(seconds)
        return begin + seconds - loop.time()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(early(0.001 + index * 0.00037)) for index in range(60)]
    assert max(task.result() for task in tasks) <= 0


async def test_timers_run_in_the_order_of_their_times():
    loop, seen = running(), list[int]()
    done = loop.create_future()
    for index in (3, 1, 2):
        loop.call_later(index * 0.002, seen.append, index)
    loop.call_later(0.01, done.set_result, None)
    await done
    assert seen == [1, 2, 3]


async def test_cancelled_timers_do_not_pile_up():
    loop = running()
    for _ in range(5000):
        loop.call_later(60, print).cancel()
    await asyncio.sleep(0.001)
    assert len(loop._scheduled) < 200  # pyright: ignore[reportPrivateUsage]
    assert loop.stats().timers == 1  # the bound of this test


async def test_a_timer_far_beyond_qts_own_range_can_be_set():
    running().call_later(10 * 366 * 86400, print).cancel()


async def test_an_async_generator_that_is_left_runs_its_finally():
    ended = asyncio.Event()

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            ended.set()

    async for _ in numbers():
        break
    gc.collect()
    await ended.wait()


async def test_a_callback_sees_the_context_it_was_given():
    loop, seen = running(), list[int]()
    context = contextvars.copy_context()
    context.run(number.set, 7)
    done = asyncio.Event()
    loop.call_soon(lambda: seen.append(number.get()), context=context)
    loop.call_soon_threadsafe(lambda: seen.append(number.get()), context=context)
    loop.call_later(0.001, lambda: (seen.append(number.get()), done.set()), context=context)
    await done.wait()
    assert seen == [7, 7, 7]


async def test_threads_bring_their_callbacks_in_order_and_none_is_lost():
    loop, seen = running(), list[tuple[int, int]]()

    def bring(thread: int) -> None:
        for index in range(500):
            loop.call_soon_threadsafe(seen.append, (thread, index))

    workers = [threading.Thread(target=bring, args=(index,)) for index in range(8)]
    for worker in workers:
        worker.start()
    while len(seen) < 4000:
        await asyncio.sleep(0)
    for thread, worker in enumerate(workers):
        worker.join()
        assert [index for who, index in seen if who == thread] == list(range(500))


async def test_a_socket_can_be_read_again_after_a_cancelled_read():
    """bpo-30064: qasync's loop hangs here, and aiohttp connects this way."""
    loop = running()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        for _ in range(3):
            reading = loop.create_task(loop.sock_recv(ours, 10))
            await asyncio.sleep(0)
            reading.cancel()
            again = loop.create_task(loop.sock_recv(ours, 10))
            with contextlib.suppress(asyncio.CancelledError):
                await reading
            theirs.send(b"hello")
            assert await again == b"hello"


async def test_a_socket_is_read_in_small_pieces():
    """Qt waits for as long as the parsing of one piece takes."""
    ours, theirs = socket.socketpair()
    sizes: list[int] = []

    class Sizes(asyncio.Protocol):
        def data_received(self, data: bytes) -> None:
            sizes.append(len(data))
            if sum(sizes) == 100_000:
                done.set()

    done = asyncio.Event()
    transport, _ = await running().create_connection(Sizes, sock=ours)
    _, writer = await asyncio.open_connection(sock=theirs)
    writer.write(bytes(100_000))
    await done.wait()
    assert max(sizes) <= PIECE
    writer.close()
    await writer.wait_closed()
    transport.close()


async def test_a_descriptor_that_is_always_ready_starves_nobody():
    """Level-triggered and never read: Qt's timers and our callbacks must have their turns all the same."""
    loop, reads, ticks = running(), list[int](), list[int]()
    ours, theirs = socket.socketpair()
    timer = QTimer()
    timer.timeout.connect(lambda: ticks.append(1))
    timer.start(1)
    with ours, theirs:
        theirs.send(b"x")
        loop.add_reader(ours, reads.append, 1)
        while len(reads) < 50 or len(ticks) < 5:
            await asyncio.sleep(0)
        assert loop.remove_reader(ours)
        assert not loop.remove_reader(ours)
    timer.stop()


async def test_a_closed_file_cannot_be_watched():
    ours, theirs = socket.socketpair()
    ours.close()
    theirs.close()
    with pytest.raises(ValueError, match="-1"):
        running().add_reader(ours, print)


async def test_an_error_in_a_callback_is_logged_once_and_hurts_nothing(unseen_errors: UnseenErrors):
    def fail() -> None:
        raise ValueError("no")

    running().call_soon(fail)
    await asyncio.sleep(0)
    unseen_errors.expect("ValueError: no")
    assert unseen_errors.lines == []


async def test_debug_mode_names_slow_callbacks_and_calls_from_the_wrong_thread(caplog: pytest.LogCaptureFixture):
    loop = running()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0
    with caplog.at_level(logging.WARNING, "asyncio"):
        await from_a_slot(lambda: loop.call_soon_threadsafe(int))  # debug mode holds from the next batch on
        await asyncio.sleep(0)
    assert "int, asked for at " in caplog.text
    assert f"{__file__}:" in caplog.text and "loop/batches.py" not in caplog.text, "who asked for it is named"

    def call_from_a_thread() -> None:
        with pytest.raises(RuntimeError, match="Non-thread-safe"):
            loop.call_soon(print)

    thread = threading.Thread(target=call_from_a_thread)
    thread.start()
    thread.join()
    loop.set_debug(False)


async def test_debug_mode_tells_no_values_of_a_slow_step(caplog: pytest.LogCaptureFixture):
    """A future holds the error of a transport for a turn, and that what the server said: perhaps a key."""
    loop = running()
    loop.set_debug(True)
    loop.slow_callback_duration = 0.0

    async def meet(future: asyncio.Future[None]) -> None:
        with contextlib.suppress(ValueError):
            await future

    with caplog.at_level(logging.WARNING, "asyncio"):
        await from_a_slot(int)  # debug mode holds from the next batch on
        async with asyncio.TaskGroup() as group:
            future = loop.create_future()
            group.create_task(meet(future), name="meet it")
            loop.call_soon(future.set_exception, ValueError("sk-sentinel"))
    loop.set_debug(False)
    told = [record.getMessage() for record in caplog.records]
    assert sum("A step of meet it" in line for line in told) >= 2, told
    assert "sk-sentinel" not in caplog.text


async def test_stats_count_what_ran():
    loop = running()
    before = loop.stats()
    for _ in range(100):
        await asyncio.sleep(0)
    await from_a_slot(lambda: None)  # a batch is counted when it is over
    after = loop.stats()
    assert after.callbacks >= before.callbacks + 100
    assert after.batches > before.batches and after.longest_batch > 0
    assert after.descriptors == 1  # the pipe that signals come through
    assert 0 <= after.lag_p50 <= after.lag_p99 <= after.lag_worst


def test_a_closed_loop_says_so_everywhere(qapp):
    loop = PanelLoop(qapp)
    loop.close()
    loop.close()

    async def nothing() -> None: ...

    work = nothing()
    calls: list[Callable[[], object]] = [
        lambda: loop.call_soon(print),
        lambda: loop.call_later(1, print),
        lambda: loop.call_at(1, print),
        lambda: loop.call_soon_threadsafe(print),
        lambda: loop.run_in_executor(None, print),
        lambda: loop.run_until_complete(loop.create_future()),
        lambda: loop.run_forever(),
        lambda: loop.create_task(work),
        lambda: loop.add_reader(0, print),
        lambda: loop.attach(),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="Event loop is closed"):
            call()
    with pytest.raises(RuntimeError, match="Event loop is closed"):
        asyncio.run_coroutine_threadsafe(work, loop)
    work.close()


def test_threads_that_call_while_the_loop_closes_get_an_answer(qapp):
    loop, started = PanelLoop(qapp), threading.Barrier(5)
    answers: list[str] = []

    def hammer() -> None:
        started.wait()
        try:
            while True:
                loop.call_soon_threadsafe(int)
        except RuntimeError as error:
            answers.append(str(error))

    threads = [threading.Thread(target=hammer) for _ in range(4)]
    for thread in threads:
        thread.start()
    started.wait()
    loop.run_until_complete(asyncio.sleep(0.01))
    loop.close()
    for thread in threads:
        thread.join(10)
    assert answers == ["Event loop is closed"] * 4


def test_closing_under_a_hung_call_takes_no_time_and_says_nothing(qapp):
    release, loop = threading.Event(), PanelLoop(qapp)

    async def start() -> object:
        return loop.run_in_executor(None, release.wait)

    loop.run_until_complete(start())
    begin = time.monotonic()
    loop.close()
    assert time.monotonic() - begin < 1
    release.set()


def test_the_loop_can_be_run_many_times(qapp):
    loop = PanelLoop(qapp)
    assert [loop.run_until_complete(asyncio.sleep(0, index)) for index in range(3)] == [0, 1, 2]
    assert not loop.is_running()
    loop.close()


def test_callbacks_wait_until_the_loop_runs(qapp):
    loop, seen = PanelLoop(qapp), list[int]()
    loop.call_soon(seen.append, 1)
    loop.call_later(0, seen.append, 2)
    qapp.sendPostedEvents()
    assert seen == []
    loop.run_until_complete(asyncio.sleep(0.001))
    assert seen == [1, 2]
    loop.close()


def test_stop_before_a_run_ends_it_after_one_batch(qapp):
    loop, seen = PanelLoop(qapp), list[int]()
    loop.call_soon(seen.append, 1)
    loop.stop()
    loop.run_forever()
    assert seen == [1]
    loop.close()


def test_stop_in_a_slot_ends_the_run_of_a_loop_that_has_nothing_to_do(qapp):
    loop, timer = PanelLoop(qapp), QTimer()
    timer.setSingleShot(True)
    timer.timeout.connect(loop.stop)
    timer.start(5)
    loop.run_forever()
    loop.close()


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt()])
def test_an_exit_in_a_callback_ends_a_run_at_once(qapp, error: BaseException):
    """Stock qasync: swallowed by Qt, its timer never stopped, 2,000 tracebacks in 300 ms."""
    loop = PanelLoop(qapp)

    def leave() -> None:
        raise error

    loop.call_soon(leave)
    with pytest.raises(type(error)):
        loop.run_forever()
    loop.close()


def test_leaving_the_block_ends_generators_and_closes(qapp):
    ended: list[str] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            ended.append("numbers")

    async def take_one() -> AsyncIterator[int]:
        source = numbers()
        await anext(source)
        return source

    with PanelLoop(qapp) as loop:
        source = loop.run_until_complete(take_one())
    assert ended == ["numbers"] and loop.is_closed()
    del source


async def test_a_descriptor_removed_while_it_rests_stays_removed():
    """A backlog makes it rest; its turn comes after it is gone."""
    loop, reads = running(), list[bytes]()
    ours, theirs = socket.socketpair()

    def read_and_leave() -> None:
        reads.append(ours.recv(1))
        loop.remove_reader(ours)

    with ours, theirs:
        theirs.send(b"12")
        loop.add_reader(ours, read_and_leave)
        begin = loop.time()
        while not reads or loop.time() - begin < 0.01:
            await asyncio.sleep(0)
        await from_a_slot(lambda: None)
    assert reads == [b"1"]


@pytest.mark.bound(5)
async def test_a_descriptor_that_rests_is_woken_although_another_wake_up_empties_the_queue():
    """The order in which Qt brings things: a backlog, the descriptor, a thread's wake-up, and only then our turn."""
    loop, reads = running(), list[bytes]()
    ours, theirs = socket.socketpair()

    def in_qts_order() -> None:
        descriptors = loop._descriptors  # pyright: ignore[reportPrivateUsage]
        watch = descriptors.readers._watches[ours.fileno()]  # pyright: ignore[reportPrivateUsage]
        loop._awake = True  # pyright: ignore[reportPrivateUsage]
        loop._waker.keep_turning()  # pyright: ignore[reportPrivateUsage]
        watch._on_activated()  # pyright: ignore[reportPrivateUsage]
        assert descriptors.resting
        loop._on_soon()  # pyright: ignore[reportPrivateUsage]
        assert reads == [b"1"]

    with ours, theirs:
        theirs.send(b"12")
        await from_a_slot(lambda: (loop.add_reader(ours, lambda: reads.append(ours.recv(1))), in_qts_order()))
        while len(reads) < 2:
            await asyncio.sleep(0.001)
        loop.remove_reader(ours)


async def test_a_cancelled_callback_of_a_descriptor_is_removed():
    loop = running()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        loop._add_reader(ours, print).cancel()  # pyright: ignore[reportPrivateUsage]
        theirs.send(b"x")
        while loop.stats().descriptors > 1:
            await asyncio.sleep(0)


@pytest.mark.bound(20)
@pytest.mark.parametrize("seed", range(4))
async def test_under_load_no_byte_no_timer_and_no_call_of_a_thread_is_lost(seed: int):
    """Streams, threads, timers and steps that overrun the bound of a batch, all at once."""
    chance, loop = random.Random(seed), running()
    brought, pace = list[int](), [0.0, 0.0, 0.0005, 0.003]

    async def stream(size: int) -> None:
        reader_end, writer_end = socket.socketpair()
        reader, closing = await asyncio.open_connection(sock=reader_end)
        _, writer = await asyncio.open_connection(sock=writer_end)
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(reader.readexactly(size))
            for _ in range(size // 100):
                writer.write(b"x" * 100)
                await asyncio.sleep(chance.choice(pace))
                if chance.random() < 0.05:
                    spin_until = time.monotonic() + 0.003
                    while time.monotonic() < spin_until:
                        pass
        assert len(reading.result()) == size
        writer.close()
        closing.close()
        await writer.wait_closed()
        await closing.wait_closed()

    def bring() -> None:
        for index in range(300):
            loop.call_soon_threadsafe(brought.append, index)

    async with asyncio.TaskGroup() as group:
        for _ in range(10):
            group.create_task(stream(5000))
        for _ in range(3):
            group.create_task(run_blocking(bring, deadline=10))
    while len(brought) < 900:
        await asyncio.sleep(0)
