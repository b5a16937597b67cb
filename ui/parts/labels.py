"""Words that are only read: one line, wrapped lines, and one line that gives way."""

from __future__ import annotations

from math import ceil

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from ..look.theme import Look

PROSE_PITCH = 1.38
SECOND_PITCH = 1.28
"""Line height over font height: of prose, and of the second voice (one pixel smaller)."""
REMEMBERED = 8
"""Widths whose height a label remembers: one pass of a layout asks for the same few again and again."""


class _Words(QLabel):
    """A label in a voice and a face of the theme."""

    def __init__(
        self, look: Look, text: str, voice: str, delta: int, bold: bool, mono: bool, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._look, self._delta, self._bold, self._mono = look, delta, bold, mono
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("voice", voice)
        self.setText(text)
        look.changed.connect(self._restyle)

    @property
    def voice(self) -> str:
        return str(self.property("voice"))

    def set_voice(self, voice: str, *, bold: bool | None = None) -> None:
        if bold is not None:
            self._bold = bold
        self.setProperty("voice", voice)
        self._restyle()

    def _restyle(self) -> None:
        self.setFont(self._look.theme.face(self._delta, bold=self._bold, mono=self._mono))
        self.updateGeometry()
        self.update()

    def _pen(self, painter: QPainter) -> None:
        theme = self._look.theme
        painter.setPen(theme.voice(self.voice) if self.isEnabled() else theme.faint)
        painter.setFont(self.font())


class Label(_Words):
    """Plain text. `wrap`: as many lines as the width asks for, with the space of the line height only between them.

    (QLabel's own rich text puts that space below the last line as well, and cards then look bottom-heavy.)
    """

    def __init__(
        self,
        look: Look,
        text: str = "",
        voice: str = "",
        delta: int = 0,
        *,
        bold: bool = False,
        mono: bool = False,
        wrap: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(look, text, voice, delta, bold, mono, parent)
        if wrap:
            self.setWordWrap(True)
            # Not Fixed: that would hold the height of the hint, which is one width's only.
            self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        policy = self.sizePolicy()
        policy.setHeightForWidth(wrap)
        self.setSizePolicy(policy)
        self._heights: dict[tuple[int, str, str], int] = {}
        self._restyle()

    def heightForWidth(self, width: int) -> int:
        if not self.wordWrap():
            return -1
        asked = (width, self.text(), self.font().key())
        if asked not in self._heights:
            if len(self._heights) >= REMEMBERED:
                self._heights.clear()
            self._heights[asked] = self._height(self._lines(width).lineCount())
        return self._heights[asked]

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        flags = Qt.TextFlag.TextShowMnemonic if self.buddy() else Qt.TextFlag.TextSingleLine
        if not self.wordWrap():
            return QSize(metrics.size(flags, self.text(), 0).width() + 1, metrics.height())
        width = min(metrics.horizontalAdvance(self.text()) + 1, 36 * self._look.theme.base)
        return QSize(width, self.heightForWidth(width))

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(20, QFontMetrics(self.font()).height()) if self.wordWrap() else hint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._pen(painter)
        if self.wordWrap():
            lines = self._lines(self.width())
            lines.draw(painter, QPointF(0, max(0, self.height() - self._height(lines.lineCount())) // 2))
        else:
            hidden = Qt.TextFlag.TextHideMnemonic if self.buddy() else Qt.TextFlag.TextSingleLine
            painter.drawText(self.rect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter | hidden, self.text())
        painter.end()

    def _pitch(self) -> float:
        return QFontMetrics(self.font()).height() * (PROSE_PITCH if self._delta >= 0 else SECOND_PITCH)

    def _height(self, lines: int) -> int:
        return ceil(self._pitch() * max(0, lines - 1)) + QFontMetrics(self.font()).height()

    def _lines(self, width: int) -> QTextLayout:
        text = self.text().replace("\n", "\u2028").replace("\u2026", "\u2026\u2060")  # "…x4Qz" is one word
        layout = QTextLayout(text, self.font())
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        layout.setTextOption(option)
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(max(1, width))
            line.setPosition(QPointF(0, round(self._pitch() * line.lineNumber())))
        layout.endLayout()
        return layout


class Elided(_Words):
    """One line that gives way: cut at its end or in its middle, and then whole in the tooltip."""

    def __init__(
        self,
        look: Look,
        text: str = "",
        voice: str = "",
        delta: int = 0,
        *,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        bold: bool = False,
        mono: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        self._mode = mode
        self._tip = ""
        super().__init__(look, text, voice, delta, bold, mono, parent)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._restyle()

    def setText(self, text: str) -> None:
        super().setText(" ".join(text.split("\n")))
        self._tell()

    def set_tip(self, tip: str) -> None:
        """A tooltip of its own, shown also while nothing is cut."""
        self._tip = tip
        self._tell()

    @property
    def cut(self) -> bool:
        return self.width() < QFontMetrics(self.font()).horizontalAdvance(self.text())

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self.text()) + 2, metrics.height() + 2)

    def minimumSizeHint(self) -> QSize:
        hint = self.sizeHint()
        return QSize(min(20, hint.width()), hint.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._tell()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self._pen(painter)
        text = self.fontMetrics().elidedText(self.text(), self._mode, self.width())
        painter.drawText(self.rect(), self.alignment() | Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()

    def _tell(self) -> None:
        self.setToolTip(self._tip or (self.text() if self.cut else ""))
