"""The running Nuke read ahead in small pieces: others get their turn, and what happens meanwhile is not half told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from fake_nuke import fake_nuke  # noqa: F401
from nuke_ai_panel.panel.tools import ToolBox
from nuke_ai_panel.providers.messages import ToolCall
from nuke_host_script import SCRIPT


@pytest.fixture
def nuke(fake_nuke: Any, monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: F811
    """A pause after each piece, and a piece is as small as can be."""
    from nuke_ai_panel.panel.hosts.nuke import host

    monkeypatch.setattr(host, "PIECE", -1.0)
    fake_nuke.scriptReadText(SCRIPT)
    return fake_nuke


@pytest.fixture
def host(nuke: Any) -> Any:
    from nuke_ai_panel.panel.hosts.nuke import NukeHost

    return NukeHost()


async def read_ahead(host: Any, between: Callable[[int], None]) -> Any:
    """`between` is called after each piece, with the number of it."""
    reading, pieces = asyncio.get_running_loop().create_task(host.read_ahead()), 0  # noqa: TID251 - it is awaited
    while True:
        await asyncio.sleep(0)
        if reading.done():
            return reading.result()
        pieces += 1
        between(pieces)


async def test_between_any_two_nodes_others_get_their_turn(host: Any, nuke: Any) -> None:
    pieces, asked = list[int](), list[int]()

    def between(number: int) -> None:
        pieces.append(number)
        asked.append(nuke._calls.total())

    await read_ahead(host, between)
    steps = [after - before for before, after in zip(asked, asked[1:], strict=False)]
    assert len(pieces) > len(host.nodes()) and max(steps) < 20


async def test_what_was_read_ahead_is_what_is_read_at_once_and_nothing_is_read_twice(host: Any, nuke: Any) -> None:
    ahead = await host.read_ahead()
    assert ahead.nodes() == host.nodes()
    assert [ahead.knobs(row.name) for row in ahead.nodes()] == [host.knobs(row.name) for row in host.nodes()]
    nuke._calls.clear()
    box = await ToolBox(ahead).read_ahead()
    for tool, arguments in (("list_nodes", "{}"), ("read_node", '{"name": "Grade1"}'), ("find_nodes", '{"text": "a"}')):
        assert box.call(ToolCall("1", tool, arguments)).result.ok
    assert nuke._calls["Node.writeKnobs"] == 0


async def test_a_tool_box_that_has_read_ahead_has_the_same_tools(host: Any) -> None:
    box = ToolBox(host)
    assert (await box.read_ahead()).specs == box.specs
    assert "selected_nodes" in [spec.name for spec in box.specs]


def cleared(nuke: Any) -> None:
    nuke.scriptClear()


def another_is_opened(nuke: Any) -> None:
    nuke.scriptClear()
    nuke.scriptReadText("Blur {\n inputs 0\n name Another\n}\n")


def a_group_goes(nuke: Any) -> None:
    if group := nuke.toNode("root.Group1"):
        nuke.delete(group)


@pytest.mark.parametrize("happening", [cleared, another_is_opened, a_group_goes])
async def test_whatever_goes_between_two_pieces_the_old_is_not_told_with_the_new(
    host: Any, nuke: Any, happening: Callable[[Any], None]
) -> None:
    whole = [row.name for row in host.nodes()]
    pieces = 0

    def count(number: int) -> None:
        nonlocal pieces
        pieces = number

    await read_ahead(host, count)
    for at in range(1, pieces + 1):
        nuke.scriptClear()
        nuke.scriptReadText(SCRIPT)

        def between(number: int, at: int = at) -> None:
            if number == at:
                happening(nuke)

        told = [row.name for row in (await read_ahead(host, between)).nodes()]
        assert told in (whole, [row.name for row in host.nodes()]), at


async def test_a_nuke_that_begins_to_render_between_two_pieces_is_told_as_busy(
    host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> Any:
        raise RuntimeError("I'm already executing something else")

    def between(number: int) -> None:
        if number == 5:
            for name in ("writeKnobs", "knobs"):
                monkeypatch.setattr(nuke.Node, name, busy)

    ahead = await read_ahead(host, between)
    assert ToolBox(ahead).call(ToolCall("1", "list_nodes", "{}")).outcome == "Nuke is busy"


async def test_a_reading_that_is_stopped_leaves_the_host_as_it_was(host: Any, nuke: Any) -> None:
    whole = host.nodes()
    reading = asyncio.get_running_loop().create_task(host.read_ahead())  # noqa: TID251 - it is awaited
    await asyncio.sleep(0)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert host.nodes() == whole
