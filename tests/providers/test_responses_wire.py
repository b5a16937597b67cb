"""A question as the Responses API wants it written, the refusals it words by itself, and OpenAI's model list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from nuke_ai_panel.providers.answers.refusals import read_refusal
from nuke_ai_panel.providers.answers.signs import problem_of
from nuke_ai_panel.providers.base import Effort, Model, Request
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.messages import (
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from nuke_ai_panel.providers.openai_responses.format import OpenAIResponsesFormat
from nuke_ai_panel.providers.openai_responses.models import chat_models_in
from nuke_ai_panel.providers.openai_responses.wire import input_items, request_body
from nuke_ai_panel.providers.redact import Redactor, Secret

HI = Message("user", (Text("hi"),))
SEALED = {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "gAAA", "status": None}


def items(*messages: Message) -> list[Any]:
    return list(input_items(messages))


def answer(*parts: Part) -> Message:
    return Message("assistant", parts)


def body(model: str = "m", known: Model | None = None, **more: Any) -> dict[str, Any]:
    return request_body(Request(model, (HI,), **more), known)


def said(role: str, kind: str, text: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}], **more}


def test_every_turn_is_an_item_and_the_system_is_one_of_them() -> None:
    turns = Message("system", (Text("be kind"),)), HI, answer(Text("hello"))
    assert items(*turns) == [
        said("system", "input_text", "be kind"),
        said("user", "input_text", "hi"),
        said("assistant", "output_text", "hello"),
    ]


def test_calls_and_results_are_items_in_pairs() -> None:
    asked = answer(Text("Let me see."), ToolCall("c1", "find", '{"a":1}'), ToolCall("c2", "read", ""))
    told = Message("tool", (ToolResult("c1", "find", True, "found"), ToolResult("c2", "read", False, "no such node")))
    assert items(asked, told) == [
        said("assistant", "output_text", "Let me see."),
        {"type": "function_call", "call_id": "c1", "name": "find", "arguments": '{"a":1}'},
        {"type": "function_call", "call_id": "c2", "name": "read", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "found"},
        {"type": "function_call_output", "call_id": "c2", "output": "no such node"},
    ]


def test_sealed_reasoning_goes_back_unchanged_before_the_call_that_it_led_to() -> None:
    first, second = SEALED, {**SEALED, "id": "rs_2"}
    parts = [
        Reasoning("hm"),
        Opaque("openai_responses", first),
        ToolCall("c1", "f", "1"),
        Opaque("openai_responses", second),
        ToolCall("c2", "f", "2"),
    ]
    sent = items(answer(*parts))
    assert (sent[0], sent[2]) == (first, second)
    assert [item["type"] for item in sent] == ["reasoning", "function_call", "reasoning", "function_call"]


@pytest.mark.parametrize("stranger", ["anthropic", "gemini", "openai_chat", ""])
def test_what_another_service_has_sealed_is_not_sent(stranger: str) -> None:
    assert items(answer(Reasoning("hm"), Opaque(stranger, SEALED), Text("hi"))) == [
        said("assistant", "output_text", "hi")
    ]


def test_an_aside_is_called_one_and_the_answer_after_it_is_not() -> None:
    aside = Opaque("openai_responses", {"type": "message", "phase": "commentary"})
    assert items(answer(aside, Text("Hm."), Opaque("openai_responses", SEALED), Text("Hi"))) == [
        said("assistant", "output_text", "Hm.", phase="commentary"),
        SEALED,
        said("assistant", "output_text", "Hi"),
    ]


def test_sealed_reasoning_that_led_to_nothing_stays_here() -> None:
    """An answer that reached its limit while the model was thinking: alone, its item is refused for ever after."""
    assert items(answer(Reasoning("Hm."), Opaque("openai_responses", SEALED)), HI) == [said("user", "input_text", "hi")]


def test_an_answer_without_a_word_is_no_item() -> None:
    assert items(answer(Text(""))) == []


def test_a_picture_goes_beside_the_text() -> None:
    (item,) = items(Message("user", (Text("what?"), Image("image/png", b"\0\1"))))
    picture = {"type": "input_image", "image_url": "data:image/png;base64,AAE=", "detail": "auto"}
    assert item["content"] == [{"type": "input_text", "text": "what?"}, picture]


def test_a_picture_of_a_tool_follows_as_a_users_message_after_all_results() -> None:
    parts = ToolResult("c1", "look", True, "see"), Image("image/png", b"x"), ToolResult("c2", "look", True, "see")
    sent = items(Message("tool", parts))
    assert [item["type"] for item in sent] == ["function_call_output", "function_call_output", "message"]
    assert (sent[-1]["role"], sent[-1]["content"][0]["type"]) == ("user", "input_image")


def test_a_question_is_streamed_and_kept_by_nobody() -> None:
    asked = body()
    assert asked["stream"] is True and asked["store"] is False and asked["model"] == "m"
    assert "model" not in body("")
    json.dumps(asked)


def test_a_tool_is_flat_and_not_strict() -> None:
    tool = ToolSpec("find", "Finds", {"type": "object", "properties": {}})
    assert body(tools=(tool,))["tools"] == [
        {"type": "function", "name": "find", "description": "Finds", "parameters": tool.parameters, "strict": False}
    ]
    assert "tools" not in body()


def test_limits_and_temperature_are_sent_if_they_were_set() -> None:
    assert not {"max_output_tokens", "temperature", "text"} & set(body())
    asked = body(max_tokens=500, temperature=0.5)
    assert (asked["max_output_tokens"], asked["temperature"]) == (500, 0.5)


def test_a_limit_that_openai_would_refuse_is_raised() -> None:
    assert body(max_tokens=1)["max_output_tokens"] == 16


def test_a_schema_is_the_format_of_the_text() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "string"}}}
    assert body(schema=schema)["text"]["format"] == {
        "type": "json_schema",
        "name": "answer",
        "schema": schema,
        "strict": True,
    }


@pytest.mark.parametrize(
    ("effort", "reasoning"),
    [(None, {"summary": "auto"}), ("high", {"effort": "high", "summary": "auto"}), ("none", {"effort": "none"})],
)
def test_reasoning_is_asked_for_with_its_summary_and_its_seal(effort: Effort | None, reasoning: Any) -> None:
    asked = body(effort=effort)
    assert asked["reasoning"] == reasoning and asked["include"] == ["reasoning.encrypted_content"]


@pytest.mark.parametrize(
    ("model", "known", "asks"),
    [
        ("gpt-4.1-mini", None, False),
        ("gpt-5.1", None, True),
        ("o4-mini", None, True),
        ("qwen3", None, True),
        ("ft:gpt-4o-2024-08-06:studio::abc", None, False),
        ("gpt-4.1", Model("gpt-4.1", reasoning=True), True),
        ("gpt-4.1", Model("gpt-4.1"), False),
        ("qwen3", Model("qwen3", reasoning=False), False),
    ],
)
def test_a_model_that_does_not_reason_is_not_asked_to(model: str, known: Model | None, asks: bool) -> None:
    asked = body(model, known)
    assert ("reasoning" in asked, "include" in asked) == (asks, asks)


def test_every_field_that_may_be_refused_is_one_that_is_sent() -> None:
    asked = body(effort="low", max_tokens=20, temperature=0.5)
    for name in OpenAIResponsesFormat.refusable:
        place: Any = asked
        for step in name.split("."):
            place = place[step]


def test_the_key_is_a_bearer_and_without_one_nothing_is_said() -> None:
    wire = OpenAIResponsesFormat()
    assert wire.headers(Secret("sk-0123456789")) == {"Authorization": "Bearer sk-0123456789"}
    assert wire.headers(None) == {} and wire.path(Request("m", ())) == "/responses"


@pytest.mark.parametrize(
    ("message", "code", "param", "kind"),
    [
        ("Encrypted content is not supported with this model.", None, "include", "bad_parameter"),
        (
            "Unsupported parameter: 'temperature' is not supported here.",
            None,
            "temperature",
            "bad_parameter",
        ),
        ("Unsupported parameter: 'reasoning.effort'", "unsupported_parameter", "reasoning.effort", "bad_parameter"),
        ("Unknown parameter: 'include'.", "unknown_parameter", "include", "bad_parameter"),
        (
            "Your organization must be verified to generate reasoning summaries.",
            "unsupported_value",
            "reasoning.summary",
            "bad_parameter",
        ),
        ("Your organization must be verified to stream this model.", "unsupported_value", "stream", "key_not_allowed"),
        ("Your input exceeds the context window of this model.", "context_length_exceeded", "input", "context_full"),
    ],
)
def test_a_refusal_has_its_kind_and_names_its_field(message: str, code: str | None, param: str, kind: str) -> None:
    document = {"error": {"message": message, "type": "invalid_request_error", "param": param, "code": code}}
    refusal = read_refusal(400, json.dumps(document).encode(), {}, Redactor())
    signs = OpenAIResponsesFormat.signs
    assert problem_of(refusal, Service("x", "X"), model="m", with_key=True, signs=signs).kind == kind
    assert refusal.field == param


def listed(*names: str) -> list[Model]:
    models = chat_models_in({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})
    assert models is not None
    return list(models)


CHAT = (
    *("gpt-5.1", "gpt-5.1-codex-max", "gpt-4.1-mini", "gpt-4o-2024-08-06", "gpt-3.5-turbo", "o3-pro", "o4-mini"),
    *("chatgpt-4o-latest", "ft:gpt-4o-mini:studio::abc", "gpt-6", "qwen2.5-7b-instruct", "llama-3.2-vision-instruct"),
    *("openai/gpt-oss-20b", "my-images-model", "grok-4"),
)
NO_CHAT = (
    *("dall-e-3", "gpt-image-1", "chatgpt-image-latest", "sora-2", "tts-1-hd", "whisper-1", "gpt-audio-mini"),
    *("gpt-realtime", "gpt-4o-realtime-preview", "gpt-4o-audio-preview-2024-12-17", "gpt-4o-mini-tts"),
    *("gpt-4o-transcribe-diarize", "text-embedding-3-small", "omni-moderation-latest", "babbage-002", "davinci-002"),
    *("gpt-3.5-turbo-instruct", "gpt-4o-search-preview", "o3-deep-research", "computer-use-preview"),
    *("openai/text-embedding-3-large",),
)


def test_only_models_that_can_chat_are_listed() -> None:
    assert [model.id for model in listed(*CHAT, *NO_CHAT)] == list(CHAT)


@pytest.mark.parametrize(
    ("name", "reasoning", "images", "context"),
    [
        ("gpt-5-mini-2025-08-07", True, True, 400_000),
        ("gpt-5.9-anything", True, True, None),
        ("gpt-5-chat-latest", False, True, 128_000),
        ("gpt-5.1-chat-latest", None, True, None),
        ("gpt-4.1-nano", False, True, 1_047_576),
        ("gpt-4o-mini", False, True, 128_000),
        ("gpt-4-0613", False, None, None),
        ("gpt-3.5-turbo-16k", False, False, 16_385),
        ("o3", True, None, None),
        ("gpt-oss-20b", None, None, None),
        ("o1000-of-somebody", None, None, None),
        ("qwen3", None, None, None),
    ],
)
def test_what_is_known_of_a_family_is_told_and_nothing_is_made_up(
    name: str, reasoning: bool | None, images: bool | None, context: int | None
) -> None:
    (model,) = listed(name)
    assert (model.reasoning, model.images, model.context) == (reasoning, images, context)


def test_what_the_service_says_of_a_model_counts_for_more() -> None:
    models = chat_models_in({"data": [{"id": "gpt-4o", "meta": {"n_ctx": 4096}, "capabilities": {"vision": False}}]})
    assert models and (models[0].context, models[0].images) == (4096, False)


def test_what_is_no_list_is_none() -> None:
    assert chat_models_in({"hello": "world"}) is None
