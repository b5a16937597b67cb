"""A block of code: what it copies, how it scrolls, its colours."""

from __future__ import annotations

import pytest
from nuke_ai_panel.ui.transcript.code_block import COPY, CodeAction, CodeBlock
from nuke_ai_panel.ui.transcript.highlight import Highlighter, language_name
from nuke_ai_panel.ui.transcript.markdown_blocks import Code, Paragraph, Place
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from transcript_parts import colours_of, drag, on_screen, until

LINES = ['for name in ("Grade4",):\n', "\tn = nuke.toNode(name)  # one\n", "\n", "print(n)\n"]
TEXT = "".join(LINES).removesuffix("\n")


def code(lines: list[str], open_line: str = "", language: str = "python") -> Code:
    return Code(Place(), language, lines, open_line)


@pytest.fixture
def block(own) -> CodeBlock:
    return on_screen(own, lambda look: CodeBlock(look, code(list(LINES))), 400, 160)


def test_copy_gives_the_code_with_its_tabs_and_says_so(block):
    [copy] = block.buttons
    copy.click()
    assert QGuiApplication.clipboard().text() == TEXT
    assert (copy.text(), copy.icon_name) == ("Copied", "check")


def test_copied_becomes_copy_again(block):
    [copy] = block.buttons
    copy.click()
    block._thanks.timeout.emit()
    block._thanks.stop()
    block._place()
    assert (copy.text(), copy.icon_name) == ("Copy", "copy")


def test_other_actions_are_asked_for_with_the_code(own):
    run = CodeAction("run", "play", "Run", "Run, asks first")
    block = on_screen(own, lambda look: CodeBlock(look, code(["x\n"]), (COPY, run)))
    asked: list[tuple[str, str]] = []
    block.action_requested.connect(lambda key, text: asked.append((key, text)))
    block.buttons[1].click()
    assert asked == [("run", "x")]


def test_only_what_is_new_is_read_again(own):
    lines = ["a = 1\n"]
    block = on_screen(own, lambda look: CodeBlock(look, code(lines)))
    read: list[str] = []
    block.body._highlighter.line = lambda text: read.append(text) or ()
    lines.append("b = 2\n")
    assert block.show_block(code(lines, "c ="))
    assert (read, block.body.text) == (["b = 2\n"], "a = 1\nb = 2\nc =")


def test_another_code_is_another_widget(block):
    assert not block.show_block(code(["other\n"]))
    assert not block.show_block(Paragraph(Place(), "x"))


def test_it_grows_by_one_pitch_a_line_and_never_wraps(own):
    lines = ["short\n"]
    block = on_screen(own, lambda look: CodeBlock(look, code(lines)), 200, 300)
    one = block.heightForWidth(200)
    lines.append("long " * 100 + "\n")
    block.show_block(code(lines))
    assert one < block.heightForWidth(200) < one + 30


def test_a_long_line_scrolls_sideways_with_a_bar_that_is_there(own):
    block = on_screen(own, lambda look: CodeBlock(look, code(["x" * 300 + "\n"])), 300, 120)
    bar = block.body.horizontalScrollBar()
    assert bar.maximum() > 1000
    assert [each.isVisible() for each in block.body._bars] == [True, False]
    block.body.setFocus()
    QTest.keyClick(block.body, Qt.Key.Key_Right)
    assert bar.value() > 0


def test_a_short_one_has_no_bar(block):
    assert not any(each.isVisible() for each in block.body._bars)


def test_a_drag_over_lines_selects_them(block):
    body = block.body
    body.setFocus()
    drag(body.viewport(), (0, 10), (4000, 4000))
    assert body.selected_text == TEXT
    drag(body.viewport(), (11, 10), (4000, 10))
    assert body.selected_text == LINES[0].rstrip("\n")
    QTest.keyClick(body, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == LINES[0].rstrip("\n")


def test_code_with_emoji_is_selected_to_the_letter(own):
    block = on_screen(own, lambda look: CodeBlock(look, code(["# \U0001f600\U0001f600 x = 1\n"])), 400, 120)
    block.body.setFocus()
    block.body._mark((0, 2), (0, 3))
    assert block.body.selected_text == "\U0001f600"
    drag(block.body.viewport(), (0, 10), (4000, 10))
    assert block.body.selected_text == "# \U0001f600\U0001f600 x = 1"


def test_words_give_way_to_icons_in_a_narrow_pane(own):
    block = on_screen(own, lambda look: CodeBlock(look, code(["x\n"])), 290, 120)
    assert block.buttons[0].text() == ""
    block.window().resize(400, 120)
    until(lambda: block.buttons[0].text() == "Copy")


def test_code_has_three_voices_and_a_new_palette_changes_them(block):
    before = colours_of(block)
    palette = block.window().palette()
    palette.setColor(palette.ColorRole.Highlight, Qt.GlobalColor.cyan)
    block.window().setPalette(palette)
    assert colours_of(block) - before


def test_a_state_of_the_lexer_lasts_over_lines():
    lexer = Highlighter("python")
    assert lexer.line('x = """open\n')[-1][2] == "string"
    assert lexer.line("still for in\n") == ((0, 12, "string"),)
    assert lexer.line('"""; for x in y: pass\n')[1] == (5, 3, "word")


def test_a_line_that_is_still_written_leaves_the_state_alone():
    lexer = Highlighter("python")
    lexer.peek('"""')
    assert lexer.line("for x in y:\n")[0] == (0, 3, "word")


@pytest.mark.parametrize(
    "language", ["python", "nk", "tcl", "cpp", "json", "yaml", "html", "bash", "diff", "", "no-such"]
)
def test_any_language_and_any_line_is_read(language: str):
    lexer = Highlighter(language)
    for line in ('{"a": [1, /* "x', "*/ <b> # ' \\", "\ufffd\t\U0001f600", "", "x" * 5000):
        for start, length, voice in (*lexer.line(line + "\n"), *lexer.peek(line)):
            assert 0 <= start < start + length <= len(line) and voice in ("word", "string", "comment")


@pytest.mark.parametrize(("language", "name"), [("py", "Python"), ("nk", "Nuke script"), ("", ""), ("foo", "foo")])
def test_a_language_has_its_own_name(language: str, name: str):
    assert language_name(language) == name
