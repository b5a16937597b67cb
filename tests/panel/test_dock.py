"""The pane in a program that owns Qt's loop: in its menu, answering, and harmless to everything else there."""

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
from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from fault_server import answers
from host_harness import NukeLike, Script, answered, ask, is_ready, is_running, opened, said, streaming
from nuke_ai_panel.panel import dock
from PySide6.QtCore import QTimer
from thread_server import Pieces


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
            pane = yield from opened(nuke)
            yield from answered(pane, "What does this script do?")
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
            pane = yield from opened(nuke)
            yield from answered(pane, "What does this script do?")
            assert seen == [["What does this script do?"]] * 2

        nuke.play(script())

    def test_several_panes_have_a_conversation_each(self, nuke: NukeLike) -> None:
        with answering(answers("Hello", " you")):

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
            pane = yield from opened(nuke)
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

        with answering(pieces):

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

        with answering(pieces):

            def script() -> Script:
                pane = yield from streaming(nuke, pieces)
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
            pane = yield from opened(nuke)
            yield from answered(pane, "help")
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
