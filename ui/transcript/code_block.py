"""A block of code: a head with its language and what can be done with it, a hairline, the lines."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QSize, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.controls import ToolButton
from ..parts.frames import Card, Rule
from ..parts.labels import Elided
from .code_text import CodeText
from .highlight import language_name
from .markdown_blocks import Block, Code
from .marking import Marking

WORDS_FROM = 300
"""Px: in a narrower block the actions are icons only."""
THANKS_MS = 1500
READ_ALOUD = 10_000
"""Characters of code that a screen reader is told."""
UNLIMITED = 16_777_215


@dataclass(frozen=True)
class CodeAction:
    """What can be done with the code: `key` comes back in `action_requested`."""

    key: str
    icon: str
    word: str
    tip: str


COPY = CodeAction("copy", "copy", "Copy", "Copy the code")


class CodeBlock(Card):
    """Copy it does itself; whatever else it is given it asks for with `action_requested(key, code)`."""

    action_requested = Signal(str, str)

    def __init__(
        self, look: Look, block: Code, actions: tuple[CodeAction, ...] = (COPY,), parent: QWidget | None = None
    ) -> None:
        super().__init__(look, "code", parent)
        self._source, self._language = block.lines, block.language
        name = language_name(block.language)
        self._name = Elided(look, name or "Text", "muted", -1, parent=self)
        self._rule = Rule(parent=self)
        self._body = CodeText(look, block.language, parent=self)
        self._actions = {ToolButton(look, each.icon, each.tip, each.word, parent=self): each for each in actions}
        for button in self._actions:
            button.clicked.connect(self._pressed)
        self._thanks = QTimer(self)
        self._thanks.setSingleShot(True)
        self._thanks.setInterval(THANKS_MS)
        self._thanks.timeout.connect(self._thank_no_more)
        self.setAccessibleName(f"Code, {name}" if name else "Code")
        self._taken = 0
        self.show_block(block)
        look.changed.connect(self._place)

    @property
    def body(self) -> CodeText:
        return self._body

    @property
    def buttons(self) -> list[ToolButton]:
        return list(self._actions)

    def show_block(self, block: Block, growing: bool = False) -> bool:
        """Take what is new of the same text; False for any other block."""
        if not isinstance(block, Code) or block.lines is not self._source or block.language != self._language:
            return False
        new = block.lines[self._taken :]
        self._taken = len(block.lines)
        self._body.add(new, block.open_line)
        if not growing:
            self._body.setAccessibleName(self._body.text[:READ_ALOUD])
        return True

    @property
    def selected_text(self) -> str:
        return self._body.selected_text

    def join(self, marking: Marking) -> None:
        self._body.join(marking)

    def select_all(self) -> None:
        self._body.select_all()

    def unmark(self) -> None:
        self._body.unmark()

    def mark_from_anchor(self, forward: bool) -> None:
        self._body.mark_from_anchor(forward)

    def mark_up_to(self, point: QPointF, forward: bool) -> None:
        self._body.mark_up_to(self._body.mapFrom(self, point), forward)

    def set_caret(self, shown: bool) -> None:
        self._body.set_caret(shown)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._head_height() + 1 + self._body.height_needed() + 2

    def sizeHint(self) -> QSize:
        return QSize(200, self.heightForWidth(200))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _head_height(self) -> int:
        return self.look.theme.control + 4

    def _place(self) -> None:
        width, head = self.width(), self._head_height()
        right = width - 4
        for button, action in reversed(self._actions.items()):
            self._word(button, action, width >= WORDS_FROM)
            size = button.sizeHint()
            right -= size.width()
            button.setGeometry(QRect(right, 1 + (head - size.height()) // 2, size.width(), size.height()))
        self._name.setGeometry(12, 1, max(0, right - 16), head)
        self._rule.setGeometry(1, 1 + head, width - 2, 1)
        self._body.setGeometry(1, 2 + head, width - 2, self.height() - head - 3)

    def _word(self, button: ToolButton, action: CodeAction, shown: bool) -> None:
        done = action.key == COPY.key and self._thanks.isActive()
        word = ("Copied" if done else action.word) if shown else ""
        if button.text() != word:
            button.setMinimumWidth(0)
            button.setMaximumWidth(UNLIMITED)
            button.setText(word)

    def _pressed(self) -> None:
        button = self.sender()
        if not isinstance(button, ToolButton):
            return
        action = self._actions[button]
        if action.key == COPY.key:
            self._body.copy()
            button.set_icon("check")
            self._thanks.start()
            self._place()
        else:
            self.action_requested.emit(action.key, self._body.text)

    def _thank_no_more(self) -> None:
        for button, action in self._actions.items():
            button.set_icon(action.icon)
        self._place()
