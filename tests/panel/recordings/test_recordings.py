"""What is recorded is what came: replayed, it comes to the same answer, and whatever happens the answer goes on."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import dialects
import pytest
from dialect import Dialect
from fault_server import Call, Handler, fails, fault_server, head
from managed_providers import managed
from nuke_ai_panel.panel.recordings import Recordings, RecordingState, folder, recorder
from nuke_ai_panel.panel.reports import Reports
from nuke_ai_panel.panel.tasks import TaskScope
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import ProviderError
from nuke_ai_panel.providers.formats import wire_format
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.messages import Image, Message, StreamEvent, Text, TextDelta
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.recorded import replayed
from nuke_ai_panel.providers.redact import Redactor, Secret

KEY = "odd-SENTINEL7f3qwertzuiopasdf0123"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 8
FORMATS = pytest.mark.parametrize("name", dialects.ALL)
QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))


@dataclass
class Desk:
    """A recorder and what it needs."""

    recordings: Recordings
    reports: Reports
    scope: TaskScope
    redactor: Redactor
    hurry: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def files(self) -> list[Path]:
        return sorted(self.recordings.folder.glob("*"))

    async def written(self, count: int = 1) -> list[bytes]:
        async with asyncio.timeout(5):
            while len(self.files) < count or self.scope.stats().running > bool(self.recordings.state.provider):
                await asyncio.sleep(0.002)
        return [file.read_bytes() for file in self.files]


@asynccontextmanager
async def desk(place: Path) -> AsyncIterator[Desk]:
    reports, redactor = Reports(redactor=Redactor(), folder=place / "journal"), Redactor()
    redactor.add(Secret(KEY))
    scope, hurry = TaskScope("recordings"), asyncio.Event()

    async def sleep(_: float) -> None:
        await hurry.wait()

    recordings = Recordings(place / "recordings", redactor.clean, scope, reports, sleep=sleep)
    try:
        yield Desk(recordings, reports, scope, redactor, hurry)
    finally:
        recordings.stop()
        assert not await scope.close(5)
        reports.close()


def streams(dialect: Dialect, events: list[bytes]) -> Handler:
    async def handle(call: Call) -> None:
        await call.send(head("200 OK", dialect.content_type) + b"".join(events))

    return handle


async def told(manager: ProviderManager, provider: str, request: Request = QUESTION) -> tuple[list[StreamEvent], str]:
    """What an answer comes to, and the kind of the error that it ends with."""
    events: list[StreamEvent] = []
    try:
        async with manager.stream(provider, request) as answer:
            async for event in answer:
                events.append(event)
    except ProviderError as error:
        return events, error.problem.kind
    return events, ""


def again(recording: bytes, name: Any) -> tuple[list[StreamEvent], str]:
    events: list[StreamEvent] = []
    try:
        for event in replayed(recording, wire_format(name, ChatQuirks())):
            events.append(event)
    except ProviderError as error:
        return events, error.problem.kind
    return events, ""


async def recorded(
    place: Path, name: str, handler: Handler, request: Request = QUESTION
) -> tuple[tuple[list[StreamEvent], str], bytes]:
    """What was told live, and the one file about it."""
    dialect = dialects.ALL[name]
    async with desk(place) as at, fault_server(handler) as server:
        url = server.origin + dialect.base_path
        async with managed(url, provider=dialect.provider, key=KEY, recorder=at.recordings) as manager:
            at.recordings.start(dialect.provider)
            live = await told(manager, dialect.provider, request)
            [content] = await at.written()
    return live, content


@FORMATS
async def test_a_recording_replays_to_what_was_told_live(name: str, tmp_path: Path) -> None:
    events = dialects.ALL[name].stream("Hel", "lo \N{SNOWMAN}\n", '{"a": 1}')
    live, content = await recorded(tmp_path, name, streams(dialects.ALL[name], events))
    assert live[1] == "" and again(content, name) == live
    assert b"".join(events) in content


@FORMATS
async def test_an_answer_that_was_cut_or_failed_is_recorded_as_far_as_it_came(name: str, tmp_path: Path) -> None:
    dialect = dialects.ALL[name]
    for number, events in enumerate(
        [dialect.beginning("Hel"), [*dialect.beginning("Hel"), dialect.error_event("It fell over.")]]
    ):
        live, content = await recorded(tmp_path / str(number), name, streams(dialect, events))
        assert live[1] and again(content, name) == live


@FORMATS
@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
async def test_a_refusal_is_recorded_too_and_means_the_same(name: str, status: int, tmp_path: Path) -> None:
    refusal = fails(f"{status} No", dialects.ALL[name].error(status, "No."), X_Request_Id="r1")
    live, content = await recorded(tmp_path, name, refusal)
    assert live[1] and again(content, name) == live and b": header x-request-id: r1\n" in content


async def test_a_key_that_comes_back_in_a_header_is_not_at_the_top(tmp_path: Path) -> None:
    _, content = await recorded(tmp_path, "ollama", fails("400 No", {"error": "No."}, X_Request_Id=f"of-{KEY}"))
    assert b": header x-request-id: of-[key removed]\n" in content and KEY.encode() not in content


async def test_a_page_and_a_whole_answer_are_replayed_as_they_are_read_live(tmp_path: Path) -> None:
    message = {"choices": [{"message": {"role": "assistant", "content": "Hello"}, "finish_reason": "stop"}]}
    handlers = {"page": fails("200 OK", "<html>", kind="text/html"), "whole": fails("200 OK", message)}
    for place, handler in handlers.items():
        live, content = await recorded(tmp_path / place, "openai_chat", handler)
        assert again(content, "openai_chat") == live
    assert TextDelta("Hello") in live[0]


@FORMATS
async def test_the_top_says_what_it_is_of_and_the_question_is_there_without_its_pictures(
    name: str, tmp_path: Path
) -> None:
    dialect = dialects.ALL[name]
    asked = Request("tiny", (Message("user", (Text(f"What is this? {KEY}"), Image("image/png", PICTURE))),))
    _, content = await recorded(tmp_path, name, streams(dialect, dialect.stream("A ball.")), asked)
    top = content.partition(b"\n\n")[0].decode()
    for line in (f"provider: {dialect.provider}", f"format: {name}", "model: tiny", "status: 200", "with_key: yes"):
        assert f": {line}\n" in top, line
    assert f": path: {dialect.chat_path.partition('?')[0]}" in top.replace(dialect.base_path + "/models", "/models")
    question = json.dumps(json.loads(top.partition(": question: ")[2].splitlines()[0]))
    assert "What is this?" in question and "[image removed, 2" in question and "iVBOR" not in question
    assert KEY not in content.decode() and all(line.startswith(": ") for line in top.splitlines())


async def test_only_the_provider_that_was_named_is_recorded_and_only_until_it_is_stopped(tmp_path: Path) -> None:
    dialect = dialects.ALL["ollama"]
    async with desk(tmp_path) as at, fault_server(streams(dialect, dialect.stream("Hi"))) as server:
        async with managed(server.origin, provider="ollama", recorder=at.recordings) as manager:
            await told(manager, "ollama")
            at.recordings.start("anthropic")
            await told(manager, "ollama")
            at.recordings.start("ollama")
            await told(manager, "ollama")
            at.recordings.stop()
            await told(manager, "ollama")
            assert len(await at.written()) == 1 and at.recordings.state.answers == 1


async def test_it_ends_by_itself_after_its_time_and_says_so_to_whoever_follows(tmp_path: Path) -> None:
    async with desk(tmp_path) as at:
        seen: list[RecordingState] = []
        leave = at.recordings.follow(seen.append)
        at.recordings.start("ollama")
        assert 599 < at.recordings.state.seconds_left <= recorder.SECONDS == 600
        at.hurry.set()
        async with asyncio.timeout(5):
            while at.recordings.state.provider:
                await asyncio.sleep(0)
        leave()
        at.recordings.start("ollama")
        assert [state.provider for state in seen] == ["ollama", ""]


async def test_it_ends_by_itself_after_so_many_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_ANSWERS", 2)
    dialect = dialects.ALL["ollama"]
    async with desk(tmp_path) as at, fault_server(streams(dialect, dialect.stream("Hi"))) as server:
        async with managed(server.origin, provider="ollama", recorder=at.recordings) as manager:
            at.recordings.start("ollama")
            for _ in range(3):
                await told(manager, "ollama")
            assert len(await at.written(2)) == 2 and at.recordings.state.provider == ""


async def test_what_is_under_way_when_it_is_stopped_is_written_as_far_as_it_came(tmp_path: Path) -> None:
    dialect, more = dialects.ALL["ollama"], asyncio.Event()

    async def slow(call: Call) -> None:
        await call.send(head("200 OK", dialect.content_type) + b"".join(dialect.beginning("Hel")))
        await more.wait()
        await call.send(b"".join(dialect.stream("lo")))

    async with desk(tmp_path) as at, fault_server(slow) as server:
        async with managed(server.origin, provider="ollama", recorder=at.recordings) as manager:
            at.recordings.start("ollama")
            async with manager.stream("ollama", QUESTION) as answer:
                texts: list[str] = []
                async for event in answer:
                    if isinstance(event, TextDelta):
                        texts.append(event.text)
                        at.recordings.stop()
                        more.set()
            [content] = await at.written()
    assert texts == ["Hel", "lo"] and again(content, "ollama")[1] == "stream_cut"
    assert b": cut: recording was stopped\n" in content and b'"lo"' not in content


async def test_an_answer_that_is_too_large_is_cut_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder, "MOST_BYTES", 10_000)
    dialect = dialects.ALL["ollama"]
    live, content = await recorded(tmp_path, "ollama", streams(dialect, dialect.stream(*["x" * 90] * 1000)))
    assert live[1] == "" and len(live[0]) > 1000
    assert b": cut: larger than" in content and len(content) < 12_000


def full(*_: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


async def test_a_full_disk_ends_the_recording_with_a_report_and_never_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialect = dialects.ALL["ollama"]
    async with desk(tmp_path) as at, fault_server(streams(dialect, dialect.stream("Hi"))) as server:
        async with managed(server.origin, provider="ollama", recorder=at.recordings) as manager:
            monkeypatch.setattr(folder, "_write", full)
            at.recordings.start("ollama")
            assert (await told(manager, "ollama"))[1] == ""
            async with asyncio.timeout(5):
                while at.recordings.state.provider:
                    await asyncio.sleep(0.002)
    assert "No space left" in at.recordings.state.trouble and not at.files
    [report] = at.reports.recent()
    assert "No space left" in report.message and report.origin == "recording"


def test_a_file_is_private_and_half_of_one_does_not_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = folder.write_recording(tmp_path / "deep" / "recordings", "a/../b \N{SNOWMAN}", b"x")
    assert stat.S_IMODE(kept.path.stat().st_mode) == 0o600 and kept.path.parent == tmp_path / "deep" / "recordings"
    assert stat.S_IMODE(kept.path.parent.stat().st_mode) == 0o700 and kept.size == 1


def test_the_newest_files_stay(tmp_path: Path) -> None:
    written = [folder.write_recording(tmp_path, "a", b"%d" % number).path for number in range(25)]
    assert sorted(tmp_path.iterdir()) == sorted(written[-folder.MOST_FILES :])
