"""A conversation: rounds of tools, how turns end, and what the next request gets to see."""

from __future__ import annotations

import asyncio

import pytest
from nuke_ai_panel.panel.chat import Chat
from nuke_ai_panel.panel.hosts.base import EmptyHost
from nuke_ai_panel.panel.turn import ChatEvent, ToolEnded, ToolStarted, TurnEnded, TurnStarted
from nuke_ai_panel.providers.errors import ProviderError, problem
from nuke_ai_panel.providers.messages import (
    Finished,
    Message,
    Opaque,
    Reasoning,
    ReasoningDelta,
    ReasoningOpaque,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolResult,
    Usage,
    UsageReported,
    text_of,
)
from scripted_models import Script, ScriptedModels

CALL = ToolCall("call_1", "overview", "{}")
ANSWER: Script = (Started("model-1"), TextDelta("Hel"), TextDelta("lo"), Finished("stop", "stop"))
TOOLS: Script = (Started("model-1"), TextDelta("Let me look. "), ToolCallReady(0, CALL), Finished("tool_calls"))


def chat_with(*scripts: Script, rounds: int = 25) -> tuple[Chat, ScriptedModels, list[ChatEvent]]:
    models = ScriptedModels(*scripts)
    chat = Chat(models=models, model_for=models.model_for, host=EmptyHost(), provider="service", rounds=rounds)
    events: list[ChatEvent] = []
    chat.subscribe(events.append)
    return chat, models, events


async def test_an_answer_is_told_as_it_comes_and_then_as_a_whole() -> None:
    chat, models, events = chat_with(ANSWER)
    ended = await chat.ask("hi")
    assert events == [TurnStarted("hi", "service", ""), *ANSWER, ended]
    assert (ended.state, ended.finish, ended.text, ended.model) == ("done", "stop", "Hello", "model-1")
    assert ended.first_token is not None and 0 <= ended.first_token <= ended.total
    assert models.requests[0].model == "model-1"


async def test_the_next_question_carries_the_history_and_one_system_message() -> None:
    chat, models, _ = chat_with(ANSWER, ANSWER)
    await chat.ask("one")
    await chat.ask("two")
    said = [(message.role, text_of(message)) for message in models.requests[1].messages]
    assert said[0][0] == "system"
    assert said[1:] == [("user", "one"), ("assistant", "Hello"), ("user", "two")]


async def test_a_tool_is_run_and_its_result_goes_back_in_the_same_turn() -> None:
    chat, models, events = chat_with(TOOLS, ANSWER)
    ended = await chat.ask("what is this?")
    assert ended.text == "Let me look. Hello"
    started, tool = (event for event in events if isinstance(event, (ToolStarted, ToolEnded)))
    assert started == ToolStarted(CALL) and isinstance(tool, ToolEnded) and ended.tools == (tool,)
    result = tool.outcome.result
    assert models.requests[1].messages[-2:] == (
        Message("assistant", (Text("Let me look. "), CALL)),
        Message("tool", (result,)),
    )
    assert [message.role for message in chat.history] == ["user", "assistant", "tool", "assistant"]


async def test_reasoning_is_kept_apart_from_text() -> None:
    chat, _, _ = chat_with((ReasoningDelta("hm"), ReasoningDelta("m"), TextDelta("yes"), Finished("stop")))
    assert (await chat.ask("?")).text == "yes"
    assert chat.history[-1].parts == (Reasoning("hmm"), Text("yes"))


async def test_what_an_answer_brings_goes_back_in_its_order() -> None:
    first, second = (Opaque("service", {"sealed": number}) for number in (1, 2))
    another = ToolCall("call_2", "overview", "{}")
    calls: Script = (
        ReasoningOpaque(first),
        ToolCallReady(0, CALL),
        ReasoningOpaque(second),
        ToolCallReady(1, another),
        Finished("tool_calls"),
    )
    chat, models, _ = chat_with(calls, ANSWER)
    await chat.ask("?")
    assert models.requests[1].messages[-2] == Message("assistant", (first, CALL, second, another))


async def test_a_failure_keeps_the_text_so_far_and_names_the_problem() -> None:
    cut = ProviderError(problem("stream_cut", name="The Service"))
    chat, models, events = chat_with((TextDelta("half an ans"), cut), ANSWER)
    ended = await chat.ask("hi")
    assert (ended.state, ended.text, ended.problem) == ("failed", "half an ans", cut.problem)
    assert events[-1] == ended and models.open == 0
    await chat.ask("again")
    assert [text_of(message) for message in models.requests[1].messages[1:]] == ["hi", "half an ans", "again"]


async def test_a_question_that_got_no_answer_is_not_sent_along_later() -> None:
    chat, models, _ = chat_with((ProviderError(problem("overloaded", name="The Service")),), ANSWER)
    await chat.ask("lost")
    await chat.ask("next")
    assert [text_of(message) for message in models.requests[1].messages[1:]] == ["next"]


async def test_a_failed_round_of_tools_leaves_no_call_without_a_result() -> None:
    chat, _, _ = chat_with(TOOLS, (ProviderError(problem("server_error", name="The Service")),))
    await chat.ask("hi")
    assert not any(isinstance(part, (ToolCall, ToolResult)) for message in chat.history for part in message.parts)


async def test_a_stop_ends_the_turn_keeps_the_text_and_closes_the_stream() -> None:
    reached, never = asyncio.Event(), asyncio.Event()
    chat, models, events = chat_with((TextDelta("so far"), never))
    chat.subscribe(lambda event: reached.set() if isinstance(event, TextDelta) else None)
    async with asyncio.TaskGroup() as group:
        turn = group.create_task(chat.ask("hi"))
        await reached.wait()
        turn.cancel()
    ended = events[-1]
    assert isinstance(ended, TurnEnded)
    assert (ended.state, ended.finish, ended.text) == ("stopped", "cancelled", "so far")
    assert models.open == 0 and turn.cancelled()
    assert [text_of(message) for message in chat.history] == ["hi", "so far"]


async def test_three_wrong_calls_in_a_row_stop_the_turn() -> None:
    wrong: Script = (ToolCallReady(0, ToolCall("c", "delete_everything", "{")), Finished("tool_calls"))
    chat, models, _ = chat_with(*[wrong] * 10)
    ended = await chat.ask("hi")
    assert len(models.requests) == 3
    assert ended.problem and ended.problem.kind == "tool_limit" and ended.state == "failed"


async def test_the_limit_of_rounds_holds() -> None:
    chat, models, _ = chat_with(*[TOOLS] * 9, rounds=2)
    ended = await chat.ask("hi")
    assert len(models.requests) == 2
    assert ended.problem and "2 rounds" in ended.problem.why


async def test_usage_adds_up_over_the_rounds() -> None:
    first: Script = (*TOOLS, UsageReported(Usage(10, 5)))
    second: Script = (*ANSWER, UsageReported(Usage(20, 7, cached=3)))
    chat, _, _ = chat_with(first, second)
    assert (await chat.ask("hi")).usage == Usage(30, 12, None, 3)


@pytest.mark.parametrize(
    ("events", "kind"),
    [
        ((Started("model-2", swapped=True), TextDelta("x"), Finished("stop")), "model_swapped"),
        ((TextDelta("x"), Finished("length")), "cut_length"),
        ((TextDelta("x"), Finished("refusal")), "refused"),
        ((TextDelta("x"), Finished("content_filter")), "filtered"),
    ],
)
async def test_what_is_worth_knowing_of_an_answer_is_a_notice(events: Script, kind: str) -> None:
    chat, _, _ = chat_with(events)
    ended = await chat.ask("hi")
    assert ended.state == "done" and [notice.kind for notice in ended.notices] == [kind]


async def test_a_service_that_calls_the_model_by_another_name_has_not_swapped_it() -> None:
    chat, _, _ = chat_with((Started("model-1-2026-11-01"), TextDelta("x"), Finished("stop")))
    assert (await chat.ask("hi")).notices == ()


async def test_an_answer_asked_for_again_is_forgotten_first() -> None:
    chat, models, _ = chat_with(ANSWER, ANSWER)
    await chat.ask("hi")
    chat.forget("hi")
    await chat.ask("hi")
    assert [message.role for message in models.requests[1].messages] == ["system", "user"]


async def test_a_listener_that_left_hears_nothing() -> None:
    chat, _, events = chat_with(ANSWER)
    heard: list[ChatEvent] = []
    chat.subscribe(heard.append)()
    await chat.ask("hi")
    assert heard == [] and events


async def test_a_fault_of_our_own_ends_the_turn_and_is_not_swallowed() -> None:
    chat, _, events = chat_with()  # no script: the fake raises IndexError
    with pytest.raises(IndexError):
        await chat.ask("hi")
    ended = events[-1]
    assert isinstance(ended, TurnEnded) and ended.state == "failed" and ended.problem
