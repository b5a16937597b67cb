"""The diagnostics dialog: a list of pages, the page in front, and a bundle for whoever helps.

Takes values and gives signals. It asks for new figures twice a second while somebody can see it, and shows them on the
page in front only; the others get the last ones when they come in front.
"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from ..look.surface import Surface
from ..look.theme import Look
from ..parts.beside import Beside, Foot
from ..parts.controls import Button
from ..parts.frames import column
from ..parts.own_keys import claims
from ..settings.page_list import ListEntry, SettingsList
from ..settings.values import ProviderState
from .connections_page import ConnectionsPage
from .facts_page import FactsPage
from .last_session_page import LastSessionPage
from .log_page import LogPage
from .loop_page import LoopPage
from .loop_page import summary as loop_summary
from .reports_page import ReportsPage, severities
from .task_list import summary as task_summary
from .tasks_page import TasksPage
from .values import FactSection, Figures, LastSession
from .words import counted

EVERY_MS = 500


class DiagnosticsDialog(QDialog):
    """Not modal: `show()` it. Esc closes.

    `figures_wanted`: show newer ones. `surroundings_wanted`: look at folders, keyring and servers again.
    `bundle_wanted`, `last_session_wanted`: put them into the clipboard, then `set_status`. `level_changed(value)`.
    `sink_wanted(name)`: it is to try again. `recording_wanted(connection)`: "" ends it; `recordings_wanted`: show the
    folder.
    """

    figures_wanted = Signal()
    surroundings_wanted = Signal()
    bundle_wanted = Signal()
    last_session_wanted = Signal()
    level_changed = Signal(str)
    sink_wanted = Signal(str)
    recording_wanted = Signal(str)
    recordings_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._figures = Figures()
        self.setWindowTitle("Diagnostics")
        self.setModal(False)
        self._timer = QTimer(self)
        self._timer.setInterval(EVERY_MS)
        self._timer.timeout.connect(self.figures_wanted)
        self.reports = ReportsPage(look)
        self.tasks = TasksPage(look)
        self.connections = ConnectionsPage(look)
        self.loop = LoopPage(look)
        self.log = LogPage(look)
        self.system = FactsPage(look, "System", again="Look again")
        self.last_session = LastSessionPage(look)
        self._copy = Button(look, "Copy &redacted bundle")
        self._close = Button(look, "&Close")
        self._foot = Foot(look, "", self._copy, self._close)
        self._status = self._foot.words
        self.list = SettingsList(look)
        self.list.setAccessibleName("Diagnostics pages")
        self.pages = Beside(look, self.list, self._foot)
        self._build()
        self._connect()
        self.show_page("reports")

    def _build(self) -> None:
        for page_id, name, page in (
            ("reports", "Reports", self.reports),
            ("tasks", "Tasks", self.tasks),
            ("connections", "Connections", self.connections),
            ("loop", "Loop", self.loop),
            ("log", "Log", self.log),
            ("system", "System", self.system),
            ("last_session", "Last session", self.last_session),
        ):
            self.pages.add(page_id, page)
            self.list.put(ListEntry(page_id, name, "unset"))
        surface = Surface(self._look, self)
        column(self.pages, gap=0, into=surface)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        # The page's least width depends on how it is laid out, and that on the width.
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        layout.addWidget(surface)
        self.setMinimumSize(300, 320)
        self.resize(828, 640)

    def _connect(self) -> None:
        self.list.page_chosen.connect(self._turn_to)
        self.reports.last_session_wanted.connect(self._turn_to_last_session)
        self.reports.copy_wanted.connect(self.last_session_wanted)
        self.last_session.copy_clicked.connect(self.last_session_wanted)
        self.system.again_clicked.connect(self.surroundings_wanted)
        self.log.level_changed.connect(self.level_changed)
        self.log.again_wanted.connect(self.sink_wanted)
        self.connections.recording.wanted.connect(self.recording_wanted)
        self.connections.recording.folder_wanted.connect(self.recordings_wanted)
        self._copy.clicked.connect(self.bundle_wanted)
        self._close.clicked.connect(self.close)

    def show_page(self, page_id: str) -> None:
        self.list.select(page_id)

    def show_figures(self, figures: Figures) -> None:
        self._figures = figures
        self._say_all()
        self._fill(self.pages.current)

    def show_surroundings(self, sections: Sequence[FactSection], words: str) -> None:
        """Versions, folders, keyring, servers; `words` for the list of pages."""
        self.system.show_sections(sections)
        bad = any(fact.state == "bad" for section in sections for fact in section.facts)
        self.show_system_words("failed" if bad else "ready", words)

    def show_looking(self) -> None:
        """The surroundings are being looked at."""
        self.show_system_words("busy", "Looking\u2026")

    def show_system_words(self, state: ProviderState, words: str) -> None:
        """In the list of pages; while it is "busy", nobody can ask to look again."""
        self.system.set_busy(state == "busy")
        self._say(ListEntry("system", "System", state, words))

    def show_last_session(self, session: LastSession | None) -> None:
        self.reports.show_last_session(session)
        self.last_session.show_session(session)
        state = "unset" if session is None else "ready" if session.in_order else "failed"
        words = "None found" if session is None else session.words
        self._say(ListEntry("last_session", "Last session", state, words))

    def set_status(self, words: str) -> None:
        """The line at the bottom: what was copied, or why something was not saved."""
        self._foot.say(words)

    def _say_all(self) -> None:
        figures, say = self._figures, self._say
        failed = any(report.severity == "error" for report in figures.reports)
        say(ListEntry("reports", "Reports", "failed" if failed else "ready", severities(figures.reports, most=2)))
        say(ListEntry("tasks", "Tasks", "ready", task_summary(figures.scopes)))
        say(ListEntry("loop", "Loop", "ready" if figures.loop else "unset", loop_summary(figures.loop)))
        open_now = sum(len(section.facts) for section in figures.connections[:1])
        words = counted(open_now, "provider") if open_now else "None open"
        recorded = bool(figures.recording.current)
        say(ListEntry("connections", "Connections", "ready", f"{words}, recording" if recorded else words))
        hurt = any(fact.state == "bad" for fact in figures.sinks.facts)
        sinks = counted(len(figures.sinks.facts), "sink")
        say(ListEntry("log", "Log", "failed" if hurt else "ready", f"{sinks}, trouble" if hurt else sinks))

    def _fill(self, page: str) -> None:
        figures = self._figures
        if page == "reports":
            self.reports.show_reports(figures.reports)
        elif page == "tasks":
            self.tasks.show_scopes(figures.scopes)
        elif page == "connections":
            self.connections.show_sections(figures.connections)
            self.connections.recording.show_figures(figures.recording)
        elif page == "loop":
            self.loop.show_figures(figures.loop)
        elif page == "log":
            self.log.show_level(figures.log_level)
            self.log.show_sinks(figures.sinks, figures.stuck)

    def _say(self, entry: ListEntry) -> None:
        """What the list says of a page."""
        if self.list.entry(entry.id) != entry:
            self.list.put(entry)

    def _turn_to(self, page_id: str) -> None:
        self._fill(page_id)
        self.pages.show_page(page_id)

    def _turn_to_last_session(self) -> None:
        self.show_page("last_session")

    def event(self, event: QEvent) -> bool:
        return claims(event) or super().event(event)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._heed_sight()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._heed_sight()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.WindowStateChange:
            self._heed_sight()

    def _heed_sight(self) -> None:
        """Figures come while somebody can see them."""
        seen = self.isVisible() and not self.isMinimized()
        if seen and not self._timer.isActive():
            self._timer.start()
            self.figures_wanted.emit()
        elif not seen:
            self._timer.stop()
