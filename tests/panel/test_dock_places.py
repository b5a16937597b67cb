"""Where a host puts a pane, and how it looks there: floating, over the whole screen, in another palette or font."""

# ruff: noqa: F811 - fixtures are imported, and then they are parameters

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from docked_nuke import answering, fake_nuke, nuke  # noqa: F401
from host_harness import NukeLike, Script, answered, is_ready, is_running, opened, said, streaming
from host_scenery import host_palette
from looks import HOST, LIGHT, palette
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QApplication
from thread_server import Pieces


@pytest.fixture
def look_as_before(qapp: QApplication) -> Iterator[None]:
    style, colours, font = qapp.style().objectName(), qapp.palette(), qapp.font()
    yield
    qapp.setStyle(style)
    qapp.setPalette(colours)
    qapp.setFont(font)


def ground(pane: Any) -> str:
    """The colour in its corners."""
    image = pane.grab().toImage()
    [colour] = {image.pixelColor(x, y).name() for x in (0, image.width() - 1) for y in (0, image.height() - 1)}
    return colour


def test_a_pane_is_floated_docked_again_and_put_over_the_whole_screen_in_mid_stream(nuke: NukeLike) -> None:
    pieces = Pieces("one ", "two ", "three ", "four")

    with answering(pieces):

        def script() -> Script:
            pane = yield from streaming(nuke, pieces)
            chat = pane.chat
            nuke.float(pane)
            pieces.go()
            yield lambda: "two" in said(pane)[1]
            assert pane.isVisible() and pane.window() is not nuke.window
            pane.window().showFullScreen()
            pieces.go()
            yield lambda: "three" in said(pane)[1]
            pane.window().showMinimized()
            pane.window().showNormal()
            nuke.dock_again(pane)
            other = yield from opened(nuke)  # in front of it, which keeps its conversation
            pieces.go()
            nuke.bring_to_front(pane)
            yield lambda: not is_running(pane)
            assert pane.chat is chat and said(pane) == ["hi", "one two three four"] and said(other) == []

        nuke.play(script())


def test_a_host_that_gives_each_widget_only_what_it_asks_for_gives_room_to_an_empty_pane(nuke: NukeLike) -> None:
    def script() -> Script:
        pane = nuke.open_pane()
        layout = pane.parentWidget().layout()
        layout.addStretch(1)
        layout.setAlignment(pane, Qt.AlignmentFlag.AlignTop)
        yield lambda: is_ready(pane)
        assert pane.height() > 300

    nuke.play(script())


@pytest.mark.parametrize("width", [0, 1, 40, 120, 300, 1180])
def test_no_width_hurts_a_pane(nuke: NukeLike, width: int) -> None:
    def script() -> Script:
        pane = yield from opened(nuke)
        yield from answered(pane, "help")
        nuke.right.setFixedWidth(width)
        pane.window().resize(1180, 60)
        ticks = nuke.neighbour.ticks
        yield lambda: nuke.neighbour.ticks > ticks + 20
        nuke.right.setFixedWidth(380)
        pane.window().resize(1180, 760)
        ticks = nuke.neighbour.ticks
        yield lambda: nuke.neighbour.ticks > ticks + 20
        assert pane.chat.composer.isVisible() and pane.chat.width() == 380

    nuke.play(script())


def test_a_pane_follows_the_palette_and_the_font_of_its_host(nuke: NukeLike, look_as_before: None) -> None:
    def script() -> Script:
        host_palette(nuke.app)
        pane = yield from opened(nuke)
        yield from answered(pane, "help")
        control = pane.chat.look.theme.control
        assert ground(pane) == HOST[0]
        nuke.app.setPalette(palette(*LIGHT))
        font = QFont(nuke.app.font())
        font.setPixelSize(20)
        nuke.app.setFont(font)
        yield lambda: pane.chat.look.theme.base == 20
        assert ground(pane) == LIGHT[0] and pane.chat.look.theme.control > control
        host_palette(nuke.app)
        yield lambda: ground(pane) == HOST[0]
        assert pane.chat.look.theme.control == control

    nuke.play(script())


def test_a_palette_that_changes_while_the_pane_is_hidden_is_there_when_it_is_seen_again(
    nuke: NukeLike, look_as_before: None
) -> None:
    def script() -> Script:
        host_palette(nuke.app)
        pane = yield from opened(nuke)
        nuke.hide_behind(pane)
        nuke.app.setPalette(palette(*LIGHT))
        nuke.bring_to_front(pane)
        yield pane.isVisible
        assert ground(pane) == LIGHT[0]

    nuke.play(script())
