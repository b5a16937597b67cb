"""A field that a model refuses is left out, or sent under its other name, from then on."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from fault_server import Call, FaultServer, Handler, answers, fails, fault_server
from managed_providers import managed
from nuke_ai_panel.providers.answers.refusals import read_refusal
from nuke_ai_panel.providers.answers.refused_fields import fields_in, refused_field, without
from nuke_ai_panel.providers.answers.signs import problem_of
from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.errors import ProviderError, Service
from nuke_ai_panel.providers.manager import ProviderManager
from nuke_ai_panel.providers.manager.retrying import RequestPolicy
from nuke_ai_panel.providers.messages import Image, Message, Text, TextDelta
from nuke_ai_panel.providers.redact import Redactor
from quick_time import QuickTime

HELLO = answers("Hello")


def question(model: str = "tiny", *parts: Any) -> Request:
    return Request(model, (Message("user", (Text("hi"), *parts)),), max_tokens=100)


def refuses(name: str, *, by: str = "param", model: str = "") -> Handler:
    """400 for every question with this field (to this model), as services say it."""
    said: dict[str, Any] = {
        "param": {"error": {"message": "no", "code": "unsupported_parameter", "param": name}},
        "words": {
            "error": {"message": f"Unsupported parameter: '{name}' is not supported.", "code": "unsupported_value"}
        },
        "loc": {
            "detail": [{"type": "extra_forbidden", "loc": ["body", name], "msg": "Extra inputs are not permitted"}]
        },
    }

    async def handle(call: Call) -> None:
        refused = call.method == "POST" and name in call.json and model in ("", call.json["model"])
        await (fails("400 Bad Request", said[by]) if refused else HELLO)(call)

    return handle


async def ask(manager: ProviderManager, request: Request) -> str:
    async with manager.stream("compatible", request) as answer:
        return "".join([event.text async for event in answer if isinstance(event, TextDelta)])


@asynccontextmanager
async def asked_at(handler: Handler) -> AsyncIterator[tuple[FaultServer, ProviderManager]]:
    async with fault_server(handler) as server, managed(server.url) as manager:
        yield server, manager


def sent(server: FaultServer) -> list[set[str]]:
    return [{"max_tokens", "max_completion_tokens", "stream_options"} & set(call.json) for call in server.calls]


@pytest.mark.parametrize("by", ["param", "words", "loc"])
async def test_a_refused_field_is_left_out_without_a_word_and_stays_out(by: str) -> None:
    async with asked_at(refuses("stream_options", by=by)) as (server, manager):
        assert await ask(manager, question()) == "Hello"
        assert await ask(manager, question()) == "Hello"
        assert sent(server) == [{"max_tokens", "stream_options"}, {"max_tokens"}, {"max_tokens"}]


async def test_a_field_that_has_another_name_is_sent_under_that() -> None:
    async with asked_at(refuses("max_tokens")) as (server, manager):
        assert await ask(manager, question()) == "Hello"
        assert sent(server)[1] == {"max_completion_tokens", "stream_options"}
        assert server.calls[1].json["max_completion_tokens"] == 100


async def test_what_one_model_refuses_is_sent_to_another() -> None:
    async with asked_at(refuses("stream_options", model="tiny")) as (server, manager):
        await ask(manager, question("tiny"))
        await ask(manager, question("large"))
        assert "stream_options" in server.calls[-1].json and len(server.calls) == 3


async def test_it_is_remembered_while_the_address_is_the_same_whatever_else_is_set() -> None:
    async with asked_at(refuses("stream_options")) as (server, manager):
        await ask(manager, question())
        manager.configure([*manager.configs])
        assert await ask(manager, question()) == "Hello"
        assert len(server.calls) == 3


def refuses_one_by_one(*names: str) -> Handler:
    async def handle(call: Call) -> None:
        if refused := next((name for name in names if name in call.json), None):
            await refuses(refused)(call)
        else:
            await HELLO(call)

    return handle


async def test_two_fields_are_left_out_one_after_the_other() -> None:
    """A model that does not reason refuses what asks for it, and then what asks to see it."""
    async with asked_at(refuses_one_by_one("stream_options", "max_tokens")) as (server, manager):
        assert await ask(manager, question()) == "Hello"
        assert len(server.calls) == 3


async def test_a_third_refusal_is_told_and_the_next_question_knows_of_those_before() -> None:
    asked = replace(question(), temperature=0.5)
    async with asked_at(refuses_one_by_one("stream_options", "max_tokens", "temperature")) as (server, manager):
        with pytest.raises(ProviderError) as error:
            await ask(manager, asked)
        assert error.value.problem.kind == "bad_parameter"
        assert len(server.calls) == 3
        assert await ask(manager, asked) == "Hello"


async def test_a_field_that_is_refused_under_both_its_names_is_left_out() -> None:
    async with asked_at(refuses_one_by_one("max_tokens", "max_completion_tokens")) as (server, manager):
        assert await ask(manager, question()) == "Hello"
        assert await ask(manager, question()) == "Hello"
        assert sent(server)[2:] == [{"stream_options"}, {"stream_options"}]


async def test_a_field_that_has_to_be_there_is_never_left_out() -> None:
    async with asked_at(refuses("messages")) as (server, manager):
        with pytest.raises(ProviderError):
            await ask(manager, question())
        assert len(server.calls) == 1


async def test_what_was_left_out_counts_among_the_requests_of_a_question() -> None:
    async def handle(call: Call) -> None:
        refused = {"stream_options", "max_tokens"} & set(call.json)
        await (refuses(min(refused)) if refused else fails("503 Busy", {"error": "busy"}))(call)

    async with fault_server(handle) as server:
        async with managed(server.url, policy=RequestPolicy(retries=2), timing=QuickTime().timing) as manager:
            with pytest.raises(ProviderError) as error:
                await ask(manager, question())
        assert error.value.problem.kind == "overloaded" and len(server.calls) == 3


async def test_leaving_a_field_out_is_no_retry() -> None:
    async with fault_server(refuses("stream_options")) as server:
        async with managed(server.url, policy=RequestPolicy(retries=0), timing=QuickTime().timing) as manager:
            assert await ask(manager, question()) == "Hello"


async def test_a_question_with_a_large_picture_is_asked_without_the_field_as_well() -> None:
    picture = Image("image/png", b"\x89PNG" * 2**17)
    async with asked_at(refuses("stream_options")) as (server, manager):
        assert await ask(manager, question("tiny", picture)) == "Hello"
        url = server.calls[1].json["messages"][0]["content"][1]["image_url"]["url"]
        assert base64.b64decode(url.partition(",")[2]) == picture.data


CASES: list[tuple[int, Any, tuple[str, ...], str]] = [
    (400, {"message": "no", "code": "unsupported_parameter", "param": "reasoning.effort"}, ("reasoning",), "reasoning"),
    (
        400,
        {"message": "no", "code": "unsupported_parameter", "param": "reasoning.effort"},
        ("reasoning", "reasoning.effort"),
        "reasoning.effort",
    ),
    (400, {"message": "no", "code": "unsupported_value", "param": "effort"}, ("config.effort",), "config.effort"),
    (
        400,
        {"message": "Use max_completion_tokens, not max_tokens", "code": "unsupported_parameter"},
        ("max_tokens",),
        "max_tokens",
    ),
    (400, {"message": "max_tokens_total is refused", "code": "unsupported_parameter"}, ("max_tokens",), ""),
    (
        400,
        {"message": "Unknown name thinking_config", "code": "unsupported_parameter"},
        ("generationConfig.thinkingConfig",),
        "generationConfig.thinkingConfig",
    ),
    (400, {"message": '"m" does not support thinking'}, ("truncate", "think"), "think"),
    (400, {"message": '"m" does not support thinking'}, ("reasoning.effort", "reasoning", "include"), "reasoning"),
    (400, {"message": "no", "param": "temperature"}, ("temperature",), "temperature"),
    (400, {"message": "temperature is too hot"}, ("temperature",), ""),
    (401, {"message": "no", "param": "temperature"}, ("temperature",), ""),
    (429, {"message": "no", "param": "temperature"}, ("temperature",), ""),
    (400, {"message": "no", "code": "unsupported_parameter"}, ("temperature",), ""),
]


@pytest.mark.parametrize(("status", "error", "fields", "field"), CASES)
def test_the_field_is_the_one_that_the_refusal_names(
    status: int, error: dict[str, Any], fields: tuple[str, ...], field: str
) -> None:
    refusal = read_refusal(status, json.dumps({"error": error}).encode(), {}, Redactor())
    problem = problem_of(refusal, Service("x", "X"), model="m", with_key=True)
    assert refused_field(problem, fields) == field


def test_nested_fields_are_found_taken_out_and_renamed() -> None:
    body: Any = {"options": {"think": True, "seed": 1}, "top": 2}
    names = {"options.think": "", "top": "options.top", "options.other": "", "no.such": ""}
    assert fields_in(body, names) == ("options.think", "top")
    without(body, frozenset({"options.think", "top", "no.such", "options.other"}), names)
    assert body == {"options": {"seed": 1, "top": 2}}
