"""Marking text with the mouse over several blocks of an answer, and copying it."""

from __future__ import annotations

import pytest
from nuke_ai_panel.ui.transcript.code_text import CodeText
from nuke_ai_panel.ui.transcript.markdown_view import MarkdownView
from nuke_ai_panel.ui.transcript.text_block import TextBlock
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QWidget
from transcript_parts import colours_of, drag, mouse, on_screen

ANSWER = """First paragraph.

- one
- two

| Node | Gain |
|---|---|
| Grade4 | 1.18 |

```python
first = 1
second = 2
```

---

Last paragraph.
"""


@pytest.fixture
def view(own) -> MarkdownView:
    view = on_screen(own, MarkdownView, 300, 500)
    view.feed(ANSWER)
    view.end()
    view.resize(300, view.heightForWidth(300))
    return view


def texts(view: MarkdownView) -> dict[str, TextBlock]:
    return {block.text: block for block in view.widgets if isinstance(block, TextBlock)}


def spot(block: TextBlock, at: int) -> QPointF:
    """Just right of the character before this position of a block's first line."""
    return QPointF(block._laid._layout.lineAt(0).cursorToX(at)[0], 5)


def seen_from(widget: QWidget, other: QWidget, point: QPointF) -> tuple[float, float]:
    found = widget.mapFromGlobal(other.mapToGlobal(point.toPoint()))
    return found.x(), found.y()


def drag_over(start: TextBlock, at: int, end: TextBlock, to: int) -> None:
    start.setFocus()
    drag(start, (spot(start, at).x(), 5), seen_from(start, end, spot(end, to)))


def copied(widget: QWidget) -> str:
    QGuiApplication.clipboard().clear()
    QTest.keyClick(widget, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    return QGuiApplication.clipboard().text()


def test_text_is_marked_from_one_block_down_into_another_with_all_between(view):
    first, last = texts(view)["First paragraph."], texts(view)["Last paragraph."]
    drag_over(first, 6, last, 4)
    assert copied(first) == (
        "paragraph.\n\n\u2022 one\n\u2022 two\n\nNode\tGain\nGrade4\t1.18\n\nfirst = 1\nsecond = 2\n\nLast"
    )


def test_it_is_marked_upwards_as_well(view):
    first, two = texts(view)["First paragraph."], texts(view)["two"]
    drag_over(two, 1, first, 6)
    assert copied(two) == "paragraph.\n\n\u2022 one\n\u2022 t"


def test_it_goes_on_from_code_into_text(view):
    code = view.findChild(CodeText)
    last = texts(view)["Last paragraph."]
    code.setFocus()
    body = code.viewport()
    drag(body, (12, 12), seen_from(body, last, spot(last, 4)))
    assert copied(code) == "first = 1\nsecond = 2\n\nLast"


def test_the_marked_shrinks_as_the_mouse_comes_back(view):
    first, last = texts(view)["First paragraph."], texts(view)["Last paragraph."]
    plain = colours_of(last)
    first.setFocus()
    mouse(first, QEvent.Type.MouseButtonPress, 0, 5, held=True)
    mouse(first, QEvent.Type.MouseMove, *seen_from(first, last, spot(last, 4)), held=True)
    assert last.selected_text == "Last"
    assert colours_of(last) != plain
    mouse(first, QEvent.Type.MouseMove, *seen_from(first, texts(view)["two"], QPointF(200, 5)), held=True)
    assert not any(block.selected_text for block in view.widgets[3:] if hasattr(block, "selected_text"))
    mouse(first, QEvent.Type.MouseMove, spot(first, 5).x(), 5, held=True)
    assert copied(first) == "First"
    assert not texts(view)["one"].selected_text


def test_nothing_stays_marked_when_something_else_is_clicked(view):
    first, one, last = (texts(view)[words] for words in ("First paragraph.", "one", "Last paragraph."))
    for elsewhere in (first, last):
        drag_over(first, 0, last, 4)
        assert one.selected_text
        elsewhere.setFocus()
        drag(elsewhere, (0, 5), (0, 5))
        assert not any(each.selected_text for each in (first, one, last))


def test_an_answer_may_go_on_while_some_of_it_is_marked(own):
    view = on_screen(own, MarkdownView, 300, 500)
    view.feed("One.\n\nTwo.\n\nThr")
    one, two, three = view.widgets
    drag_over(one, 0, three, 2)
    assert copied(one) == "One.\n\nTwo.\n\nTh"
    view.feed("ee.\n\n| a |\n|---|\n| b |\n\nEnd.\n")
    assert copied(one).startswith("One.\n\nTwo.")
    assert two.mapTo(view, QPoint()).y() < view.widgets[-1].y()
