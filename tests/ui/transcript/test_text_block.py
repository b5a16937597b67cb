"""A paragraph: its lines, its selection, its links."""

from __future__ import annotations

import pytest
from nuke_ai_panel.ui.transcript.markdown_blocks import Divider, Heading, Paragraph, Place
from nuke_ai_panel.ui.transcript.text_block import TextBlock
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from transcript_parts import colours_of, drag, mouse, on_screen

SOURCE = "Set both to **divide** by alpha, as [the manual](https://example.org/m) says of `Grade4`."
SHOWN = "Set both to divide by alpha, as the manual says of Grade4."


@pytest.fixture
def block(own) -> TextBlock:
    block = on_screen(own, TextBlock, 300, 200)
    block.show_block(Paragraph(Place(), SOURCE))
    block.resize(300, 200)
    return block


def find(block: TextBlock, word: str) -> tuple[float, float]:
    """A point on the first letter of a word, by asking the block what it has where."""
    start = block.text.index(word)
    spots = ((x, y) for y in range(4, 200, 4) for x in range(0, 300, 2))
    return next((x + 2, y) for x, y in spots if block._laid.position_at(QPointF(x, y)) == start)


def test_the_markup_is_not_in_the_text(block):
    assert block.text == SHOWN
    assert block.accessibleName() == SHOWN


def test_it_is_as_high_as_its_lines_with_no_room_around_them(block):
    one = TextBlock.heightForWidth(block, 4000)
    assert block.line_height <= one <= block.line_height + 1
    two = next(h for h in (block.heightForWidth(w) for w in range(1000, 50, -10)) if h > one)
    assert two == pytest.approx(block.line_height * 2.38, abs=1.5), "the second line is 138 % further down"


def test_a_drag_selects_and_ctrl_c_copies(block):
    block.setFocus()
    drag(block, (0, 5), (3000, 5000))
    assert block.selected_text == SHOWN
    QTest.keyClick(block, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == SHOWN


def test_a_double_click_selects_a_word(block):
    x, y = find(block, "alpha")
    mouse(block, QEvent.Type.MouseButtonDblClick, x, y, held=True)
    assert block.selected_text == "alpha"


def test_text_with_emoji_is_selected_whole(block):
    block.show_text("a \U0001f600 b")
    block.select_all()
    assert block.selected_text == "a \U0001f600 b"


def test_a_click_on_a_link_follows_it_and_its_tooltip_says_where_to(block):
    followed: list[str] = []
    block.link_activated.connect(followed.append)
    x, y = find(block, "the manual")
    mouse(block, QEvent.Type.MouseButtonPress, x, y, held=True)
    mouse(block, QEvent.Type.MouseButtonRelease, x, y)
    mouse(block, QEvent.Type.MouseMove, x, y)
    assert followed == ["https://example.org/m"]
    assert block.toolTip() == "https://example.org/m"


def test_a_click_beside_a_link_follows_nothing(block):
    followed: list[str] = []
    block.link_activated.connect(followed.append)
    mouse(block, QEvent.Type.MouseButtonPress, 2, 5, held=True)
    mouse(block, QEvent.Type.MouseButtonRelease, 2, 5)
    assert followed == []


def test_enter_follows_the_chosen_link(block):
    block.show_block(Paragraph(Place(), "<https://example.org/1> and <https://example.org/2>"))
    followed: list[str] = []
    block.link_activated.connect(followed.append)
    block.setFocus()
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Right, Qt.Key.Key_Return):
        QTest.keyClick(block, key)
    assert followed == ["https://example.org/1", "https://example.org/2"]


def test_plain_text_is_never_read_as_markup(block):
    block.show_text("**not bold**\n<b>or this</b>")
    assert block.text == "**not bold**\n<b>or this</b>"
    assert block.heightForWidth(1000) > 2 * block.line_height


def test_a_heading_becomes_a_paragraph_again_but_a_rule_is_another_widget(block):
    assert block.show_block(Heading(Place(), 2, "Title"))
    assert block.show_block(Paragraph(Place(), "Title"))
    assert not block.show_block(Divider(Place()))


def test_the_caret_is_in_the_colour_of_links(block):
    block.show_text("because")
    assert "#f7931e" not in colours_of(block)
    block.set_caret(True)
    assert "#f7931e" in colours_of(block)


def test_a_new_palette_or_font_is_taken_at_once(block):
    before = block.heightForWidth(4000)
    font = block.window().font()
    font.setPixelSize(20)
    block.window().setFont(font)
    assert block.heightForWidth(4000) > before


def test_text_that_reads_leftwards_begins_at_the_right_and_its_caret_follows(own):
    block = on_screen(own, TextBlock, 300, 60)
    block.show_text("word " * 3)
    rightwards = block._laid.caret_rect()
    assert 20 < rightwards.left() < 150
    block.show_text("\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd")
    line = block._laid._layout.lineAt(0).naturalTextRect()
    assert line.right() > 298
    assert block._laid.caret_rect().right() < line.left()
    block.show_text("\u05e9\u05dc\u05d5\u05dd.")
    end = block._laid._layout.lineAt(0)
    assert end.cursorToX(5)[0] == pytest.approx(end.naturalTextRect().left(), abs=1), "its full stop is at the left"


def test_a_link_in_text_that_reads_leftwards_is_where_it_is_seen(own):
    block = on_screen(own, TextBlock, 300, 60)
    block.show_block(Paragraph(Place(), "[\u05e9\u05dc\u05d5\u05dd](https://example.org)"))
    ink = block._laid._layout.lineAt(0).naturalTextRect()
    assert block._laid.link_at(ink.center()) == "https://example.org"
    assert block._laid.link_at(QPointF(10, ink.center().y())) == ""
