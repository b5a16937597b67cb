from __future__ import annotations

import pytest
from looks import make_look
from nuke_ai_panel.ui.look.icons import BUSY, ICONS, Glyph, draw_icon, icon
from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QImage, QPainter


def drawn(name: str, size: int) -> QImage:
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    draw_icon(painter, name, QColor("#ff0000"), QRectF(0, 0, size, size))
    painter.end()
    return image


@pytest.mark.parametrize("name", ICONS)
def test_every_icon_has_ink_of_its_colour_and_keeps_off_its_border(qapp, name):
    image = drawn(name, 32)
    inked = [(x, y) for x in range(32) for y in range(32) if image.pixelColor(x, y).alpha() > 60]
    assert len(inked) > 8
    assert all(image.pixelColor(x, y).red() > 250 for x, y in inked)
    assert all(0 < x < 31 and 0 < y < 31 for x, y in inked)


@pytest.mark.parametrize("ratio", [1.0, 1.25, 1.5, 2.0])
def test_an_icon_is_drawn_at_the_resolution_of_its_place(qapp, ratio):
    sizes = icon("check", QColor("red"), 16, ratio).availableSizes()
    assert sizes == [QSize(round(16 * ratio), round(16 * ratio))] or sizes == [QSize(16, 16)]


def test_the_busy_arc_turns_only_while_it_is_seen(own):
    glyph = own(Glyph(make_look(), BUSY))
    assert not glyph.turning
    glyph.show()
    assert glyph.turning
    glyph.show_icon("check", "ok")
    assert not glyph.turning
    glyph.show_icon(BUSY)
    glyph.hide()
    assert not glyph.turning


def test_the_busy_arc_stands_where_motion_is_reduced(own):
    look = make_look()
    glyph = own(Glyph(look, BUSY))
    glyph.show()
    look.set_still(True)
    assert not glyph.turning
    look.set_still(False)
    assert glyph.turning
