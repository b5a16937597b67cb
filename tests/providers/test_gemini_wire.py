"""A request as Gemini wants it written, and what goes back of its own answers."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from dialects.gemini import response
from nuke_ai_panel.panel.chat import Chat
from nuke_ai_panel.panel.hosts.base import EmptyHost
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.base import Effort, Model, Request
from nuke_ai_panel.providers.errors import Service
from nuke_ai_panel.providers.gemini.format import GeminiFormat
from nuke_ai_panel.providers.gemini.stream import GeminiStream
from nuke_ai_panel.providers.gemini.wire import request_body, wire_contents
from nuke_ai_panel.providers.messages import (
    Image,
    Message,
    Opaque,
    Part,
    Reasoning,
    StreamEvent,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from nuke_ai_panel.providers.redact import Redactor, Secret
from nuke_ai_panel.providers.wire.framing import ServerEvent
from scripted_models import ScriptedModels

Json = dict[str, Any]
USER = Message("user", (Text("hi"),))
CALL = ToolCall("c1", "find", '{"a":1}')


def wire(*messages: Message, strict: bool = False) -> list[Any]:
    return list(wire_contents(messages, strict=strict))


def body(model: str = "m", known: Model | None = None, **more: Any) -> Json:
    return request_body(Request(model, (USER,), **more), known)


class TestTheQuestion:
    def test_the_roles_are_user_and_model(self) -> None:
        assert wire(USER, Message("assistant", (Text("yes"),))) == [
            {"role": "user", "parts": [{"text": "hi"}]},
            {"role": "model", "parts": [{"text": "yes"}]},
        ]

    def test_what_the_panel_says_of_itself_is_an_instruction_and_no_turn(self) -> None:
        system = Message("system", (Text("Be kind."), Text("")))
        asked = request_body(Request("m", (system, USER, system)), None)
        assert asked["systemInstruction"] == {"parts": [{"text": "Be kind."}, {"text": "Be kind."}]}
        assert asked["contents"] == wire(USER)
        assert "systemInstruction" not in body()

    def test_a_picture_goes_where_it_stood_in_the_text(self) -> None:
        (turn,) = wire(Message("user", (Text("a"), Image("image/png", b"\0\1"), Text("b"))))
        picture = {"inlineData": {"mimeType": "image/png", "data": "AAE="}}
        assert turn["parts"] == [{"text": "a"}, picture, {"text": "b"}]

    def test_what_is_empty_is_not_sent(self) -> None:
        assert wire(*(Message(role, (Text(""),)) for role in ("user", "assistant", "tool"))) == []
        assert wire(Message("assistant", ()), Message("tool", ())) == []

    def test_tools_are_declared_with_their_schema_as_it_is(self) -> None:
        schema: Json = {"type": "object", "properties": {}, "additionalProperties": False}
        asked = body(tools=(ToolSpec("find", "Finds", schema),))
        declared = {"name": "find", "description": "Finds", "parametersJsonSchema": schema}
        assert asked["tools"] == [{"functionDeclarations": [declared]}]
        assert asked["toolConfig"] == {"functionCallingConfig": {"mode": "AUTO"}}
        assert not {"tools", "toolConfig"} & set(body())

    def test_only_what_was_set_is_configured(self) -> None:
        assert set(body()) == {"contents"}
        schema: Json = {"type": "object"}
        assert body(max_tokens=9, temperature=0.0, schema=schema)["generationConfig"] == {
            "maxOutputTokens": 9,
            "temperature": 0.0,
            "responseMimeType": "application/json",
            "responseJsonSchema": schema,
        }


class TestResults:
    def test_a_result_is_an_object_with_the_id_and_the_name_of_its_call(self) -> None:
        told = Message(
            "tool", (ToolResult("c1", "find", True, "found"), ToolResult("c2", "read", False, "no such node"))
        )
        assert wire(told) == [
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"id": "c1", "name": "find", "response": {"result": "found"}}},
                    {"functionResponse": {"id": "c2", "name": "read", "response": {"error": "no such node"}}},
                ],
            }
        ]

    def test_a_picture_of_a_tool_follows_in_a_turn_of_its_own(self) -> None:
        results, pictures = wire(Message("tool", (ToolResult("c1", "look", True, "see"), Image("image/png", b"x"))))
        assert [list(part) for part in results["parts"]] == [["functionResponse"]]
        assert pictures == {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "eA=="}}]}

    @pytest.mark.parametrize("arguments", ["", "{", "[1]", "5", "null", '"x"', "[" * 5000])
    def test_arguments_that_are_no_object_are_sent_as_an_empty_one(self, arguments: str) -> None:
        (turn,) = wire(Message("assistant", (ToolCall("c1", "find", arguments),)))
        assert turn["parts"] == [{"functionCall": {"id": "c1", "name": "find", "args": {}}}]


class TestThinking:
    @pytest.mark.parametrize(
        ("model", "effort", "wanted"),
        [
            ("gemini-3-pro", "none", {"thinkingLevel": "MINIMAL", "includeThoughts": True}),
            ("gemini-3.1-flash-preview", "low", {"thinkingLevel": "LOW", "includeThoughts": True}),
            ("models/gemini-3-pro", "medium", {"thinkingLevel": "MEDIUM", "includeThoughts": True}),
            ("gemini-3-pro", "high", {"thinkingLevel": "HIGH", "includeThoughts": True}),
            ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
            ("gemini-2.5-flash", "low", {"thinkingBudget": 1024, "includeThoughts": True}),
            ("gemini-2.5-flash", "high", {"thinkingBudget": 24576, "includeThoughts": True}),
            ("gemini-2.0-flash", "high", None),
            ("gemini-30-x", "high", None),
            ("gemma-3-27b-it", "high", None),
            ("gemini-flash-latest", "high", None),
        ],
    )
    def test_the_name_tells_how_an_effort_is_asked_for(self, model: str, effort: Effort, wanted: Json | None) -> None:
        assert body(model, effort=effort).get("generationConfig", {}).get("thinkingConfig") == wanted

    def test_a_model_that_thinks_shows_its_thoughts(self) -> None:
        thinks = Model("m", reasoning=True)
        assert body(known=thinks)["generationConfig"] == {"thinkingConfig": {"includeThoughts": True}}
        assert body(known=thinks, effort="high")["generationConfig"] == {"thinkingConfig": {"includeThoughts": True}}

    @pytest.mark.parametrize("known", [None, Model("gemini-3-pro")])
    def test_of_a_model_that_may_think_no_thoughts_are_asked(self, known: Model | None) -> None:
        assert "generationConfig" not in body("gemini-3-pro", known)

    def test_a_model_that_does_not_think_is_asked_for_nothing(self) -> None:
        assert "generationConfig" not in body("gemini-3-pro", Model("m", reasoning=False), effort="high")


class TestTheAddress:
    @pytest.mark.parametrize(
        ("model", "path"),
        [
            ("gemini-3-pro", "gemini-3-pro"),
            ("models/gemini-3-pro", "gemini-3-pro"),
            ("a/b?c#d e:f", "a%2Fb%3Fc%23d%20e%3Af"),
            ("../../x", "..%2F..%2Fx"),
        ],
    )
    def test_a_model_is_part_of_the_path_and_cannot_leave_it(self, model: str, path: str) -> None:
        assert GeminiFormat().path(Request(model, ())) == f"/models/{path}:streamGenerateContent?alt=sse"

    def test_the_key_goes_in_a_header_and_nowhere_else(self) -> None:
        format = GeminiFormat()
        assert format.headers(Secret("AIza1")) == {"x-goog-api-key": "AIza1"}
        assert format.headers(None) == {}
        assert "key" not in format.path(Request("m", ()))

    def test_what_a_model_may_refuse_is_what_is_sent(self) -> None:
        sent = body("gemini-3-pro", effort="low", temperature=1.0), body("gemini-2.5-pro", effort="low")
        for name in GeminiFormat().refusable:
            assert any(_has(question, name) for question in sent), name


def _has(question: Any, name: str) -> bool:
    for step in name.split("."):
        question = question.get(step, {})
    return question != {}


# What Gemini signs goes back on the part that it was on.


def heard(*parts_of_each_event: list[Json]) -> list[StreamEvent]:
    """An answer whose events have these parts."""
    reader = GeminiStream(Asked(Service("gemini", "G"), Redactor(), "m", 2**20))
    documents = [*(response(*parts) for parts in parts_of_each_event), response(finish="STOP")]
    events = [event for document in documents for event in reader.feed(ServerEvent(json.dumps(document)))]
    return [*events, *reader.finish()]


async def sent_back(*parts_of_each_event: list[Json]) -> list[Json]:
    """The parts of that answer in the next request, after the conversation has kept it."""
    models = ScriptedModels(heard(*parts_of_each_event), heard([{"text": "next"}]), heard([{"text": "next"}]))
    chat = Chat(models=models, model_for=models.model_for, host=EmptyHost(), provider="gemini")
    await chat.ask("one")
    await chat.ask("two")
    turns: list[Any] = wire(*models.requests[-1].messages)
    return next(turn["parts"] for turn in turns if turn["role"] == "model")


def text(said: str, signature: str = "", **more: Any) -> Json:
    return {"text": said, **more} | ({"thoughtSignature": signature} if signature else {})


def call(name: str, signature: str = "", **args: Any) -> Json:
    made = {"functionCall": {"id": f"id-{name}", "name": name, "args": args}}
    return made | ({"thoughtSignature": signature} if signature else {})


SAME = [
    [text("Hello", "s1")],
    [text("Hel"), text("lo", "s1")],
    [text("Hel", "s1"), text("lo")],
    [text("Hel", "s1"), text("lo", "s2"), text("!")],
    [text("Hello"), text("", "s1")],
    [text("", "s1"), text("Hello")],
    [text("", "s1"), text("", "s2"), text("x")],
    [text("Hm. ", "s1", thought=True), text("Hello")],
    [call("f", "s1", a=1)],
    [call("f", "s1"), call("g")],
    [call("f"), call("g", "s1")],
    [call("f", "s1"), call("g", "s2", b=[1, {"c": None}])],
    [text("Let me see."), call("f", "s1")],
    [text("Let me see.", "s0"), call("f", "s1"), text("", "s2")],
    [call("f", "s1"), text("and"), call("g", "s2"), text("so", "s3")],
]
"""Answers that go back exactly as they came, whether their parts come at once or one by one."""


@pytest.mark.parametrize("parts", SAME)
async def test_an_answer_goes_back_with_each_signature_on_its_part(parts: list[Json]) -> None:
    assert await sent_back(parts) == parts
    assert await sent_back(*([part] for part in parts)) == parts


async def test_pieces_that_nobody_signed_are_joined() -> None:
    assert await sent_back([text("Hel")], [text("lo")], [text(" you", "s1")]) == [text("Hello"), text(" you", "s1")]


async def test_thoughts_that_nobody_signed_stay_here() -> None:
    assert await sent_back([text("Hm.", thought=True)], [text("Hello")]) == [text("Hello")]


async def test_the_signature_of_a_call_in_pieces_goes_back_on_the_whole_call() -> None:
    begun = {"functionCall": {"id": "id-f", "name": "f", "willContinue": True}, "thoughtSignature": "s1"}
    more = {"functionCall": {"partialArgs": [{"jsonPath": "$.a", "numberValue": 1}]}}
    assert await sent_back([begun], [more], [call("g")]) == [call("f", "s1", a=1), call("g")]


async def test_a_call_without_an_id_goes_back_with_the_one_that_its_result_has() -> None:
    (part,) = await sent_back([{"functionCall": {"name": "f"}, "thoughtSignature": "s1"}])
    assert part == {"functionCall": {"id": "call_1", "name": "f", "args": {}}, "thoughtSignature": "s1"}


async def test_no_signature_is_lost_and_no_text_changes() -> None:
    chance = random.Random(7)
    for _ in range(200):
        parts = [text(chance.choice(("", "a", "bc")), chance.choice(("", f"s{n}"))) for n in range(chance.randrange(8))]
        back = await sent_back(*([part] for part in parts), [text("!")])
        assert "".join(part["text"] for part in back) == "".join(part["text"] for part in parts) + "!"
        assert [part for part in back if "thoughtSignature" in part] == [
            part for part in parts if "thoughtSignature" in part
        ]


class TestBlobs:
    @pytest.mark.parametrize("provider", ["anthropic", "openai_responses", "openrouter"])
    def test_those_of_others_are_never_sent(self, provider: str) -> None:
        parts: tuple[Part, ...] = (
            Text("a"),
            Opaque(provider, {"signed": "text", "length": 1, "signature": "no"}),
            CALL,
        )
        assert "no" not in json.dumps(wire(Message("assistant", parts)))

    @pytest.mark.parametrize(
        "data",
        [
            None,
            5,
            [],
            {},
            {"signed": "call", "signature": "s"},
            {"signed": "new", "signature": "s"},
            {"signed": "text"},
        ],
    )
    def test_one_that_belongs_to_nothing_does_no_harm(self, data: Any) -> None:
        (turn,) = wire(Message("assistant", (Opaque("gemini", data), Text("x"), Opaque("gemini", data))))
        assert turn["parts"] == [{"text": "x"}]

    @pytest.mark.parametrize("length", [4, -1, None, "x"])
    def test_one_whose_text_has_changed_goes_back_on_an_empty_part(self, length: Any) -> None:
        mark = Opaque("gemini", {"signed": "text", "length": length, "signature": "s"})
        (turn,) = wire(Message("assistant", (Text("abc"), mark)))
        assert turn["parts"] == [{"text": "abc"}, {"text": "", "thoughtSignature": "s"}]

    def test_reasoning_of_others_stays_here(self) -> None:
        (turn,) = wire(Message("assistant", (Reasoning("hm"), Text("x"))))
        assert turn["parts"] == [{"text": "x"}]


class TestCallsOfOthers:
    """Gemini 3 refuses an answer whose calls are not signed, also if it was another model's."""

    ANSWER = Message("assistant", (Text("Let me see."), CALL, ToolCall("c2", "read", "{}")))

    def signatures(self, model: str, answer: Message) -> list[str | None]:
        (turn,) = [*request_body(Request(model, (answer,)), None)["contents"]]  # type: ignore[misc, union-attr]
        return [part.get("thoughtSignature") for part in turn["parts"]]  # type: ignore[call-overload, index, union-attr]

    def test_the_first_call_gets_googles_stand_in(self) -> None:
        assert self.signatures("gemini-3-pro", self.ANSWER) == [None, "skip_thought_signature_validator", None]

    def test_a_signature_of_its_own_is_left_alone(self) -> None:
        mark = Opaque("gemini", {"signed": "call", "signature": "own"})
        answer = Message("assistant", (CALL, mark, ToolCall("c2", "read", "{}")))
        assert self.signatures("gemini-3-pro", answer) == ["own", None]

    def test_models_that_want_none_get_none(self) -> None:
        assert self.signatures("gemini-2.5-pro", self.ANSWER) == [None, None, None]

    def test_an_answer_without_calls_needs_none(self) -> None:
        assert self.signatures("gemini-3-pro", Message("assistant", (Text("x"),))) == [None]
