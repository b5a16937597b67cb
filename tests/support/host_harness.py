"""A program like Nuke, whose Qt loop is not ours: a window with a viewer and tabs, a second plug-in, and a quit.

Owns what Nuke does to panes: each made anew, closed tabs hidden and kept, dragged ones out of their parents for a
moment. What happens and when is a script, a generator that gives the conditions it waits for:

    def script(nuke):
        pane = nuke.open_pane()
        yield lambda: pane.chat
        nuke.close_tab(pane)

    nuke.play(script(nuke))

`python tests/support/host_harness.py --show` opens it for driving by hand.
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from host_neighbour import Neighbour, Script
from host_scenery import NodeGraph, Tabs, TextBox, Viewer, host_palette
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QMainWindow,
    QVBoxLayout,
)
from PySide6.QtWidgets import QWidget as Widget

FAKES = Path(__file__).parent.parent / "fakes"
PATIENCE = 15.0
"""Seconds that a script waits for one condition."""


class NukeLike(QObject):
    """The program. `nuke` is the fake module; the pane is registered as `menu.py` does it."""

    def __init__(self, app: QApplication, nuke: Any) -> None:
        super().__init__()
        self.app = app
        self.nuke = nuke
        self.nukescripts = importlib.import_module("nukescripts")
        self.nukescripts._reset()
        self.nukescripts.panels._dock = self._dock
        self.window = QMainWindow()
        self.left, self.right = Tabs(), Tabs()
        self.left.add(Viewer(), "Viewer1")
        self.right.setFixedWidth(380)
        middle = Widget()
        row = QHBoxLayout(middle)
        row.setContentsMargins(4, 4, 4, 4)
        self._left_column = QVBoxLayout()
        self._left_column.addWidget(self.left, 3)
        row.addLayout(self._left_column, 1)
        row.addWidget(self.right)
        self.window.setCentralWidget(middle)
        self.window.resize(1180, 760)
        self.neighbour = Neighbour(app)
        self.panes: list[Any] = []
        """Every widget that was made: closed tabs stay where Nuke leaves them."""
        self._pages: list[Widget] = []  # or Python would destroy what a stack gives up
        self.errors: list[BaseException] = []
        self.player = QTimer()
        """Looks every millisecond whether the script can go on."""
        self.player.timeout.connect(self._step)
        self._condition: Callable[[], object] = _never

    @property
    def docking(self) -> Any:
        """The one of the process; made by its first pane that is seen, else None."""
        return _docking(self.app)

    def play(self, script: Script) -> int:
        """Runs the host until the script ends, then quits it. Its error is raised here."""
        self._script, self._condition, self._since = script, _at_once, time.monotonic()
        self.player.start(1)
        self.window.show()
        code = self.app.exec()
        self.player.stop()
        if self.errors:
            raise self.errors[0]
        return code

    def open_pane(self) -> Any:
        """A pick in the Pane menu."""
        self.nuke.menu("Pane").findItem("AI Panel").invoke()
        return self.panes[-1]

    def show_node_graph(self, rows: Sequence[Any]) -> None:
        """Below the viewer."""
        graph = Tabs()
        graph.add(NodeGraph(rows), "Node Graph")
        self._left_column.addWidget(graph, 2)

    def open_text_box(self) -> TextBox:
        """The simplest pane there is, for comparison."""
        box = TextBox()
        self._dock(box, "Text", "text_box")
        return box

    def restore_pane(self) -> Any:
        """A workspace that names the pane."""
        from nuke_ai_panel.panel.dock import PANEL_ID

        self.nukescripts.panels.restorePanel(PANEL_ID)
        return self.panes[-1]

    def hide_behind(self, pane: Any) -> None:
        """Another tab is brought to the front."""
        tabs, page = self._place_of(pane)
        front = next((i for i in range(tabs.stack.count()) if tabs.stack.widget(i) is not page), None)
        if front is None:
            tabs.add(Widget(), "Properties")
        else:
            tabs.bar.setCurrentIndex(front)

    def bring_to_front(self, pane: Any) -> None:
        tabs, page = self._place_of(pane)
        tabs.show_page(page)

    def close_tab(self, pane: Any) -> None:
        tabs, page = self._place_of(pane)
        tabs.take(page)

    def drag(self, pane: Any) -> None:
        """To the other side: hidden, out of all parents, shown again."""
        tabs, page = self._place_of(pane)
        title = tabs.bar.tabText(tabs.stack.indexOf(page))
        tabs.take(page)
        page.setParent(None)
        (self.left if tabs is self.right else self.right).add(page, title)

    def float(self, pane: Any) -> None:
        """Into a window of its own."""
        tabs, page = self._place_of(pane)
        tabs.take(page)
        window = Tabs()
        window.setParent(self.window, Qt.WindowType.Tool)
        window.add(page, "AI Panel")
        window.resize(420, 600)
        window.show()

    def dock_again(self, pane: Any) -> None:
        page = pane.parentWidget()
        window = page.window()
        window.take(page)
        self.right.add(page, "AI Panel")
        window.close()
        window.deleteLater()

    def destroy(self, pane: Any) -> None:
        import shiboken6

        self.panes.remove(pane)
        page = pane.parentWidget()
        self._pages.remove(page)
        for tabs in (self.left, self.right):
            if tabs.stack.indexOf(page) >= 0:
                tabs.take(page)
        shiboken6.delete(page)

    def close(self) -> None:
        """The program's end: the window goes with everything in it."""
        import shiboken6

        self.neighbour.stop()
        self.panes.clear()
        self._pages.clear()
        self.nukescripts._reset()
        shiboken6.delete(self.window)

    def _dock(self, widget: Any, title: str, panel_id: str) -> None:
        page = Widget()
        page.setObjectName(panel_id)
        layout = QVBoxLayout(page)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(widget)
        self.panes.append(widget)
        self._pages.append(page)
        self.right.add(page, title)

    def _place_of(self, pane: Any) -> tuple[Tabs, Widget]:
        page = pane.parentWidget()
        return next(tabs for tabs in (self.left, self.right) if tabs.stack.indexOf(page) >= 0), page

    def _step(self) -> None:
        if self._script.gi_running:
            return  # it has a modal dialog open
        try:
            if self._condition():
                self._condition, self._since = next(self._script), time.monotonic()
            elif time.monotonic() - self._since > PATIENCE:
                line = self._script.gi_frame.f_lineno
                raise AssertionError(f"waited in vain at line {line} of the script")
        except StopIteration:
            self._end()
        except BaseException as error:
            self.errors.append(error)
            self._end()

    def _end(self) -> None:
        self._condition = _never  # nothing more is played while the program ends
        self.app.exit()


def is_ready(pane: Any) -> bool:
    """Whether it can be asked."""
    docking = _docking(QApplication.instance())
    return docking is not None and docking.panel is not None and pane.chat is not None and not docking._starting


def opened(nuke: NukeLike) -> Generator[Callable[[], object], None, Any]:
    """A pane that can be asked: `pane = yield from opened(nuke)`."""
    pane = nuke.open_pane()
    yield lambda: is_ready(pane)
    return pane


def streaming(nuke: NukeLike, pieces: Any) -> Generator[Callable[[], object], None, Any]:
    """A pane with a question, and of the answer the first of its pieces, "one "."""
    pane = yield from opened(nuke)
    ask(pane, "hi")
    pieces.go()
    yield lambda: "one" in said(pane)[1]
    return pane


def answered(pane: Any, question: str) -> Script:
    """Asks, up to the end of the answer."""
    ask(pane, question)
    yield lambda: not is_running(pane)


def works(pane: Any) -> Script:
    """It comes to life and answers."""
    yield lambda: is_ready(pane)
    yield from answered(pane, "help")
    assert said(pane)[-1]


def ask(pane: Any, question: str) -> None:
    pane.chat.composer.set_draft(question)
    pane.chat.composer.submit()


def said(pane: Any) -> list[str]:
    """The transcript: questions as they are, answers as far as they have come."""
    messages = pane.chat.view.messages if pane.chat else []
    return [view.markdown if hasattr(view, "markdown") else view.text for view in messages]


def is_running(pane: Any) -> bool:
    """Whether its newest answer has not ended."""
    return pane.chat.view.messages[-1].running


def _docking(app: Any) -> Any:
    from nuke_ai_panel.panel.dock import Docking

    return Docking.find(app)


def _at_once() -> bool:
    return True


def _never() -> bool:
    return False


def load_fakes() -> Any:
    """For a process of its own: from here on `import nuke` gives the fake."""
    sys.path.insert(0, str(FAKES))
    return importlib.import_module("nuke")


def show() -> None:
    """Open, until its window is closed."""
    from nuke_ai_panel.panel import dock

    app = QApplication(sys.argv[:1])
    host_palette(app)
    program = NukeLike(app, load_fakes())
    dock.register()
    menu = program.window.menuBar().addMenu("Pane")
    menu.addAction("AI Panel", program.open_pane)
    neighbour = program.window.menuBar().addMenu("Neighbour")
    neighbour.addAction("asyncio.run()", lambda: print(program.neighbour.asyncio_run()))
    neighbour.addAction("Modal dialog", lambda: print(program.neighbour.modal_dialog()))
    program.right.bar.setTabsClosable(True)
    program.right.bar.tabCloseRequested.connect(lambda i: program.right.take(program.right.stack.widget(i)))
    program.window.setAttribute(Qt.WidgetAttribute.WA_QuitOnClose)
    program.window.show()
    program.open_pane()
    sys.exit(app.exec())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--show", action="store_true", required=True)
    parser.parse_args()
    show()
