"""From a thread to sinks on the loop: bounds, folds, time limits, retries, and sinks that do not hurt each other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.reports.buffer import ReportBuffer
from nuke_ai_panel.panel.reports.forwarder import Forwarder
from nuke_ai_panel.panel.reports.lane import Limits
from nuke_ai_panel.panel.reports.report import Report
from nuke_ai_panel.panel.reports.sink import SinkTrouble
from nuke_ai_panel.panel.tasks import TaskScope
from task_parts import swallow_cancels, turns

ROOM = Limits(reports=10, batch=4, send=60.0)  # longer than a test may take: one that waits for it fails


def report(name: object, count: int = 1, *, message: str = "lost", origin: str = "") -> Report:
    return Report(str(name), "error", "OSError", message, origin, 1.0, 2.0, count)


class Journal:
    """Where listeners are; `tell` is what the writer's thread does."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Report], None]] = []

    def follow(self, listener: Callable[[Report], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def tell(self, *reports: Report) -> None:
        for each in reports:
            for listener in self.listeners:
                listener(each)


class Sink:
    """Keeps what it gets. `failing`: raised instead, one after the other. `gate`: nothing goes through while clear."""

    on, place, outdated = True, "", False

    def __init__(self, name: str = "memory", failing: Sequence[BaseException] = ()) -> None:
        self.name = name
        self.failing = list(failing)
        self.got: list[Report] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.called = asyncio.Event()
        self.closed = 0

    async def send(self, reports: Sequence[Report]) -> None:
        self.called.set()
        await self.gate.wait()
        if self.failing:
            raise self.failing.pop(0)
        self.got += reports

    async def close(self) -> None:
        self.closed += 1

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.got]


class Later:
    """`loop.call_later` in the hands of the test."""

    def __init__(self) -> None:
        self.pauses: list[float] = []
        self.calls: list[Callable[[], None]] = []

    def __call__(self, seconds: float, callback: Callable[[], None]) -> Later:
        self.pauses.append(seconds)
        self.calls.append(callback)
        return self

    def cancel(self) -> None:
        self.calls.clear()

    def come(self) -> None:
        self.calls.pop()()


class Desk:
    """A forwarder with all that it needs, in the hands of the test."""

    def __init__(self, scope: TaskScope, *sinks: Any, limits: Limits = ROOM, **options: Any) -> None:
        self.scope = scope
        self.journal = Journal()
        self.later = Later()
        self.forwarder = Forwarder(scope, self.journal.follow, sinks, limits=limits, later=self.later, **options)

    def stats(self, name: str = "memory") -> Any:
        return next(stats for stats in self.forwarder.stats() if stats.name == name)

    async def rest(self) -> None:
        """Until no task of a sink runs."""
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        while self.scope.stats().running:
            await asyncio.sleep(0)


def ids(*numbers: object) -> list[str]:
    return [str(number) for number in numbers]


async def test_every_sink_gets_every_report_in_order_from_any_thread():
    async with TaskScope("app") as scope:
        one, two = Sink("one"), Sink("two")
        desk = Desk(scope, one, two)
        thread = threading.Thread(target=desk.journal.tell, args=[report(number) for number in range(8)])
        thread.start()
        thread.join()
        await desk.rest()
        assert one.ids == two.ids == ids(*range(8))
        assert desk.stats("one").state == "idle" and desk.stats("one").sent == 8


async def test_a_burst_wakes_the_loop_once_and_idle_has_neither_task_nor_timer():
    class Counting:
        def __init__(self) -> None:
            self.wakes = 0

        def call_soon_threadsafe(self, callback: Any) -> None:
            self.wakes += 1
            asyncio.get_running_loop().call_soon_threadsafe(callback)

    async with TaskScope("app") as scope:
        sink, counting = Sink(), Counting()
        desk = Desk(scope, sink, limits=replace(ROOM, reports=1000), loop=counting)
        for _ in range(2):
            desk.journal.tell(*(report(number) for number in range(500)))
            await desk.rest()
        assert counting.wakes == 2 and len(sink.got) == 1000
        assert not scope.stats().running and not desk.later.pauses


async def test_folds_that_wait_become_the_newest_one():
    async with TaskScope("app") as scope:
        sink = Sink()
        desk = Desk(scope, sink)
        sink.gate.clear()
        desk.journal.tell(report("a"))
        await sink.called.wait()
        desk.journal.tell(*(report("a", count) for count in range(2, 9)), report("b"), report("a", 9))
        await asyncio.sleep(0)
        assert desk.stats().waiting == 3
        sink.gate.set()
        await desk.rest()
        assert [(each.id, each.count) for each in sink.got] == [("a", 1), ("a", 9), ("b", 1)]
        assert not desk.stats().dropped


async def test_what_is_too_much_drops_the_oldest_and_counts_it():
    async with TaskScope("app") as scope:
        slow, quick = Sink("slow"), Sink("quick")
        desk = Desk(scope, slow, quick)
        slow.gate.clear()
        for number in range(25):
            desk.journal.tell(report(number))
            await asyncio.sleep(0)
        slow.gate.set()
        await desk.rest()
        assert quick.ids == ids(*range(25)) and not desk.stats("quick").dropped
        assert slow.ids[-10:] == ids(*range(15, 25)) and desk.stats("slow").dropped == 25 - len(slow.ids) > 0


async def test_a_hung_sink_delays_nobody():
    async with TaskScope("app") as scope:
        hung, quick = Sink("hung"), Sink("quick")
        desk = Desk(scope, hung, quick)
        hung.gate.clear()
        desk.journal.tell(report(1))
        while not quick.got:
            await asyncio.sleep(0)
        assert desk.stats("hung").state == "sending" and quick.ids == ["1"]


async def test_a_hung_sink_is_cut_off_at_its_time_limit():
    async with TaskScope("app") as scope:
        hung = Sink("hung")
        desk = Desk(scope, hung, limits=replace(ROOM, send=0.05))
        hung.gate.clear()
        desk.journal.tell(report(1))
        await hung.called.wait()
        await desk.rest()
        stats = desk.stats("hung")
        assert (stats.state, stats.waiting) == ("waiting to retry", 1)
        assert stats.trouble == "hung did not take the reports within 0.05 s."
        hung.gate.set()
        desk.later.come()
        await desk.rest()
        assert hung.ids == ["1"]


async def test_pauses_double_up_to_a_minute_and_no_new_report_shortens_them():
    async with TaskScope("app") as scope:
        sink = Sink(failing=[SinkTrouble("The server is away.")] * 9)
        desk = Desk(scope, sink)
        desk.journal.tell(report(0))
        await desk.rest()
        for number in range(1, 9):
            desk.journal.tell(report(number))
            await desk.rest()
            assert len(desk.later.pauses) == number  # not tried for the new one
            desk.later.come()
            await desk.rest()
        for pause, longest in zip(desk.later.pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60], strict=True):
            assert 0.75 * longest <= pause <= longest
        assert len(set(desk.later.pauses[-3:])) > 1  # by chance: a floor of machines does not come back at once
        desk.later.come()
        await desk.rest()
        assert sink.ids == ids(*range(9)) and desk.stats().trouble == "The server is away."
        sink.failing.append(SinkTrouble("Away again."))
        desk.journal.tell(report(10))
        await desk.rest()
        assert desk.later.pauses[-1] <= 1


async def test_the_next_try_comes_by_itself():
    async with TaskScope("app") as scope:
        journal, sink = Journal(), Sink(failing=[SinkTrouble("The server is away.")])
        forwarder = Forwarder(scope, journal.follow, [sink], limits=replace(ROOM, first_pause=0.001))
        journal.tell(report(1))
        while not sink.got:
            await asyncio.sleep(0)
        assert await forwarder.close() == ()


async def test_closing_sends_what_was_forwarded_a_moment_ago():
    async with TaskScope("app") as scope:
        sink = Sink()
        desk = Desk(scope, sink)
        desk.journal.tell(report(1))
        assert await desk.forwarder.close() == ()
        assert sink.ids == ["1"]


async def test_new_settings_try_again_at_once_on_a_fresh_connection():
    async with TaskScope("app") as scope:
        sink = Sink(failing=[SinkTrouble("The server is away.")])
        desk = Desk(scope, sink)
        desk.journal.tell(report(1))
        await desk.rest()
        desk.forwarder.restart("memory")
        await desk.rest()
        assert sink.ids == ["1"] and sink.closed == 1
        assert desk.stats().state == "idle" and not desk.later.calls


async def test_new_settings_leave_the_old_connection_also_when_nothing_waits():
    async with TaskScope("app") as scope:
        sink = Sink()
        desk = Desk(scope, sink)
        desk.forwarder.restart("memory")
        await desk.rest()
        assert sink.closed == 1 and desk.stats().state == "idle"


async def test_new_settings_break_off_a_send_that_hangs_and_lose_nothing():
    async with TaskScope("app") as scope:
        sink = Sink()
        desk = Desk(scope, sink)
        sink.gate.clear()
        desk.journal.tell(report(1), report(2))
        await sink.called.wait()
        sink.gate = asyncio.Event()
        sink.gate.set()
        desk.forwarder.restart("memory")
        await desk.rest()
        assert sink.ids == ["1", "2"] and sink.closed == 1


async def test_new_settings_wait_for_no_pause_when_the_send_that_they_break_off_ends_in_trouble():
    class Troubled(Sink):
        async def send(self, reports: Sequence[Report]) -> None:
            try:
                await super().send(reports)
            except asyncio.CancelledError:
                raise SinkTrouble("Cut.") from None

    async with TaskScope("app") as scope:
        sink = Troubled()
        desk = Desk(scope, sink)
        sink.gate.clear()
        desk.journal.tell(report(1))
        await sink.called.wait()
        desk.forwarder.restart("memory")
        sink.gate = asyncio.Event()
        sink.gate.set()
        await desk.rest()
        assert sink.ids == ["1"] and not desk.later.pauses


async def test_what_no_retry_can_help_waits_for_other_settings():
    async with TaskScope("app") as scope:
        sink = Sink(failing=[SinkTrouble("That is no address.", retry=False)])
        desk = Desk(scope, sink)
        desk.journal.tell(report(1))
        await desk.rest()
        desk.journal.tell(report(2))
        await desk.rest()
        assert (desk.stats().state, desk.stats().waiting) == ("off", 2) and not desk.later.pauses
        desk.forwarder.restart("memory")
        await desk.rest()
        assert sink.ids == ["1", "2"]


async def test_what_a_sink_has_taken_before_its_trouble_is_not_sent_again():
    async with TaskScope("app") as scope:
        sink = Sink(failing=[SinkTrouble("It stopped in the middle.", taken=2)])
        desk = Desk(scope, sink)
        desk.journal.tell(*map(report, range(4)))
        await desk.rest()
        desk.later.come()
        await desk.rest()
        assert sink.ids == ["2", "3"] and desk.stats().sent == 4


async def test_settings_that_are_others_start_only_the_sinks_anew_that_they_are_about():
    async with TaskScope("app") as scope:
        halted, other = Sink("halted", failing=[SinkTrouble("That is no address.", retry=False)]), Sink("other")
        desk = Desk(scope, halted, other)
        desk.journal.tell(report(1))
        await desk.rest()
        assert desk.stats("halted").state == "off"
        desk.forwarder.heed_settings()
        await desk.rest()
        assert desk.stats("halted").state == "off" and not halted.closed
        halted.outdated = True
        desk.forwarder.heed_settings()
        await desk.rest()
        assert halted.ids == other.ids == ["1"] and (halted.closed, other.closed) == (1, 0)


async def test_what_is_known_to_lead_nowhere_is_said_before_anything_was_sent():
    class Nowhere(Sink):
        @property
        def place(self) -> str:
            raise SinkTrouble("That is no address.", retry=False)

    async with TaskScope("app") as scope:
        stats = Desk(scope, Nowhere()).stats()
        assert (stats.state, stats.trouble, stats.hurt) == ("off", "That is no address.", True)


async def test_a_sink_that_wants_to_end_the_program_is_a_sink_with_a_fault():
    failures: list[BaseException] = []
    async with TaskScope("app", on_failure=lambda name, error: failures.append(error)) as scope:
        leaving, other = Sink("leaving", failing=[SystemExit(3)]), Sink("other")
        desk = Desk(scope, leaving, other)
        desk.journal.tell(report(1))
        await desk.rest()
        [error] = failures
        assert "leaving wanted to end the program" in str(error) and other.ids == ["1"]
        assert desk.stats("leaving").state == "waiting to retry"


async def test_a_cancel_inside_of_a_sink_is_its_trouble_and_pauses_like_any_other():
    async with TaskScope("app") as scope:
        desk = Desk(scope, sink := Sink(failing=[asyncio.CancelledError()]))
        desk.journal.tell(report(1))
        await desk.rest()
        stats = desk.stats()
        assert (stats.state, stats.waiting, stats.trouble) == (
            "waiting to retry",
            1,
            "memory broke off while it was sending.",
        )
        desk.later.come()
        await desk.rest()
        assert sink.ids == ["1"] and desk.stats().state == "idle"


async def test_a_sink_that_cannot_say_whether_it_is_on_hurts_no_other_and_is_told():
    class Unsure(Sink):
        @property
        def on(self) -> bool:
            raise LookupError("no such setting")

    failures: list[BaseException] = []
    async with TaskScope("app", on_failure=lambda name, error: failures.append(error)) as scope:
        unsure, other = Unsure("unsure", failing=[LookupError("no such setting")]), Sink("other")
        desk = Desk(scope, unsure, other)
        desk.journal.tell(report(1))
        await desk.rest()
        assert other.ids == ["1"] and desk.stats("unsure").dropped == 1 and len(failures) == 1


async def test_a_fault_in_a_sink_is_reported_once_and_its_batch_given_up():
    failures: list[tuple[str, BaseException]] = []
    async with TaskScope("app", on_failure=lambda name, error: failures.append((name, error))) as scope:
        faulty, other = Sink("faulty", failing=[KeyError("bug")]), Sink("other")
        desk = Desk(scope, faulty, other)
        desk.journal.tell(report("poison"))
        await desk.rest()
        (name, error), *more = failures
        assert isinstance(error, KeyError) and not more
        desk.journal.tell(report("about it", origin=name))
        await desk.rest()
        stats = desk.stats("faulty")
        assert (stats.state, stats.dropped, stats.waiting) == ("waiting to retry", 1, 0)  # its own failure passes it by
        assert other.ids == ["poison", "about it"]
        desk.journal.tell(report("next"))
        desk.later.come()
        await desk.rest()
        assert faulty.ids == ["next"]


async def test_a_sink_that_is_off_is_passed_by():
    async with TaskScope("app") as scope:
        sink = Sink()
        sink.on = False
        desk = Desk(scope, sink)
        desk.journal.tell(report(1))
        await desk.rest()
        assert not sink.called.is_set()
        assert (desk.stats().state, desk.stats().waiting, desk.stats().dropped) == ("off", 0, 0)
        sink.on = True
        desk.forwarder.restart("memory")
        desk.journal.tell(report(2))
        await desk.rest()
        assert sink.ids == ["2"]


async def test_turned_off_it_forgets_what_waited():
    async with TaskScope("app") as scope:
        sink = Sink(failing=[SinkTrouble("Away.")])
        desk = Desk(scope, sink)
        desk.journal.tell(report(1))
        await desk.rest()
        sink.on = False
        desk.forwarder.restart("memory")
        await desk.rest()
        assert (desk.stats().state, desk.stats().waiting, desk.stats().dropped) == ("off", 0, 1)


async def test_closing_sends_what_waits_even_in_a_pause():
    async with TaskScope("app") as scope:
        sink = Sink(failing=[SinkTrouble("Away.")])
        desk = Desk(scope, sink)
        desk.journal.tell(report(1))
        await desk.rest()
        desk.journal.tell(report(2))
        assert await desk.forwarder.close() == ()
        assert sink.ids == ["1", "2"] and sink.closed == 1
        assert not desk.journal.listeners and not desk.later.calls


async def test_closing_names_the_sink_that_hangs_and_waits_for_the_others():
    async with TaskScope("app") as scope:
        hung, refusing, quick = Sink("hung"), Sink("refusing", failing=[SinkTrouble("No.")] * 2), Sink("quick")
        desk = Desk(scope, hung, refusing, quick)
        hung.gate.clear()
        desk.journal.tell(report(1), report(2))
        assert await desk.forwarder.close(0.1) == ("hung: 2 reports not sent", "refusing: 2 reports not sent")
        assert quick.ids == ["1", "2"]
        assert [sink.closed for sink in (hung, refusing, quick)] == [1, 1, 1]
        assert not scope.stats().running


async def test_closing_does_not_wait_for_a_sink_that_cannot_let_go():
    class Clinging(Sink):
        async def close(self) -> None:
            await asyncio.Event().wait()

    async with TaskScope("app") as scope:
        desk = Desk(scope, Clinging())
        desk.journal.tell(report(1))
        assert await desk.forwarder.close(0.1) == ()
        await desk.rest()  # it was cancelled


async def test_a_sink_lets_go_only_after_its_send_has_ended():
    steps: list[str] = []

    class Tidy(Sink):
        async def send(self, reports: Sequence[Report]) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                await turns()
                steps.append("send ended")

        async def close(self) -> None:
            steps.append("let go")

    async with TaskScope("app") as scope:
        desk = Desk(scope, Tidy())
        desk.journal.tell(report(1))
        assert await desk.forwarder.close(1) == ("memory: 1 report not sent",)
    assert steps == ["send ended", "let go"]


async def test_closing_does_not_wait_for_a_sink_that_swallows_its_cancel():
    release = asyncio.Event()

    class Stubborn(Sink):
        async def close(self) -> None:
            await swallow_cancels(release, [])

    scope = TaskScope("app")
    desk = Desk(scope, Stubborn())
    desk.journal.tell(report(1))
    assert await desk.forwarder.close(0.1) == ()
    assert await scope.close(0) == ("app/letting go of memory",)
    release.set()
    await turns()


async def test_a_fault_of_a_sink_that_lets_go_hurts_no_other_and_is_told():
    class Faulty(Sink):
        async def close(self) -> None:
            raise KeyError("bug")

    class Slow(Sink):
        async def close(self) -> None:
            for _ in range(10):
                await asyncio.sleep(0)
            await super().close()

    failures: list[str] = []
    async with TaskScope("app", on_failure=lambda name, error: failures.append(name)) as scope:
        slow = Slow("slow")
        desk = Desk(scope, Faulty("faulty"), slow)
        desk.journal.tell(report(1))
        assert await desk.forwarder.close() == ()
        assert slow.ids == ["1"] and slow.closed == 1
    assert failures == ["app/letting go of faulty"]


async def test_a_scope_that_closes_first_takes_the_sinks_with_it():
    async with TaskScope("app") as scope:
        sink = Sink()
        desk = Desk(scope, sink)
        sink.gate.clear()
        desk.journal.tell(report(1))
        await sink.called.wait()
    assert (desk.stats().state, desk.stats().waiting) == ("off", 1)
    desk.journal.tell(report(2))
    await asyncio.sleep(0)
    assert desk.stats().waiting == 2
    assert await desk.forwarder.close(0.1) == ("memory: 2 reports not sent",)


async def test_on_a_closed_loop_reports_are_counted_drops():
    closed = asyncio.new_event_loop()
    closed.close()
    async with TaskScope("app") as scope:
        desk = Desk(scope, Sink(), loop=closed)
        desk.journal.tell(*map(report, range(3)))
        assert desk.stats().dropped == 3 and not desk.stats().waiting


async def test_what_comes_after_closing_is_a_counted_drop():
    async with TaskScope("app") as scope:
        desk = Desk(scope, Sink())
        await desk.forwarder.close()
        desk.forwarder.forward(report(1))
        await desk.rest()
        assert (desk.stats().dropped, desk.stats().waiting, desk.stats().state) == (1, 0, "off")


async def test_a_thousand_reports_from_fifty_threads_while_the_forwarder_closes_raise_nothing():
    errors: list[BaseException] = []
    async with TaskScope("app") as scope:
        sink = Sink()
        desk = Desk(scope, sink, limits=Limits())

        def tell(first: int) -> None:
            try:
                for number in range(first, first + 20):
                    desk.forwarder.forward(report(number))
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=tell, args=(20 * number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        await desk.forwarder.close()
        for thread in threads:
            thread.join()
        await asyncio.sleep(0)
        assert not errors and len(set(sink.ids)) == len(sink.ids)
        assert desk.stats().sent == len(sink.ids) and desk.stats().sent + desk.stats().dropped == 1000


async def test_a_name_that_is_no_sink_is_an_error_of_the_caller():
    async with TaskScope("app") as scope:
        with pytest.raises(KeyError):
            Desk(scope, Sink()).forwarder.restart("other")


@given(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 40)), max_size=60), st.integers(1, 6))
def test_a_buffer_keeps_to_its_bounds_and_counts_every_loss(steps: list[tuple[int, int]], most: int):
    buffer = ReportBuffer(reports=5, characters=60)
    put, out = set[str](), list[Report]()
    for number, length in steps:
        if number == 12:
            taken = buffer.take(most)
            out += taken[:1]
            buffer.give_back(taken[1:])
        else:
            name = f"{len(put)}" if number > 4 else f"fold {number} {len(out)} {buffer.dropped}"
            put.add(name)
            buffer.put(report(name, message="x" * length))
        assert len(buffer) <= 5
    left = buffer.take()
    assert not len(buffer)
    assert len({each.id for each in (*out, *left)}) + buffer.dropped == len(put)
    assert sum(len(each.message) for each in left) <= 60 or len(left) == 1


def test_a_report_that_grows_counts_once():
    buffer = ReportBuffer(characters=60)
    for name, length in (("a", 40), ("a", 40), ("b", 15)):
        buffer.put(report(name, message="x" * length))
    assert len(buffer) == 2 and not buffer.dropped


def test_what_is_given_back_gives_way_when_others_have_come():
    buffer = ReportBuffer(reports=2)
    buffer.put(report("a"))
    taken = buffer.take()
    for name in "bc":
        buffer.put(report(name))
    buffer.give_back(taken)
    assert buffer.dropped == 1 and [each.id for each in buffer.take()] == ["b", "c"]


def test_what_is_given_back_comes_first_and_a_newer_fold_stays():
    buffer = ReportBuffer()
    for name in "abc":
        buffer.put(report(name))
    taken = buffer.take(2)
    buffer.put(report("b", 7))
    buffer.give_back(taken)
    assert [(each.id, each.count) for each in buffer.take()] == [("a", 1), ("b", 7), ("c", 1)]
