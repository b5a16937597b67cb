"""The pane in a process of its own, where what is left can be counted: its start, its leaks, its ends."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from fault_server import answers, fault_server, silent_after_a_token
from host_process import HostProcess, host_process
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.reports import past_sessions
from nuke_ai_panel.panel.reports.journal import journal_folder
from nuke_ai_panel.panel.settings import ProviderSettings, Settings, save, settings_path


def answered_by(url: str) -> None:
    settings = Settings()
    settings.set(options.PROVIDER, "compatible")
    settings.set_provider("compatible", ProviderSettings(url, "tiny"))
    save(settings.changes, settings_path())


async def in_mid_stream(host: HostProcess) -> None:
    await host.do("open")
    await host.do("ask", 0, "hi")
    await host.do("wait", 0, "Hello")


def assert_in_order(end: dict[str, Any], host: HostProcess) -> None:
    assert end.pop("seconds") < 1.0
    nothing = {"ticks": 0, "pending": [], "sessions": [], "sockets": 0, "dropped": True, "code": 0}
    assert end == nothing and host.noise == []


def test_registering_costs_the_start_of_the_host_next_to_nothing() -> None:
    code = "import PySide6.QtWidgets, sys; before = set(sys.modules); import nuke_ai_panel.panel.dock as dock;"
    code += "dock.register(); print(*(set(sys.modules) - before))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert [name for name in sorted(out) if name.startswith("nuke_ai_panel.")] == [
        "nuke_ai_panel.panel",
        "nuke_ai_panel.panel.dock",
        "nuke_ai_panel.ui",
        "nuke_ai_panel.ui.late_pane",
    ]
    assert not {"asyncio", "qasync", "aiohttp", "sqlite3", "keyring"} & set(out)


async def test_nothing_costly_is_imported_before_the_first_paint() -> None:
    async with host_process() as host:
        assert not {"aiohttp", "keyring", "sqlite3", "qasync"} & set(await host.do("open_only"))
        assert_in_order(await host.quit("once"), host)


@pytest.mark.parametrize("how", ["once", "twice", "from our callback"])
async def test_a_quit_in_mid_stream_closes_everything_in_order_within_a_second(how: str) -> None:
    async with fault_server(silent_after_a_token()) as server:
        answered_by(server.url)
        async with host_process() as host:
            await in_mid_stream(host)
            assert_in_order(await host.quit(how), host)
        assert all(call.gone.is_set() for call in server.calls)


@pytest.mark.parametrize("moment", ["made", "seen", "importing", "attached", "alive"])
async def test_a_quit_at_any_moment_of_the_start_says_nothing_and_leaves_nothing(moment: str) -> None:
    async with host_process() as host:
        await host.do("begin", moment)
        assert_in_order(await host.quit("once"), host)


async def test_a_quit_by_a_task_of_ours_takes_no_longer() -> None:
    async with fault_server(silent_after_a_token()) as server:
        answered_by(server.url)
        async with host_process() as host:
            await in_mid_stream(host)
            end = await host.quit("from our task")
            assert end["seconds"] < 1.0 and end["code"] == 0 and end["ticks"] == 0 and end["sessions"] == []


async def test_a_task_that_ends_at_nothing_is_let_go_within_the_second() -> None:
    async with host_process() as host:
        await host.do("open")
        await host.do("start_stubborn")
        end = await host.quit("once")
        assert end["seconds"] < 1.0 and end["code"] == 0 and end["ticks"] == 0 and host.noise == []
    [session] = past_sessions(journal_folder())
    assert session.left == {"tasks": ("application/stubborn",)}
    assert [report.message for report in session.reports] == ["Left open at closing: application/stubborn"]


async def test_a_host_that_ends_without_a_word_hears_none_of_us() -> None:
    async with fault_server(silent_after_a_token()) as server:
        answered_by(server.url)
        async with host_process(dev=False) as host:
            await in_mid_stream(host)
            assert (await host.quit("without a word"))["code"] == 0
            assert host.noise == []


def assert_nothing_grew(before: dict[str, int], after: dict[str, int]) -> None:
    """Less is no leak: on a busy machine an idle connection is given up meanwhile."""
    assert {name: count for name, count in after.items() if name != "rss" and count > before[name]} == {}


@pytest.mark.parametrize("leave", ["destroy", "close_tab"])
async def test_fifty_panes_opened_and_left_leave_what_there_was_before(leave: str) -> None:
    """Closed tabs stay with the host, with nothing of ours in them."""
    async with fault_server(answers("Hello")) as server:
        answered_by(server.url)
        async with host_process() as host:
            await host.do("open")
            await host.do("ask", 0, "hi")
            await host.do("idle", 0)
            await host.do(leave, 0)
            await host.do("reopen", 3, leave)
            before = await host.do("census")
            assert await host.do("reopen", 50, leave) == ["hi", "Hello"]
            assert_nothing_grew(before, await host.do("census"))
            assert_in_order(await host.quit("once"), host)


async def test_open_ask_close_again_and_again_grows_nothing() -> None:
    async with fault_server(answers("Hello", " you")) as server:
        answered_by(server.url)
        async with host_process() as host:
            before = await host.do("cycle", 5)
            assert_nothing_grew(before, await host.do("cycle", 30))
            assert_in_order(await host.quit("once"), host)
