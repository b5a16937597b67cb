"""The start of a pane: behind a splash screen, on a slow drive, broken, in a host that is short of something."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

import random
import threading
from typing import Any

import pytest
from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from host_harness import NukeLike, Script, answered, ask, is_ready, is_running, said, works
from nuke_ai_panel.panel import dock
from nuke_ai_panel.panel.presenters import starting
from nuke_ai_panel.ui.transcript.answer_parts import ProblemCard
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QSplashScreen
from shiboken6 import delete


def problems(pane: Any) -> list[ProblemCard]:
    return pane.chat.findChildren(ProblemCard) if pane.chat else []


class TestStarting:
    def test_services_that_cannot_be_made_are_told_in_the_transcript_and_tried_again(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        load = starting._load

        def broken() -> Any:
            raise PermissionError(13, "Permission denied", "/home/artist/.config/nuke-ai-panel")

        monkeypatch.setattr(starting, "_load", broken)

        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: problems(pane)
            [card] = problems(pane)
            assert card.problem.title == "The panel could not start" and "Permission denied" in card.problem.why
            assert [stop.text() for stop in card.stops] == ["Retry"]  # nothing else would do anything
            assert nuke.neighbour.asyncio_run() == "fine"
            monkeypatch.setattr(starting, "_load", load)
            card.retry.emit()
            yield lambda: is_ready(pane)
            assert said(pane) == []
            yield from answered(pane, "help")
            assert said(pane)[1]

        nuke.play(script())
        assert "Permission denied" in caplog.text

    def test_a_question_that_is_sent_before_there_is_anybody_to_answer_stays_in_its_field(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        load, go = starting._load, threading.Event()

        def slow_drive() -> Any:
            go.wait(20)
            return load()

        monkeypatch.setattr(starting, "_load", slow_drive)

        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: pane.chat
            ask(pane, "help")
            assert pane.chat.composer.draft() == "help" and said(pane) == []
            go.set()
            yield lambda: is_ready(pane)
            assert pane.chat.composer.draft() == "help"
            pane.chat.composer.submit()
            yield lambda: not is_running(pane)
            assert said(pane)[0] == "help"

        nuke.play(script())

    def test_a_pane_that_broke_when_it_was_half_connected_is_whole_after_a_retry(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from nuke_ai_panel.panel.presenters.pane import PanePresenter

        def broken(_: Any) -> Any:
            raise ZeroDivisionError("a fault of ours")

        with monkeypatch.context() as patch:
            patch.setattr(PanePresenter, "_show_choice", broken)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: problems(pane)
                patch.undo()
                pane.chat.composer.set_draft("not lost")
                problems(pane)[0].retry.emit()
                yield lambda: is_ready(pane)
                assert pane.chat.composer.draft() == "not lost"
                yield from answered(pane, "help")
                assert len(said(pane)) == 2

            nuke.play(script())

    def test_a_broken_installation_is_told_where_the_pane_would_be(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(dock, "FIRST", (".nothing_of_the_kind",))

        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: not pane.notice.isHidden()
            assert "could not be loaded" in pane.notice.text() and pane.chat is None
            assert nuke.neighbour.asyncio_run() == "fine"

        nuke.play(script())

    def test_the_first_import_that_hangs_holds_up_nobody(self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch) -> None:
        importing, go = threading.Event(), threading.Event()

        def silent_drive(*_: object) -> None:
            importing.set()
            go.wait(10)

        monkeypatch.setattr(dock.importlib, "import_module", silent_drive)

        def script() -> Script:
            nuke.open_pane()
            yield importing.is_set
            assert nuke.neighbour.asyncio_run() == "fine"
            names = {thread.name: thread.daemon for thread in threading.enumerate()}
            assert names["nuke-ai-panel import"]  # a daemon: Python does not wait for it at its end

        nuke.play(script())
        go.set()

    def test_a_pane_that_is_destroyed_before_all_is_imported_harms_no_other(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        load, go = dock.importlib.import_module, threading.Event()

        def slow(name: str, package: str | None = None) -> Any:
            go.wait(10)
            return load(name, package)

        monkeypatch.setattr(dock.importlib, "import_module", slow)

        def script() -> Script:
            first, second = nuke.open_pane(), nuke.open_pane()
            nuke.drag(first)  # beside the other, where both are seen
            yield lambda: nuke.docking and len(nuke.docking._waiting) == 2
            nuke.destroy(first)
            go.set()
            yield from works(second)

        nuke.play(script())
        assert "could not start" not in caplog.text

    @pytest.mark.abandons(1)
    def test_a_quit_before_the_services_are_there_takes_no_time(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        loading, go = threading.Event(), threading.Event()

        def silent_drive() -> None:
            loading.set()
            go.wait(20)

        monkeypatch.setattr(starting, "_load", silent_drive)
        docking: list[Any] = []

        def script() -> Script:
            nuke.open_pane()
            yield loading.is_set
            docking.append(nuke.docking)

        nuke.play(script())
        assert docking[0].closed and docking[0].loop.is_closed() and docking[0].panel is None
        go.set()


class TestAHostThatIsShortOfSomething:
    """A traceback in the constructor of a panel is a dialog in Nuke; in a slot it is noise in the terminal."""

    def test_a_pane_without_an_application_object_says_so(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(*_: object) -> Any:
            raise RuntimeError("no such host")

        monkeypatch.setattr(dock.Docking, "of_this_process", broken)

        def script() -> Script:
            pane = nuke.open_pane()
            yield pane.notice.isVisible
            assert "no such host" in pane.notice.text()

        nuke.play(script())

    def test_no_thread_can_be_started(self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch) -> None:
        start = threading.Thread.start

        def refused(self: threading.Thread) -> None:
            if self.name == "nuke-ai-panel import":
                raise RuntimeError("can't start new thread")
            start(self)

        def script() -> Script:
            with monkeypatch.context() as patch:
                patch.setattr(threading.Thread, "start", refused)
                pane = nuke.open_pane()
                yield pane.notice.isVisible
                assert "can't start new thread" in pane.notice.text()
            yield from works(nuke.open_pane())

        nuke.play(script())

    def test_no_descriptor_is_left_for_the_loop(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        from nuke_ai_panel.panel import loop

        def refused(_: QCoreApplication) -> Any:
            raise OSError(24, "Too many open files")

        def script() -> Script:
            with monkeypatch.context() as patch:
                patch.setattr(loop, "PanelLoop", refused)
                panes = [nuke.open_pane(), nuke.open_pane()]
                nuke.drag(panes[0])
                yield lambda: all(pane.notice.isVisible() for pane in panes)
                assert "Too many open files" in panes[0].notice.text()
                assert nuke.neighbour.asyncio_run() == "fine"
            later = nuke.open_pane()
            yield from works(later)

        nuke.play(script())
        assert "Too many open files" in caplog.text


class TestTheStartOfTheHost:
    def test_panes_of_a_workspace_wait_behind_the_splash_screen(self, nuke: NukeLike) -> None:
        """Nuke makes them before its window is shown and before Qt's loop runs, and shows its progress meanwhile."""
        splash = QSplashScreen()
        splash.show()
        panes = [nuke.restore_pane(), nuke.restore_pane()]
        for _ in range(20):
            nuke.app.processEvents()
        assert nuke.docking is None and not any(pane.seen for pane in panes)
        splash.finish(nuke.window)

        def script() -> Script:
            nuke.drag(panes[0])
            for pane in panes:
                yield from works(pane)

        nuke.play(script())
        delete(splash)

    def test_panes_that_are_painted_under_the_splash_screen_start_without_harm(self, nuke: NukeLike) -> None:
        """Its progress is shown by `processEvents`, from inside code that is not Qt's."""
        pane = nuke.restore_pane()
        nuke.window.show()
        while not (nuke.docking and nuke.docking.panel):
            nuke.app.processEvents()

        def script() -> Script:
            yield from works(pane)

        nuke.play(script())

    def test_fifty_panes_that_nobody_sees_cost_nothing_and_go_in_any_order(self, nuke: NukeLike) -> None:
        threads = threading.active_count()
        panes = [dock.DockedPane() for _ in range(50)]
        random.Random(1).shuffle(panes)
        for number, pane in enumerate(panes):
            if number % 3 == 1:
                pane.setParent(panes[number - 1])
            elif number % 3 == 2:
                delete(panes[number - 2])
        QCoreApplication.sendPostedEvents()
        assert nuke.docking is None and threading.active_count() == threads
        del panes[:]

    def test_a_pane_without_a_size_begins_when_it_gets_one(self, nuke: NukeLike) -> None:
        def script() -> Script:
            nuke.right.setFixedWidth(0)
            pane = nuke.open_pane()
            ticks = nuke.neighbour.ticks
            yield lambda: nuke.neighbour.ticks > ticks + 20
            assert nuke.docking is None
            nuke.right.setFixedWidth(380)
            yield from works(pane)

        nuke.play(script())
