"""A paragraph or heading: laid out once, selectable by mouse, with links and a caret while it is being written."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QSize, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QContextMenuEvent,
    QFocusEvent,
    QGuiApplication,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from ..look.theme import Look
from .markdown_blocks import Block, Heading, Paragraph
from .markdown_inline import Span, spans
from .marking import Marking
from .text_lines import TextLines

_LINKS_BY_KEY = (Qt.Key.Key_Left, Qt.Key.Key_Right)


class TextBlock(QWidget):
    """Words in one voice. Ctrl+C copies what is selected; Left and Right choose a link, Enter follows it."""

    link_activated = Signal(str)

    def __init__(self, look: Look, voice: str = "", delta: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._voice, self._delta = look, voice, delta
        self._bold = self._caret = False
        self._source: str | None = None
        self._growing = False
        self._plain = ""
        self._lines = TextLines()
        self._marked: tuple[int, int] | None = None
        self._link = 0
        self._marking: Marking | None = None
        policy = QSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setCursor(Qt.CursorShape.IBeamCursor)
        look.changed.connect(self._lay_words)

    @property
    def text(self) -> str:
        return self._lines.text

    @property
    def selected_text(self) -> str:
        return self._lines.part(*self._marked) if self._marked else ""

    @property
    def first_baseline(self) -> float:
        return self._lines.first_baseline

    @property
    def line_height(self) -> float:
        return self._lines.line_height

    @property
    def has_links(self) -> bool:
        return bool(self._lines.links)

    def show_block(self, block: Block, growing: bool = False) -> bool:
        """Show a paragraph or heading; False for any other block."""
        if not isinstance(block, Paragraph | Heading):
            return False
        bold = isinstance(block, Heading)
        if (block.text, bold, growing) != (self._source, self._bold, self._growing):
            self._source, self._bold, self._growing = block.text, bold, growing
            self._lay_words()
            if not growing:
                self.setAccessibleName(self.text)
        return True

    def show_text(self, text: str) -> None:
        """Plain text: nothing in it is markup."""
        self._source, self._plain = None, text
        self._lay_words()
        self.setAccessibleName(text)

    @property
    def _laid(self) -> TextLines:
        self._lines.height_at(self.width())
        return self._lines

    def set_caret(self, shown: bool) -> None:
        if shown != self._caret:
            self._caret = shown
            self.update()

    def select_all(self) -> None:
        self._mark(0, self._lines.length())

    def join(self, marking: Marking) -> None:
        """Its marking goes on in the blocks that `marking` knows."""
        self._marking = marking

    def unmark(self) -> None:
        self._marked = None
        self.update()

    def mark_from_anchor(self, forward: bool) -> None:
        if self._marked:
            self._mark(self._marked[0], self._lines.length() if forward else 0)

    def mark_up_to(self, point: QPointF, forward: bool) -> None:
        self._mark(0 if forward else self._lines.length(), self._laid.position_at(point))

    def copy(self) -> None:
        text = (self._marking.text if self._marking else "") or self.selected_text
        if text:
            QGuiApplication.clipboard().setText(text)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._lines.height_at(width)

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(self.width() or 200))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter, theme = QPainter(self), self._look.theme
        painter.setPen(theme.voice(self._voice))
        marked = self._marked
        if self.hasFocus() and self.has_links and not marked:
            marked = self._lines.links[self._link][:2]
        self._laid.draw(painter, theme, marked)
        if self._caret:
            painter.fillRect(self._lines.caret_rect(), theme.link)
        painter.end()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            at = self._laid.position_at(event.position())
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            if self._marking:
                self._marking.clear()
            self._mark(self._marked[0] if shift and self._marked else at, at)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self._mark(*self._lines.word_at(self._laid.position_at(event.position())))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        link = self._laid.link_at(event.position())
        self.setCursor(Qt.CursorShape.PointingHandCursor if link else Qt.CursorShape.IBeamCursor)
        # Words may say one address and lead to another.
        self.setToolTip(link)
        if event.buttons() & Qt.MouseButton.LeftButton and self._marked:
            self._drag(event.position())

    def _drag(self, point: QPointF) -> None:
        if self._marked and not (self._marking and self._marking.drag(self, point)):
            self._mark(self._marked[0], self._laid.position_at(point))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        link = self._laid.link_at(event.position())
        if link and event.button() == Qt.MouseButton.LeftButton and not self.selected_text:
            self.link_activated.emit(link)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        links = self._lines.links
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif links and event.key() in _LINKS_BY_KEY:
            step = 1 if event.key() == Qt.Key.Key_Right else -1
            self._link = (self._link + step) % len(links)
            self.update()
        elif links and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.link_activated.emit(links[self._link][2])
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        if event.reason() not in (Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason):
            self._marked = None
            if self._marking:
                self._marking.clear()
        self.update()

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = QAction("Copy", menu)
        copy.setEnabled(bool(self.selected_text))
        copy.triggered.connect(self.copy)
        everything = QAction("Select all", menu)
        everything.triggered.connect(self.select_all)
        menu.addActions([copy, everything])
        menu.popup(event.globalPos())

    def _mark(self, anchor: int, position: int) -> None:
        self._marked = (anchor, position)
        self.update()

    def _lay_words(self) -> None:
        # The spans are not kept: a long transcript has many, and Python's collector walks over each of them.
        plain = (Span(self._plain),)
        shown = plain if self._source is None else spans(self._source, growing=self._growing)
        self._lines.set_spans(shown, self._look.theme, delta=self._delta, bold=self._bold, voice=self._voice)
        self._marked, self._link = None, 0
        self.update()
