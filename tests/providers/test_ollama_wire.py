"""A request as Ollama gets it, and the tokens that it asks for."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from nuke_ai_panel.providers.base import Model, Request
from nuke_ai_panel.providers.messages import (
    Image,
    Message,
    Opaque,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from nuke_ai_panel.providers.ollama.context import DEFAULT_CONTEXT, context_given
from nuke_ai_panel.providers.ollama.wire import KEEP_ALIVE, request_body

HI = Message("user", (Text("hi"),))


def body(*messages: Message, known: Model | None = None, **more: Any) -> Any:
    return request_body(Request("m", messages or (HI,), **more), known)


def test_a_plain_question() -> None:
    assert body(Message("system", (Text("Be brief."),)), HI) == {
        "model": "m",
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "hi"}],
        "stream": True,
        "truncate": False,
        "keep_alive": KEEP_ALIVE,
        "options": {"num_ctx": DEFAULT_CONTEXT},
    }


def test_a_picture_goes_as_bare_base64() -> None:
    (said,) = body(Message("user", (Text("what is "), Image("image/png", b"\x89PNG"), Text("this?"))))["messages"]
    assert said == {"role": "user", "content": "what is this?", "images": [base64.b64encode(b"\x89PNG").decode()]}


def test_an_answer_goes_back_with_its_thoughts_and_its_calls_as_objects() -> None:
    calls = (ToolCall("c1", "find", '{"node": "Grade1"}'), ToolCall("c2", "overview", ""))
    parts = (Reasoning("Let me"), Text("I look"), Opaque("x", 1), Reasoning(" see"), *calls)
    (said,) = body(Message("assistant", parts))["messages"]
    assert said == {
        "role": "assistant",
        "content": "I look",
        "thinking": "Let me see",
        "tool_calls": [
            {"id": "c1", "function": {"index": 0, "name": "find", "arguments": {"node": "Grade1"}}},
            {"id": "c2", "function": {"index": 1, "name": "overview", "arguments": {}}},
        ],
    }


def test_an_answer_of_plain_text_has_nothing_else() -> None:
    assert body(Message("assistant", (Text("Hi"),)))["messages"] == [{"role": "assistant", "content": "Hi"}]


@pytest.mark.parametrize("arguments", ["{", "[1]", '"x"', "[" * 100_000, "null"])
def test_arguments_that_are_no_object_go_back_as_an_empty_one(arguments: str) -> None:
    (said,) = body(Message("assistant", (ToolCall("c", "f", arguments),)))["messages"]
    assert said["tool_calls"][0]["function"]["arguments"] == {}


def test_a_result_names_its_tool_by_name_and_by_call() -> None:
    parts = (ToolResult("c1", "find", True, "3 nodes"), ToolResult("c2", "look", False, "no"), Image("image/png", b"x"))
    assert body(Message("tool", parts))["messages"] == [
        {"role": "tool", "tool_name": "find", "tool_call_id": "c1", "content": "3 nodes"},
        {"role": "tool", "tool_name": "look", "tool_call_id": "c2", "content": "no"},
        {"role": "user", "content": "", "images": [base64.b64encode(b"x").decode()]},
    ]


def test_tools_are_declared_with_their_schema() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "string"}}}
    (tool,) = body(tools=(ToolSpec("f", "does", schema),))["tools"]
    assert tool == {"type": "function", "function": {"name": "f", "description": "does", "parameters": schema}}


def test_limits_and_form_of_an_answer_are_asked_for() -> None:
    schema: dict[str, Any] = {"type": "object"}
    sent = body(max_tokens=0, temperature=0.0, schema=schema)
    assert sent["format"] == schema
    assert sent["options"] == {"num_ctx": DEFAULT_CONTEXT, "num_predict": 0, "temperature": 0.0}


@pytest.mark.parametrize(("effort", "think"), [("none", False), ("low", "low"), ("medium", "medium"), ("high", "high")])
def test_a_model_is_told_how_long_to_think(effort: Any, think: object) -> None:
    assert body(effort=effort)["think"] == think
    assert body(effort=effort, known=Model("m", reasoning=True))["think"] == think


def test_nothing_is_said_of_thinking_where_nothing_was_wished_or_nothing_can_be_thought() -> None:
    assert "think" not in body()
    assert "think" not in body(effort="high", known=Model("m", reasoning=False))


@pytest.mark.parametrize(
    ("wished", "known", "asked"),
    [
        (None, None, DEFAULT_CONTEXT),
        (None, Model("m"), DEFAULT_CONTEXT),
        (None, Model("m", context=8192), 8192),
        (32_768, Model("m", context=8192), 32_768),
    ],
)
def test_every_question_asks_for_its_memory(wished: int | None, known: Model | None, asked: int) -> None:
    assert body(context=wished, known=known)["options"]["num_ctx"] == asked


@pytest.mark.parametrize(
    ("trained", "running", "given"),
    [
        (None, None, None),
        (131_072, None, DEFAULT_CONTEXT),
        (8192, None, 8192),
        (131_072, 4096, DEFAULT_CONTEXT),
        (131_072, 65_536, 65_536),
        (None, 4096, DEFAULT_CONTEXT),
        (None, 32_768, 32_768),
    ],
)
def test_a_question_gets_enough_and_never_takes_from_a_loaded_model(
    trained: int | None, running: int | None, given: int | None
) -> None:
    assert context_given(trained, running) == given
