"""All that is known of one report: what happened how often, where, and the way there. May be copied."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from ..look.theme import Look
from ..parts.controls import ToolButton
from ..parts.frames import Card, Rule, column, grow, row
from ..parts.labels import Elided, Label
from .report_list import often
from .values import ReportRow
from .words import at


class ReportDetails(Card):
    """Hidden while no report is chosen."""

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(look, "code", parent)
        self._report: ReportRow | None = None
        self._title = Label(look, bold=True, wrap=True)
        self._times = Elided(look, "", "muted", -1)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setTabChangesFocus(True)
        self._text.setAccessibleName("Details of the report")
        self._text.document().setDocumentMargin(0)
        self._text.setMinimumHeight(look.theme.control * 2)
        self._text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
        self._text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        copy = ToolButton(look, "copy", "Copy this report")
        copy.clicked.connect(self._copy)
        head = row(grow(column(self._title, self._times, gap=2)), column(copy, None), margins=(11, 7, 5, 7))
        column(head, Rule(), grow(row(grow(self._text), margins=(11, 7, 3, 7))), gap=0, into=self)
        look.changed.connect(self._restyle)
        self._restyle()
        self.hide()

    def show_report(self, report: ReportRow | None) -> None:
        """A report that is shown already keeps its place and what is marked in it."""
        if report == self._report:
            return
        self._report = report
        self.setVisible(report is not None)
        if report is None:
            return
        self._title.setText(report.message)
        self._times.setText(times(report))
        text = details(report)
        if text != self._text.toPlainText():
            self._text.setPlainText(text)

    def whole(self) -> str:
        """What Copy gives."""
        report = self._report
        return "" if report is None else "\n".join((report.message, times(report), details(report)))

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.whole())

    def _restyle(self) -> None:
        self._text.setFont(self.look.theme.face(mono=True))


def times(report: ReportRow) -> str:
    """ "Once, 14:02:11", or "12 times, first 14:02:11, last 14:05:40"."""
    if report.count == 1:
        return f"{report.severity.capitalize()}, once, {at(report.last)}"
    return f"{report.severity.capitalize()}, {often(report)}, first {at(report.first)}, last {at(report.last)}"


def details(report: ReportRow) -> str:
    lines = [f"{report.kind}  {report.id}", f"in {report.origin}" if report.origin else ""]
    lines += [f"{name}: {value}" for name, value in report.context.items()]
    lines += ["", *report.trace] if report.trace else []
    return "\n".join(line for line in lines if line or report.trace).strip()
