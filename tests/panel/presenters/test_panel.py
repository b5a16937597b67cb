"""One application and what watches over it: stalls reach the journal, and crashes on the desktop."""

from __future__ import annotations

import asyncio
import faulthandler
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from nuke_ai_panel.panel.presenters import panel as panel_module
from nuke_ai_panel.panel.presenters.panel import Panel
from nuke_ai_panel.panel.presenters.starting import WayIn
from nuke_ai_panel.panel.reports import PastSession, Report, past_sessions, private_file
from nuke_ai_panel.panel.settings import Settings
from open_window import until
from qt_host import running

PATIENCE = 20.0


@asynccontextmanager
async def panel_of(way_in: WayIn) -> AsyncIterator[Panel]:
    panel = Panel(Settings(), way_in)
    try:
        yield panel
    finally:
        assert not await panel.close()


def stalls(panel: Panel, function: str) -> list[Report]:
    """What the watchdog has said of this function. On a busy machine others may stand too; they are not asked for."""
    return [report for report in panel.app.reports.recent() if function in str(report.trace)]


def stand_until_it_is_told(panel: Panel) -> None:
    end = time.monotonic() + PATIENCE
    while not stalls(panel, "stand_until_it_is_told"):
        assert time.monotonic() < end, "nobody has told"


@pytest.mark.parametrize("way_in", ["window", "nuke"])
async def test_a_callback_that_stands_is_in_the_journal_with_its_stack_and_again_when_it_is_over(
    monkeypatch: pytest.MonkeyPatch, way_in: WayIn
) -> None:
    """It takes 2 s; here a fortieth, so that the test takes no time."""
    monkeypatch.setattr(panel_module, "Watchdog", partial(panel_module.Watchdog, seconds=0.05))
    async with panel_of(way_in) as panel:
        running().call_soon(stand_until_it_is_told, panel)
        await until(lambda: any("moves again" in report.message for report in panel.app.reports.recent()))
        [stall] = stalls(panel, "stand_until_it_is_told")
        assert (stall.severity, stall.origin, stall.count) == ("warning", "watchdog", 1)
    [session] = past_sessions(panel.app.reports.folder)
    assert kept(session, stall).trace == stall.trace and f"{__file__}:" in str(stall.trace)


def kept(session: PastSession, report: Report) -> Report:
    return next(each for each in session.reports if each.id == report.id)


async def test_a_stall_that_never_ends_is_in_the_journal_while_it_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The artist will kill the program: what is not written by then is never read."""
    monkeypatch.setattr(panel_module, "Watchdog", partial(panel_module.Watchdog, seconds=0.05))
    found: list[PastSession] = []

    def stand_for_ever(panel: Panel) -> None:
        end = time.monotonic() + PATIENCE
        while not (found and any("stand_for_ever" in str(report.trace) for report in found[0].reports)):
            assert time.monotonic() < end, "it is not in the journal"
            found[:] = past_sessions(panel.app.reports.folder)

    async with panel_of("nuke") as panel:
        done = asyncio.Event()
        running().call_soon(stand_for_ever, panel)
        running().call_soon(done.set)
        await done.wait()
    assert found[0].running


async def test_two_seconds_are_a_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    async with panel_of("nuke") as panel:
        assert panel._watchdog._seconds == 2.0


async def test_the_watchdog_ends_with_the_panel() -> None:
    async with panel_of("nuke"):
        assert "nuke-ai-panel watchdog" in [thread.name for thread in threading.enumerate()]
    assert "nuke-ai-panel watchdog" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("way_in", ["window", "nuke"])
async def test_crashes_are_written_on_the_desktop_and_in_a_host_they_are_the_hosts(way_in: WayIn) -> None:
    before = faulthandler.is_enabled()
    faulthandler.disable()
    try:
        async with panel_of(way_in) as panel:
            panel.warm_up()
            await until(lambda: not panel.app.scope.stats().running)
            assert faulthandler.is_enabled() == (way_in == "window")
            assert len(list(panel.app.reports.folder.glob("*.crash"))) == (way_in == "window")
        assert not faulthandler.is_enabled() and not list(panel.app.reports.folder.glob("*.crash"))
    finally:
        if before:
            faulthandler.enable()


async def test_an_error_outside_of_any_task_becomes_a_report() -> None:
    async with panel_of("nuke") as panel:
        running().call_soon(int, "no number")
        await until(lambda: panel.app.reports.recent())
        [report] = panel.app.reports.recent()
        assert (report.kind, report.origin) == ("ValueError", "loop") and "callback" in report.context["loop"]
        running().call_exception_handler({"message": "Fatal read error"})
        await until(lambda: len(panel.app.reports.recent()) == 2)
        assert panel.app.reports.recent()[0].message == "Fatal read error"


async def test_a_journal_on_a_drive_that_has_gone_holds_up_neither_starting_nor_quitting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hangs, is_back = threading.Event(), threading.Event()
    open_private = private_file.open_private

    def hanging(path: Path) -> int:
        hangs.set()
        assert is_back.wait(PATIENCE)
        return open_private(path)

    monkeypatch.setattr(private_file, "open_private", hanging)
    began = time.monotonic()
    async with panel_of("window") as panel:
        panel.app.reports.report("it is not written")
        await until(hangs.is_set)
    panel.app.reports.report("nor is this, and nobody waits for it")
    took = time.monotonic() - began
    is_back.set()
    while panel.app.reports.counts().waiting:
        panel.app.reports.close()
    assert took < 5  # 0.3 s on a quiet machine
    [session] = past_sessions(panel.app.reports.folder)
    assert session.ended and len(session.reports) == 2
