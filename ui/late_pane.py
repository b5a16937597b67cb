"""The place of a chat pane that comes later: empty until it is seen, and able to say in words why it stays empty.

Owns what stands there before, instead of and after the pane. It knows nothing of why, and imports nothing before it is
asked to show something.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QVBoxLayout, QWidget

if TYPE_CHECKING:
    from ..providers.errors import Problem
    from .chat_pane import ChatPane


START = "start"
"""The id of the answer that is none: why there is nothing."""
ROOM = QSize(380, 600)


class LatePane(QWidget):
    """`chat` is None while there is nothing but words."""

    wanted = Signal()
    """After its first paint, and after each Retry: something is to be shown here."""

    _painted = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.chat: ChatPane | None = None
        self.seen = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.notice = QLabel(self)
        self.notice.setTextFormat(Qt.TextFormat.PlainText)
        self.notice.setWordWrap(True)
        self.notice.setMargin(16)
        self.notice.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.notice.hide()
        self._rows = QVBoxLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.addWidget(self.notice)
        # A posted event, which dies with the pane: the first paint is on the screen before anything else begins.
        queued = Qt.ConnectionType.QueuedConnection
        self._painted.connect(self.wanted, queued)  # pyright: ignore[reportArgumentType] - the stubs of 6.5

    def sizeHint(self) -> QSize:
        """An empty widget has none, and where a host goes by it there would be no room, no paint and no beginning."""
        return ROOM

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.seen:
            self.seen = True
            self._painted.emit()

    def fill(self) -> ChatPane:
        """The pane itself, which looks alive and is not connected to anything yet."""
        if self.chat is None:
            from .chat_pane import STILL_STARTING, ChatPane

            self.notice.hide()
            self.chat = ChatPane(self)
            self.chat.view.retry_requested.connect(self._retry)
            self.chat.header.offer_opening(False)
            self.chat.composer.set_blocked(STILL_STARTING)
            self._rows.addWidget(self.chat)
            self.setFocusProxy(self.chat)
        return self.chat

    def empty_out(self) -> None:
        """Another one shows the conversation from now on. Should this one be seen again, it begins anew."""
        if self.chat is not None:
            self._drop_chat()
            self.seen = False

    def say(self, sentence: str) -> None:
        """Where there is not even a transcript to say it in."""
        self.notice.setText(sentence)
        self.notice.show()

    def tell(self, problem: Problem) -> None:
        """In the transcript, with a Retry."""
        from .transcript.message_view import AnswerEnd, FooterText

        typed = self.fill().composer
        self._drop_chat()  # with whatever was half connected to it
        chat = self.fill()
        chat.composer.set_draft(typed.draft())
        for piece in typed.attached():
            chat.composer.attach(piece)
        chat.composer.set_blocked(problem.title)
        answer = chat.view.begin_answer(START, "")
        answer.end(AnswerEnd("failed", FooterText(when="", model="", tokens=""), problem, ()))

    def _drop_chat(self) -> None:
        if self.chat is not None:
            self.setFocusProxy(None)  # pyright: ignore[reportArgumentType] - the stubs do not know None
            self._rows.removeWidget(self.chat)
            self.chat.hide()
            self.chat.deleteLater()
            self.chat = None

    def _retry(self, answer_id: str) -> None:
        from .chat_pane import STILL_STARTING

        if answer_id == START and self.chat is not None:
            self.chat.view.clear()
            self.chat.composer.set_blocked(STILL_STARTING)
            self.wanted.emit()
