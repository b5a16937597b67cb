"""Asking again: after what, how often, how long after, and never once something was shown."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any

import pytest
from fault_server import (
    Call,
    FaultServer,
    Handler,
    answers,
    chat,
    chunk,
    closes_kept_connections,
    error_in_stream,
    fails,
    fault_server,
    sse,
)
from managed_providers import managed
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import Problem, ProviderError
from nuke_ai_panel.providers.limits import Limits
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.manager.retrying import RequestPolicy, Timing
from nuke_ai_panel.providers.messages import Message, Started, StreamEvent, Text, TextDelta, Waiting, waiting_text
from quick_time import QuickTime

QUESTION = Request("tiny", (Message("user", (Text("hi"),)),))
TWICE_MORE = RequestPolicy(retries=2, at_once=8)
BUSY = {"error": {"message": "busy", "type": "overloaded_error"}}
LOADING = {"error": {"message": "Loading model", "type": "unavailable_error", "code": 503}}


@dataclass
class Asked:
    """What came of one question: `requests` reached the server, `slept` are the seconds waited for."""

    requests: int = 0
    events: list[StreamEvent] = field(default_factory=list)
    problem: Problem | None = None
    slept: list[float] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, TextDelta))

    @property
    def told(self) -> list[str]:
        return [waiting_text(event) for event in self.events if isinstance(event, Waiting)]


async def drain(manager: ProviderManager, into: list[StreamEvent]) -> None:
    async with manager.stream("compatible", QUESTION) as answer:
        async for event in answer:
            into.append(event)


async def ask(
    *handlers: Handler,
    policy: RequestPolicy = TWICE_MORE,
    limits: Limits | None = None,
    chance: float = 0.0,
    leap: float = 0.0,
) -> Asked:
    """One question to a server that behaves like the first handler, then the second, and like the last for ever."""
    time, asked = QuickTime(chance=chance, leap=leap), Asked()
    async with one_after_the_other(*handlers) as server:
        async with managed(server.url, policy=policy, limits=limits, timing=time.timing) as manager:
            try:
                await drain(manager, asked.events)
            except ProviderError as error:
                asked.problem = error.problem
        asked.requests, asked.slept = len(server.calls), time.slept
    return asked


@asynccontextmanager
async def one_after_the_other(*handlers: Handler) -> AsyncIterator[FaultServer]:
    left = list(handlers)

    async def handle(call: Call) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(call)

    async with fault_server(handle) as server:
        yield server


def broken(status: str, body: object, **headers: str) -> Handler:
    """Whoever fails says that it closes the connection, so that each try is one request."""
    return fails(status, body, Connection="close", **headers)


PASSING = [
    ("408 Request Timeout", {}),
    ("409 Conflict", {"error": {"message": "Another request holds the lock"}}),
    ("429 Too Many Requests", {"error": {"message": "slow down", "code": "rate_limit_exceeded"}}),
    ("500 Internal Server Error", {"error": {"message": "oops"}}),
    ("502 Bad Gateway", "<html>Bad Gateway</html>"),
    ("503 Service Unavailable", BUSY),
    ("504 Gateway Timeout", ""),
    ("529 Overloaded", BUSY),
]


@pytest.mark.parametrize(("status", "body"), PASSING)
async def test_a_burst_of_failures_that_may_pass_costs_three_requests_and_is_told(status: str, body: object) -> None:
    asked = await ask(broken(status, body))
    assert asked.requests == 3
    assert asked.problem and asked.problem.why.endswith("It was tried 3 times.")
    assert [round(seconds, 3) for seconds in asked.slept] == [0.5, 1.0]


@pytest.mark.parametrize(("status", "body"), PASSING)
async def test_a_failure_that_passes_is_forgotten(status: str, body: object) -> None:
    asked = await ask(broken(status, body), answers("Hel", "lo"))
    assert (asked.text, asked.problem, asked.requests) == ("Hello", None, 2)


LASTING: list[tuple[str, Any, dict[str, str]]] = [
    ("400 Bad Request", {"error": {"message": "no"}}, {}),
    ("401 Unauthorized", {"error": {"message": "no"}}, {}),
    ("402 Payment Required", {"error": {"message": "no"}}, {}),
    ("403 Forbidden", {"error": {"message": "no"}}, {}),
    ("404 Not Found", {"error": {"message": "model x not found", "code": "model_not_found"}}, {}),
    ("413 Payload Too Large", {}, {}),
    ("422 Unprocessable Entity", {"detail": "no"}, {}),
    ("400 Bad Request", {"error": {"message": "no"}}, {"x_should_retry": "true"}),
    ("429 Too Many Requests", {"error": {"message": "pay", "type": "insufficient_quota"}}, {}),
    ("429 Too Many Requests", {"error": {"message": "pay", "type": "insufficient_quota"}}, {"x_should_retry": "true"}),
    ("429 Too Many Requests", {"error": {"message": "Rate limit exceeded: free-models-per-day"}}, {"Retry_After": "1"}),
    ("500 Internal Server Error", {"error": "model requires more system memory"}, {}),
    ("500 Internal Server Error", {"error": {"message": "image input is not supported"}}, {}),
    ("500 Internal Server Error", {"error": {"message": "oops"}}, {"x_should_retry": "false"}),
    ("429 Too Many Requests", {"error": {"message": "slow down"}}, {"x_should_retry": "false", "Retry_After": "1"}),
    ("418 Teapot", {"error": {"message": "no"}}, {}),
]


@pytest.mark.parametrize(("status", "body", "headers"), LASTING)
async def test_what_no_repetition_changes_is_told_at_once(status: str, body: Any, headers: dict[str, str]) -> None:
    asked = await ask(broken(status, body, **headers))
    assert asked.requests == 1 and asked.slept == []
    assert asked.problem and "tried" not in asked.problem.why


async def test_a_service_that_wants_to_be_asked_again_is() -> None:
    asked = await ask(broken("418 Teapot", {}, x_should_retry="true"), answers("Hello"))
    assert (asked.text, asked.requests) == ("Hello", 2)


WAITS: list[tuple[dict[str, str], float]] = [
    ({"Retry_After": "7"}, 7.0),
    ({"Retry_After": "0.5"}, 0.5),
    ({"Retry_After": "120"}, 120.0),
    ({"retry_after_ms": "250", "Retry_After": "7"}, 0.25),
    ({"Retry_After": "-3"}, 0.5),
    ({"Retry_After": "soon"}, 0.5),
    ({"Retry_After": "0"}, 0.5),
    ({"Retry_After": "nan"}, 0.5),
    ({"Retry_After": "Thu, 01 Jan 1970 00:16:50"}, 0.5),
    ({"Retry_After": "Thu, 99 Jan 99999 00:00:00 GMT"}, 0.5),
]


@pytest.mark.parametrize(("headers", "seconds"), WAITS)
async def test_as_long_as_the_service_asks_is_waited_for(headers: dict[str, str], seconds: float) -> None:
    asked = await ask(broken("429 Too Many Requests", {}, **headers), answers("Hello"))
    assert asked.text == "Hello"
    assert sum(asked.slept) == pytest.approx(seconds)


async def test_a_date_is_waited_for_as_well() -> None:
    import time

    date = formatdate(time.time() + 90, usegmt=True)
    asked = await ask(broken("503 Service Unavailable", BUSY, Retry_After=date), answers("Hello"))
    assert asked.text == "Hello"
    assert 80 < sum(asked.slept) <= 90


@pytest.mark.parametrize(("asks", "span"), [("121", "121 s"), ("3600", "60 minutes"), ("100000000000", "24 hours")])
async def test_who_wants_more_than_two_minutes_is_not_waited_for_but_told_of(asks: str, span: str) -> None:
    asked = await ask(broken("429 Too Many Requests", {}, Retry_After=asks))
    assert (asked.requests, asked.slept) == (1, [])
    assert asked.problem and asked.problem.kind == "rate_limited"
    assert span in asked.problem.next or asks == "121" and "minutes" in asked.problem.next


async def test_waits_double_up_to_eight_seconds_and_are_shortened_by_chance() -> None:
    policy = RequestPolicy(retries=6)
    asked = await ask(broken("500 Oops", {}), policy=policy)
    shorter = await ask(broken("500 Oops", {}), policy=policy, chance=1.0)
    assert asked.requests == 7
    assert sum(asked.slept) == pytest.approx(0.5 + 1 + 2 + 4 + 8 + 8)
    assert sum(shorter.slept) == pytest.approx(0.75 * sum(asked.slept))


async def test_the_wait_is_told_second_by_second() -> None:
    asked = await ask(broken("503 Service Unavailable", BUSY, Retry_After="3"), answers("Hello"))
    host = "is overloaded at the moment, trying again in"
    assert [words.partition(" ")[2] for words in asked.told] == [f"{host} 3 s", f"{host} 2 s", f"{host} 1 s"]
    assert {event.attempt for event in asked.events if isinstance(event, Waiting)} == {1}


async def test_without_tries_the_first_failure_is_told() -> None:
    asked = await ask(broken("500 Oops", {}), policy=RequestPolicy(retries=0))
    assert (asked.requests, asked.told) == (1, [])


SHOWN: list[tuple[str, dict[str, Any]]] = [
    ("text", {"content": "Hel"}),
    ("reasoning", {"reasoning_content": "Hm"}),
    ("call", {"tool_calls": [{"index": 0, "id": "c1", "function": {"name": "f", "arguments": ""}}]}),
]


@pytest.mark.parametrize(("what", "delta"), SHOWN)
async def test_nothing_is_asked_again_once_something_was_shown(what: str, delta: dict[str, Any]) -> None:
    async def cut(call: Call) -> None:
        await call.stream(chunk("", **delta), sse({"error": {"message": "x", "type": "overloaded_error"}}))
        call.hang_up()

    asked = await ask(cut)
    assert asked.requests == 1 and asked.problem is not None


async def test_an_overload_in_the_stream_before_the_first_word_is_asked_again() -> None:
    asked = await ask(error_in_stream(error=BUSY), answers("Hello"))
    assert (asked.text, asked.requests) == ("Hello", 2)


async def test_a_stream_that_breaks_before_its_first_word_is_asked_again() -> None:
    async def breaks(call: Call) -> None:
        await call.begin()
        call.hang_up()

    asked = await ask(breaks, answers("Hello"))
    assert (asked.text, asked.requests) == ("Hello", 2)
    assert asked.told == ["The connection broke, trying again in 1 s"]


MALFORMED = {"candidates": [{"finishReason": "MALFORMED_FUNCTION_CALL"}], "usageMetadata": {"promptTokenCount": 1}}


async def test_a_call_that_the_model_wrote_badly_is_asked_for_once_more() -> None:
    time = QuickTime()

    async def handle(call: Call) -> None:
        call.keep_open = True
        await call.stream(sse(MALFORMED))
        await call.end()

    async with fault_server(handle) as server:
        gemini = managed(server.url, provider="gemini", key="AIza0123456789", policy=TWICE_MORE, timing=time.timing)
        async with gemini as manager:
            with pytest.raises(ProviderError) as error:
                async with manager.stream("gemini", QUESTION) as answer:
                    assert all(isinstance(event, Waiting | Started) for event in [event async for event in answer])
        assert len(server.calls) == 2 and error.value.problem.why.endswith("It was tried 2 times.")


async def test_a_stale_connection_counts_as_a_request() -> None:
    """It is replaced silently, but whoever answers to both has been asked twice."""
    time = QuickTime()
    healthy, failing = answers("Hello"), broken("500 Oops", {})

    async def handle(call: Call) -> None:
        await (healthy if len(server.calls) == 1 else failing)(call)

    async with fault_server(closes_kept_connections(handle)) as server:
        async with managed(server.url, policy=TWICE_MORE, timing=time.timing) as manager:
            await drain(manager, [])
            with pytest.raises(ProviderError) as error:
                await drain(manager, [])
        assert len(server.calls) == 1 + 3
        assert error.value.problem.why.endswith("It was tried 3 times.")


async def test_a_model_that_is_being_loaded_is_waited_for_and_is_no_failure() -> None:
    asked = await ask(*[broken("503 Service Unavailable", LOADING)] * 30, answers("Hello"))
    assert (asked.text, asked.requests, asked.problem) == ("Hello", 31, None)
    assert len(asked.told) == 30 and all(words.endswith("is loading the model") for words in asked.told)


async def test_a_model_that_never_loads_is_waited_for_as_long_as_for_a_first_word() -> None:
    limits = Limits(first_event_local=10.0)
    asked = await ask(broken("503 Service Unavailable", LOADING), limits=limits)
    assert asked.problem and asked.problem.kind == "model_loading"
    assert sum(asked.slept) == pytest.approx(10.0)


async def test_tries_are_left_after_a_model_was_loaded() -> None:
    loading, failing = broken("503 Service Unavailable", LOADING), broken("500 Oops", {})
    asked = await ask(loading, loading, loading, failing, failing, answers("Hello"))
    assert (asked.text, asked.requests) == ("Hello", 6)


async def test_a_computer_that_slept_through_the_wait_asks_once_when_it_wakes() -> None:
    """One second asked for, an hour gone by: no negative wait and no burst."""
    asked = await ask(broken("429 Too Many Requests", {}, Retry_After="60"), leap=3600.0)
    assert asked.requests == 3
    assert asked.slept == [1.0, 1.0]


async def test_a_clock_that_goes_backwards_lengthens_no_single_wait() -> None:
    time = QuickTime()

    async def back(seconds: float) -> None:
        await time.sleep(seconds)
        if len(time.slept) == 1:
            time.now -= 500

    asked: list[StreamEvent] = []
    async with one_after_the_other(broken("429 Too Many Requests", {}, Retry_After="2"), answers("Hello")) as server:
        timing = Timing(time.clock, back, lambda: 0.0)
        async with managed(server.url, policy=TWICE_MORE, timing=timing) as manager, asyncio.timeout(20):
            await drain(manager, asked)
    waited = [event.seconds for event in asked if isinstance(event, Waiting)]
    assert all(seconds is not None and 0 < seconds <= 2 for seconds in waited)


async def test_a_wait_can_be_stopped_at_once() -> None:
    """On the real clock, in the first of 100 seconds."""
    waiting = asyncio.Event()

    async def question(manager: ProviderManager) -> None:
        async with manager.stream("compatible", QUESTION) as answer:
            async for event in answer:
                assert isinstance(event, Waiting)
                waiting.set()

    async with fault_server(broken("429 Too Many Requests", {}, Retry_After="100")) as server:
        async with managed(server.url, policy=TWICE_MORE, timing=Timing()) as manager:
            async with asyncio.TaskGroup() as group:
                task = group.create_task(question(manager))
                await waiting.wait()
                task.cancel()
                async with asyncio.timeout(0.1):
                    await asyncio.wait([task])
        assert len(server.calls) == 1


async def test_whoever_leaves_while_it_waits_leaves_nothing() -> None:
    async with fault_server(broken("429 Too Many Requests", {}, Retry_After="100")) as server:
        async with managed(server.url, policy=TWICE_MORE) as manager:
            async with manager.stream("compatible", QUESTION) as answer:
                assert isinstance(await anext(answer), Waiting)
            assert manager.open_streams == 0


async def test_an_error_that_was_told_after_tries_carries_no_key() -> None:
    async with fault_server(broken("500 Oops", {"error": {"message": "sk-sentinel-0123456789"}})) as server:
        async with managed(server.url, key="sk-sentinel-0123456789", policy=TWICE_MORE) as manager:
            with pytest.raises(ProviderError) as error:
                await drain(manager, [])
    assert "sentinel" not in repr(error.value.problem) and error.value.__context__ is None


# One provider answers so many at a time.


def counted(together: list[int], go: asyncio.Event) -> Handler:
    """Answers once `go` is set; `together` notes how many were asked at that time."""
    running = 0

    async def handle(call: Call) -> None:
        nonlocal running
        running += 1
        together.append(running)
        await call.begin()
        await go.wait()
        for event in chat(json.loads(call.body)["messages"][0]["content"]):
            await call.part(event)
        await call.end()
        running -= 1

    return handle


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.001)


async def say(manager: ProviderManager, word: str, ended: list[str], events: list[StreamEvent]) -> None:
    async with manager.stream("compatible", Request("tiny", (Message("user", (Text(word),)),))) as answer:
        async for event in answer:
            events.append(event)
            if isinstance(event, TextDelta):
                ended.append(event.text)


async def test_more_questions_than_allowed_wait_in_the_order_in_which_they_came() -> None:
    together: list[int] = []
    ended: list[str] = []
    events: dict[str, list[StreamEvent]] = {str(number): [] for number in range(8)}
    go = asyncio.Event()
    async with fault_server(counted(together, go)) as server:
        async with managed(server.url, policy=RequestPolicy(at_once=1)) as manager, asyncio.TaskGroup() as group:
            for word, seen in events.items():
                group.create_task(say(manager, word, ended, seen))
            await until(lambda: all(events[word] for word in list(events)[1:]))
            assert len(server.calls) <= 1
            go.set()
    assert ended == list(events)
    assert max(together) == 1
    assert waiting_text(events["1"][0]) == "Waiting for another answer to end"
    assert waiting_text(events["2"][0]) == "Waiting for other answers to end, 1 more question first"
    assert waiting_text(events["7"][0]) == "Waiting for other answers to end, 6 more questions first"


async def test_a_question_that_is_cancelled_in_the_line_or_with_a_place_holds_nobody_up() -> None:
    together: list[int] = []
    ended: list[str] = []
    events: dict[str, list[StreamEvent]] = {str(number): [] for number in range(6)}
    go = asyncio.Event()
    async with fault_server(counted(together, go)) as server:
        async with managed(server.url, policy=RequestPolicy(at_once=2)) as manager, asyncio.TaskGroup() as group:
            tasks = [group.create_task(say(manager, word, ended, seen)) for word, seen in events.items()]
            await until(lambda: len(server.calls) == 2 and events["5"])
            tasks[0].cancel()  # has a place
            tasks[3].cancel()  # stands in the line
            await until(lambda: len(server.calls) == 3)
            tasks[2].cancel()  # has just got a place
            go.set()
    assert sorted(ended) == ["1", "4", "5"]


async def test_a_larger_limit_lets_those_who_wait_in() -> None:
    together: list[int] = []
    ended: list[str] = []
    go = asyncio.Event()
    async with fault_server(counted(together, go)) as server:
        async with managed(server.url, policy=RequestPolicy(at_once=1)) as manager, asyncio.TaskGroup() as group:
            for number in range(4):
                group.create_task(say(manager, str(number), ended, []))
            await until(lambda: server.calls)
            manager.use_policy(RequestPolicy(at_once=3))
            await until(lambda: len(server.calls) == 3)
            go.set()
    assert len(ended) == 4


async def test_a_failure_gives_the_place_back() -> None:
    async with fault_server(broken("401 Unauthorized", {})) as server:
        async with managed(server.url, policy=RequestPolicy(at_once=1)) as manager:
            for _ in range(3):
                with pytest.raises(ProviderError):
                    await drain(manager, [])
        assert len(server.calls) == 3
