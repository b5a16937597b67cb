"""A painted table: its columns, what gives way, what adding a row costs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.ui.transcript.markdown_blocks import Paragraph, Place, Table
from nuke_ai_panel.ui.transcript.table_block import GAP, TableBlock, _cut_widest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QApplication
from transcript_parts import mouse, on_screen

HEADER = ("Node", "Class", "Gain")


def table(rows: list[tuple[str, ...]], aligns=("", "", ""), open_row=None, header=HEADER) -> Table:
    return Table(Place(), header, aligns, rows, open_row)


ROWS = [("Grade4", "Grade", "1.18"), ("Grade5", "Grade", "0.92"), ("Merge3", "Merge2", "-")]


@pytest.fixture
def block(own) -> TableBlock:
    return on_screen(own, lambda look: TableBlock(look, table(list(ROWS))), 376, 120)


def test_columns_share_the_spare_room(block):
    widths = block.column_widths(376)
    assert sum(widths) == 376
    natural = [natural + GAP for natural in block._natural]
    spare = [width - need for width, need in zip(widths, natural, strict=True)]
    assert max(spare[:-1]) - min(spare[:-1]) <= 1


def test_the_widest_column_gives_way_first_and_the_others_keep_what_they_need(own):
    long = "/mnt/show/sh0420/plates/v003/bg.exr"
    block = on_screen(own, lambda look: TableBlock(look, table([(long, "Read", "1")])), 300, 120)
    widths = block.column_widths(220)
    assert sum(widths) <= 220
    assert widths[1] == block._natural[1] + GAP
    assert widths[0] < block._natural[0]


@given(st.lists(st.integers(30, 900), min_size=1, max_size=8), st.integers(250, 800))
def test_columns_never_take_more_than_there_is(widths: list[int], room: int):
    cut = _cut_widest(widths, room)
    assert sum(cut) <= max(room, sum(widths) if sum(widths) <= room else 0)
    assert all(0 < after <= max(before, 24) for before, after in zip(widths, cut, strict=True))


def test_wider_than_twice_the_room_it_scrolls_sideways_in_itself(own):
    wide = [tuple("x" * 60 for _ in range(8))]
    made = table(wide, ("",) * 8, header=("h",) * 8)
    block = on_screen(own, lambda look: TableBlock(look, made), 300, 120)
    assert block.horizontalScrollBar().maximum() > 300
    assert block.column_widths(300)[0] > 300 // 8


def test_numbers_stand_right_if_markdown_says_so_or_all_of_them_are(block):
    right, left = Qt.AlignmentFlag.AlignRight, Qt.AlignmentFlag.AlignLeft
    assert [block._side(column) for column in range(3)] == [left, left, right]
    block.show_block(table(block._source, ("right", "", "left")))
    assert [block._side(column) for column in range(3)] == [right, left, left]


def test_one_word_among_the_numbers_and_they_stand_left(own):
    block = on_screen(own, lambda look: TableBlock(look, table([("1",) * 3, ("1", "2", "about 3")])))
    assert block._side(2) == Qt.AlignmentFlag.AlignLeft


def test_adding_a_row_reads_that_row_only(block):
    rows = block._source
    measured: list[int] = []
    block._measured = lambda cells, final=True: measured.append(len(cells)) or cells
    rows.append(("Blur1", "Blur", "3"))
    assert block.show_block(table(rows))
    assert (measured, block.row_count) == ([3], 4)


def test_a_row_that_is_still_written_is_shown_and_then_replaced(block):
    height = block.heightForWidth(376)
    rows = block._source
    block.show_block(table(rows, open_row=("Bl", "", "")))
    assert (block.row_count, block.rows[-1][0].text) == (4, "Bl")
    rows.append(("Blur1", "Blur", "3"))
    block.show_block(table(rows))
    assert (block.row_count, block.rows[-1][0].text) == (4, "Blur1")
    assert block.heightForWidth(376) > height


def test_another_table_is_another_widget(block):
    assert not block.show_block(table([], header=("Other",), aligns=("",)))
    assert not block.show_block(Paragraph(Place(), "x"))


def test_a_cut_cell_is_whole_in_its_tooltip(own):
    long = "/mnt/show/sh0420/plates/v003/bg.exr"
    block = on_screen(own, lambda look: TableBlock(look, table([(long, "Read", "1")])), 230, 120)
    control = block._look.theme.control
    beside = block.column_widths(block.viewport().width())[0] + 5
    assert tip_at(block, 5, control + 5) == long
    assert tip_at(block, beside, control + 5) == ""


def tip_at(block: TableBlock, x: int, y: int) -> str:
    at, shown = QPoint(x, y), []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "nuke_ai_panel.ui.transcript.table_block.QToolTip.showText", lambda place, text, widget: shown.append(text)
        )
        QApplication.sendEvent(block.viewport(), QHelpEvent(QEvent.Type.ToolTip, at, block.mapToGlobal(at)))
    return shown[0]


def test_markup_in_cells_is_a_style_and_links_can_be_followed(own):
    rows = [("`Grade4`", "**bold**", "[docs](https://example.org/d)")]
    block = on_screen(own, lambda look: TableBlock(look, table(rows)))
    assert [cell.text for cell in block.rows[0]] == ["Grade4", "bold", "docs"]
    assert [(cell.style.code, cell.style.bold) for cell in block.rows[0][:2]] == [(True, False), (False, True)]
    followed: list[str] = []
    block.link_activated.connect(followed.append)
    x = sum(block.column_widths(block.viewport().width())[:2]) + 4
    mouse(block.viewport(), QEvent.Type.MouseButtonRelease, x, block._look.theme.control * 1.5)
    assert followed == ["https://example.org/d"]


def test_the_table_is_copied_as_spreadsheets_take_it(block):
    block.copy()
    assert QGuiApplication.clipboard().text().splitlines()[:2] == ["Node\tClass\tGain", "Grade4\tGrade\t1.18"]
