"""What had arrived is read before the error that followed it."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from fault_server import chunk, sse
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.answers.live import LiveAnswer
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.http import HttpSessions, StreamReply
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.messages import Started, TextDelta
from nuke_ai_panel.providers.network import Network
from nuke_ai_panel.providers.openai_chat.stream import ChatStream
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.event_stream import EventStream

SERVICE = Service("x", "X", "x.example")


async def ready_sessions() -> HttpSessions:
    async def no_password(_: str) -> None:
        return None

    sessions = HttpSessions(limits=Limits(), redactor=Redactor(), run_blocking=run_blocking, password_for=no_password)
    await sessions.use(Network())
    return sessions


def broken_reply(session: Any, *pieces: bytes) -> StreamReply:
    """A reply of aiohttp whose bytes came, and whose connection then broke, before anybody read."""
    loop = asyncio.get_running_loop()
    protocol = SimpleNamespace(_reading_paused=False, resume_reading=lambda: None, pause_reading=lambda: None)
    content = aiohttp.StreamReader(protocol, 2**16, loop=loop)  # type: ignore[arg-type]
    for piece in pieces:
        content.feed_data(piece)
    content.set_exception(aiohttp.ClientPayloadError("cut"))
    response = SimpleNamespace(status=200, headers={}, content=content, close=lambda: None)
    return StreamReply(session, response, loop.time())  # type: ignore[arg-type]


async def test_text_that_came_just_before_the_cut_is_not_lost() -> None:
    sessions = await ready_sessions()
    session = sessions.open_session("x", SERVICE, "http://x.example")
    reply = broken_reply(session, chunk("Hel"), chunk("lo"))
    answer = LiveAnswer(ChatStream(Asked(SERVICE, Redactor(), "m", 99)), reply.events("sse"), reply.complete)
    got = [await anext(answer) for _ in range(3)]
    assert got == [Started("tiny", "c1"), TextDelta("Hel"), TextDelta("lo")]
    with pytest.raises(ProviderError) as error:
        await anext(answer)
    assert error.value.problem.kind == "stream_cut"
    assert await sessions.close() == ("x",)


async def test_a_break_after_the_models_end_is_no_cut() -> None:
    sessions = await ready_sessions()
    session = sessions.open_session("x", SERVICE, "http://x.example")
    reply = broken_reply(session, chunk("Hi"), chunk(finish="stop"), sse({"choices": []}))
    answer = LiveAnswer(ChatStream(Asked(SERVICE, Redactor(), "m", 99)), reply.events("sse"), reply.complete)
    events = [event async for event in answer]
    assert [type(event).__name__ for event in events] == ["Started", "TextDelta", "Finished"]
    await session.close()
    assert sessions.open == ()


async def test_a_session_speaks_to_its_own_origin_only() -> None:
    sessions = await ready_sessions()
    session = sessions.open_session("x", SERVICE, "http://127.0.0.1:9")
    with pytest.raises(ProviderError) as error:
        await session.get("http://127.0.0.1:10/v1/models", {"Authorization": "Bearer x"})
    assert error.value.problem.kind == "bad_address"
    await session.close()


async def test_a_piece_of_many_megabytes_is_read_a_bit_at_a_time_and_within_the_time() -> None:
    """As it comes out of a decompressor: others have their turn, and the clock of the whole goes on."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    async def one_piece(seconds: float, too_late: str, limit: float) -> bytes:
        return b": alive\n" * 2**20

    now = asyncio.get_running_loop().time()
    stream = EventStream(one_piece, SERVICE, Limits(total=0.2), now)
    async with asyncio.TaskGroup() as group:
        counting = group.create_task(count())
        with pytest.raises(ProviderError) as error:
            await stream.read()
        counting.cancel()
    assert error.value.problem.kind == "took_too_long" and turns > 5
