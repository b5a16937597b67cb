"""The NATS sink against a real server: absent, silent, dying, hung, refusing, and messages that are too long."""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, cast

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st
from nats_server import NatsServer, nats_server, running  # noqa: F401
from nuke_ai_panel.panel.reports.forwarder import Forwarder
from nuke_ai_panel.panel.reports.lane import Limits
from nuke_ai_panel.panel.reports.nats_address import NatsTarget, check_subject, parse_address
from nuke_ai_panel.panel.reports.nats_connection import Patience
from nuke_ai_panel.panel.reports.nats_sink import CUT, NatsSink, encode
from nuke_ai_panel.panel.reports.report import Report
from nuke_ai_panel.panel.reports.reporter import Reports
from nuke_ai_panel.panel.reports.sink import SinkTrouble
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.providers.redact import Redactor, Secret

PASSWORD = "correct-horse-battery"
SENTINEL = "sk-sentinel-0123456789abcdef"
MB = 2**20
IMPATIENT = Patience(connect=0.3, confirm=0.3)


def report(name: str, *, message: str = "The drive is gone", **fields: Any) -> Report:
    return Report(name, "error", "OSError", message, "application/pane/turn", 1.0, 2.0, **fields)


@asynccontextmanager
async def sink_to(
    server: str, *, subject: str = "studio.reports", patience: Patience | None = None
) -> AsyncIterator[NatsSink]:
    sink = NatsSink(lambda: NatsTarget(server, subject), patience)
    tasks = asyncio.all_tasks()
    try:
        yield sink
    finally:
        await sink.close()
        assert [task for task in asyncio.all_tasks() - tasks if _of_nats_py(task)] == []


def _of_nats_py(task: asyncio.Task[Any]) -> bool:
    return "nats" in Path(task.get_coro().cr_code.co_filename).parts


async def trouble_of(sink: NatsSink, *reports: Report) -> SinkTrouble:
    with pytest.raises(SinkTrouble) as caught:
        await sink.send(reports or (report("1"),))
    assert PASSWORD not in f"{caught.value} {caught.value.__cause__}"
    return caught.value


@contextmanager
def listening() -> Iterator[socket.socket]:
    """A port that takes connections and never speaks."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


Handle = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(handle: Handle) -> AsyncIterator[int]:
    """The port of a server that is no NATS server."""
    tasks: list[asyncio.Task[Any]] = []

    async def handling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.append(cast(asyncio.Task[Any], asyncio.current_task()))
        try:
            await handle(reader, writer)
        finally:
            writer.close()

    async with await asyncio.start_server(handling, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait(tasks)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


async def test_a_report_arrives_as_json_under_the_subject(nats_server: NatsServer):  # noqa: F811
    sent = report("7", count=3, context={"provider": "ollama"}, trace=("a.py:1 in f",))
    async with nats_server.subscribed("studio.*") as got, sink_to(f"nats://{nats_server.host}") as sink:
        await sink.send([sent, report("8")])
        assert await got.get() == {
            "id": "7",
            "severity": "error",
            "kind": "OSError",
            "message": "The drive is gone",
            "origin": "application/pane/turn",
            "first": 1.0,
            "last": 2.0,
            "count": 3,
            "context": {"provider": "ollama"},
            "trace": ["a.py:1 in f"],
        }
        assert (await got.get())["id"] == "8"


async def test_a_thousand_reports_are_confirmed_in_order(nats_server: NatsServer):  # noqa: F811
    async with nats_server.subscribed() as got, sink_to(nats_server.host) as sink:
        await sink.send([report(str(number)) for number in range(1000)])
        assert [(await got.get())["id"] for _ in range(1000)] == [str(number) for number in range(1000)]


async def test_a_message_over_the_limit_of_the_server_is_cut_and_says_so(nats_server: NatsServer):  # noqa: F811
    reports = [report("long", message="x" * 3 * MB), report("short")]
    async with nats_server.subscribed() as got, sink_to(nats_server.host) as sink:
        await sink.send(reports)
        cut, whole = await got.get(), await got.get()
    assert cut["id"] == "long" and MB / 4 < len(cut["message"]) < MB and cut[CUT] > 3 * MB
    assert whole["id"] == "short" and CUT not in whole


async def test_an_absent_server_is_named_at_once():
    port = free_port()
    async with sink_to(f"nats://{port}:{PASSWORD}@127.0.0.1:{port}") as sink:
        trouble = await trouble_of(sink)
    assert str(trouble) == f"There is no NATS server at nats://127.0.0.1:{port}: the connection was refused."
    assert trouble.retry


async def test_a_silent_server_costs_its_time_and_nothing_stays():
    with listening() as listener:
        async with sink_to(f"127.0.0.1:{listener.getsockname()[1]}", patience=IMPATIENT) as sink:
            assert "did not answer in time" in str(await trouble_of(sink))


async def test_giving_up_while_it_connects_leaves_nothing():
    with listening() as listener:
        async with sink_to(f"127.0.0.1:{listener.getsockname()[1]}") as sink:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await sink.send([report("1")])


@pytest.mark.parametrize(
    "greeting", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"INFO []\r\n", b"INFO\r\n", b"\xff" * 70000]
)
async def test_another_kind_of_server_is_told_from_nats(greeting: bytes):
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        with suppress(ConnectionError):  # what was not read of the greeting
            await reader.read()

    async with served(greet) as port, sink_to(f"127.0.0.1:{port}", patience=IMPATIENT) as sink:
        assert str(await trouble_of(sink)) == f"What answers at nats://127.0.0.1:{port} is no NATS server."


async def test_a_hung_server_costs_its_time_and_gets_all_when_it_goes_on(nats_server: NatsServer):  # noqa: F811
    async with sink_to(nats_server.host, patience=IMPATIENT) as sink:
        await sink.send([report("1")])
        nats_server.hang()
        large = [report(str(number), message="x" * MB) for number in range(20)]  # more than the sockets take
        assert "did not confirm the reports in time" in str(await trouble_of(sink, *large))
        assert "did not answer in time" in str(await trouble_of(sink))
        nats_server.go_on()
        async with nats_server.subscribed() as got:
            await sink.send([report("last")])
            while (await got.get())["id"] != "last":  # what lay in the sockets may come before
                pass


async def test_a_hung_server_does_not_hold_up_closing(nats_server: NatsServer):  # noqa: F811
    async with sink_to(nats_server.host) as sink:
        await sink.send([report("1")])
        nats_server.hang()
        async with asyncio.timeout(0.5):
            await sink.close()
        assert len(asyncio.all_tasks()) == 1


async def test_what_waited_while_the_server_was_dead_arrives_once(nats_server: NatsServer):  # noqa: F811
    again: list[Any] = []

    class Later:
        def __init__(self, seconds: float, callback: Any) -> None:
            again.append(callback)
            tried.set()

        def cancel(self) -> None: ...

    tried = asyncio.Event()
    async with TaskScope("application") as scope, sink_to(nats_server.host, patience=IMPATIENT) as sink:
        forwarder = Forwarder(scope, lambda listener: lambda: None, [sink], limits=Limits(reports=50), later=Later)
        async with nats_server.subscribed() as got:
            forwarder.forward(report("before"))
            assert (await got.get())["id"] == "before"
            while not forwarder.stats()[0].sent:
                await asyncio.sleep(0)
        nats_server.hang()  # what is sent now lies in the sockets and dies with them
        forwarder.forward(report("in mid-send"))
        await asyncio.sleep(0)
        nats_server.kill()
        await tried.wait()
        for number in range(60):
            forwarder.forward(report(str(number)))
        tried.clear()
        again.pop()()
        await tried.wait()  # it is still not there
        assert "no NATS server" in forwarder.stats()[0].trouble
        nats_server.start()
        async with nats_server.subscribed() as got:
            again.pop()()
            arrived = [(await got.get())["id"] for _ in range(50)]
            assert await forwarder.close() == ()
            assert got.empty()
        assert arrived == [str(number) for number in range(10, 60)]
        assert forwarder.stats()[0].dropped == 11


async def test_a_dead_server_is_noticed_at_the_next_send(nats_server: NatsServer):  # noqa: F811
    async with sink_to(nats_server.host) as sink:
        await sink.send([report("1")])
        nats_server.kill()
        nats_server.start()
        async with nats_server.subscribed() as got:
            for _ in range(3):  # the end of the old connection may or may not be known yet
                try:
                    await sink.send([report("2")])
                    break
                except SinkTrouble as trouble:
                    assert "was cut" in str(trouble)
            assert (await got.get())["id"] == "2"


async def test_an_end_that_is_known_already_costs_no_try(nats_server: NatsServer):  # noqa: F811
    async with sink_to(nats_server.host) as sink:
        await sink.send([report("1")])
        nats_server.kill()
        nats_server.start()
        async with asyncio.timeout(20):
            while sink._connection.alive:
                await asyncio.sleep(0)
        async with nats_server.subscribed() as got:
            await sink.send([report("2")])
            assert (await got.get())["id"] == "2"


@pytest.mark.parametrize("login", ["", "somebody:wrong@", "wrong-token@", f"panel:{PASSWORD}x@"])
async def test_a_refused_login_is_said_without_it(login: str, caplog: pytest.LogCaptureFixture):
    with running("--user", "panel", "--pass", PASSWORD) as server:
        async with sink_to(f"nats://{login}{server.host}") as sink:
            trouble = str(await trouble_of(sink))
    server_name = f"The NATS server at nats://{server.host}"
    assert trouble == f"{server_name} refused the user, password or token in its address."
    assert PASSWORD not in caplog.text and "wrong" not in caplog.text


async def test_no_secret_of_an_error_reaches_the_server(nats_server: NatsServer, tmp_path: Path):  # noqa: F811
    redactor = Redactor()
    redactor.add(Secret(SENTINEL))
    reports = Reports(redactor=redactor, folder=tmp_path)
    async with TaskScope("reports") as scope, sink_to(nats_server.host) as sink, nats_server.subscribed() as got:
        forwarder = Forwarder(scope, reports.follow, [sink])
        reports.report(OSError(f"GET /?q={SENTINEL}"), context={"header": f"Bearer {SENTINEL}"}, origin=SENTINEL)
        message = await got.get()
        assert await forwarder.close() == ()
    reports.close()
    assert message["kind"] == "OSError" and SENTINEL not in json.dumps(message)


async def test_user_and_password_of_the_address_are_used():
    with running("--user", "panel", "--pass", f"{PASSWORD}/@") as server:
        async with sink_to(f"nats://panel:{PASSWORD}%2F%40@{server.host}") as sink:
            await sink.send([report("1")])


async def test_a_login_in_a_file_is_refused_and_never_used():
    sink = NatsSink(lambda: NatsTarget(f"nats://panel:{PASSWORD}@127.0.0.1:1", in_file=True))
    with pytest.raises(SinkTrouble, match="holds a login. Put the whole address into NUKE_AI_PANEL_NATS_SERVER"):
        await sink.send([Report("1", "error", "ValueError", "no", "pane", 0, 0)])


async def test_a_token_in_the_address_is_used():
    with running("--auth", PASSWORD) as server:
        async with sink_to(f"nats://{PASSWORD}@{server.host}") as sink:
            await sink.send([report("1")])


async def test_a_subject_that_may_not_be_published_to_is_named(tmp_path: Path):
    config = tmp_path / "nats.conf"
    permissions = 'permissions: {publish: "allowed.>", subscribe: ">"}'
    config.write_text(f'authorization: {{users: [{{user: panel, password: "{PASSWORD}", {permissions}}}]}}')
    with running("-c", str(config)) as server:
        async with sink_to(f"nats://panel:{PASSWORD}@{server.host}") as sink:
            assert "permissions violation for publish" in str(await trouble_of(sink))
        async with sink_to(f"nats://panel:{PASSWORD}@{server.host}", subject="allowed.reports") as sink:
            await sink.send([report("1")])


async def test_tls_is_spoken_and_an_unknown_certificate_is_refused(tmp_path: Path):
    trustme.CA().issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
    pem = str(tmp_path / "server.pem")
    with running("--tls", "--tlscert", pem, "--tlskey", pem) as server:
        async with sink_to(f"tls://panel:{PASSWORD}@{server.host}") as sink:
            assert "certificate" in str(await trouble_of(sink)).lower()


async def test_a_server_without_encryption_never_hears_a_password_meant_for_tls():
    heard = bytearray()

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id": "plain", "max_payload": 1048576}\r\n')
        while data := await reader.read(1000):
            heard.extend(data)

    async with served(plain) as port, sink_to(f"tls://panel:{PASSWORD}@127.0.0.1:{port}") as sink:
        assert "does not encrypt" in str(await trouble_of(sink))
    assert not heard


async def test_reports_count_as_sent_only_when_an_answer_came_after_them():
    """nats-py's flush writes its PING before what still waits in its buffer; the answer to that proves nothing."""
    heard = bytearray()

    async def dying(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id": "dying", "max_payload": 1048576}\r\n')
        while b"PUB" not in heard and (line := await reader.readline()):
            heard.extend(line)
            if line == b"PING\r\n":
                writer.write(b"PONG\r\n")

    async with served(dying) as port, sink_to(f"127.0.0.1:{port}", patience=IMPATIENT) as sink:
        assert "was cut" in str(await trouble_of(sink, report("1"), report("2")))
    assert heard.count(b"PING") == 2


async def test_a_missing_package_is_one_sentence_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name == "nats" or name.startswith("nats.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "nats", None)
    async with sink_to("nats://127.0.0.1:4222") as sink:
        trouble = await trouble_of(sink)
    assert "pip install 'nuke-ai-panel[nats]'" in str(trouble) and not trouble.retry


def test_without_a_server_it_is_off_and_nothing_is_imported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(importlib, "import_module", None)
    assert not NatsSink(lambda: NatsTarget(" ")).on


def test_where_it_sends_is_told_without_the_login_and_what_cannot_work_before_anything_is_sent() -> None:
    assert NatsSink(lambda: NatsTarget(f"tls://me:{PASSWORD}@nats.lan")).place == "tls://nats.lan:4222"
    assert NatsSink(NatsTarget).place == ""
    for target in (
        NatsTarget("http://nats.lan"),
        NatsTarget("me:pw@nats.lan", in_file=True),
        NatsTarget("nats.lan", "*"),
    ):
        with pytest.raises(SinkTrouble):
            _ = NatsSink(lambda target=target: target).place


def test_settings_are_outdated_when_they_are_others_than_those_of_the_last_try() -> None:
    targets = [NatsTarget("a.lan"), NatsTarget("a.lan"), NatsTarget("b.lan")]
    sink = NatsSink(lambda: targets.pop(0))
    assert not sink.outdated and sink.outdated


@pytest.mark.parametrize(
    "text", [f"http://{PASSWORD}@host", "nats://", "nats://host:70000", "host:port", "nats://[::1", "a b", "ws://host"]
)
def test_no_address_is_said_without_repeating_it(text: str):
    with pytest.raises(SinkTrouble, match="no address such as nats://host:4222") as caught:
        parse_address(text)
    assert PASSWORD not in str(caught.value) and not caught.value.retry


@pytest.mark.parametrize(
    "text, shown",
    [
        ("nats.studio", "nats://nats.studio:4222"),
        ("nats.studio:1", "nats://nats.studio:1"),
        (f" nats://u:{PASSWORD}@host ", "nats://host:4222"),
        ("tls://[::1]:5", "tls://[::1]:5"),
    ],
)
def test_an_address_is_shown_without_its_login(text: str, shown: str):
    assert str(parse_address(text)) == shown
    assert PASSWORD not in f"{parse_address(text)!r} {NatsTarget(text)!r}"


@pytest.mark.parametrize("subject", ["", "a b", "a..b", ".a", "a.", "a.*", ">", "a\r\nPUB b 0", "a\x00"])
def test_no_subject_is_refused_before_it_is_sent(subject: str):
    with pytest.raises(SinkTrouble, match="subject"):
        check_subject(subject)


@given(
    st.text(max_size=300),
    st.lists(st.text(max_size=60), max_size=20),
    st.dictionaries(st.text(max_size=30), st.text(max_size=60), max_size=10),
    st.integers(400, 2000),
)
def test_any_report_fits_and_is_json(message: str, trace: list[str], context: dict[str, str], limit: int):
    payload = encode(report("1", message=message, trace=tuple(trace), context=context), limit)
    assert len(payload) <= limit
    assert json.loads(payload)["id"] == "1"


def test_a_limit_under_the_bones_of_a_report_is_said_instead_of_tried_for_ever():
    with pytest.raises(SinkTrouble, match="100 bytes") as caught:
        encode(report("1"), 100)
    assert not caught.value.retry
