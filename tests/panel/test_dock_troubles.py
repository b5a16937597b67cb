"""What happens to a pane between its start and its end: modules are reloaded, scripts go, Nuke renders."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

import importlib
import sys
from typing import Any

import pytest
from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from host_harness import NukeLike, Script, answered, ask, is_running, opened, said, streaming, works
from nuke_ai_panel.panel import dock
from PySide6.QtCore import QObject
from thread_server import Pieces


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
            yield from opened(nuke)
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


class TestTheScriptGoes:
    def test_it_is_closed_while_an_answer_streams_in(self, nuke: NukeLike) -> None:
        nuke.nuke.scriptReadText("Grade {\n inputs 0\n name Grade1\n}\n")
        nuke.nuke.root()._own("name")._raw = "/shots/comp_v002.nk"
        pieces = Pieces("one ", "two")
        with answering(pieces):

            def script() -> Script:
                pane = yield from streaming(nuke, pieces)
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
            pane = yield from opened(nuke)
            with monkeypatch.context() as patch:
                patch.setattr(nuke.nuke, "root", busy)
                ask(pane, "What does this script do?")
                nuke.neighbour.modal_dialog()
                yield lambda: not is_running(pane)
            assert "Nuke is busy" in said(pane)[1]
            yield from answered(pane, "What does this script do?")
            assert "1 node" in said(pane)[3]

        nuke.play(script())
