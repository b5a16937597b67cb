"""What a screen reader finds in an answer, part by part."""

from __future__ import annotations

from nuke_ai_panel.ui.transcript.code_block import CodeBlock
from nuke_ai_panel.ui.transcript.markdown_view import MarkdownView
from nuke_ai_panel.ui.transcript.table_block import TableBlock
from nuke_ai_panel.ui.transcript.text_block import TextBlock
from PySide6.QtGui import QAccessible
from transcript_parts import on_screen

ANSWER = "Words first.\n\n| Node | Gain |\n|---|---|\n| Grade4 | 1.18 |\n\n```python\nfirst = 1\nsecond = 2\n```\n"


def said(view: MarkdownView, kind: type, what: QAccessible.Text) -> str:
    widget = next(each for each in view.widgets if isinstance(each, kind))
    widget = widget.body if isinstance(widget, CodeBlock) else widget
    return QAccessible.queryAccessibleInterface(widget).text(what)


def test_words_tables_and_code_are_told_whole_once_they_have_come(own):
    view = on_screen(own, MarkdownView, 300, 500)
    for letter in ANSWER:
        view.feed(letter)
    view.end()
    name, description = QAccessible.Text.Name, QAccessible.Text.Description
    assert said(view, TextBlock, name) == "Words first."
    assert said(view, TableBlock, name) == "Table, Node, Gain"
    assert said(view, TableBlock, description) == "Node\tGain\nGrade4\t1.18"
    assert said(view, CodeBlock, name) == "first = 1\nsecond = 2"


def test_code_of_megabytes_is_told_in_part(own):
    view = on_screen(own, MarkdownView, 300, 500)
    view.feed("```\n" + "x = 1\n" * 100_000 + "```\n")
    view.end()
    assert 1_000 < len(said(view, CodeBlock, QAccessible.Text.Name)) < 20_000
