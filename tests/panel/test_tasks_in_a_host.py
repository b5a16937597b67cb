"""Scopes where Qt's loop is a host's: it quits while our tasks are at work, and from within them dialogs open."""

from __future__ import annotations

import asyncio
import concurrent.futures
import gc
import logging
import threading
from typing import Any

import pytest
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.tasks import ScopeClosed, TaskScope
from PySide6.QtWidgets import QDialog
from qt_host import Host, modal
from task_parts import Failures, fail, forever, turns


class Quitting:
    """What the pane does when its host quits."""

    def __init__(self, loop: PanelLoop, scope: TaskScope, deadline: float) -> None:
        self._loop = loop
        self._scope = scope
        self._deadline = deadline
        self.left: list[tuple[str, ...]] = []

    def __call__(self) -> None:
        ending = TaskScope("ending", loop=self._loop)
        closing = ending.start(self._scope.close(self._deadline), name="close")
        assert self._loop.finish(closing, 20)
        self.left.append(closing.result())
        self._loop.detach()


def test_a_host_that_quits_waits_for_what_must_finish_and_ends_the_rest(host_quits_in: Any):
    written: list[bool] = []

    async def write() -> None:
        await asyncio.sleep(0.01)
        written.append(True)

    def begin(scope: TaskScope) -> None:
        scope.start(write(), name="write", on_close="finish")
        scope.child("turn").start(forever(), name="stream")
        scope.every(0.001, turns, name="look")

    assert host_quits_in(begin) == [()] and written == [True]


def test_a_task_of_ours_that_quits_the_host_is_named_and_never_heard_of_again(
    qapp, host_quits_in: Any, caplog: pytest.LogCaptureFixture
):
    """It is on the stack while its scope is closed, so it cannot end before."""
    seen: list[str] = []

    async def quit_host(scope: TaskScope) -> None:
        qapp.quit()
        with pytest.raises(ScopeClosed):
            scope.start(forever(), name="late")
        seen.append("went on")
        await asyncio.sleep(0)
        seen.append("never")

    def begin(scope: TaskScope) -> None:
        scope.start(forever(), name="stream")
        scope.start(quit_host(scope), name="quit")

    assert host_quits_in(begin, deadline=0.02, quits=False) == [("app/quit",)]
    gc.collect()
    assert seen == ["went on"] and caplog.text == ""


def test_each_call_of_a_thread_ends_when_the_host_quits_under_it(host_quits_in: Any):
    futures: list[concurrent.futures.Future[Any]] = []
    threads: list[threading.Thread] = []
    stop = threading.Event()

    def begin(scope: TaskScope) -> None:
        def flood() -> None:
            while not stop.is_set():
                futures.extend((scope.run_from_thread(forever), scope.run_from_thread(int)))
                concurrent.futures.wait(futures[-1:])

        threads.append(threading.Thread(target=flood))
        threads[0].start()

    assert host_quits_in(begin) == [()]
    stop.set()
    threads[0].join(20)
    assert not threads[0].is_alive() and all(future.done() for future in futures)


async def test_closing_names_a_task_that_has_a_dialog_open_and_it_ends_with_the_dialog(own):
    dialog, failures = own(QDialog()), Failures()
    app, test = TaskScope("app", on_failure=failures), TaskScope("test")
    left: list[tuple[str, ...]] = []

    async def ask() -> None:
        app.start(fail(), name="beside")
        test.start(close(), name="close")
        assert modal(dialog)
        await forever()

    async def close() -> None:
        left.append(await app.close(0.02))
        dialog.accept()

    other = app.start(forever(), name="other")
    asking = app.start(ask(), name="ask")
    await asyncio.wait({asking})
    assert left == [("app/ask",)] and asking.cancelled() and other.cancelled()
    await turns()
    stats = app.stats()
    assert (stats.running, stats.failed, stats.cancelled) == (0, 1, 2) and failures == [("app/beside", "no")]
    await test.close(1)


@pytest.fixture
def host_quits_in(qapp, caplog: pytest.LogCaptureFixture) -> Any:
    """`begin(scope)` in a host, that quits soon after; what closing has left."""

    def live(begin: Any, deadline: float = 5, quits: bool = True) -> list[tuple[str, ...]]:
        host, loop = Host(qapp), PanelLoop(qapp).attach()
        scope = TaskScope("app", loop=loop)
        quitting = Quitting(loop, scope, deadline)
        qapp.aboutToQuit.connect(quitting)
        if quits:
            loop.call_later(0.02, qapp.quit)
        with caplog.at_level(logging.DEBUG, "nuke_ai_panel"):
            try:
                host.exec(lambda: begin(scope))
            finally:
                qapp.aboutToQuit.disconnect(quitting)
        assert loop.is_closed()
        return quitting.left

    return live
