"""A request as each service wants it written."""

from __future__ import annotations

from typing import Any

import pytest
from nuke_ai_panel.providers.base import Effort, Model, Request
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.messages import (
    JSON,
    Image,
    Message,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.openai_chat.turns import wire_messages
from nuke_ai_panel.providers.openai_chat.wire import REFUSABLE, request_body

ASKED = Message("assistant", (Reasoning("hm"), Text("Let me see."), ToolCall("c1", "find", '{"a":1}')))
ANSWERED = Message("assistant", (Reasoning("well"), Text("Done.")))
TOLD = Message("tool", (ToolResult("c1", "find", True, "found"), ToolResult("c2", "read", False, "no such node")))


def wire(*messages: Message, quirks: ChatQuirks | None = None) -> list[Any]:
    return list(wire_messages(messages, quirks or ChatQuirks()))


def roles(turns: list[Any]) -> list[str]:
    return [turn["role"] for turn in turns]


def test_plain_turns_are_plain_text() -> None:
    messages = [Message(role, (Text("a"), Text("b"))) for role in ("system", "user", "assistant")]  # type: ignore[arg-type]
    assert wire(*messages) == [{"role": role, "content": "ab"} for role in ("system", "user", "assistant")]


def test_calls_and_results_go_back_in_pairs_and_reasoning_stays() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"a":1}'}}
    assert wire(ASKED, TOLD) == [
        {"role": "assistant", "content": "Let me see.", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
        {"role": "tool", "tool_call_id": "c2", "content": "no such node"},
    ]


def test_an_answer_that_was_cut_while_the_model_was_thinking_has_a_word_all_the_same() -> None:
    asked = Message("user", (Text("a"),))
    turns = wire(asked, Message("assistant", (Reasoning("hm"),)), asked)
    assert roles(turns) == ["user", "assistant", "user"]
    assert turns[1]["content"]


def test_a_service_that_takes_either_text_or_calls_gets_the_calls() -> None:
    (turn,) = wire(ASKED, quirks=PROVIDERS["mistral"].quirks)
    assert isinstance(turn, dict) and turn["content"] is None and turn["tool_calls"]


def test_a_picture_goes_beside_the_text() -> None:
    url = {"url": "data:image/png;base64,AAE="}
    content = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": url}]
    assert wire(Message("user", (Text("what?"), Image("image/png", b"\0\1")))) == [{"role": "user", "content": content}]


def test_pictures_of_tools_follow_as_one_user_turn_after_all_results() -> None:
    looked = Message("tool", (ToolResult("c1", "look", True, "see"), Image("image/png", b"x")))
    again = Message("tool", (ToolResult("c2", "look", True, "see"), Image("image/png", b"y")))
    turns = wire(looked, again, Message("user", (Text("and?"),)))
    assert roles(turns) == ["tool", "tool", "user", "user"]
    assert [piece["type"] for piece in turns[2]["content"]] == ["text", "image_url", "image_url"]
    assert roles(wire(looked)) == ["tool", "user"]


def test_where_the_assistant_speaks_before_the_user_it_does() -> None:
    looked = Message("tool", (ToolResult("c1", "look", True, "see"), Image("image/png", b"x")))
    mistral = PROVIDERS["mistral"].quirks
    assert roles(wire(ASKED, looked, quirks=mistral)) == ["assistant", "tool", "assistant", "user"]
    assert roles(wire(ASKED, TOLD, ANSWERED, quirks=mistral)) == ["assistant", "tool", "tool", "assistant"]
    assert all(turn["content"] for turn in wire(looked, quirks=mistral))


def test_opaque_reasoning_goes_back_unchanged_to_where_it_came_from_and_nowhere_else() -> None:
    details: JSON = [{"type": "reasoning.text", "text": "Hm", "signature": "s"}, {"type": "reasoning.encrypted"}]
    parts = (Reasoning("Hm"), Opaque("openrouter", details), Opaque("gemini", {"x": 1}), *ASKED.parts[1:])
    message = Message("assistant", parts)
    (turn,) = wire(message, quirks=PROVIDERS["openrouter"].quirks)
    assert turn["reasoning_details"] == details and turn["tool_calls"]
    for row in PROVIDERS.values():
        if row.id != "openrouter":
            assert "reasoning_details" not in wire(message, quirks=row.quirks)[0]


def test_reasoning_goes_back_with_its_calls_where_it_has_to() -> None:
    deepseek = PROVIDERS["deepseek"].quirks
    silent = Message("assistant", (ToolCall("c1", "find", "{}"),))
    assert [turn.get("reasoning_content") for turn in wire(ASKED, silent, ANSWERED, quirks=deepseek)] == [
        "hm",
        "",
        None,
    ]
    assert "reasoning_content" not in wire(ASKED)[0]


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ('{"a":1}', '{"a":1}'),
        ("", "{}"),
        ('{"a":', '{"unreadable": "{\\"a\\":"}'),
        ("[1]", '{"unreadable": "[1]"}'),
        ("[" * 9, '{"unreadable": "[[[[[[[[["}'),
    ],
)
def test_arguments_that_no_server_could_read_are_wrapped(written: str, sent: str) -> None:
    (turn,) = wire(Message("assistant", (ToolCall("c1", "find", written),)))
    assert turn["tool_calls"][0]["function"]["arguments"] == sent


HI = (Message("user", (Text("hi"),)),)


@pytest.mark.parametrize(
    ("provider", "effort", "fields"),
    [
        ("compatible", "low", {"reasoning_effort": "low"}),
        ("openrouter", "high", {"reasoning": {"effort": "high"}}),
        ("deepseek", "none", {"thinking": {"type": "disabled"}}),
        ("deepseek", "high", {"thinking": {"type": "enabled"}, "reasoning_effort": "high"}),
        ("mistral", "high", {}),
    ],
)
def test_each_service_is_told_in_its_way_how_long_to_think(provider: str, effort: Effort, fields: Any) -> None:
    quirks = PROVIDERS[provider].quirks
    asked = request_body(Request("m", HI, effort=effort), quirks)
    plain = request_body(Request("m", HI), quirks)
    assert {name: asked[name] for name in asked.keys() - plain.keys()} == fields


@pytest.mark.parametrize(("reasons", "told"), [(True, True), (False, False), (None, False)])
def test_mistral_is_told_to_think_only_where_the_list_says_that_it_can(reasons: bool | None, told: bool) -> None:
    request = Request("m", HI, effort="high")
    body = request_body(request, PROVIDERS["mistral"].quirks, Model("m", reasoning=reasons))
    assert ("reasoning_effort" in body) == told
    assert ("reasoning_effort" in request_body(request, ChatQuirks(), Model("m", reasoning=reasons))) != (
        reasons is False
    )


def test_an_answer_is_held_to_a_schema_where_the_service_can() -> None:
    request = Request("m", HI, temperature=0.0, schema={"type": "object"})
    body = request_body(request, ChatQuirks())
    assert body["temperature"] == 0.0
    schema = {"name": "answer", "strict": True, "schema": {"type": "object"}}
    assert body["response_format"] == {"type": "json_schema", "json_schema": schema}
    assert "response_format" not in request_body(request, PROVIDERS["deepseek"].quirks)


def test_mistral_gets_no_field_that_it_does_not_know() -> None:
    tool = ToolSpec("find", "Finds", {"type": "object"})
    request = Request(
        "m", HI, (tool,), max_tokens=5, temperature=0.5, effort="low", schema={"type": "object"}, context=9
    )
    known = {"model", "messages", "stream", "tools", "max_tokens", "temperature", "response_format"}
    assert set(request_body(request, PROVIDERS["mistral"].quirks)) == known


def test_everything_optional_may_be_refused() -> None:
    for provider in ("compatible", "openrouter", "deepseek", "azure"):
        request = Request("m", HI, max_tokens=5, temperature=0.5, effort="low", schema={"type": "object"})
        assert set(request_body(request, PROVIDERS[provider].quirks)) - {"model", "messages", "stream"} <= set(
            REFUSABLE
        )


def test_a_request_has_what_the_service_takes_and_nothing_else() -> None:
    tool = ToolSpec("find", "Finds", {"type": "object", "properties": {}})
    request = Request("m", (Message("user", (Text("hi"),)),), (tool,), max_tokens=5)
    body = request_body(request, ChatQuirks())
    assert body["stream"] is True and body["model"] == "m" and body["max_tokens"] == 5
    function = {"name": "find", "description": "Finds", "parameters": tool.parameters}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert request_body(request, PROVIDERS["groq"].quirks)["max_completion_tokens"] == 5
    assert "stream_options" not in request_body(request, PROVIDERS["mistral"].quirks)
    assert set(request_body(Request("", ()), ChatQuirks(stream_options=False))) == {"messages", "stream"}
