"""Keys are planted, everything that can fail fails, and then every place is searched: no key is in any of them.

A key of the keyring, one of a variable and the password of a proxy are planted, each another text. Each failure is a
service of the user's own; every other one takes its key in a header of the user's. Two applications, one for either way
in which keys come, ask them all at once, and are recorded, diagnosed, saved and closed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import signal
import sys
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import dialects
import pytest
from cli_process import finish, start
from dialect import Dialect
from dialect_faults import SILENT, echoes, faults, serves
from fault_server import FaultServer, fails, fault_server, never_answers
from managed_providers import ONE_TRY
from memory_keyring import Dictionary
from nuke_ai_panel.panel import diagnosis
from nuke_ai_panel.panel import settings as options
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.keys import PROXY_LOGIN
from nuke_ai_panel.panel.presenters.bundle import as_json, as_text, session_as_text
from nuke_ai_panel.panel.presenters.figures import report_row
from nuke_ai_panel.panel.recordings import folder, recorder
from nuke_ai_panel.panel.reports import past_sessions
from nuke_ai_panel.panel.settings import OwnService, Settings, settings_path
from nuke_ai_panel.providers.address import origin_of
from nuke_ai_panel.providers.base import Step
from nuke_ai_panel.providers.catalog import OWN_KEY_VARIABLE
from nuke_ai_panel.providers.checks.report import report_text
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.formats import wire_format
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.messages import TextDelta
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.recorded import replayed
from nuke_ai_panel.providers.redact import Secret
from planted_keys import KEY, command_lines, files_below, leaks, listening, state_of, told_by
from proxy_server import ProxyServer, proxy_server

STORED, PLACED, PASSWORD = KEY, KEY[::-1], KEY.swapcase()
"""No piece of one is in another."""
AMONG_MODELS = "among models"
"""The service that has the key in the names of its models: those are shown as they are, but not kept."""
PATIENCE = Limits(
    connect=20, first_event=20, first_event_local=20, idle=20, idle_local=20, total=20, test=20, event_bytes=2**20
)
BRIEF = replace(PATIENCE, first_event=0.5, first_event_local=0.5, idle=0.4, idle_local=0.4, test=0.5)
"""For the few that only a deadline ends."""


@dataclass
class Run:
    """All that one run of everything has left behind, text by text."""

    said: list[str] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    reported: list[str] = field(default_factory=list)
    handed_on: list[str] = field(default_factory=list)
    replayed: list[str] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)

    def search(self, *keys: str) -> dict[str, list[str]]:
        """The places that hold a piece of a key, by their name; all have to be there."""
        home = Path.home()
        files = {
            "journal": files_below(home / "state_home" / "nuke-ai-panel" / "log" / "journal"),
            "recordings": files_below(home / "state_home" / "nuke-ai-panel" / "log" / "recordings"),
            "model lists": files_below(home / "cache_home"),
            "settings": files_below(settings_path().parent),
            "home": files_below(home),
        }
        places = vars(self) | files
        empty = [name for name, texts in places.items() if not texts and name != "warned"]
        assert not empty, f"nothing to search: {empty}"
        found = {name: [leak for key in keys for leak in leaks(texts, key)] for name, texts in places.items()}
        return {name: leaked for name, leaked in found.items() if leaked}


def in_pieces(dialect: Dialect, key: str) -> list[bytes]:
    return dialect.stream("You sent ", *(key[at : at + 3] for at in range(0, len(key), 3)), ".")


@dataclass
class Stage:
    """An application and the services that it is going to ask."""

    app: Application
    servers: dict[str, FaultServer]
    proxy: ProxyServer
    key: str

    def nobody_got_the_key(self) -> list[str]:
        """Whose test would prove nothing."""
        asked = {
            name: [value for call in server.calls for value in call.headers.values()]
            for name, server in self.servers.items()
        }
        return [name for name, values in asked.items() if not any(self.key in value for value in values)]


@asynccontextmanager
async def stage(dialect: Dialect, key: str, *, in_keyring: bool) -> AsyncIterator[Stage]:
    """One service for each failure, and one behind a proxy."""
    handlers = faults(dialect) | echoes(dialect, f"you sent {key} to us")
    handlers["in pieces"] = serves(dialect, *in_pieces(dialect, key))
    listed = json.dumps(dialect.model_list(AMONG_MODELS))  # whose words of its own may be spelt otherwise
    handlers[AMONG_MODELS] = fails("200 OK", listed.replace(AMONG_MODELS, f"{AMONG_MODELS} {key}"))
    async with AsyncExitStack() as stack:
        servers = {name: await stack.enter_async_context(fault_server(handlers[name])) for name in handlers}
        named = {"api.example": servers["healthy"].port}
        login = base64.b64encode(f"ann:{PASSWORD}".encode())
        odd = None if in_keyring else b"HTTP/1.1 407 " + login + b"\r\nContent-Length: 0\r\n\r\n"
        proxy = await stack.enter_async_context(proxy_server(user="ann", password=PASSWORD, names=named, odd=odd))
        settings, keyring = Settings(), Dictionary()
        settings.set(options.PROXY, "manual")
        settings.set(options.PROXY_ADDRESS, proxy.address)
        settings.set(options.PROXY_USER, "ann")
        addresses = {name: server.origin for name, server in servers.items()} | {"proxy": "http://api.example"}
        for number, (name, origin) in enumerate(addresses.items()):
            headers = {"X-Studio-Auth": "{key}"} if number % 2 else {}
            service = OwnService(label=f"service {name}", format=dialect.format, needs_key=True, headers=headers)
            settings.put_service("", service, origin + dialect.base_path)
        app = Application(settings=settings, keyring=keyring, environ={} if in_keyring else {OWN_KEY_VARIABLE: key})
        try:
            app.providers.use_limits(PATIENCE)
            app.providers.use_policy(ONE_TRY)
            await app.keys.save(PROXY_LOGIN, proxy.address, Secret(PASSWORD))
            for service_id in settings.own_services if in_keyring else ():
                await app.keys.save(service_id, origin_of(app.config(service_id).url), Secret(key))
            yield Stage(app, servers, proxy, key)
        finally:
            await app.providers.close()  # of so many sessions, and with another application beside it, in its own time
            await app.close()


def record_everything(app: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    """Answers of all services, and all of them."""
    monkeypatch.setattr(recorder, "MOST_ANSWERS", 10_000)
    monkeypatch.setattr(folder, "MOST_FILES", 10_000)
    begin = app.recordings.begin
    monkeypatch.setattr(app.recordings, "begin", lambda head, body: begin(replace(head, provider="all"), body))
    app.recordings.start("all")


async def ask_everybody(app: Application, run: Run) -> None:
    silent = [name for name in app.settings.own_services if app.providers.label(name).endswith(SILENT)]
    await ask_all_of(app, [name for name in app.settings.own_services if name not in silent], run)
    app.providers.use_limits(BRIEF)
    await ask_all_of(app, silent, run)


async def ask_all_of(app: Application, service_ids: Sequence[str], run: Run) -> None:
    async with asyncio.TaskGroup() as group:
        for service_id in service_ids:
            seen = Run() if app.providers.label(service_id).endswith(AMONG_MODELS) else run
            group.create_task(ask(app, service_id, seen))
            group.create_task(check(app, service_id, seen))


async def ask(app: Application, service_id: str, run: Run) -> None:
    """A turn, but for what the model says; and a list, whose failure is reported as a presenter would."""
    ended = await app.chat(service_id, "tiny").ask("What did I send?")
    run.said.append(repr(replace(ended, text="")))
    try:
        run.said.append(repr(await app.models.asked(service_id)))
    except ProviderError as error:
        run.said += told_by(error)
        app.reports.report(error, origin=service_id, context={"service": service_id})


async def check(app: Application, service_id: str, run: Run) -> None:
    steps: list[Step] = []
    report = await app.providers.check(app.config(service_id), model="tiny", on_step=steps.append)
    run.said += [repr(steps), repr(report), report_text(report, app.redactor)]


async def fail_with(app: Application, secret: str) -> None:
    """A fault of our own, with the key in a local variable and in its words."""

    async def break_down() -> None:
        header = {"Authorization": f"Bearer {secret}"}
        try:
            raise KeyError(header["Authorization"])
        except KeyError as error:
            raise RuntimeError(f"nobody takes {header}") from error

    await asyncio.wait([app.scope.start(break_down(), name="break down")])


async def look_at(app: Application, dialect: Dialect, run: Run) -> None:
    """What is shown, copied and printed when somebody asks for help."""
    found = await diagnosis.examine(app)
    run.handed_on += [as_text(found, app.redactor), json.dumps(as_json(found, app.redactor))]
    run.reported += [repr(report_row(report)) for report in app.reports.recent()]
    run.said += [text for text in state_of(app.providers) if AMONG_MODELS not in text]
    await app.save_settings()
    await app.recordings.finish()
    run.replayed += [replay(file, dialect) for file in app.recordings.folder.iterdir()]


def replay(file: Path, dialect: Dialect) -> str:
    """The text that a recording comes to: a key may have come in pieces."""
    told: list[str] = []
    with contextlib.suppress(ProviderError):
        for event in replayed(file.read_bytes(), wire_format(dialect.format, ChatQuirks())):
            told.append(event.text if isinstance(event, TextDelta) else repr(event))
    return f"{file.name}: {''.join(told)}"


async def everything_fails(dialect: Dialect, key: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    async with stage(dialect, key, in_keyring=key == STORED) as at:
        at.app.begin_session("nuke")
        record_everything(at.app, monkeypatch)
        await ask_everybody(at.app, run)
        assert at.nobody_got_the_key() == []
        assert at.proxy.headers and "proxy-authorization" in at.proxy.headers[0]
        await fail_with(at.app, key)
        await look_at(at.app, dialect, run)
        run.processes += command_lines()
    run.handed_on += [session_as_text(session, at.app.redactor) for session in past_sessions(at.app.reports.folder)]


@pytest.mark.parametrize("name", dialects.ALL)
async def test_whatever_fails_no_key_is_anywhere(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run()
    with listening() as ears, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        async with asyncio.TaskGroup() as group:
            for key in (STORED, PLACED):
                group.create_task(everything_fails(dialects.ALL[name], key, run, monkeypatch))
    run.logged, run.warned = ears.heard, [str(warning.message) for warning in warned]
    assert run.search(STORED, PLACED, PASSWORD) == {}


async def test_no_command_prints_its_key_or_shows_it_among_its_arguments() -> None:
    refused = fails("401 No", {"error": {"message": f"you sent {PLACED}"}}, X_Request_Id=PLACED)
    async with fault_server(refused) as refusing, fault_server(never_answers) as silent:
        address = ("--base-url", refusing.url)
        commands: list[tuple[str, ...]] = [
            ("ask", "hi", "--model", "tiny", "--json", *address, "--record", str(Path.home() / "recorded.txt")),
            ("test", "--json", *address),
            ("models", "--json", *address),
            ("doctor", "--json"),
        ]
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(run_command(*words)) for words in commands]
            keeping = group.create_task(run_command("keys", "set", "compatible", *address, stdin=f"{STORED}\n"))
            words = ("ask", "hi", "--model", "tiny", "--base-url", silent.url)
            waiting = await start(*words, **{OWN_KEY_VARIABLE: PLACED})
            await silent.heard.wait()
            lines = command_lines()
            waiting.send_signal(signal.SIGINT)
            stopped = await finish(waiting)
        said = [text for each in (*running, keeping) for text in each.result()]
        assert any(PLACED in call.headers.get("authorization", "") for call in refusing.calls)
        assert any(str(waiting.pid) in line and silent.url in line for line in lines)
    for key in (STORED, PLACED):
        assert leaks([*said, stopped.out, stopped.err, *lines, *files_below(Path.home())], key) == []


async def run_command(*words: str, stdin: str | None = None) -> tuple[str, str]:
    process = await start(
        *words, stdin=asyncio.subprocess.PIPE, **({OWN_KEY_VARIABLE: PLACED} if stdin is None else {})
    )
    done = await finish(process, (stdin or "").encode())
    return done.out, done.err


CRASH = """
import asyncio, faulthandler, os, sys, threading
from nuke_ai_panel.panel.app import Application

async def main():
    app = Application()
    app.begin_session("window")
    app.use_address("compatible", sys.argv[1])
    key = os.environ["NUKE_AI_PANEL_API_KEY"]
    app.recordings.start("compatible")
    app.scope.start(app.chat("compatible", "tiny").ask("hi"), name="ask")
    await asyncio.to_thread(sys.stdin.read, 1)
    app.reports.report(RuntimeError(f"it was {key}"), wait=True)
    written = threading.Event()
    app.reports.catch_up(written.set)
    written.wait()
    faulthandler._sigsegv()

asyncio.run(main())
"""


async def test_a_process_that_dies_in_the_middle_of_an_answer_leaves_no_key_behind() -> None:
    async with fault_server(never_answers) as server:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", CRASH, server.url),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=os.environ | {OWN_KEY_VARIABLE: PLACED},
        )
        await server.heard.wait()
        done = await finish(process, b"x")
    assert done.code == -signal.SIGSEGV, done.err
    [crash] = Path.home().rglob("*.crash")
    files = files_below(Path.home())
    assert crash.stat().st_size and any("it was [key removed]" in file for file in files)
    assert leaks([done.out, done.err, *files], PLACED) == []
