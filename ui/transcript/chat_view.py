"""The transcript: questions and answers one below the other, kept at the end while the reader is there."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QWidget

from ..look.measures import gutter, text_left, text_width
from ..look.theme import Look
from ..parts.chip import Chip
from ..parts.frames import tab_stops
from ..parts.overlay_bar import OverlayBar
from .announce import announce
from .block_column import BlockColumn
from .message_frame import FocusOutline
from .message_view import AnswerView, MessageView, QuestionView

ABOVE, BELOW = 12, 12
PART_GAP, TURN_GAP = 12, 20
AT_END = 4
"""Px from the end that still count as being there."""


class ChatView(QScrollArea):
    """One conversation. Tab enters it as one stop, Up and Down go between messages, Tab goes into one."""

    retry_requested = Signal(str)
    """Carries the answer's id."""
    settings_requested = Signal()
    link_activated = Signal(str)

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look = look
        self._messages: list[MessageView] = []
        self._ids: dict[AnswerView, str] = {}
        self._empty: QWidget | None = None
        self._current = 0
        self._at_end = True
        self._placing = False
        self._column = BlockColumn()
        self._ground = QWidget()
        self._column.setParent(self._ground)
        self.setWidget(self._ground)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setAccessibleName("Conversation")
        self.viewport().setAutoFillBackground(False)
        self._ground.setAutoFillBackground(False)
        self._outline = FocusOutline(look, self._ground)
        self._bar = OverlayBar(self.verticalScrollBar(), self)
        self._more = Chip(look, "down", "New text below", parent=self)
        self._more.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._more.hide()
        self._more.clicked.connect(self.scroll_to_end)
        self._column.grown.connect(self._grown)
        look.changed.connect(self._column.measure_again)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)

    @property
    def messages(self) -> list[MessageView]:
        return list(self._messages)

    @property
    def at_end(self) -> bool:
        return self._at_end

    def add_question(self, text: str, when: str) -> QuestionView:
        """Show what the user asked, and go to the end: they want to see the answer."""
        question = QuestionView(self._look, text, when)
        self._add(question, TURN_GAP)
        self.scroll_to_end()
        return question

    def begin_answer(self, answer_id: str, who: str) -> AnswerView:
        """An answer that is to come; `retry_requested(answer_id)` asks for another one."""
        answer = AnswerView(self._look, who)
        self._ids[answer] = answer_id
        answer.retry_requested.connect(self._retry)
        answer.settings_requested.connect(self.settings_requested)
        answer.link_activated.connect(self.link_activated)
        answer.ended.connect(self._answer_ended)
        self._add(answer, PART_GAP)
        announce(self, f"{who} is answering")
        return answer

    def clear(self) -> None:
        self._outline.follow(None)
        for message in self._messages:
            self._column.remove(message)
        self._messages.clear()
        self._ids.clear()
        self._current = 0
        self._show_empty()
        self._column.settle()
        self.scroll_to_end()

    def set_empty(self, widget: QWidget) -> None:
        """What fills the room while there is no message; it has its own gutter. An earlier one is only hidden."""
        if self._empty:
            self._empty.hide()
        self._empty = widget
        widget.setParent(self.viewport())
        # It is newer than what is below the transcript, and new widgets come last for Tab.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # or it could not be put in order
        before: QWidget = self
        for stop in tab_stops(widget):
            QWidget.setTabOrder(before, stop)
            before = stop
        self._show_empty()

    def scroll_to_end(self) -> None:
        self._at_end = True
        self._more.hide()
        bar = self.verticalScrollBar()
        bar.setValue(bar.maximum())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
        self._place_empty()
        self._bar.place()
        self._place_more()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that a message did not want."""
        step = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}.get(Qt.Key(event.key()))
        if step and self._messages:
            self._go_to(min(len(self._messages) - 1, max(0, self._current + step)))
        elif event.key() == Qt.Key.Key_End:
            self.scroll_to_end()
        elif event.key() == Qt.Key.Key_Home:
            self.verticalScrollBar().setValue(0)
        elif event.key() in (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown):
            super().keyPressEvent(event)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        if self._messages and event.reason() in (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason):
            self._go_to(len(self._messages) - 1)

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab: from a message into its actions, from the last of them out of the transcript; Shift+Tab back."""
        inside = cast("QWidget | None", self.focusWidget())
        message = next((each for each in self._messages if _holds(each, inside)), None)
        if message is None or inside is None:
            return super().focusNextPrevChild(forward)
        stops: list[QWidget] = [message, *(each for each in message.stops_in_order() if each.isVisible())]
        at = stops.index(inside) if inside in stops else 0
        wanted = at + (1 if forward else -1)
        if 0 <= wanted < len(stops):
            self._focus_on(stops[wanted], forward)
            return True
        return self._leave(forward)

    def _add(self, message: MessageView, gap: int) -> None:
        self._messages.append(message)
        message.focus_moved.connect(self._move_outline)
        self._show_empty()
        self._column.append(message, gap)
        self._column.settle()
        self._current = len(self._messages) - 1

    def _show_empty(self) -> None:
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if self._messages else Qt.FocusPolicy.NoFocus)
        if self._empty:
            self._empty.setVisible(not self._messages)
            self._place_empty()

    def _place_empty(self) -> None:
        if self._empty:
            room = self.viewport().size()
            width = text_width(room.width()) + 2 * gutter(room.width())
            self._empty.setGeometry((room.width() - width) // 2, 0, width, room.height())

    def _retry(self) -> None:
        answer = self.sender()
        if isinstance(answer, AnswerView):
            self.retry_requested.emit(self._ids[answer])

    def _answer_ended(self) -> None:
        answer = self.sender()
        if isinstance(answer, AnswerView):
            announce(self, answer.accessibleName())

    def _grown(self) -> None:
        was_at_end = self._at_end
        self._place()
        if not was_at_end and self._messages:
            self._more.show()
            self._more.raise_()
            self._place_more()

    def _place(self) -> None:
        """Give the column its width and the ground its height; a reader at the end stays there."""
        if self._placing:
            return
        self._placing = True
        room = self.viewport().width()
        width = text_width(room)
        self._column.setGeometry(text_left(room), ABOVE, width, max(1, self._column.height()))
        self._column.take_width()
        height = self._column.heightForWidth(width)
        self._column.resize(width, height)
        self._outline.place()
        stay = self._at_end
        self._ground.resize(room, max(self.viewport().height(), ABOVE + height + BELOW))
        if stay:
            self.verticalScrollBar().setValue(self.verticalScrollBar().maximum())
        self._placing = False

    def _move_outline(self) -> None:
        self._outline.follow(next((each for each in self._messages if each.outlined), None))

    def _scrolled(self) -> None:
        if self._placing:
            return
        bar = self.verticalScrollBar()
        self._at_end = bar.value() >= bar.maximum() - AT_END
        if self._at_end:
            self._more.hide()

    def _place_more(self) -> None:
        size = self._more.sizeHint()
        self._more.resize(size)
        self._more.move(QPoint((self.width() - size.width()) // 2, self.height() - size.height() - 8))

    def _go_to(self, index: int) -> None:
        self._current = index
        message = self._messages[index]
        message.setFocus(Qt.FocusReason.TabFocusReason)
        self.ensureWidgetVisible(message, 0, ABOVE)

    def _focus_on(self, widget: QWidget, forward: bool) -> None:
        widget.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
        self.ensureWidgetVisible(widget, 0, ABOVE)

    def _leave(self, forward: bool) -> bool:
        """Hand the focus to the next (or previous) stop outside, in the nearest box that has one."""
        box = self.parentWidget()
        while box:
            stops = [each for each in tab_stops(box) if each is self or self._may_take_over(each)]
            at = stops.index(self)
            if beyond := stops[at + 1 :] if forward else stops[:at]:
                widget = beyond[0 if forward else -1]
                widget.setFocus(Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason)
                return True
            box = box.parentWidget()
        return False

    def _may_take_over(self, widget: QWidget) -> bool:
        open_to_focus = widget.isVisible() and widget.isEnabled() and not widget.focusProxy()
        return open_to_focus and not self.isAncestorOf(widget)


def _holds(message: QWidget, widget: QWidget | None) -> bool:
    return widget is not None and (message is widget or message.isAncestorOf(widget))
