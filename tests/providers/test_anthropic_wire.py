"""How a question is written for the Anthropic messages API, and how its model list is read."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.anthropic.format import VERSION, AnthropicFormat
from nuke_ai_panel.providers.anthropic.models import page_in
from nuke_ai_panel.providers.anthropic.stream import MessageStream
from nuke_ai_panel.providers.anthropic.thinking import BEGUN_ANEW
from nuke_ai_panel.providers.anthropic.wire import USUAL_OUTPUT, request_body, wire_messages
from nuke_ai_panel.providers.api.wire_format import ApiCalls, Endpoint
from nuke_ai_panel.providers.base import Model, Request
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.formats import wire_format
from nuke_ai_panel.providers.messages import (
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    ReasoningOpaque,
    Role,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolResult,
    ToolSpec,
)
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.redact import Redactor, Secret

SIGNED = {"type": "thinking", "thinking": "Hm.", "signature": "s1"}
HIDDEN = {"type": "redacted_thinking", "data": "x"}
ASKED = Message("user", (Text("hi"),))


def body(*messages: Message, known: Model | None = None, **more: Any) -> dict[str, Any]:
    return request_body(Request("m", messages or (ASKED,), **more), known)


def wire(*messages: Message) -> list[Any]:
    return wire_messages(messages)


def said(text: str) -> dict[str, str]:
    return {"type": "text", "text": text}


def use(identity: str, name: str = "find", **arguments: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": identity, "name": name, "input": arguments}


def result(identity: str, text: str, *, error: bool = False) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": identity, "content": text, "is_error": error}


def test_the_format_is_found_by_its_name() -> None:
    assert isinstance(wire_format("anthropic", ChatQuirks()), AnthropicFormat)


def test_the_key_and_the_version_are_headers() -> None:
    headers = AnthropicFormat().headers(Secret("sk-ant-x"))
    assert headers == {"x-api-key": "sk-ant-x", "anthropic-version": VERSION} and VERSION == "2026-10-21"
    assert AnthropicFormat().headers(None) == {"anthropic-version": VERSION}


def test_a_gateway_may_want_its_key_and_its_version_otherwise() -> None:
    own = {"Authorization": "Bearer {key}", "Anthropic-Version": "2023-06-01"}
    calls: Any = ApiCalls(Endpoint("x", "X", "http://x", True, own), AnthropicFormat(), None, run_blocking)
    assert calls.with_key(Secret("sk")).headers() == {
        "Authorization": "Bearer sk",
        "Anthropic-Version": "2023-06-01",
    }


@pytest.mark.parametrize(
    ("document", "is_one"),
    [
        ({"type": "message", "content": []}, True),
        ({"content": [{"type": "text", "text": "Hi"}]}, True),
        ({"content": "Hi"}, False),
        ({"choices": []}, False),
        ({}, False),
    ],
)
def test_an_answer_is_known_by_its_content(document: Any, is_one: bool) -> None:
    assert AnthropicFormat().is_answer(document) is is_one


def test_a_plain_question_has_what_is_required_and_nothing_else() -> None:
    assert body() == {
        "model": "m",
        "max_tokens": USUAL_OUTPUT,
        "stream": True,
        "messages": [{"role": "user", "content": [said("hi")]}],
    }


def test_sampling_is_never_asked_for_since_the_version_refuses_it() -> None:
    assert not {"temperature", "top_p", "top_k"} & body(temperature=0.5).keys()


@pytest.mark.parametrize(
    ("asked", "known", "sent"),
    [
        (None, None, USUAL_OUTPUT),
        (None, Model("m"), USUAL_OUTPUT),
        (None, Model("m", output=64_000), 64_000),
        (500, None, 500),
        (500, Model("m", output=64_000), 500),
        (99_000, Model("m", output=64_000), 64_000),
    ],
)
def test_the_length_of_the_answer_is_asked_for_as_far_as_the_model_can(
    asked: int | None, known: Model | None, sent: int
) -> None:
    assert body(known=known, max_tokens=asked)["max_tokens"] == sent


def test_what_the_system_says_stands_above_the_messages() -> None:
    written = body(Message("system", (Text("Be "), Text("brief."))), ASKED, Message("system", (Text("Really."),)))
    assert written["system"] == "Be brief.\n\nReally."
    assert [turn["role"] for turn in written["messages"]] == ["user"]


def test_a_picture_goes_as_base64_in_its_place() -> None:
    source = {"type": "base64", "media_type": "image/png", "data": "AAE="}
    (turn,) = wire(Message("user", (Text("what?"), Image("image/png", b"\0\1"))))
    assert turn["content"] == [said("what?"), {"type": "image", "source": source}]


def test_tools_are_told_with_their_schema() -> None:
    schema = {"type": "object", "properties": {}}
    assert body(tools=(ToolSpec("find", "Finds", schema),))["tools"] == [
        {"name": "find", "description": "Finds", "input_schema": schema}
    ]


class TestThinking:
    def test_it_is_left_to_the_service_unless_it_is_asked_for(self) -> None:
        assert not {"thinking", "output_config"} & body().keys()

    @pytest.mark.parametrize("effort", ["low", "medium", "high"])
    def test_an_effort_asks_for_it_with_a_summary(self, effort: str) -> None:
        written = body(effort=effort)
        assert written["thinking"] == {"type": "adaptive", "display": "summarized"}
        assert written["output_config"] == {"effort": effort}

    def test_no_effort_switches_it_off(self) -> None:
        written = body(effort="none")
        assert written["thinking"] == {"type": "disabled"} and "output_config" not in written

    @pytest.mark.parametrize("effort", ["none", "high"])
    def test_a_model_that_cannot_is_not_asked_to(self, effort: str) -> None:
        assert not {"thinking", "output_config"} & body(known=Model("m", reasoning=False), effort=effort).keys()

    def test_a_schema_is_asked_for_beside_it(self) -> None:
        schema = {"type": "object"}
        form = {"type": "json_schema", "schema": schema}
        assert body(schema=schema)["output_config"] == {"format": form}
        assert body(schema=schema, effort="low")["output_config"] == {"effort": "low", "format": form}

    def test_everything_that_a_model_may_refuse_is_a_field_of_the_question(self) -> None:
        written = body(schema={}, effort="low")
        for path in AnthropicFormat.refusable:
            value: Any = written
            for name in path.split("."):
                value = value[name]
            assert value


class TestToolLoops:
    def test_the_answer_goes_back_whole_and_in_its_order_with_one_turn_of_results(self) -> None:
        parts: tuple[Part, ...] = (
            Reasoning("Hm."),
            Opaque("anthropic", SIGNED),
            Opaque("anthropic", HIDDEN),
            Text("Let me see."),
            ToolCall("c1", "find", '{"a": 1}'),
            Opaque("anthropic", {**SIGNED, "signature": "s2"}),
            ToolCall("c2", "look", ""),
        )
        results = (ToolResult("c1", "find", True, "found"), ToolResult("c2", "look", False, "no such node"))
        assert wire(ASKED, Message("assistant", parts), Message("tool", results)) == [
            {"role": "user", "content": [said("hi")]},
            {
                "role": "assistant",
                "content": [
                    SIGNED,
                    HIDDEN,
                    said("Let me see."),
                    use("c1", a=1),
                    {**SIGNED, "signature": "s2"},
                    use("c2", "look"),
                ],
            },
            {"role": "user", "content": [result("c1", "found"), result("c2", "no such node", error=True)]},
        ]

    def test_results_stand_before_pictures_and_before_what_the_user_says_next(self) -> None:
        called = Message("assistant", (ToolCall("c1", "look", "{}"),))
        looked = Message("tool", (Image("image/png", b"x"), ToolResult("c1", "look", True, "see")))
        turn = wire(called, looked, ASKED)[-1]
        assert turn["role"] == "user"
        assert [piece["type"] for piece in turn["content"]] == ["tool_result", "image", "text"]

    @pytest.mark.parametrize("provider", ["gemini", "openai_responses", "openrouter", ""])
    def test_blobs_of_others_stay_here(self, provider: str) -> None:
        assert wire(Message("assistant", (Opaque(provider, SIGNED), Text("Hi")))) == [
            {"role": "assistant", "content": [said("Hi")]}
        ]

    @pytest.mark.parametrize("data", [5, "x", [SIGNED], {}, {"type": "text", "text": "x"}])
    def test_a_blob_that_is_no_reasoning_stays_here(self, data: Any) -> None:
        assert wire(Message("assistant", (Opaque("anthropic", data), Text("Hi"))))[0]["content"] == [said("Hi")]

    def test_reasoning_is_not_the_last_word_of_a_turn(self) -> None:
        (turn,) = wire(Message("assistant", (Text("Hi"), Opaque("anthropic", SIGNED), Opaque("anthropic", HIDDEN))))
        assert turn["content"] == [said("Hi")]

    def test_reasoning_of_an_answer_that_never_was_stays_here(self) -> None:
        second = {**SIGNED, "signature": "s2"}
        parts = (Opaque("anthropic", SIGNED), Text("a"), BEGUN_ANEW, Opaque("anthropic", second), Text("b"))
        assert wire(Message("assistant", parts))[0]["content"] == [said("a"), second, said("b")]

    def test_what_would_be_refused_for_its_emptiness_is_left_out(self) -> None:
        silent = Message("assistant", (Text(" \n"), Reasoning("Hm.")))
        turns = wire(ASKED, silent, Message("user", (Text(""), Text("x"))))
        assert turns == [{"role": "user", "content": [said("hi"), said("x")]}]

    @pytest.mark.parametrize("arguments", ["{", "[1]", "5", "null", "[" * 100_000])
    def test_arguments_that_are_no_object_go_back_in_one(self, arguments: str) -> None:
        (turn,) = wire(Message("assistant", (ToolCall("c1", "find", arguments),)))
        assert turn["content"][0]["input"] == {"INVALID_JSON": arguments}


class TestCallsOfOtherServices:
    def test_their_ids_are_written_with_the_characters_that_are_taken(self) -> None:
        called = Message("assistant", (ToolCall("functions.find:0", "find nodes", "{}"),))
        answered = Message("tool", (ToolResult("functions.find:0", "find nodes", True, "x"),))
        assistant, user = wire(called, answered)
        assert assistant["content"] == [use("functions_find_0", "find_nodes")]
        assert user["content"] == [result("functions_find_0", "x")]

    def test_ids_that_come_again_with_every_answer_are_told_apart(self) -> None:
        rounds = [
            message
            for text in ("one", "two", "three")
            for message in (
                Message("assistant", (ToolCall("call_1", "find", "{}"),)),
                Message("tool", (ToolResult("call_1", "find", True, text),)),
            )
        ]
        turns = wire(*rounds)
        ids = ["call_1", "call_1_2", "call_1_3"]
        assert [turn["content"][0]["id"] for turn in turns[::2]] == ids
        assert [turn["content"][0]["tool_use_id"] for turn in turns[1::2]] == ids

    def test_a_call_without_id_and_name_has_both(self) -> None:
        (turn,) = wire(Message("assistant", (ToolCall("", "", "{}"),)))
        assert turn["content"] == [use("call", "unnamed")]


PARTS = st.one_of(
    st.builds(Text, st.text(max_size=5)),
    st.builds(Reasoning, st.text(max_size=5)),
    st.builds(Image, st.just("image/png"), st.binary(max_size=3)),
    st.builds(ToolCall, st.text(max_size=3), st.text(max_size=3), st.text(max_size=5)),
    st.builds(ToolResult, st.text(max_size=3), st.just("f"), st.booleans(), st.text(max_size=3)),
    st.builds(Opaque, st.sampled_from(["anthropic", "gemini"]), st.sampled_from([None, SIGNED, HIDDEN, 5, "x"])),
)
ROLES: list[Role] = ["system", "user", "assistant", "tool"]
MESSAGES = st.lists(st.builds(Message, st.sampled_from(ROLES), st.lists(PARTS, max_size=4).map(tuple)), max_size=6)


@given(MESSAGES)
def test_every_conversation_can_be_written_and_takes_turns(messages: list[Message]) -> None:
    turns = json.loads(json.dumps(wire(*messages)))
    roles = [turn["role"] for turn in turns]
    assert all(first != second for first, second in zip(roles, roles[1:], strict=False))
    assert all(turn["content"] for turn in turns)
    ids = [block["id"] for turn in turns for block in turn["content"] if _type(block) == "tool_use"]
    assert len(set(ids)) == len(ids)


def _type(block: Any) -> str:
    return block.get("type", "") if isinstance(block, dict) else ""


def test_what_was_answered_goes_back_as_it_came() -> None:
    """Round: an answer is read, kept as a turn keeps it, and written again."""
    content = [SIGNED, HIDDEN, said("Let me see."), use("c1", a=[1, {"b": "ü"}])]
    reader = MessageStream(Asked(Service("x", "X"), Redactor(), "m", 2**20))
    parts: list[Part] = []
    for event in reader.whole({"type": "message", "content": content, "stop_reason": "tool_use"}):
        match event:
            case TextDelta(text):
                parts.append(Text(text))
            case ReasoningOpaque(part):
                parts.append(part)
            case ToolCallReady(_, call):
                parts.append(call)
            case _:
                pass
    assert wire(Message("assistant", tuple(parts)))[0]["content"] == content


# The model list.

LISTED = {
    "type": "model",
    "id": "claude-x",
    "display_name": "Claude X",
    "max_input_tokens": 200_000,
    "max_tokens": 64_000,
    "lifecycle": "active",
    "capabilities": {
        "image_input": {"supported": True},
        "thinking": {"supported": True, "types": {"adaptive": {"supported": True}, "enabled": {"supported": False}}},
    },
}


def one(**more: Any) -> Model:
    page = page_in({"data": [{**LISTED, **more}]})
    assert page
    (model,) = page.models
    return model


def test_a_model_is_listed_with_all_that_is_said_of_it() -> None:
    assert one() == Model("claude-x", "Claude X", 200_000, images=True, output=64_000, reasoning=True)


@pytest.mark.parametrize(
    ("thinking", "can"),
    [
        ({"supported": True, "types": {"adaptive": {"supported": False}, "enabled": {"supported": True}}}, False),
        ({"supported": True, "types": {"adaptive": True}}, True),
        ({"supported": True}, True),
        ({"supported": False}, False),
        ({}, None),
        (None, None),
        ("yes", None),
    ],
)
def test_a_model_thinks_if_it_does_so_by_itself(thinking: Any, can: bool | None) -> None:
    assert one(capabilities={"thinking": thinking}).reasoning is can


def test_a_model_that_is_gone_is_not_listed() -> None:
    page = page_in({"data": [{**LISTED, "lifecycle": "retired"}, {**LISTED, "id": "b", "lifecycle": "deprecated"}]})
    assert page and [model.id for model in page.models] == ["b"]


def test_a_local_server_says_how_much_fits() -> None:
    page = page_in({"data": [{"id": "tiny", "meta": {"n_ctx": 2048, "n_ctx_train": 4096}}]})
    assert page and [model.context for model in page.models] == [2048]


@pytest.mark.parametrize("document", [{"hello": "world"}, {"data": 5}, 5, None, "x"])
def test_what_is_no_list_is_none(document: Any) -> None:
    assert page_in(document) is None


@pytest.mark.parametrize(
    ("more", "after"),
    [
        ({"has_more": True, "last_id": "z"}, "z"),
        ({"has_more": False, "last_id": "z"}, ""),
        ({"has_more": True, "last_id": None}, ""),
        ({"last_id": "z"}, ""),
        ({}, ""),
    ],
)
def test_a_list_goes_on_where_it_says_so(more: dict[str, Any], after: str) -> None:
    page = page_in({"data": [LISTED], **more})
    assert page and page.after == after
