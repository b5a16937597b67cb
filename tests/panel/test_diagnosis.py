"""What is found out about a running panel: true, bounded in time, without keys, the same for screen and terminal."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from fault_server import answers, fault_server, full_backlog, refused_url, silent_after_a_token, silent_port
from managed_providers import managed
from memory_keyring import Dictionary
from nuke_ai_panel.panel import local_servers, settings, surroundings
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.diagnosis import examine, figures
from nuke_ai_panel.panel.keys import Keyring, KeyringTrouble
from nuke_ai_panel.panel.local_servers import LocalServer, knock
from nuke_ai_panel.panel.loop_stats import LoopStats
from nuke_ai_panel.panel.presenters.bundle import as_json, as_text, session_as_json, session_as_text, without_home
from nuke_ai_panel.panel.reports import PastSession, Report
from nuke_ai_panel.panel.settings import ProviderSettings
from nuke_ai_panel.panel.surroundings import last_session, look_around, pick_last
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.manager import ConnectionStats, ProviderConfig
from nuke_ai_panel.providers.messages import Message, Text
from nuke_ai_panel.providers.redact import Secret
from report_journals import opened

QUESTION = Request("", (Message("user", (Text("hi"),)),))
KEY = "sentinel-7Hq2-Zr8k-0451"
SECTIONS = (
    "Versions",
    "Loop",
    "Tasks",
    "Connections",
    "Threads",
    "Reports",
    "Sinks",
    "Keyring",
    "Settings",
    "Folders",
    "Local servers",
    "Last session",
)
STATS = LoopStats(1000, 40, 0.012, 0.0002, 0.001, 0.0084, 0.03, 3, 2, (0.0002, 0.03))
SESSION = PastSession(Path("j.jsonl"), "nuke", 4711, 1.7e9)


class Untouchable(Dictionary):
    """A keyring that may be opened, but of which nobody may ask a key."""

    def get_password(self, service: str, username: str, /) -> str | None:
        raise AssertionError("a key was asked for")


@asynccontextmanager
async def running(**arguments: Any) -> AsyncIterator[Application]:
    """An application whose local rows lead nowhere."""
    app = Application(**{"keyring": Untouchable(), "environ": {}} | arguments)
    for name in ("ollama", "lmstudio", "llama_cpp", "vllm", "litellm"):
        app.change_provider(name, ProviderSettings(refused_url()))
    try:
        yield app
    finally:
        await app.close()


async def state_of(address: str) -> str:
    async with running() as app:
        app.change_provider("ollama", ProviderSettings(address))
        around = await look_around(app)
    return next(server.state for server in around.servers if server.id == "ollama")


# What lives


async def test_live_tasks_stand_under_their_scope_with_name_age_and_origin() -> None:
    async with running() as app:
        go = asyncio.Event()
        app.scope.child("pane").start(go.wait(), name="turn")
        found = figures(app, asyncio.get_running_loop())
        go.set()
    application, reports = found.scopes
    assert (application.name, reports.name, application.running) == ("application", "reports", 1)
    [pane] = application.children
    [task] = pane.tasks
    assert task.name == "application/pane/turn" and "test_diagnosis.py:" in task.origin


async def test_sessions_sockets_and_streams_are_counted_by_provider() -> None:
    async with fault_server(silent_after_a_token()) as server, managed(server.url) as manager:
        assert manager.stats() == ()
        async with manager.stream("compatible", QUESTION) as answer:
            await anext(answer)
            assert manager.stats() == (ConnectionStats("compatible", sessions=1, sockets=1, streams=1),)
            manager.configure([ProviderConfig(PROVIDERS["compatible"], server.url, "other")])
            async with manager.stream("compatible", QUESTION) as second:
                await anext(second)
                assert manager.stats() == (ConnectionStats("compatible", sessions=2, sockets=2, streams=2),)
        assert [stats.streams for stats in manager.stats()] == [0]


async def test_a_connection_that_is_kept_for_the_next_question_is_a_socket_too() -> None:
    async with fault_server(answers("Hi")) as server, managed(server.url) as manager:
        async with manager.stream("compatible", QUESTION) as answer:
            [_ async for _ in answer]
        assert manager.stats() == (ConnectionStats("compatible", sessions=1, sockets=1, streams=0),)


async def test_the_guide_streams_without_a_session() -> None:
    async with managed("") as manager:
        manager.configure([ProviderConfig(PROVIDERS["offline"])])
        async with manager.stream("offline", QUESTION) as answer:
            assert manager.stats() == (ConnectionStats("offline", streams=1),)
            [_ async for _ in answer]


async def test_the_private_names_of_aiohttp_that_count_sockets_are_there() -> None:
    import aiohttp

    async with aiohttp.ClientSession() as client:
        assert client.connector is not None
        assert client.connector._acquired == set() and client.connector._conns == {}


@pytest.mark.abandons(1)
async def test_a_call_that_was_given_up_is_named() -> None:
    go = threading.Event()

    def read_a_silent_drive() -> None:
        go.wait()

    async with running() as app:
        with pytest.raises(TimeoutError):
            await run_blocking(read_a_silent_drive, deadline=0.01)
        found = figures(app, asyncio.get_running_loop())
    go.set()
    assert found.threads and [name for name in found.threads.abandoned if name.endswith("read_a_silent_drive")]


async def test_reports_are_there_with_their_counts() -> None:
    async with running() as app:
        app.reports.report("the disk is full", context={"file": "a.nk"}, wait=True)
        found = figures(app, None)
    assert [report.message for report in found.reports] == ["the disk is full"]
    assert found.counts.taken == 1 and found.threads is None


# What is around


@pytest.mark.parametrize("address", ["http://10.0.0.1:11434/v1", "http://models.lan:1234/v1", "http://[fe80::1]:80/v1"])
async def test_an_address_beyond_this_computer_is_not_contacted(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(local_servers, "_asked", asked.append)
    server = LocalServer("ollama", "Ollama", address)
    assert (await knock(server)).state == "elsewhere" and not asked


async def test_a_local_server_that_answers_is_asked_once_and_without_a_key() -> None:
    async with fault_server(answers("x")) as server:
        assert await state_of(server.url) == "answers"
        assert [(call.method, call.path) for call in server.calls] == [("GET", "/v1/models")]
        assert "authorization" not in server.calls[0].headers


async def test_localhost_is_this_computer_whatever_a_file_says_of_its_name() -> None:
    async with fault_server(answers("x")) as server:
        assert await state_of(server.url.replace("127.0.0.1", "localhost")) == "answers"


async def test_where_nothing_listens_the_port_is_closed() -> None:
    assert await state_of(refused_url()) == "closed"


async def test_a_server_that_takes_connections_and_says_nothing_is_silent() -> None:
    async with silent_port() as server:
        assert await state_of(server.url.replace("https", "http")) == "silent"
    with full_backlog() as url:
        assert await state_of(url) == "silent"


async def test_the_keyring_is_named_and_no_key_is_asked_of_it() -> None:
    async with running() as app:
        assert (await look_around(app)).keyring == surroundings.KeyringState("Dictionary")


async def test_a_keyring_that_cannot_be_used_says_why() -> None:
    def locked() -> Keyring:
        raise KeyringTrouble("It is locked.")

    def absent() -> Keyring:
        raise ImportError("keyring")

    for factory, words in ((locked, "It is locked."), (absent, "not installed")):
        async with running(keyring=factory) as app:
            assert words in (await look_around(app)).keyring.trouble


async def test_folders_that_are_not_made_yet_are_no_trouble_and_a_file_in_the_way_is() -> None:
    async with running() as app:
        fresh = {folder.name: folder for folder in (await look_around(app)).folders}
        assert set(fresh) == {"Settings", "Journal", "Data"}
        assert fresh["Data"].writable and not fresh["Data"].exists and (fresh["Data"].free or 0) > 0
        Path(fresh["Data"].path).parent.mkdir(parents=True)
        Path(fresh["Data"].path).write_text("in the way")
        blocked = {folder.name: folder for folder in (await look_around(app)).folders}
        assert "in the way" in blocked["Data"].trouble and not blocked["Data"].writable


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
async def test_a_folder_that_cannot_be_written_says_so() -> None:
    settings.settings_path().parent.mkdir(parents=True)
    settings.settings_path().parent.chmod(0o500)
    async with running() as app:
        assert not (await look_around(app)).folders[0].writable


@pytest.mark.abandons(5)
async def test_with_everything_hung_it_is_over_in_a_second_and_names_what_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    go = threading.Event()

    def hang(*_: object) -> Any:
        go.wait()

    for name in ("_versions", "_looked_at", "past_sessions"):
        monkeypatch.setattr(surroundings, name, hang)
    async with silent_port() as server, running(keyring=hang) as app:
        for row in ("ollama", "lmstudio", "llama_cpp"):
            app.change_provider(row, ProviderSettings(server.url.replace("https", "http")))
        began = time.monotonic()
        found = await examine(app)
        assert time.monotonic() - began < 5  # a second, and the leisure of a busy machine
    go.set()
    around = found.surroundings
    assert around.last_session is None and around.versions == {}
    assert "did not answer" in around.keyring.trouble
    assert all(folder.trouble == "the disk does not answer" for folder in around.folders)
    assert [server.state for server in around.servers].count("silent") == 3
    assert found.figures.threads and len(found.figures.threads.abandoned) == 6


# What leaves the panel


async def test_text_and_json_have_the_same_figures_in_a_fixed_order() -> None:
    async with running(loop_stats=lambda: STATS) as app:
        app.reports.report("the disk is full", wait=True)
        found = await examine(app)
        text, data = as_text(found, app.redactor), as_json(found, app.redactor)
    titles = [line for line in text.splitlines()[1:] if line and not line.startswith(" ")]
    assert tuple(titles) == SECTIONS
    assert "99 of 100 below 8.40 ms" in text and data["figures"]["loop"]["lag_p99"] == 0.0084
    assert "1000 callbacks in 40 batches" in text and data["figures"]["loop"]["callbacks"] == 1000
    assert "the disk is full" in text and data["figures"]["reports"][0]["message"] == "the disk is full"
    assert json.loads(json.dumps(data)) == data


async def test_no_key_and_no_home_folder_leaves_the_panel() -> None:
    home, spill = str(Path.home()), f"{KEY} and sk-proj-0123456789abcdef"
    context = {"password": "hunter2", KEY: "v", "a: api_key": "hunter2", "args": f"{home!r}, {home.replace('/', '//')}"}
    report = Report("r1", "error", "k", spill, f"in {home}/x", 1.0, 2.0, context=context, trace=(spill,))
    session = replace(SESSION, left={"tasks": (spill,)}, reports=(report,), crash=f"File {home}/panel.py {spill}")
    async with running() as app:
        app.redactor.add(Secret(KEY))
        found = await examine(app)
        figures_ = replace(found.figures, reports=(report,))
        around = replace(found.surroundings, last_session=session, warnings=(spill,))
        found = replace(found, figures=figures_, surroundings=around)
        bundles = (
            as_text(found, app.redactor),
            json.dumps(as_json(found, app.redactor)),
            session_as_text(session, app.redactor),
            json.dumps(session_as_json(session, app.redactor)),
        )
    for bundle in bundles:
        for secret in (KEY, "0123456789abcdef", "hunter2", home):
            assert secret not in bundle, (secret, bundle)
        assert "~" in bundle


@pytest.mark.parametrize(
    "text, cleaned",
    [
        ("/home/al/x", "~/x"),
        ("'/home/al'", "'~'"),
        ("/home/al.", "~."),
        ("/home/alan/x /home/al-2/x", "/home/alan/x /home/al-2/x"),
        ("/net/home/al/x", "/net~/x"),
        ("file:///home/al/a.nk", "file://~/a.nk"),
    ],
)
def test_the_home_folder_names_its_owner(text: str, cleaned: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/al")
    assert without_home(text) == cleaned


def test_a_home_folder_on_windows_is_known_in_a_repr_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os.path, "expanduser", lambda path: r"C:\Users\al" if path == "~" else path)
    assert without_home(r"C:\Users\al\x and 'c:\\Users\\al\\x' and C:/Users/al/x") == r"~\x and '~\\x' and ~/x"


def test_where_there_is_no_home_folder_nothing_is_taken_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("/", "", "~"):
        monkeypatch.setattr(os.path, "expanduser", lambda path, home=home: home)
        assert without_home("/usr/lib ~/x") == "/usr/lib ~/x"


async def test_a_name_with_a_colon_keeps_its_value() -> None:
    session = replace(SESSION, versions={"a: b": "c"})
    async with running() as app:
        assert session_as_json(session, app.redactor)["last_session"]["versions"] == {"a: b": "c"}


async def test_a_thousand_tasks_are_counted_but_not_all_named_in_the_text() -> None:
    async with running() as app:
        go = asyncio.Event()
        for number in range(1000):
            app.scope.start(go.wait(), name=f"task {number}")
        found = await examine(app)
        go.set()
        text = as_text(found, app.redactor)
        assert "application: 1000 running" in text and "and 950 more" in text
        assert len(as_json(found, app.redactor)["figures"]["scopes"][0]["tasks"]) == 1000


# How the last session ended


def test_the_last_session_is_no_command_that_ended_in_order() -> None:
    never_begun = replace(SESSION, way_in="", ended=1.7e9)
    command = replace(SESSION, way_in="terminal", ended=1.7e9)
    nuke = replace(SESSION, ended=1.7e9)
    crashed = replace(SESSION, way_in="terminal")
    assert pick_last((never_begun, command, nuke)) is nuke
    assert pick_last((crashed, nuke)) is crashed
    assert pick_last((command,)) is command
    assert pick_last((never_begun,)) is None


async def test_another_sessions_process_may_have_had_our_number() -> None:
    """In a container each one has the same."""
    async with running() as app:
        with opened(app.reports.folder) as earlier:
            earlier.begin("nuke")
        app.begin_session("window")
        app.reports.report("x", wait=True)
        found = await last_session(app)
    assert found and found.path == earlier.journal_path and found.pid == os.getpid()


@pytest.mark.parametrize(
    "session, words, word",
    [
        (replace(SESSION, ended=1.7e9), "It ended in order", "in order"),
        (SESSION, "It did not end in order.", "crashed"),
        (replace(SESSION, running=True), "It is still running.", "running"),
    ],
)
async def test_how_a_session_ended_is_said_first(session: PastSession, words: str, word: str) -> None:
    async with running() as app:
        assert session_as_text(session, app.redactor).startswith(words)
        assert session_as_json(session, app.redactor)["last_session"]["ending"] == word


@pytest.mark.parametrize("figures", [{}, {"lag_p50": 1}, {"lag_p50": "x"}, asdict(STATS) | {"batches": None}])
async def test_figures_of_a_damaged_journal_are_left_out(figures: dict[str, object]) -> None:
    async with running() as app:
        assert "loop" not in session_as_text(replace(SESSION, figures=figures), app.redactor)


async def test_a_session_tells_what_it_left_its_errors_by_kind_its_loop_and_its_last_words() -> None:
    reports = tuple(
        Report(f"r{number}", "error", kind, "m", "o", 1.0, 2.0, count)
        for number, (kind, count) in enumerate([("OSError", 3), ("key_wrong", 12), ("OSError", 1)])
    )
    session = replace(
        SESSION,
        left={"tasks": ("application/pane/turn",), "sessions": ()},
        figures=asdict(STATS),
        reports=reports,
        crash="Fatal Python error: Segmentation fault",
    )
    async with running() as app:
        text = session_as_text(session, app.redactor)
        data = session_as_json(session, app.redactor)["last_session"]
    assert "left open, tasks: application/pane/turn" in text
    assert text.index("12 x key_wrong") < text.index("4 x OSError")
    assert "loop, lag: median 0.20 ms, 95 of 100 below 1.00 ms, 99 of 100 below 8.40 ms" in text
    assert text.index("12 x key_wrong") < text.index("Segmentation fault") < text.index("OSError in o")
    assert data["by_kind"] == {"OSError": 4, "key_wrong": 12}


async def test_without_an_earlier_session_there_is_a_sentence() -> None:
    async with running() as app:
        assert "No earlier session could be read" in session_as_text(None, app.redactor)
        assert session_as_json(None, app.redactor) == {"last_session": None}
