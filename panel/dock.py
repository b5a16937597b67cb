"""The pane in Nuke: registers it, and makes the one Application of the process on first use.

Owns the life of the panel inside a host, whose Qt loop, palette, signals and hooks are never touched:

    menu.py       register()         an entry in the Pane menu; nothing is imported, nothing runs
    Pane menu     DockedPane()       an empty widget, which paints at once
    first paint   Docking.admit()    a thread imports the widgets, then the services; then the pane comes to life
    aboutToQuit   Docking.quit()     everything is closed within a second, and the loop detached

Nuke makes a new widget each time, hides the old one when its tab is closed, and destroys none: a pane is only a view.
"""

from __future__ import annotations

import atexit
import contextlib
import importlib
import logging
import sys
import threading
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from ..ui.late_pane import LatePane

if TYPE_CHECKING:
    import asyncio

    from ..providers.errors import Problem
    from .loop import PanelLoop
    from .presenters.panel import Panel
    from .tasks import TaskScope

TITLE = "AI Panel"
PANEL_ID = "nuke_ai_panel.pane"
"""Workspace files hold it: it never changes."""
EXPRESSION = f"__import__({__name__!r}, fromlist=['DockedPane']).DockedPane"
"""Nuke evaluates it for each new pane, in its own main namespace."""
FIRST = ("..ui.chat_pane", ".loop", ".tasks", ".presenters.starting", ".hosts.nuke")
"""What a pane is made of before its services."""
STARTING = 0.1
"""Seconds that a start which is still under way gets when the host quits."""
CLOSING = 1.0
"""Seconds for everything to end when the host quits."""

log = logging.getLogger("nuke_ai_panel")


def register() -> None:
    """Puts the pane into Nuke's Pane menu. For `menu.py`; where that fails one line is printed, and Nuke goes on."""
    if not getattr(sys.modules.get("nuke"), "GUI", False):
        return
    try:
        from nukescripts import panels  # pyright: ignore[reportMissingImports, reportUnknownVariableType]

        panels.registerWidgetAsPanel(EXPRESSION, TITLE, PANEL_ID)  # pyright: ignore[reportUnknownMemberType]
    except (ImportError, AttributeError, RuntimeError, TypeError) as error:
        print(f"nuke_ai_panel: the pane could not be registered: {error}", file=sys.stderr)


class DockedPane(LatePane):
    """What Nuke puts into a tab. It has nothing in it until it is seen, and again when it was put away for good."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(TITLE, parent)
        self.wanted.connect(self._admit)

    def _admit(self) -> None:
        try:
            Docking.of_this_process().admit(self)
        except BaseException as error:  # Nuke would show a traceback
            self.say(_not_loaded(error))


class Docking(QObject):
    """The loop and the services in a host, and the panes that wait for them. Made by the first pane that is seen.

    It is a child of the host's QApplication, where this module finds it again after `importlib.reload`, and a second
    copy of the whole package as well: whatever is reloaded, one process has one Application.
    """

    NAME = "nuke_ai_panel.docking"

    _imported = Signal(object)
    """Carries None or what is wrong. From the importing thread."""

    def __init__(self, host: QCoreApplication) -> None:
        super().__init__(host)
        self.setObjectName(self.NAME)
        self.panel: Panel | None = None
        self.loop: PanelLoop | None = None
        self.closed = False
        self._host = host
        self._scope: TaskScope | None = None
        self._waiting: list[LatePane] = []
        self._importing = False
        self._starting = False
        self._imported.connect(self._begin)
        host.aboutToQuit.connect(self.quit)

    @classmethod
    def of_this_process(cls) -> Docking:
        """Raises RuntimeError without a QApplication."""
        host = QCoreApplication.instance()
        if host is None:
            raise RuntimeError("A pane needs a running QApplication")
        return cls.find(host) or cls(host)

    @classmethod
    def find(cls, host: QCoreApplication) -> Docking | None:
        """The one of the process, until the host quits. It may be of an earlier copy of this class."""
        found: Any = host.findChild(QObject, cls.NAME, Qt.FindChildOption.FindDirectChildrenOnly)
        return found

    def admit(self, pane: QWidget) -> None:
        """Brings a pane to life as soon as there is something to live on. Raises RuntimeError where nothing can be."""
        if self.closed:
            return
        if not isinstance(pane, LatePane):  # a second copy of the package: its classes are others, and nothing fits
            raise RuntimeError("it was imported a second time while it runs")
        if self._scope is not None:
            pane.fill()
        elif not self._importing:
            threading.Thread(target=self._import, name="nuke-ai-panel import", daemon=True).start()
            self._importing = True
        self._waiting.append(pane)
        self._start()

    def quit(self) -> None:
        """Ends everything, in order. Qt may say `aboutToQuit` twice, and while a callback of ours is on the stack."""
        if self.closed:
            return
        self.closed = True
        self.setParent(None)
        self._host.aboutToQuit.disconnect(self.quit)
        self._waiting.clear()
        loop, scope = self.loop, self._scope
        if loop is None or scope is None:
            return
        atexit.unregister(self._at_exit)
        ended: asyncio.Future[object] = loop.create_future()
        # Behind the scope, which tells by the same way that it failed: afterwards the loop does not run any more.
        scope.start(self._close(scope), name="close").add_done_callback(ended.set_result)
        if not loop.finish(ended, CLOSING):
            log.error("Closing took longer than %s s", CLOSING)
        loop.detach()

    async def _close(self, scope: TaskScope) -> None:
        await scope.close(STARTING)
        if self.panel is not None:
            await self.panel.close()

    def _at_exit(self) -> None:
        """Python ends, and the host has never said that it quits: nothing can be awaited, and nobody is to be told."""
        if self.loop is not None:
            self.loop.set_exception_handler(_say_nothing)

    def _import(self) -> None:
        trouble: BaseException | None = None
        try:
            for name in FIRST:
                importlib.import_module(name, __package__)
        except BaseException as error:  # whatever it is, it is told in the pane
            trouble = error
        with contextlib.suppress(RuntimeError):  # the process has ended meanwhile
            self._imported.emit(trouble)

    def _begin(self, trouble: BaseException | None) -> None:
        self._importing = False
        if self.closed:
            return
        try:
            if trouble is not None:
                raise trouble
            self._attach()
            for pane in filter(isValid, self._waiting):
                pane.fill()
        except BaseException as error:  # such as a loop for which the host has no descriptor left
            _log_trouble("start", error)
            for pane in self._take_waiting():
                pane.say(_not_loaded(error))
        self._start()

    def _attach(self) -> None:
        from .loop import PanelLoop
        from .tasks import TaskScope

        self.loop = PanelLoop(self._host).attach()
        self._scope = TaskScope("dock", on_failure=self._failed, loop=self.loop)
        atexit.register(self._at_exit)

    def _start(self) -> None:
        if self._scope is not None and self._waiting and not self._starting:
            self._starting = True
            self._scope.start(self._bring_to_life(), name="start")

    async def _bring_to_life(self) -> None:
        if self.panel is None:
            from .hosts.nuke import NukeHost
            from .presenters.starting import start_panel

            host = NukeHost()
            self.panel = await start_panel("nuke")
            self.panel.app.host = host
            self.panel.warm_up()
        while self._waiting:
            if isValid(pane := self._waiting[0]):
                presenter = self.panel.present(pane.fill())
                presenter.conversation.given_up.connect(pane.empty_out)
            del self._waiting[0]
        self._starting = False

    def _failed(self, _: str, error: BaseException) -> None:
        _log_trouble("close" if self.closed else "start", error)
        self._starting = False
        for pane in self._take_waiting():
            pane.tell(_not_started(error))

    def _take_waiting(self) -> list[LatePane]:
        """Those that have not been destroyed meanwhile."""
        waiting, self._waiting = self._waiting, []
        return [pane for pane in waiting if isValid(pane)]


def _log_trouble(what: str, error: BaseException) -> None:
    """One line: in a host it goes to the artist's terminal."""
    log.error("The panel could not %s: %r", what, error)
    log.debug("Where that was", exc_info=error)


def _not_loaded(error: BaseException) -> str:
    why = str(error) or type(error).__name__
    return f"The panel could not be loaded: {why}. Restart Nuke; if that does not help, reinstall the panel."


def _not_started(error: BaseException) -> Problem:
    from ..providers.errors import Problem

    why = f"{type(error).__name__}: {error}"
    return Problem("not_started", "error", "The panel could not start", why, "If a retry does not help, reinstall it.")


def _say_nothing(_: asyncio.AbstractEventLoop, __: dict[str, Any]) -> None:
    pass
