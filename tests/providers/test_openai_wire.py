"""A request as each service wants it written."""

from __future__ import annotations

from nuke_ai_panel.providers.base import Request
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.messages import Image, Message, Reasoning, Text, ToolCall, ToolResult, ToolSpec
from nuke_ai_panel.providers.model_lists import models_in
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.openai_chat.wire import request_body, wire_messages

ASKED = Message("assistant", (Reasoning("hm"), Text("Let me see."), ToolCall("c1", "find", '{"a":1}')))
TOLD = Message("tool", (ToolResult("c1", "find", True, "found"), ToolResult("c2", "read", False, "no such node")))


def wire(*messages: Message, quirks: ChatQuirks | None = None) -> list[object]:
    return list(wire_messages(messages, quirks or ChatQuirks()))


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


def test_a_service_that_takes_either_text_or_calls_gets_the_calls() -> None:
    (turn,) = wire(ASKED, quirks=PROVIDERS["mistral"].quirks)
    assert isinstance(turn, dict) and turn["content"] is None and turn["tool_calls"]


def test_a_picture_goes_beside_the_text() -> None:
    url = {"url": "data:image/png;base64,AAE="}
    content = [{"type": "text", "text": "what?"}, {"type": "image_url", "image_url": url}]
    assert wire(Message("user", (Text("what?"), Image("image/png", b"\0\1")))) == [{"role": "user", "content": content}]


def test_a_picture_of_a_tool_follows_as_a_user_turn() -> None:
    turns = wire(Message("tool", (ToolResult("c1", "look", True, "see"), Image("image/png", b"x"))))
    assert [turn["role"] for turn in turns if isinstance(turn, dict)] == ["tool", "user"]


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


def test_model_lists_are_read_as_real_services_write_them() -> None:
    listed = models_in(
        {
            "data": [
                {"id": "a", "context_length": 10, "supported_parameters": ["tools"]},
                {"id": "b", "meta": {"n_ctx": 20, "n_ctx_train": 99}, "architecture": {"input_modalities": ["text"]}},
                {"id": "c", "max_model_len": "30"},
                {"id": "d", "max_context_length": 40, "capabilities": {"function_calling": True, "vision": True}},
                {"id": "a"},
                {"object": "model"},
                None,
            ]
        }
    )
    assert listed
    assert [(model.id, model.context, model.tools, model.images) for model in listed] == [
        ("a", 10, True, None),
        ("b", 20, None, False),
        ("c", 30, None, None),
        ("d", 40, True, True),
    ]
    assert models_in([{"id": "x"}]) is not None
    assert models_in({"hello": "world"}) is None
