"""A chat that began with another service: its tool calls go along under ids and names that the new one takes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.anthropic.wire import wire_messages as to_anthropic
from nuke_ai_panel.providers.api.call_ids import CallIds, IdRule
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.messages import Message, Text, ToolCall, ToolResult
from nuke_ai_panel.providers.openai_chat.quirks import ChatQuirks
from nuke_ai_panel.providers.openai_chat.turns import wire_messages as to_chat
from nuke_ai_panel.providers.openai_responses.wire import input_items as to_responses

NINE = re.compile(r"[a-zA-Z0-9]{9}")
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
FOREIGN = (
    "toolu_01A09q90qw90lq917835lq9",
    "functions.read node:0",
    "chatcmpl-tool-0123456789abcdef0123456789abcdef",
    "call_é" * 30,
    "",
    "gSIMJiOkT",
    "functions.read node:0",
)
"""Of Anthropic, Kimi, vLLM; one that is far too long, none, Mistral's own, and one that repeats."""


def history(ids: tuple[str, ...] = FOREIGN, name: str = "read.node now!") -> list[Message]:
    """Each call in an answer of its own, with its result."""
    messages = [Message("user", (Text("What is this?"),))]
    for identity in ids:
        messages.append(Message("assistant", (ToolCall(identity, name, "{}"),)))
        messages.append(Message("tool", (ToolResult(identity, name, True, f"of {identity}"),)))
    return messages


def chat_pairs(messages: list[Message], quirks: ChatQuirks) -> Iterator[tuple[str, str, str]]:
    """Of each call the id, its name, and the id of the result that follows."""
    turns: list[Any] = [turn for turn in to_chat(messages, quirks) if turn["role"] in ("assistant", "tool")]
    for call, result in zip(turns[::2], turns[1::2], strict=True):
        (asked,) = call["tool_calls"]
        yield asked["id"], asked["function"]["name"], result["tool_call_id"]


def test_mistral_is_given_nine_letters_and_digits_and_its_own_ids_back() -> None:
    pairs = [*chat_pairs(history(), PROVIDERS["mistral"].quirks)]
    assert all(NINE.fullmatch(call) and call == result and NAME.fullmatch(name) for call, name, result in pairs)
    assert len({call for call, _, _ in pairs}) == len(FOREIGN)
    assert pairs[FOREIGN.index("gSIMJiOkT")][0] == "gSIMJiOkT"


def test_openai_at_azure_is_given_no_more_than_forty_characters() -> None:
    pairs = [*chat_pairs(history(), PROVIDERS["azure"].quirks)]
    assert all(re.fullmatch(r"[\w-]{1,40}", call, re.ASCII) and call == result for call, _, result in pairs)
    assert pairs[0][0] == FOREIGN[0] and len({call for call, _, _ in pairs}) == len(FOREIGN)


def test_the_responses_api_is_given_no_more_than_sixty_four() -> None:
    items: list[Any] = [item for item in to_responses(history()) if item["type"] != "message"]
    calls, results = items[::2], items[1::2]
    assert [item["call_id"] for item in calls] == [item["call_id"] for item in results]
    assert all(
        re.fullmatch(r"[\w-]{1,64}", item["call_id"], re.ASCII) and NAME.fullmatch(item["name"]) for item in calls
    )
    assert calls[0]["call_id"] == FOREIGN[0] and len({item["call_id"] for item in calls}) == len(FOREIGN)


def test_anthropic_is_given_none_of_the_characters_that_it_refuses() -> None:
    blocks: list[Any] = [turn["content"][0] for turn in to_anthropic(history())][1:]
    calls, results = blocks[::2], blocks[1::2]
    assert [block["id"] for block in calls] == [block["tool_use_id"] for block in results]
    assert all(re.fullmatch(r"[\w-]+", block["id"], re.ASCII) and NAME.fullmatch(block["name"]) for block in calls)


@pytest.mark.parametrize("provider", ["litellm", "vllm", "llama_cpp", "compatible", "openrouter"])
def test_servers_and_gateways_get_ids_as_they_came(provider: str) -> None:
    """LiteLLM keeps the signature of a thought in an id, which no rule may cut off."""
    pairs = [*chat_pairs(history(), PROVIDERS[provider].quirks)]
    assert [(call, result) for call, _, result in pairs] == [(each, each) for each in FOREIGN]
    assert all(NAME.fullmatch(name) for _, name, _ in pairs)


@pytest.mark.parametrize("rule", [IdRule(), IdRule(longest=40), IdRule(longest=9, exact=True)])
@given(
    ids=st.lists(
        st.sampled_from(["a", "a_2", "a_3", "é", "_", "", "x" * 50, "x" * 60, "123456789", "\ud800"]) | st.text()
    )
)
def test_every_call_has_an_id_of_its_own_that_stays_while_the_chat_goes_on(rule: IdRule, ids: list[str]) -> None:
    names, again = CallIds(rule), CallIds(rule)
    given_ids: list[str] = []
    for identity in ids:
        given_ids.append(names.given(identity))
        assert names.of(identity) == given_ids[-1]
    assert len(set(given_ids)) == len(ids)
    assert [again.given(identity) for identity in ids[: len(ids) // 2]] == given_ids[: len(ids) // 2]
    for each in given_ids:
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", each)
        assert len(each) == 9 if rule.exact else rule.longest is None or len(each) <= rule.longest


def test_many_calls_of_one_id_are_named_in_linear_time() -> None:
    """A server that calls every call the same; counted, since a busy machine has its own time."""
    asked = 0

    class Counting(IdRule):
        def id_for(self, identity: str, number: int) -> str:
            nonlocal asked
            asked += 1
            return super().id_for(identity, number)

    names = CallIds(Counting(longest=40))
    assert len({names.given("call_1") for _ in range(5000)}) == 5000
    assert asked == 5000
