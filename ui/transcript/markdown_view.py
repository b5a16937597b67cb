"""A streamed Markdown text as a column of widgets: one a block, made once, the open one brought up to date."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from ..look.theme import Look
from ..parts.frames import Rule
from .block_column import BlockColumn, Slot
from .code_block import CodeBlock
from .markdown import BlockStream
from .markdown_blocks import Block, Box, Code, Divider, Heading, Paragraph, Place, Table, Update
from .markdown_lines import BULLET
from .marking import Marking
from .table_block import TableBlock
from .text_block import TextBlock

INDENT = {"quote": 12, "item": 16}
NUMBER_INDENT = 20
PART_GAP, ITEM_GAP, TITLE_GAP = 12, 8, 16
LINE_GAP = 6
"""Between two halves of one paragraph: what the line height leaves between lines."""


class DividerBlock(Rule):
    def show_block(self, block: Block, growing: bool = False) -> bool:
        return isinstance(block, Divider)


BlockWidget = TextBlock | CodeBlock | TableBlock | DividerBlock


class MarkdownView(BlockColumn):
    """`feed` text, then `end`. `caret`: a bar behind the last word while more is coming."""

    link_activated = Signal(str)

    def __init__(self, look: Look, voice: str = "", delta: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look, self._voice, self._delta = look, voice, delta
        self._stream = BlockStream()
        self._blocks: list[Block] = []
        self._widgets: list[BlockWidget] = []
        self._caret_wanted = False
        self._caret_at: BlockWidget | None = None
        self._marking = Marking(self, self._markable, self._written)
        look.changed.connect(self.measure_again)

    @property
    def widgets(self) -> list[BlockWidget]:
        return self._widgets

    def feed(self, text: str) -> None:
        self._show(self._stream.feed(text))

    def end(self) -> None:
        self._show(self._stream.end())
        self.set_caret(False)

    def set_caret(self, shown: bool) -> None:
        self._caret_wanted = shown
        last = self._widgets[-1] if self._widgets and shown else None
        if last is self._caret_at:
            return
        if isinstance(self._caret_at, TextBlock | CodeBlock):
            self._caret_at.set_caret(False)
        self._caret_at = last
        if isinstance(last, TextBlock | CodeBlock):
            last.set_caret(True)

    def _show(self, update: Update) -> None:
        total = update.first + len(update.blocks)
        while len(self._widgets) > total:
            self._drop_last()
        for number, block in enumerate(update.blocks, update.first):
            growing = number >= update.settled
            if number < len(self._widgets) and self._brought_up_to_date(number, block, growing):
                continue
            while len(self._widgets) > number:
                self._drop_last()
            self._add(block, growing)
        self.set_caret(self._caret_wanted)
        self.settle()

    def _brought_up_to_date(self, number: int, block: Block, growing: bool) -> bool:
        """True if the widget could show what has become of its block."""
        before, widget = self._blocks[number], self._widgets[number]
        if _shape(before.place) != _shape(block.place) or not widget.show_block(block, growing):
            return False
        self._blocks[number] = block
        self.touch(widget)
        return True

    def _add(self, block: Block, growing: bool) -> None:
        widget = self._made(block)
        above = self._blocks[-1] if self._blocks else None
        self._blocks.append(block)
        self._widgets.append(widget)
        widget.show_block(block, growing)
        self.append(widget, _gap(above, block), _indent(block.place))

    def _made(self, block: Block) -> BlockWidget:
        match block:
            case Code():
                code = CodeBlock(self._look, block)
                code.join(self._marking)
                return code
            case Table():
                table = TableBlock(self._look, block)
                table.link_activated.connect(self.link_activated)
                return table
            case Divider():
                return DividerBlock()
            case Heading() | Paragraph():
                text = TextBlock(self._look, self._voice, self._delta)
                text.link_activated.connect(self.link_activated)
                text.join(self._marking)
                return text

    def _markable(self) -> list[TextBlock | CodeBlock | TableBlock]:
        return [widget for widget in self._widgets if not isinstance(widget, DividerBlock)]

    def _written(self, first: int, last: int) -> str:
        """What is marked in these of the markable blocks, with the markers of lists."""
        text, above = "", Place()
        for widget in self._markable()[first : last + 1]:
            place = self._blocks[self.index_of(widget)].place
            near = place.near or (place.boxes and above.boxes)
            between = "" if not text else " " if place.joined else "\n" if near else "\n\n"
            marker = "".join(f"{box.marker} " for box in place.boxes if box.marker)
            text += between + marker + widget.selected_text.rstrip("\n")
            above = place
        return text

    def _drop_last(self) -> None:
        widget = self._widgets.pop()
        self._blocks.pop()
        if widget is self._caret_at:
            self._caret_at = None
        self.remove(widget)

    def paintEvent(self, event: QPaintEvent) -> None:
        """The bullets, numbers and quote lines beside the blocks."""
        painter = QPainter(self)
        for slot in self.slot_range(event.rect().top(), event.rect().bottom()):
            place = self._blocks[self.index_of(slot.widget)].place
            if place.boxes:
                self._paint_boxes(painter, slot, place)
        painter.end()

    def _paint_boxes(self, painter: QPainter, slot: Slot, place: Place) -> None:
        theme, x = self._look.theme, 0
        for box in place.boxes:
            if box.kind == "quote":
                top = slot.top - (slot.gap if place.near or place.joined else 0)
                painter.fillRect(QRectF(x, top, 2, slot.bottom - top), theme.edge)
            elif box.marker == BULLET:
                middle = slot.top + _first_line(slot.widget) * 0.53
                painter.save()
                painter.setRenderHint(QPainter.RenderHint.Antialiasing)
                painter.setPen(theme.muted)
                painter.setBrush(theme.muted)
                painter.drawEllipse(QPointF(x + 5.5, middle), 1.5, 1.5)
                painter.restore()
            elif box.marker:
                painter.setFont(theme.face(self._delta))
                painter.setPen(theme.muted)
                widget = slot.widget
                baseline = widget.first_baseline if isinstance(widget, TextBlock) else _first_line(widget) * 0.8
                painter.drawText(QPointF(x, slot.top + baseline), box.marker)
            x += _box_indent(box)


def _shape(place: Place) -> tuple[tuple[Box, ...], bool]:
    return place.boxes, place.joined


def _first_line(widget: QWidget) -> float:
    return widget.line_height if isinstance(widget, TextBlock) else 16.0


def _box_indent(box: Box) -> int:
    return NUMBER_INDENT if box.numbered else INDENT[box.kind]


def _indent(place: Place) -> int:
    return sum(_box_indent(box) for box in place.boxes)


def _gap(above: Block | None, block: Block) -> int:
    """Room above a block: parts of a turn 12 apart, items of a list closer, a heading close to what it heads."""
    place = block.place
    if above is None:
        return 0
    if place.joined:
        return LINE_GAP
    if isinstance(above, Heading):
        return ITEM_GAP
    if isinstance(block, Heading):
        return TITLE_GAP
    in_list = any(box.kind == "item" for box in place.boxes)
    both_text = isinstance(block, Paragraph) and isinstance(above, Paragraph)
    return ITEM_GAP if in_list or (place.near and both_text) else PART_GAP
