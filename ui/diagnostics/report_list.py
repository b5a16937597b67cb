"""The reports of this session, newest first: filtered, one line a report, however often it came."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import cast

from PySide6.QtCore import QObject, QRectF, QSize, Signal
from PySide6.QtGui import QFontMetrics, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem, QWidget

from ..look.icons import draw_icon
from ..look.theme import Look
from ..parts.pick_list import place_of
from .steady_list import Index, RowDelegate, SteadyList, SteadyModel, draw_cut
from .values import ReportRow, Severity
from .words import at, counted

SEVERITY_GLYPHS: dict[Severity, tuple[str, str]] = {
    "error": ("cross", "bad"),
    "warning": ("warn", "text"),
    "notice": ("ring", "muted"),
}


class ReportModel(SteadyModel):
    """The reports of one severity, or of all, that contain every word of the filter."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._sought: dict[str, tuple[ReportRow, str]] = {}

    def key_of(self, row: object) -> Hashable:
        return cast(ReportRow, row).id

    def words_of(self, row: object) -> str:
        report = cast(ReportRow, row)
        return ", ".join((report.severity.capitalize(), report.message, often(report), at(report.last)))

    def filtered(self, reports: Sequence[ReportRow], severity: str, text: str) -> list[ReportRow]:
        """`severity` "": all."""
        words = text.casefold().split()
        found = [report for report in reports if not severity or report.severity == severity]
        if not words:
            return found
        searched = zip(found, self._texts(found), strict=True)
        return [report for report, text in searched if all(word in text for word in words)]

    def _texts(self, reports: Sequence[ReportRow]) -> list[str]:
        """What is searched, made once for each report: ten thousand are asked at each key stroke."""
        before, self._sought = self._sought, {}
        texts: list[str] = []
        for report in reports:
            known = before.get(report.id)
            text = known[1] if known and known[0] is report else _searched(report)
            self._sought[report.id] = (report, text)
            texts.append(text)
        return texts


def _searched(report: ReportRow) -> str:
    where = " ".join((*report.context.values(), *report.trace))
    return f"{report.message} {report.kind} {report.origin} {report.id} {where}".casefold()


class ReportList(SteadyList):
    """`chosen(report)`: the one in front, None when it has gone."""

    chosen = Signal(object)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        self.reports = ReportModel()
        super().__init__(self.reports, ReportDelegate(look), "Reports", parent)
        self.selectionModel().selectionChanged.connect(self._tell)
        look.changed.connect(self.scheduleDelayedItemsLayout)

    def show_reports(self, reports: Sequence[ReportRow]) -> None:
        """These, filtered already."""
        self.replace(reports)
        self._tell()

    def current(self) -> ReportRow | None:
        chosen = self.selectionModel().selectedIndexes()
        return cast("ReportRow | None", self.reports.row(chosen[0].row())) if chosen else None

    def _tell(self) -> None:
        self.chosen.emit(self.current())


class ReportDelegate(RowDelegate):
    """Message and clock above; kind, origin and how often below."""

    ICON = 14

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, self._look.theme.control + 20)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        report = index.data(SteadyModel.RowRole)
        if not isinstance(report, ReportRow):
            return
        area, state = place_of(option)
        theme, pad = self._look.theme, self.PAD
        painter.save()
        lit = self.paint_ground(painter, area, state)
        glyph, voice = SEVERITY_GLYPHS[report.severity]
        upper = area.adjusted(pad * 2 + self.ICON, 4, -pad, -4 - (area.height() - 8) // 2)
        lower = upper.translated(0, upper.height())
        middle = upper.center().y() - self.ICON / 2 + 1
        draw_icon(painter, glyph, theme.voice(voice), QRectF(area.left() + pad, middle, self.ICON, self.ICON))
        painter.setFont(theme.face(-1))
        painter.setPen(theme.text if lit else theme.muted)
        clock, times = at(report.last), often(report) if report.count > 1 else ""
        draw_cut(painter, upper, clock, right=True)
        draw_cut(painter, lower, times, right=True)
        metrics = QFontMetrics(painter.font())
        room = lower.adjusted(0, 0, -(metrics.horizontalAdvance(times) + 12 if times else 0), 0)
        draw_cut(painter, room, ", ".join(filter(None, (report.kind, report.origin))))
        painter.setFont(theme.face())
        painter.setPen(theme.text)
        draw_cut(painter, upper.adjusted(0, 0, -metrics.horizontalAdvance(clock) - 12, 0), report.message)
        painter.restore()


def often(report: ReportRow) -> str:
    return "once" if report.count == 1 else counted(report.count, "time")
