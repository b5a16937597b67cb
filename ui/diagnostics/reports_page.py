"""What went wrong in this session: a list with filters, one report in full, and how the session before it ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from ..look.icons import Glyph
from ..look.theme import Look
from ..parts.choice_field import ChoiceField
from ..parts.controls import Button
from ..parts.flow import FlowLayout
from ..parts.frames import Card, column, grow, row
from ..parts.labels import Elided, Label
from ..settings.page import Page
from .report_details import ReportDetails
from .report_list import ReportList
from .values import LastSession, ReportRow
from .words import counted

NOTHING = "Nothing went wrong in this session."
NO_MATCH = "No report matches."
_CHOICES = (("", "All severities"), ("error", "Errors"), ("warning", "Warnings"), ("notice", "Notices"))


class ReportsPage(Page):
    """`last_session_wanted`: the notice's Show; `copy_wanted`: its Copy."""

    last_session_wanted = Signal()
    copy_wanted = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, parent)
        self._reports: tuple[ReportRow, ...] = ()
        self._count = Elided(look, "", "muted", -1)
        self.severity = ChoiceField(look, "Severity", _CHOICES, "")
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setAccessibleName("Filter the reports by words")
        self.filter.setClearButtonEnabled(False)
        self.notice = Notice(look)
        self.list = ReportList(look)
        self.details = ReportDetails(look)
        self._nothing = Glyph(look, "check", "ok", size=14)
        self._words = Label(look, NOTHING, "muted", wrap=True)
        self._empty = column(row(column(self._nothing, None), grow(self._words)), None)
        self._filters = row(self.severity, grow(self.filter))
        self._build()
        self.severity.picked.connect(self._refilter)
        self.filter.textChanged.connect(self._refilter)
        self.list.chosen.connect(self.details.show_report)
        self.notice.show_clicked.connect(self.last_session_wanted)
        self.notice.copy_clicked.connect(self.copy_wanted)
        look.changed.connect(self._restyle)
        self._restyle()
        self._refilter()

    def _build(self) -> None:
        control = self._look.theme.control
        self.list.setMinimumHeight(3 * (control + 20))
        self.details.setMinimumHeight(6 * control)
        parts = (self.notice, self._filters, grow(self.list), grow(self._empty), grow(self.details))
        self._add(row(Label(self._look, "Reports", delta=3, bold=True), None, self._count, height=control), 16)
        self._layout.addWidget(column(*parts), 1)

    def show_reports(self, reports: tuple[ReportRow, ...]) -> None:
        """All of this session, newest first."""
        if reports != self._reports:
            self._reports = reports
            self._count.setText(severities(reports) if reports else "")
            self._refilter()

    def show_last_session(self, session: LastSession | None) -> None:
        self.notice.show_session(session)

    def _refilter(self) -> None:
        found = self.list.reports.filtered(self._reports, self.severity.value, self.filter.text())
        self.list.show_reports(found)
        self._filters.setVisible(bool(self._reports))
        self.list.setVisible(bool(found))
        self._empty.setVisible(not found)
        self._nothing.setVisible(not self._reports)
        self._words.setText(NO_MATCH if self._reports else NOTHING)

    def _restyle(self) -> None:
        self.filter.setFont(self._look.theme.face())
        self.severity.setFixedWidth(self.severity.sizeHint().width())


class Notice(Card):
    """The session before this one did not end in order. Hidden where it did, or where there was none."""

    show_clicked = Signal()
    copy_clicked = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "alert", parent)
        self._title = Label(look, bold=True, wrap=True)
        self._summary = Label(look, "", "muted", wrap=True)
        show, copy = Button(look, "Show"), Button(look, "Copy", "quiet")
        show.clicked.connect(self.show_clicked)
        copy.clicked.connect(self.copy_clicked)
        buttons = QWidget()
        wrapping = FlowLayout(buttons, gap=8)
        wrapping.setContentsMargins(0, 4, 0, 0)
        wrapping.addWidget(show)
        wrapping.addWidget(copy)
        words = column(self._title, self._summary, buttons, gap=4)
        row(column(Glyph(look, "warn", "text"), None), grow(words), margins=(11, 11, 11, 11), into=self)
        self.hide()

    def show_session(self, session: LastSession | None) -> None:
        if session and not session.in_order:
            self._title.setText(session.title)
            self._summary.setText(session.summary)
            self._summary.setVisible(bool(session.summary))
        self.setVisible(bool(session) and not (session and session.in_order))


def severities(reports: Sequence[ReportRow], most: int = 3) -> str:
    """ "3 errors, 1 warning", the `most` severest: reports, however often each came."""
    counts = Counter(report.severity for report in reports)
    words = [counted(counts[severity], severity) for severity in ("error", "warning", "notice") if counts[severity]]
    return ", ".join(words[:most]) or "Nothing went wrong"
