"""One call of a tool, in one line: its name, what it was asked, how it went. Opened, the whole of both."""

from __future__ import annotations

import json
from typing import cast

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QHideEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QWidget

from ..look.icons import BUSY, Glyph, draw_icon
from ..look.theme import Look
from ..parts.fold_button import FoldButton
from ..parts.frames import Card
from .block_column import resettle
from .clean_text import clean_text
from .code_text import CodeText

SIDE, SMALL = 8, 14
HIGHEST = 240
LONGEST_DETAIL = 200_000
"""Characters of arguments and result that are shown; the rest is counted."""


class ToolCard(Card):
    def __init__(self, look: Look, name: str, arguments: str, parent: QWidget | None = None) -> None:
        """`arguments` is the JSON text as the model wrote it, valid or not."""
        super().__init__(look, "card", parent)
        self._head = _Head(look, clean_text(name), short_arguments(arguments), self)
        self._arguments = arguments
        self._result = ""
        self._body: CodeText | None = None
        self._frame: Card | None = None
        self._head.toggled.connect(self._open)

    @property
    def head(self) -> FoldButton:
        return self._head

    @property
    def outcome(self) -> str:
        return self._head.outcome

    @property
    def state(self) -> str:
        """The name of the state's icon."""
        return self._head.state.name

    @property
    def opened(self) -> bool:
        return self._head.isChecked()

    @property
    def detail(self) -> str:
        """What is shown when it is open."""
        return self._body.text if self._body else ""

    def finish(self, ok: bool, outcome: str, detail: str) -> None:
        self._head.finish("check" if ok else "cross", "ok" if ok else "bad", outcome)
        self._result = detail
        self._refill()

    def give_up(self) -> None:
        """The turn ended before the tool did."""
        if self.state == BUSY:
            self._head.finish("dash", "muted", "not finished")

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        head = self.look.theme.control + 4
        return head + (self._body.height_needed() + 2 + SIDE if self._body and self.opened else 0)

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(200))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        head = self.look.theme.control + 4
        self._head.setGeometry(0, 0, self.width(), head)
        if self._frame and self._body:
            self._frame.setGeometry(SIDE, head, self.width() - 2 * SIDE, self._body.height_needed() + 2)
            self._body.setGeometry(1, 1, self._frame.width() - 2, self._frame.height() - 2)

    def _open(self, opened: bool) -> None:
        if opened and not self._body:
            self._frame = Card(self.look, "code", self)
            self._refill()
        if self._frame:
            self._frame.setVisible(opened)
        resettle(self)

    def _refill(self) -> None:
        if not self._frame:
            return
        if self._body:
            self._body.hide()
            self._body.deleteLater()
        self._body = CodeText(self.look, limit=HIGHEST, ink="muted", parent=self._frame)
        parts = (pretty_arguments(self._arguments), shortened(self._result))
        self._body.add([line + "\n" for line in "\n\n".join(part for part in parts if part).split("\n")])
        self._body.show()
        resettle(self)


class _Head(FoldButton):
    def __init__(self, look: Look, name: str, arguments: str, parent: QWidget) -> None:
        super().__init__(look, parent)
        self.name, self.arguments, self.outcome = name, arguments, ""
        self.state = Glyph(look, BUSY, "muted", SMALL, self)
        self.state.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._tell("running")

    def finish(self, icon: str, voice: str, outcome: str) -> None:
        self.outcome = clean_text(outcome)
        self.state.show_icon(icon, voice)
        self._tell(self.outcome)
        self._place()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.setDown(False)

    def sizeHint(self) -> QSize:
        return QSize(200, self._look.theme.control + 4)

    def _tell(self, outcome: str) -> None:
        self.setAccessibleName(f"Tool {self.name}, {outcome}")
        self.setToolTip(f"{self.name} {self.arguments}".strip())

    def _rooms(self) -> tuple[QRect, QRect, QRect, QRect]:
        """Name, arguments, outcome, chevron. The arguments give way first, then the outcome, then the name."""
        theme, height = self._look.theme, self.height()
        small, mono = QFontMetrics(theme.face(-1)), QFontMetrics(theme.face(mono=True))
        chevron = QRect(self.width() - 1 - SIDE - SMALL, (height - SMALL) // 2, SMALL, SMALL)
        left = 1 + SIDE + SMALL + 8
        free = chevron.left() - left - (4 if self.outcome else 0)
        name_width = mono.horizontalAdvance(self.name) + 1
        outcome_width = small.horizontalAdvance(self.outcome) + 1 if self.outcome else 0
        outcome_width = max(0, min(outcome_width, max(free // 2, free - name_width - SMALL - 12)))
        outcome = QRect(chevron.left() - (4 if self.outcome else 0) - outcome_width, 0, outcome_width, height)
        right = outcome.left() - 4 - SMALL - 8
        name = QRect(left, 0, max(0, min(name_width, right - left)), height)
        arguments = QRect(name.right() + 9, 0, max(0, right - name.right() - 9), height)
        return name, arguments, outcome, chevron

    def _place(self) -> None:
        outcome = self._rooms()[2]
        self.state.move(outcome.left() - 4 - SMALL, (self.height() - SMALL) // 2)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        name, arguments, outcome, chevron = self._rooms()
        over = self.underMouse()
        ink = theme.text if over else theme.muted
        top = (self.height() - SMALL) / 2
        draw_icon(painter, "list", ink, QRectF(1 + SIDE, top, SMALL, SMALL))
        draw_icon(painter, "down" if self.isChecked() else "right", ink, QRectF(chevron))
        for room, text, font, colour in (
            (name, self.name, theme.face(mono=True), theme.text),
            (arguments, self.arguments, theme.face(-1, mono=True), theme.muted),
            (outcome, self.outcome, theme.face(-1), theme.muted),
        ):
            painter.setFont(font)
            painter.setPen(colour)
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)
        self.paint_ring(painter)
        painter.end()


def short_arguments(arguments: str) -> str:
    """`{"class": "Grade"}` as "class=Grade"; what is no JSON object as it is."""
    try:
        found: object = json.loads(arguments)
    except (ValueError, RecursionError):
        return clean_text(" ".join(arguments[:400].split()))
    if not isinstance(found, dict):
        return clean_text(" ".join(arguments[:400].split()))
    pairs = cast("dict[str, object]", found)
    return clean_text(", ".join(f"{name}={_short(value)}" for name, value in pairs.items()))[:400]


def _short(value: object) -> str:
    return " ".join((value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).split())


def pretty_arguments(arguments: str) -> str:
    try:
        text = json.dumps(json.loads(arguments), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        text = arguments
    return shortened("" if text in ("{}", "null") else text)


def shortened(text: str) -> str:
    text = clean_text(text)
    if len(text) <= LONGEST_DETAIL:
        return text
    return f"{text[:LONGEST_DETAIL]}\n\n{len(text) - LONGEST_DETAIL:,} more characters are not shown."
