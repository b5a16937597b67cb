"""The services as a whole: what is said while everything ends is kept, forwarded, and nobody is left behind."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from memory_keyring import Dictionary
from nats_server import NatsServer, nats_server  # noqa: F401
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.closing import CLOSING, SHARES, Closing, Leftover
from nuke_ai_panel.panel.reports import past_sessions, reporter
from nuke_ai_panel.panel.settings import Settings
from open_window import until


def application(*, nats: str = "") -> Application:
    settings = Settings()
    settings.set(options.NATS_SERVER, nats)
    app = Application(settings=settings, keyring=Dictionary(), environ={})
    app.begin_session("nuke")
    return app


async def connected(app: Application, server: NatsServer) -> None:
    """Until a first report has reached the server: what comes in the last moments needs no import then."""
    async with server.subscribed() as got:
        app.reports.report("the first words", severity="notice")
        await got.get()
    await until(lambda: app.forwarder.stats()[1].sent == 1)


async def test_the_last_words_of_tasks_reach_the_journal_and_every_sink(
    nats_server: NatsServer,  # noqa: F811
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Sinks end after the tasks, and the journal after the sinks."""
    app = application(nats=nats_server.host)

    async def speak() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            app.reports.report("the last words of a task")

    app.scope.start(speak(), name="speaker")
    await connected(app, nats_server)
    async with nats_server.subscribed() as got:
        assert not await app.close()
        assert (await got.get())["message"] == "the last words of a task"
    assert "the last words of a task" in caplog.text
    [session] = past_sessions(app.reports.folder)
    assert session.ended and session.reports[0].message == "the last words of a task"


async def test_what_is_left_open_is_told_to_every_sink_and_at_the_end_of_the_journal(
    nats_server: NatsServer,  # noqa: F811
) -> None:
    app, stubborn = application(nats=nats_server.host), True

    async def swallow() -> None:
        while stubborn:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

    task = app.scope.start(swallow(), name="stubborn")
    await connected(app, nats_server)
    async with nats_server.subscribed() as got:
        left = await app.close()
        assert left == Leftover(tasks=("application/stubborn",))
        assert (await got.get())["message"] == "Left open at closing: application/stubborn"
    [session] = past_sessions(app.reports.folder)
    assert session.left == {"tasks": ("application/stubborn",)}
    stubborn = False
    task.cancel()
    await asyncio.wait([task])


async def test_reports_from_fifty_threads_while_everything_closes_are_all_in_the_journal() -> None:
    """With a sink that is silent, and on a loop that is closing; a thousand, and none of them raises."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        app = application(nats=f"127.0.0.1:{silent.getsockname()[1]}")
        begin, raised = threading.Barrier(51), list[BaseException]()

        def work(number: int) -> None:
            begin.wait()
            try:
                for count in range(20):
                    app.reports.report(f"thread {number}, {count}", severity="notice")
            except BaseException as error:
                raised.append(error)

        threads = [threading.Thread(target=work, args=(number,)) for number in range(50)]
        for thread in threads:
            thread.start()
        begin.wait()
        await app.close()
        for thread in threads:
            thread.join()
    app.reports.close()
    [session] = past_sessions(app.reports.folder)
    words = {report.message for report in session.reports}
    assert raised == [] and words >= {f"thread {number}, {count}" for number in range(50) for count in range(20)}


async def test_a_journal_on_a_disk_that_hangs_does_not_hold_up_closing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application()
    hangs, goes_on = threading.Event(), threading.Event()
    write = os.write

    def hanging(descriptor: int, data: bytes) -> int:
        hangs.set()
        assert goes_on.wait(20)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", hanging)
    app.reports.report("first")
    await until(hangs.is_set)
    began = time.monotonic()
    await app.close()
    assert time.monotonic() - began < 1.0
    monkeypatch.undo()
    goes_on.set()
    while app.reports.counts().waiting:
        app.reports.close()
    [session] = past_sessions(app.reports.folder)
    assert session.ended and session.reports[0].message == "first"


@pytest.mark.parametrize("part", ["the tasks", "the sessions", "the recordings", "the sinks"])
async def test_a_part_that_fails_while_everything_closes_is_told_and_holds_up_none_of_the_others(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, ended = application(), list[str]()
    parts = {
        "the tasks": (app.scope, "close"),
        "the sessions": (app.providers, "close"),
        "the recordings": (app.recording, "close"),
        "the sinks": (app.forwarder, "close"),
    }
    really = {name: getattr(*place) for name, place in parts.items()}

    def broken_or_not(name: str) -> Callable[..., Awaitable[tuple[str, ...]]]:
        async def close(*deadline: float) -> tuple[str, ...]:
            ended.append(name)
            left = await really[name](*deadline)
            if name == part:
                raise OSError("it is broken")
            return left

        return close

    for name, (owner, method) in parts.items():
        monkeypatch.setattr(owner, method, broken_or_not(name))
    left = await app.close()
    assert ended == list(parts) and [*left.tasks, *left.sessions, *left.sinks] == [part.removeprefix("the ")]
    [session] = past_sessions(app.reports.folder)
    assert session.ended and any(report.origin == f"closing {part}" for report in session.reports)


async def test_a_cancel_in_a_part_is_no_failure_of_it_and_goes_through() -> None:
    async def end(_: float) -> tuple[str, ...]:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        await Closing(pytest.fail).part("tasks", end)


async def test_the_shares_of_all_parts_leave_the_journal_its_time_within_the_second() -> None:
    assert sum(SHARES.values()) * CLOSING + reporter.CLOSING < CLOSING


async def test_with_everything_hung_at_once_closing_takes_a_second_and_names_what_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Tasks, sessions, recordings, a server for reports, and the disk: each needs its whole share."""
    hung, goes_on = asyncio.Event(), threading.Event()

    async def hang(*_: object) -> tuple[str, ...]:
        await asyncio.sleep(600)
        return ()

    async def swallow() -> None:
        while not hung.is_set():
            try:
                await hung.wait()
            except asyncio.CancelledError:
                pass

    def hanging(descriptor: int, data: bytes) -> int:
        assert goes_on.wait(20)
        return write(descriptor, data)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        app, write = application(nats=f"127.0.0.1:{silent.getsockname()[1]}"), os.write
        app.reports.report("something for NATS")
        await until(lambda: app.forwarder.stats()[1].waiting)
        monkeypatch.setattr(os, "write", hanging)
        monkeypatch.setattr(app.providers, "close", hang)
        app.reports.report("something for the disk")
        stubborn = [app.scope.start(swallow(), name="task"), app.recording.start(swallow(), name="recording")]
        await asyncio.sleep(0)
        began = time.monotonic()
        left = await app.close()
        assert time.monotonic() - began < 2.0  # 0.95, and more where the machine is busy
    assert left.tasks == ("application/task", "recordings/recording") and len(left.sinks) == 1
    monkeypatch.undo()
    goes_on.set()
    hung.set()
    await asyncio.wait(stubborn)
    while app.reports.counts().waiting:
        app.reports.close()
    await app.providers.close()


async def test_closing_twice_at_once_ends_everything_once() -> None:
    app = application()
    async with asyncio.TaskGroup() as group:
        first, second = group.create_task(app.close()), group.create_task(app.close())
    assert not first.result() and not second.result()
    [session] = past_sessions(app.reports.folder)
    assert session.ended and session.reports == ()


async def test_a_closed_application_listens_to_no_log_any_more() -> None:
    log = logging.getLogger("nuke_ai_panel")
    before = list(log.handlers)
    app = application()
    assert log.handlers != before
    await app.close()
    assert log.handlers == before


async def test_closing_where_nothing_was_reported_makes_no_thread_and_no_file() -> None:
    app = Application(keyring=Dictionary(), environ={})
    before = threading.active_count()
    assert not await app.close()
    assert threading.active_count() == before and not app.reports.folder.exists()
