"""A callback of ours opens a modal dialog, as hosts do: Qt's loop runs nested in it until the dialog closes.

F1 of test_loop_faults.py: stock qasync loses the wake-up of every task that is woken meanwhile, and it hangs for ever.
"""

from __future__ import annotations

import asyncio
import contextvars
import socket
import sys
import time

import anyio
import pytest
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.batches import BUDGET
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QDialog
from qt_host import Host, Ticks, modal, running


async def test_other_tasks_run_on_while_a_dialog_is_open(own):
    dialog, ticks = own(QDialog()), list[int]()

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.001)
            ticks.append(1)
            if len(ticks) == 15:
                dialog.accept()

    async with asyncio.TaskGroup() as group:
        ticker = group.create_task(tick())
        await asyncio.sleep(0)
        assert modal(dialog)
        while len(ticks) < 20:  # qasync: dead after a dialog
            await asyncio.sleep(0.001)
        ticker.cancel()


async def test_the_task_on_the_stack_is_current_again_when_its_dialog_closes(own):
    dialog, loop, me = own(QDialog()), asyncio.get_running_loop(), asyncio.current_task()
    seen: list[asyncio.Task[None] | None] = []

    async def close() -> None:
        seen.append(asyncio.current_task())
        dialog.accept()

    task = loop.create_task(close())
    assert modal(dialog)
    assert asyncio.current_task() is me and asyncio.get_running_loop() is loop
    assert seen == [task]


async def test_a_callback_whose_context_is_entered_is_parked_until_the_stack_unwinds(own):
    """Two tasks share a context, one opens a dialog. Run then, the other's wake-up would be lost for ever."""
    dialog, loop, order = own(QDialog()), asyncio.get_running_loop(), list[str]()
    shared, ready = contextvars.copy_context(), asyncio.Event()

    async def open_dialog() -> None:
        assert modal(dialog)
        order.append("dialog closed")

    async def other() -> None:
        await ready.wait()
        order.append("other went on")

    async def wake_the_other_then_close() -> None:
        ready.set()
        for _ in range(5):
            await asyncio.sleep(0.001)
        dialog.accept()

    async with asyncio.TaskGroup() as group:
        group.create_task(other(), context=shared)
        await asyncio.sleep(0)
        loop.call_soon(group.create_task, wake_the_other_then_close())
        group.create_task(open_dialog(), context=shared)
    assert order == ["dialog closed", "other went on"]


async def test_a_descriptor_is_not_read_again_while_its_own_callback_has_a_dialog_open(own):
    dialog, loop, reads = own(QDialog()), asyncio.get_running_loop(), list[bytes]()
    ours, theirs = socket.socketpair()

    def read() -> None:
        """Opens a dialog at its first byte; the second one comes while it is open."""
        reads.append(ours.recv(1))
        if len(reads) == 1:
            theirs.send(b"2")
            loop.call_later(0.01, dialog.accept)
            assert modal(dialog)
            assert reads == [b"1"]

    with ours, theirs:
        loop.add_reader(ours, read)
        theirs.send(b"1")
        while len(reads) < 2:
            await asyncio.sleep(0.001)
        loop.remove_reader(ours)
    assert reads == [b"1", b"2"]


async def test_a_descriptor_whose_callback_is_in_a_dialog_does_not_keep_qt_busy(own):
    """It stays readable all the time, and a task runs on."""
    dialog, loop, ticks, done = own(QDialog()), running(), Ticks(), asyncio.Event()
    ours, theirs = socket.socketpair()
    batches: list[int] = []

    def read() -> None:
        ticks.each = look
        assert modal(dialog)
        loop.remove_reader(ours)
        done.set()

    def look() -> None:
        if dialog.isVisible():
            batches.append(loop.stats().batches)
            loop.call_soon(int)
            if len(batches) == 20:
                dialog.accept()

    with ours, theirs:
        theirs.send(b"1")
        loop.add_reader(ours, read)
        await done.wait()
    ticks.stop()
    assert batches[-1] - batches[0] <= 2 * len(batches)


async def test_a_dialog_opened_under_a_backlog_does_not_stop_the_others(own):
    """The batch was begun by the timer that gives Qt its turns; Qt fires no timer that is on the stack."""
    dialog, ticks = own(QDialog()), list[int]()
    spinning = True

    async def spin() -> None:
        while spinning:
            await asyncio.sleep(0)
            if dialog.isVisible():
                ticks.append(1)
                if len(ticks) == 50:
                    dialog.accept()

    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(spin())
        begin = time.monotonic()
        while time.monotonic() - begin < 0.02:  # several turns of Qt's
            await asyncio.sleep(0)
        assert modal(dialog)
        spinning = False


async def test_dialogs_upon_dialogs_unwind_in_order(own):
    loop, order = asyncio.get_running_loop(), list[str]()
    first, second = own(QDialog()), own(QDialog())

    async def open_second() -> None:
        loop.call_later(0.002, second.accept)
        assert modal(second)
        order.append("second")
        loop.call_later(0.002, first.accept)

    async with asyncio.TaskGroup() as group:
        group.create_task(open_second())
        assert modal(first)
        order.append("first")
    assert order == ["second", "first"]


async def test_what_was_parked_runs_in_its_order_and_before_what_came_later(own):
    dialog, loop, shared, order = own(QDialog()), running(), contextvars.copy_context(), list[int]()
    done = asyncio.Event()

    def open_dialog() -> None:
        for number in (1, 2):
            loop.call_soon(order.append, number, context=shared)
        loop.call_later(0.002, dialog.accept)
        assert modal(dialog)
        assert order == []
        loop.call_soon(order.append, 3)
        loop.call_soon(done.set)

    loop.call_soon(open_dialog, context=shared)
    await done.wait()
    assert order == [1, 2, 3]


async def test_of_two_tasks_that_share_a_context_neither_loses_a_wake_up(own):
    """Ten rounds: one is in a dialog, the other is woken by a timer, a future, a thread and a queue meanwhile."""
    loop, shared = running(), contextvars.copy_context()
    queue: asyncio.Queue[str] = asyncio.Queue()
    woken: list[str] = []

    async def waiter() -> None:
        while (item := await queue.get()) != "end":
            woken.append(item)

    async def opener() -> None:
        for number in range(10):
            dialog = own(QDialog())
            loop.call_soon(queue.put_nowait, f"soon {number}")
            loop.call_later(0.001, queue.put_nowait, f"later {number}")
            loop.run_in_executor(None, loop.call_soon_threadsafe, queue.put_nowait, f"thread {number}")
            loop.call_later(0.005, dialog.accept)
            assert modal(dialog)
            while len(woken) < 3 * (number + 1):
                await asyncio.sleep(0.001)
        queue.put_nowait("end")

    async with asyncio.TaskGroup() as group:
        group.create_task(waiter(), context=shared)
        await asyncio.sleep(0)
        group.create_task(opener(), context=shared)
    assert sorted(woken) == sorted(f"{kind} {number}" for kind in ("soon", "later", "thread") for number in range(10))


async def test_a_cancel_scope_of_anyio_is_entered_and_left_under_a_dialog(own):
    """anyio asks who the current task is at every turn; here another one is on the stack."""
    dialog, left = own(QDialog()), list[str]()

    async def owned() -> None:
        with anyio.move_on_after(0.002) as scope:
            await anyio.sleep_forever()
        left.append(f"scope {scope.cancelled_caught}")
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep, 0.001)
        left.append("group")
        dialog.accept()

    async def come_and_go() -> None:
        await asyncio.sleep(0)

    async with asyncio.TaskGroup() as group:
        group.create_task(owned())
        for _ in range(50):
            group.create_task(come_and_go())
        assert modal(dialog)
    assert left == ["scope True", "group"]


@pytest.mark.parametrize("cancel_whom", ["the one in the dialog", "another"])
async def test_a_cancel_that_comes_while_a_dialog_is_open_arrives(own, cancel_whom: str):
    dialog, loop = own(QDialog()), running()

    async def open_dialog() -> str:
        assert modal(dialog)
        await asyncio.sleep(60)
        return "not cancelled"

    async def wait() -> str:
        await asyncio.sleep(60)
        return "not cancelled"

    opening, waiting = loop.create_task(open_dialog()), loop.create_task(wait())
    victim = opening if cancel_whom == "the one in the dialog" else waiting
    loop.call_later(0.001, victim.cancel)
    loop.call_later(0.003, dialog.accept)
    with pytest.raises(asyncio.CancelledError):
        await victim
    (opening if victim is waiting else waiting).cancel()
    await asyncio.wait([opening, waiting])


@pytest.mark.parametrize("left", ["a parked callback", "a resting descriptor"])
def test_what_a_dialog_leaves_behind_wakes_the_loop_by_itself(qapp, own, left: str):
    """Nobody calls anything any more: the batches of the dialog have said that all is done, and it was not."""
    host, loop, dialog, shared = Host(qapp), PanelLoop(qapp).attach(), own(QDialog()), contextvars.copy_context()
    ours, theirs = socket.socketpair()

    def open_dialog() -> None:
        if left == "a parked callback":
            loop.call_soon(host.quit, 7, context=shared)
        QTimer.singleShot(20, dialog.accept)
        assert modal(dialog)

    def read() -> None:
        if len(ours.recv(1)) and not dialog.result():
            open_dialog()
        else:
            host.quit(7)

    with ours, theirs:
        if left == "a parked callback":
            loop.call_soon(open_dialog, context=shared)
        else:
            theirs.send(b"12")
            loop.add_reader(ours, read)
        assert host.exec(int) == 7
        loop.remove_reader(ours)
    loop.detach()


@pytest.mark.bound(5)
async def test_what_was_parked_for_the_upper_of_two_dialogs_does_not_wait_for_the_lower_one(own):
    """Its context is free when the upper one closes; the lower one may stay open until the artist is back."""
    loop, shared, order = running(), contextvars.copy_context(), list[str]()
    lower, upper = own(QDialog()), own(QDialog())

    def parked() -> None:
        order.append("parked")
        lower.accept()

    def open_upper() -> None:
        loop.call_soon(parked, context=shared)
        loop.call_later(0.002, upper.accept)
        assert modal(upper)
        order.append("upper")

    loop.call_soon(open_upper, context=shared)
    assert modal(lower)
    assert order == ["upper", "parked"]


@pytest.mark.bound(5)
async def test_a_stream_that_rested_runs_on_when_a_dialog_is_opened_in_the_same_turn(own):
    """Under a backlog it rests until Qt has had its turn, and the callback of that turn opens the dialog."""
    loop, dialog, timer, in_it = running(), own(QDialog()), QTimer(), list[bytes]()
    rests = asyncio.Event()
    ours, theirs = socket.socketpair()

    def read() -> None:
        byte = ours.recv(1)
        if dialog.isVisible():
            in_it.append(byte)
            if len(in_it) == 5:
                dialog.accept()

    def look() -> None:
        """A slot, between our batches."""
        if loop._descriptors.resting:  # pyright: ignore[reportPrivateUsage]
            rests.set()

    timer.timeout.connect(look)
    timer.start(0)
    with ours, theirs:
        theirs.send(bytes(10_000))
        loop.add_reader(ours, read)
        while not rests.is_set():
            end = time.monotonic() + BUDGET
            while time.monotonic() < end:
                pass
            await asyncio.sleep(0)
        assert modal(dialog)
        loop.remove_reader(ours)
    timer.stop()


async def test_a_neighbour_that_claims_the_thread_in_a_dialog_of_ours_hurts_none_of_our_tasks(own):
    """As stock qasync does: its loop is the running one while it lives, and afterwards none is."""
    loop, dialog, ticks, me = running(), own(QDialog()), list[int](), asyncio.current_task()
    neighbour, claimed = asyncio.new_event_loop(), list[asyncio.AbstractEventLoop | None]()

    async def tick() -> None:
        while True:
            await asyncio.sleep(0)
            ticks.append(1)

    def claim() -> None:
        """A slot, twenty ticks after the one before."""
        if len(ticks) < 20 * len(claimed):
            QTimer.singleShot(0, claim)
        elif len(claimed) == 2:
            dialog.accept()
        else:
            claimed.append(None if claimed else neighbour)
            asyncio.events._set_running_loop(claimed[-1])
            QTimer.singleShot(0, claim)

    ticker = loop.create_task(tick())
    QTimer.singleShot(0, claim)
    assert modal(dialog)
    neighbour.close()
    assert asyncio.get_running_loop() is loop and asyncio.current_task() is me
    ticker.cancel()
    await asyncio.wait([ticker])


@pytest.mark.skipif(sys.version_info < (3, 12), reason="no eager tasks")
async def test_an_eager_task_that_opens_a_dialog_in_its_first_step_steps_aside(own):
    loop, dialog, me = running(), own(QDialog()), asyncio.current_task()
    seen = list[str]()

    async def open_at_once() -> None:
        assert modal(dialog)
        seen.append("closed")
        await asyncio.sleep(0)

    async def close() -> None:
        seen.append("other")
        dialog.accept()

    other = loop.create_task(close())
    eager = asyncio.eager_task_factory(loop, open_at_once())
    assert seen == ["other", "closed"] and asyncio.current_task() is me
    await eager
    await other
