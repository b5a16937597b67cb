"""What a pane does in a host that is short of something, reloads modules, starts slowly or quits at a bad moment."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

import importlib
import random
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from docked_nuke import answered_by, fake_nuke, nuke  # noqa: F401
from fault_server import silent_after_a_token
from guards import UnseenErrors
from host_harness import NukeLike, Script, ask, is_ready, is_running, said
from nuke_ai_panel.panel import dock
from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtWidgets import QSplashScreen
from shiboken6 import delete, isValid
from thread_server import Pieces, served


def works(pane: Any) -> Script:
    yield lambda: is_ready(pane)
    ask(pane, "help")
    yield lambda: not is_running(pane)
    assert said(pane)[-1]


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


class TestReloading:
    """Technical directors reload modules in a running Nuke."""

    @pytest.fixture(autouse=True)
    def modules_as_before(self) -> Any:
        before = {name: module for name, module in sys.modules.items() if name.startswith("nuke_ai_panel")}
        namespace = dict(vars(dock))
        yield
        for name in [name for name in sys.modules if name.startswith("nuke_ai_panel")]:
            del sys.modules[name]
        sys.modules.update(before)
        for name, module in before.items():
            parent, _, last = name.rpartition(".")
            if parent:
                setattr(before[parent], last, module)
        vars(dock).update(namespace)

    def test_a_reloaded_module_uses_the_application_that_there_is(self, nuke: NukeLike) -> None:
        def script() -> Script:
            first = nuke.open_pane()
            yield from works(first)
            panel = nuke.docking.panel
            importlib.reload(dock)
            dock.register()
            second = nuke.open_pane()
            assert type(second) is not type(first)
            nuke.drag(second)
            yield from works(second)
            yield from works(first)
            assert nuke.docking.panel is panel
            assert len(nuke.app.findChildren(QObject, dock.Docking.NAME)) == 1

        nuke.play(script())

    def test_a_second_copy_of_everything_says_so_and_makes_no_second_application(self, nuke: NukeLike) -> None:
        """Modules that were thrown out of `sys.modules` and imported again: their classes are other classes."""

        def script() -> Script:
            first = nuke.open_pane()
            yield lambda: is_ready(first)
            for name in [name for name in sys.modules if name.startswith("nuke_ai_panel")]:
                del sys.modules[name]
            second = nuke.open_pane()
            yield second.notice.isVisible
            assert "imported a second time" in second.notice.text() and "Restart Nuke" in second.notice.text()
            assert len(nuke.app.findChildren(QObject, dock.Docking.NAME)) == 1

        nuke.play(script())

    def test_registering_twice_makes_one_entry(self, nuke: NukeLike) -> None:
        dock.register()
        assert [item.name() for item in nuke.nuke.menu("Pane").items()].count(dock.TITLE) == 1


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


class TestQuittingAtABadMoment:
    def test_the_host_says_it_twice(self, nuke: NukeLike, unseen_errors: UnseenErrors) -> None:
        """`aboutToQuit` itself, not only `quit()`."""
        with served(silent_after_a_token("Hello")) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                yield lambda: "Hello" in said(pane)[1]
                docking = nuke.docking
                docking.quit()
                docking.quit()
                assert docking.closed and nuke.docking is None
                nuke.hide_behind(pane)
                nuke.bring_to_front(pane)
                pane.chat.composer.set_draft("too late")

            nuke.play(script())

    @pytest.mark.parametrize("dialog", ["settings", "diagnostics", "models", "file"])
    def test_a_dialog_is_open(self, nuke: NukeLike, dialog: str) -> None:
        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            header = pane.chat.header
            match dialog:
                case "settings":
                    header.settings_requested.emit()
                case "diagnostics":
                    header.diagnostics_requested.emit()
                case "models":
                    header.model_clicked.emit()
                case _:
                    header.open_requested.emit()
            assert len([each for each in nuke.app.topLevelWidgets() if each.isVisible()]) == 2

        nuke.play(script())

    def test_the_settings_are_being_saved(self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch) -> None:
        """What was chosen in the last moment is in the file."""
        from nuke_ai_panel.panel import settings as options

        save, saving = options.save, threading.Event()

        def slow(*arguments: Any) -> None:
            saving.set()
            threading.Event().wait(0.05)
            save(*arguments)

        monkeypatch.setattr(options, "save", slow)

        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            pane.chat.header.settings_requested.emit()
            yield lambda: nuke.app.activeWindow() is not nuke.window
            dialog = next(each for each in nuke.app.topLevelWidgets() if hasattr(each, "fields"))
            dialog.fields.given.emit(options.SEND_KEY.id, "ctrl+enter")
            yield saving.is_set

        nuke.play(script())
        assert options.load(options.settings_path()).get(options.SEND_KEY) == "ctrl+enter"

    @pytest.mark.parametrize("moment", range(6))
    def test_the_pane_is_just_starting(self, nuke: NukeLike, moment: int) -> None:
        def script() -> Script:
            pane = nuke.open_pane()
            moments: list[Callable[[], object]] = [
                lambda: True,
                lambda: pane.seen,
                lambda: nuke.docking,
                lambda: nuke.docking and nuke.docking.loop,
                lambda: pane.chat,
                lambda: nuke.docking and nuke.docking.panel,
            ]
            yield moments[moment]

        nuke.play(script())

    @pytest.mark.parametrize("seed", range(6))
    def test_nuke_has_deleted_some_of_our_widgets_and_their_parents_in_any_order(
        self, nuke: NukeLike, seed: int
    ) -> None:
        chance = random.Random(seed)
        with served(silent_after_a_token("Hello")) as server:
            answered_by(server)

            def script() -> Script:
                panes = [nuke.open_pane(), nuke.open_pane()]
                nuke.drag(panes[0])
                yield lambda: all(is_ready(pane) for pane in panes)
                for pane in panes:
                    ask(pane, "hi")
                yield lambda: all("Hello" in said(pane)[1] for pane in panes)
                panes[0].chat.header.settings_requested.emit()
                victims: list[Any] = [*panes, nuke.right.stack, nuke.left, nuke.window.centralWidget()]
                victims += [panes[0].parentWidget(), panes[1].chat, panes[1].chat.view, panes[0].chat.composer]
                chance.shuffle(victims)
                for victim in victims[: 2 + seed]:
                    if isValid(victim):
                        delete(victim)
                    yield lambda: True

            nuke.play(script())

    def test_the_neighbours_thread_waits_for_the_main_thread(self, nuke: NukeLike) -> None:
        """`executeInMainThreadWithResult` while an answer streams in, and while the host ends."""
        pieces, got = Pieces("one ", "two"), list[Any]()

        def thread() -> None:
            for number in range(3):
                got.append(nuke.nuke.executeInMainThreadWithResult(lambda number=number: number))

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                neighbour = threading.Thread(target=thread)
                neighbour.start()
                for number in range(3):
                    nuke.nuke._deliver()
                    if number < 2:
                        pieces.go()
                neighbour.join()
                yield lambda: not is_running(pane)
                assert said(pane)[1] == "one two" and got == [0, 1, 2]

            nuke.play(script())


class TestTheScriptGoes:
    def test_it_is_closed_while_an_answer_streams_in(self, nuke: NukeLike) -> None:
        nuke.nuke.scriptReadText("Grade {\n inputs 0\n name Grade1\n}\n")
        nuke.nuke.root()._own("name")._raw = "/shots/comp_v002.nk"
        pieces = Pieces("one ", "two")
        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                pieces.go()
                yield lambda: "one" in said(pane)[1]
                assert pane.chat.header._name.text() == "comp_v002.nk"
                nuke.nuke.scriptClear()
                pieces.go()
                yield lambda: not is_running(pane)
                assert said(pane)[1] == "one two" and pane.chat.header._name.text() == "Untitled"

            nuke.play(script())

    def test_nuke_renders_while_it_is_asked_about(self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch) -> None:
        """Its progress dialog runs a Qt loop of its own, in which our question goes on."""

        def busy() -> Any:
            raise RuntimeError("I'm already executing something else")

        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            with monkeypatch.context() as patch:
                patch.setattr(nuke.nuke, "root", busy)
                ask(pane, "What does this script do?")
                nuke.neighbour.modal_dialog()
                yield lambda: not is_running(pane)
            assert "Nuke is busy" in said(pane)[1]
            ask(pane, "What does this script do?")
            yield lambda: not is_running(pane)
            assert "1 node" in said(pane)[3]

        nuke.play(script())
