"""The pane in a program that owns Qt's loop and treats panes as Nuke does."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

import ast
import asyncio
import faulthandler
import logging
import os
import signal
import ssl
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from docked_nuke import answered_by, fake_nuke, nuke  # noqa: F401
from fault_server import answers, silent_after_a_token
from guards import UnseenErrors
from host_harness import NukeLike, Script, ask, is_ready, is_running, said
from nuke_ai_panel.panel import dock
from nuke_ai_panel.panel.presenters import starting
from nuke_ai_panel.ui.transcript.answer_parts import ProblemCard
from PySide6.QtCore import QTimer
from shiboken6 import isValid
from thread_server import Pieces, served


def live_timers(pane: Any) -> list[QTimer]:
    return [timer for timer in pane.findChildren(QTimer) if timer.isActive()]


def problems(pane: Any) -> list[ProblemCard]:
    return pane.chat.findChildren(ProblemCard) if pane.chat else []


class TestRegistering:
    def test_the_pane_is_in_the_menu_and_known_to_workspaces(self, nuke: NukeLike) -> None:
        def script() -> Script:
            assert nuke.open_pane() is not nuke.restore_pane()
            assert [type(pane).__name__ for pane in nuke.panes] == ["DockedPane"] * 2
            yield lambda: True

        nuke.play(script())

    def test_without_a_gui_nothing_happens(self, fake_nuke: Any, capsys: pytest.CaptureFixture[str]) -> None:
        fake_nuke._reset(gui=False)
        dock.register()
        assert fake_nuke._calls["menu"] == 0 and capsys.readouterr() == ("", "")

    def test_where_it_fails_one_line_is_printed_and_nuke_goes_on(
        self,
        fake_nuke: Any,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.setitem(sys.modules, "nukescripts", None)
        dock.register()
        out, err = capsys.readouterr()
        assert out == "" and err.count("\n") == 1 and "could not be registered" in err


class TestAsking:
    def test_a_question_about_the_open_script_is_answered(self, nuke: NukeLike) -> None:
        nuke.nuke.scriptReadText("Grade {\n inputs 0\n name Grade1\n}\nBlur {\n name Blur1\n}\n")

        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            ask(pane, "What does this script do?")
            yield lambda: not is_running(pane)
            assert "Grade" in said(pane)[1] and "Blur" in said(pane)[1]

        nuke.play(script())

    def test_the_script_is_read_in_small_pieces_for_the_question_and_for_each_round_of_tools(
        self, nuke: NukeLike, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The guide asks for tools once; the question itself is on the screen before the reading begins."""
        nuke.nuke.scriptReadText("Grade {\n inputs 0\n name Grade1\n}\n")
        seen = list[list[str]]()

        def script() -> Script:
            from nuke_ai_panel.panel.hosts.nuke import NukeHost

            read_ahead = NukeHost.read_ahead

            async def noted(self: NukeHost) -> NukeHost:
                seen.append(said(pane)[:1])
                return await read_ahead(self)

            monkeypatch.setattr(NukeHost, "read_ahead", noted)
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            ask(pane, "What does this script do?")
            yield lambda: not is_running(pane)
            assert seen == [["What does this script do?"]] * 2

        nuke.play(script())

    def test_several_panes_have_a_conversation_each(self, nuke: NukeLike) -> None:
        with served(answers("Hello", " you")) as server:
            answered_by(server)

            def script() -> Script:
                one, two = nuke.open_pane(), nuke.open_pane()
                nuke.drag(one)  # beside the other, where both are seen
                yield lambda: is_ready(one) and is_ready(two)
                ask(one, "one")
                ask(two, "two")
                yield lambda: not is_running(one) and not is_running(two)
                assert said(one) == ["one", "Hello you"] and said(two) == ["two", "Hello you"]
                assert len(nuke.app.findChildren(dock.Docking)) == 1

            nuke.play(script())

    def test_the_header_names_the_script_and_offers_no_other(self, nuke: NukeLike) -> None:
        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            assert pane.chat.header._name.text() == "Untitled"
            assert pane.chat.header._open.isHidden()
            nuke.nuke.root()._own("name")._raw = "/shots/comp_v002.nk"
            nuke.hide_behind(pane)
            nuke.bring_to_front(pane)
            assert pane.chat.header._name.text() == "comp_v002.nk"
            nuke.nuke.root()._own("name")._raw = "/shots/comp_v003.nk"
            nuke.window.activateWindow()
            pane.setFocus()
            yield lambda: pane.chat.header._name.text() == "comp_v003.nk"

        nuke.play(script())


class TestTheNeighbour:
    """Another plug-in works before, between two of our chunks, during and after."""

    def test_its_asyncio_run_its_qasync_loop_and_its_dialogs_work_at_any_time(self, nuke: NukeLike) -> None:
        pieces, neighbour = Pieces("one ", "two ", "three"), nuke.neighbour

        def all_of_it() -> Script:
            assert neighbour.has_no_running_loop()
            assert neighbour.asyncio_run() == "fine"
            assert neighbour.modal_dialog() > 0
            yield from neighbour.qasync_loop()
            assert neighbour.asyncio_run() == "fine"

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                yield from all_of_it()
                pane = nuke.open_pane()
                yield from all_of_it()  # while it starts
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                for text in ("one ", "two ", "three"):
                    yield from all_of_it()
                    pieces.go()
                    yield lambda text=text: text.strip() in said(pane)[1]
                yield lambda: not is_running(pane)
                yield from all_of_it()
                assert said(pane)[1] == "one two three"

            nuke.play(script())
        nuke.play(all_of_it())  # we are gone

    def test_our_stream_goes_on_under_its_dialog(self, nuke: NukeLike) -> None:
        pieces, seen = Pieces("one ", "two"), list[str]()

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                pieces.go()
                yield lambda: "one" in said(pane)[1]
                watch = QTimer()
                dialog_open = [True]

                def look() -> None:
                    if "two" in said(pane)[1] and dialog_open:
                        dialog_open.clear()
                        seen.append("two, under the dialog")
                        nuke.app.activeModalWidget().accept()

                watch.timeout.connect(look)
                watch.start(1)
                pieces.go()
                nuke.neighbour.modal_dialog(until_accepted=True)
                watch.stop()
                yield lambda: not is_running(pane)

            nuke.play(script())
        assert seen == ["two, under the dialog"]


class TestTheHostIsNotTouched:
    def test_nothing_that_belongs_to_the_process_is_changed(self, nuke: NukeLike) -> None:
        app = nuke.app

        def of_the_process() -> list[object]:
            return [
                signal.getsignal(signal.SIGINT),
                signal.getsignal(signal.SIGTERM),
                sys.excepthook,
                threading.excepthook,
                sys.unraisablehook,
                faulthandler.is_enabled(),
                asyncio.get_event_loop_policy(),
                app.style().objectName(),
                app.styleSheet(),
                app.palette().cacheKey(),
                app.font().toString(),
                os.environ.get("QT_API"),
                list(sys.path),
                logging.getLogger().handlers[:],
                ssl.SSLContext,
            ]

        def script() -> Script:
            before = of_the_process()
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            ask(pane, "help")
            yield lambda: not is_running(pane)
            assert of_the_process() == before

        nuke.play(script())

    def test_no_code_that_runs_in_a_host_runs_or_ends_its_loop(self) -> None:
        package = Path(dock.__file__).parent
        files = [package / "dock.py", *(package / "presenters").glob("*.py"), *(package.parent / "ui").rglob("*.py")]
        theirs = {
            "exec",
            "exec_",
            "processEvents",
            "run_until_complete",
            "run_forever",
            "set_event_loop",
            "quit",
            "exit",
        }
        theirs |= {"set_event_loop_policy", "add_signal_handler", "set_wakeup_fd", "setApplicationName", "setQuitLock"}
        called = {
            f"{path.name}: {node.func.attr}"
            for path in files
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in theirs
        }
        assert len(files) > 20 and called == set()


class TestViewsComeAndGo:
    def test_a_hidden_pane_paints_nothing_and_its_stream_goes_on(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two")

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                pieces.go()
                yield lambda: "one" in said(pane)[1]
                nuke.hide_behind(pane)
                yield lambda: live_timers(pane) == []  # one counts 200 ms down, once
                pieces.go()
                yield lambda: "two" in said(pane)[1]
                assert live_timers(pane) == []
                nuke.bring_to_front(pane)
                yield lambda: not is_running(pane)
                assert said(pane) == ["hi", "one two"]

            nuke.play(script())

    def test_dragging_a_pane_changes_nothing(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two")

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                chat = pane.chat
                ask(pane, "hi")
                pieces.go()
                yield lambda: "one" in said(pane)[1]
                nuke.drag(pane)
                pieces.go()
                yield lambda: not is_running(pane)
                assert said(pane) == ["hi", "one two"] and pane.chat is chat and pane.isVisible()

            nuke.play(script())

    def test_a_closed_tab_is_reopened_with_its_conversation_and_the_answer_that_is_coming(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two ", "three")

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                pieces.go()
                yield lambda: "one" in said(pane)[1]
                pane.chat.composer.set_draft("the next question")
                nuke.close_tab(pane)
                pieces.go()
                again = nuke.open_pane()
                yield lambda: is_ready(again)
                assert again is not pane and isValid(pane)
                yield lambda: said(again) == ["hi", "one two"] or said(again) == ["hi", "one two "]
                assert again.chat.composer.draft() == "the next question"
                pieces.go()
                yield lambda: not is_running(again)
                assert said(again) == ["hi", "one two three"]
                assert said(pane) == [] and pane.chat is None  # Nuke keeps it; there is nothing in it

            nuke.play(script())

    def test_a_destroyed_pane_is_reopened_with_its_conversation(self, nuke: NukeLike) -> None:
        pieces = Pieces("one ", "two")

        with served(pieces) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                pieces.go()
                yield lambda: "one" in said(pane)[1]
                nuke.destroy(pane)
                pieces.go()
                yield lambda: nuke.docking.panel.app.scope.stats().running == 0
                again = nuke.open_pane()
                yield lambda: is_ready(again)
                assert said(again) == ["hi", "one two"]

            nuke.play(script())

    def test_a_pane_behind_another_tab_keeps_its_conversation(self, nuke: NukeLike) -> None:
        with served(answers("Hello")) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                yield lambda: not is_running(pane)
                other = nuke.open_pane()  # in front of the first
                yield lambda: is_ready(other)
                assert not pane.isVisible() and said(other) == [] and said(pane) == ["hi", "Hello"]

            nuke.play(script())

    def test_a_put_away_pane_that_is_seen_again_comes_to_life_again(self, nuke: NukeLike) -> None:
        with served(answers("Hello")) as server:
            answered_by(server)

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                yield lambda: not is_running(pane)
                page = pane.parentWidget()
                nuke.close_tab(pane)
                other = nuke.open_pane()
                yield lambda: is_ready(other)
                assert said(other) == ["hi", "Hello"]
                nuke.left.add(page, "AI Panel")
                yield lambda: is_ready(pane)
                assert said(pane) == []
                ask(pane, "again")
                yield lambda: not is_running(pane)
                assert said(other) == ["hi", "Hello"] and said(pane) == ["again", "Hello"]

            nuke.play(script())

    def test_a_restored_pane_that_is_never_seen_costs_nothing(self, nuke: NukeLike) -> None:
        def script() -> Script:
            pane = nuke.restore_pane()
            nuke.hide_behind(pane)  # before anything was painted
            ticks = nuke.neighbour.ticks
            yield lambda: nuke.neighbour.ticks > ticks + 20
            assert nuke.docking is None

        nuke.play(script())

    def test_a_pane_destroyed_at_any_moment_of_its_start_hurts_nothing(self, nuke: NukeLike) -> None:
        def moments(pane: Any) -> list[Any]:
            return [
                lambda: True,
                lambda: pane.seen,
                lambda: nuke.docking and nuke.docking.loop,
                lambda: pane.chat is not None,
                lambda: nuke.docking and nuke.docking.panel,
                lambda: is_ready(pane),
            ]

        def script() -> Script:
            for number in range(6):
                pane = nuke.open_pane()
                yield moments(pane)[number]
                nuke.destroy(pane)
            last = nuke.open_pane()
            yield lambda: is_ready(last)
            ask(last, "help")
            yield lambda: not is_running(last)

        nuke.play(script())


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
            ask(pane, "help")
            yield lambda: not is_running(pane)
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
                ask(pane, "help")
                yield lambda: not is_running(pane)
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

        nuke.play(script())
        go.set()

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


class TestQuitting:
    def test_a_host_that_quits_in_mid_stream_finds_everything_closed(self, nuke: NukeLike) -> None:
        with served(silent_after_a_token("Hello")) as server:
            answered_by(server)
            docking: list[Any] = []

            def script() -> Script:
                pane = nuke.open_pane()
                yield lambda: is_ready(pane)
                ask(pane, "hi")
                yield lambda: "Hello" in said(pane)[1]
                docking.append(nuke.docking)

            nuke.play(script())
            app = docking[0].panel.app
            assert docking[0].loop.is_closed() and nuke.docking is None
            assert app.scope.stats().running == 0 and app.providers.open_sessions == ()
            assert not nuke.panes[0].chat.composer.stop()

    def test_the_program_can_be_run_again_after_a_quit(self, nuke: NukeLike, unseen_errors: UnseenErrors) -> None:
        def script() -> Script:
            pane = nuke.open_pane()
            yield lambda: is_ready(pane)
            ask(pane, "help")
            yield lambda: not is_running(pane)

        nuke.play(script())
        nuke.play(script())
