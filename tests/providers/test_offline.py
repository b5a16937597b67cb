from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from nk_scripts import MadeScript, readable_samples, scripts, tcl_counts
from nuke_ai_panel.panel.context import system_message
from nuke_ai_panel.panel.hosts.base import EmptyHost, Host
from nuke_ai_panel.panel.hosts.script import read_script
from nuke_ai_panel.panel.tools import ToolBox
from nuke_ai_panel.providers.base import Request, Step
from nuke_ai_panel.providers.messages import (
    Finished,
    Message,
    Started,
    Text,
    TextDelta,
    ToolCall,
    ToolCallReady,
    ToolCallStarted,
    ToolResult,
    ToolSpec,
)
from nuke_ai_panel.providers.offline.guide import Guide
from nuke_ai_panel.providers.offline.text import code, table

COMP = r"""version 15.0 v4
Root {
 inputs 0
 format "2048 1556 0 0 2048 1556 1 2K_Super_35"
 fps 24
 first_frame 1001
 last_frame 1100
}
Read {
 inputs 0
 file /plates/bg.####.exr
 name Plate
}
set N1 [stack 0]
Grade {
 white {1.2 1 0.9 1}
 gamma {{curve x1 1 x10 2}}
 onCreate "print(1)"
 label "warm | it `up`"
 name Grade1
}
Blur {
 name Blur1
 disable true
}
push $N1
Merge2 {
 inputs 2
 name Merge1
}
Write {
 file /out/comp.####.exr
 name Write1
}
"""


class Conversation:
    """The guide with real tools, round by round as the panel does it. `calls` are those of the last turn."""

    def __init__(self, host: Host) -> None:
        self.box = ToolBox(host)
        self._messages = [system_message(host)]
        self._guide = Guide()
        self.calls: list[ToolCall] = []

    async def ask(self, question: str) -> str:
        self._messages.append(Message("user", (Text(question),)))
        self.calls = []
        while True:
            text, calls = await answer(self._guide, self._messages, self.box)
            self._messages.append(Message("assistant", (Text(text), *calls)))
            if not calls:
                return text
            self.calls += calls
            assert len(self.calls) < 8, "the guide goes round in circles"
            self._messages.append(Message("tool", tuple(self.box.call(call).result for call in calls)))


async def answer(guide: Guide, messages: Sequence[Message], box: ToolBox) -> tuple[str, list[ToolCall]]:
    text, calls = "", []
    async with guide.stream(Request("guide", tuple(messages), box.specs)) as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            elif isinstance(event, ToolCallReady):
                calls.append(event.call)
    return text, calls


@pytest.fixture
def comp(tmp_path: Path) -> Conversation:
    return conversation(tmp_path, COMP)


def conversation(folder: Path, text: str) -> Conversation:
    path = folder / "comp.nk"
    path.write_text(text)
    return Conversation(read_script(path))


def counts_in(text: str) -> dict[str, int]:
    """The node counts by class that an answer states, in its table and in the sentence after it."""
    told = text.partition("The nodes by class:")[2].partition("Worth knowing")[0]
    pairs = re.findall(r"^\| `([^`]+)` \| (\d+) \|$|`([^`]+)` (\d+)", told, re.MULTILINE)
    return {(a or c): int(b or d) for a, b, c, d in pairs}


@pytest.mark.parametrize("path", readable_samples(), ids=lambda path: path.name)
async def test_the_summary_of_a_real_script_counts_as_tcl_does(path: Path):
    counts, links = tcl_counts(path)
    text = await Conversation(read_script(path)).ask("what does this script do?")
    assert counts_in(text) == counts
    total = sum(counts.values())
    assert f"**{total} node{'' if total == 1 else 's'}**" in text
    assert f" {links} link" in text
    assert path.name in text


@settings(deadline=None, max_examples=25)
@given(scripts())
async def test_the_summary_of_a_made_script_counts_what_was_made(tmp_path_factory, script: MadeScript):
    if not script.root and not script.nodes:
        return
    path = tmp_path_factory.mktemp("made") / "made.nk"
    path.write_bytes(script.text().encode())
    text = await Conversation(read_script(path)).ask("What does this script do?")
    assert counts_in(text) == script.classes()


async def test_the_summary_tells_project_files_branch_and_what_is_odd(comp: Conversation):
    text = await comp.ask("What does this script do, and what looks wrong?")
    assert "is a script, written by Nuke `15.0v4`" in text
    assert "2048 x 1556 (`2K_Super_35`), frames `1001` to `1100`, `24` fps" in text
    assert "It reads `bg.####.exr` (`Plate`) and writes `comp.####.exr` (`Write1`)." in text
    assert "ends in `Write1`: `Plate` \u2192 `Merge1` \u2192 `Write1`" in text
    assert "1 node disabled: `Blur1`" in text
    assert "`Grade1` (`onCreate`)" in text
    assert [call.name for call in comp.calls] == ["overview"]


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("how many nodes are there?", "**6 nodes**"),
        ("How many Grades?", "**1 node** of class `Grade`: `Grade1`."),
        ("how many keylights?", "There is no node of class `keylights` in this script."),
        ("list all Merge2 nodes", "| `Merge1` | `Merge2` |"),
        ("which reads are there?", "| `Plate` | `Read` | `/plates/bg.####.exr` |"),
        ('find "bg.####"', "| `Plate` | `file` | `/plates/bg.####.exr` |"),
        ("find nowhere", "No node holds `nowhere`"),
        ("explain Grade1", "sets black and white point"),
        ("explain Grade1", "| `white` | `1.2 1 0.9 1` |"),
        ("explain Grade1", "Nuke runs what stands in `onCreate`"),
        ("what does merge1 do?", "It is fed by `Plate` (B) and `Blur1` (A)."),
        ("tell me about blur1", "It is **disabled**."),
        ("Grade1.white", "`white` of `Grade1` is `1.2 1 0.9 1`."),
        ("what is the gamma of Grade1?", "an animation curve"),
        ("what is the size of Blur1?", "does not state `size`"),
        ("what feeds Write1?", "is fed by **4 nodes**"),
        ("what feeds Plate", "Nothing in this script feeds `Plate`"),
        ("which files does it read?", "It reads `bg.####.exr`"),
        ("what is the frame range?", "frames `1001` to `1100`"),
        ("which nodes are disabled?", "`Blur1`"),
        ("explain Grde1", "Did you mean `Grade1`?"),
        ("what is a Keylight?", "keys a blue or green screen. There is none in this script."),
        ("what is a Blur?", "Here: `Blur1`."),
        ("hi", "built-in guide"),
        ("help", "what feeds Merge1?"),
        ("Write me a poem about roto", "needs a model"),
        ("Why is the edge of my key dark?", "--provider ollama"),
    ],
)
async def test_each_question_gets_its_answer(comp: Conversation, question: str, said: str):
    text = await comp.ask(question)
    assert said in text
    assert len({(call.name, call.arguments) for call in comp.calls}) == len(comp.calls)


async def test_it_means_the_node_that_was_named_last(comp: Conversation):
    await comp.ask("explain Blur1")
    assert "`Grade1`" in await comp.ask("what feeds it?")
    await comp.ask("hi")
    assert "`Blur1`" in await comp.ask("please tell me about it")


async def test_it_without_a_node_before_is_asked_back(comp: Conversation):
    assert "Which node?" in await comp.ask("what feeds it?")
    assert comp.calls == []


async def test_names_with_markdown_in_them_do_not_break_the_answer(comp: Conversation):
    text = await comp.ask("explain Grade1")
    assert "`warm \u00a6 it 'up'`" in text


async def test_without_a_script_the_guide_says_how_to_open_one():
    text = await Conversation(EmptyHost()).ask("what does this script do?")
    assert "No script is open" in text and "--script FILE.nk" in text


async def test_a_tool_that_is_not_offered_is_said_to_be_missing():
    messages = (Message("user", (Text("what does this script do?"),)),)
    other = ToolSpec("send_mail", "Sends mail.", {"type": "object"})
    async with Guide().stream(Request("guide", messages, (other,))) as events:
        text = "".join([event.text async for event in events if isinstance(event, TextDelta)])
    assert "`overview`" in text and "not offered" in text


async def test_a_tool_that_fails_is_not_asked_again(comp: Conversation):
    call = ToolCall("c1", "overview", "{}")
    turn = (
        Message("user", (Text("summary"),)),
        Message("assistant", (call,)),
        Message("tool", (ToolResult("c1", "overview", False, "boom", {"error": "boom"}),)),
    )
    for messages in (turn, turn[:2]):  # refused, or never answered
        text, calls = await answer(Guide(), messages, comp.box)
        assert calls == []
        assert "could not tell me" in text


async def test_the_answer_streams_in_words_and_gives_the_loop_its_turn():
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    messages = (Message("user", (Text("help"),)),)
    async with asyncio.TaskGroup() as group:
        counting = group.create_task(count())
        async with Guide().stream(Request("guide", messages)) as events:
            heard = [event async for event in events]
        counting.cancel()
    words = [event.text for event in heard if isinstance(event, TextDelta)]
    assert isinstance(heard[0], Started) and heard[-1] == Finished("stop")
    assert len(words) > 50 and turns >= len(words)
    assert "".join(words).startswith("I answer questions")


async def test_a_tool_call_is_announced_before_it_is_ready(comp: Conversation):
    messages = (Message("user", (Text("summary"),)),)
    async with Guide().stream(Request("guide", messages, comp.box.specs)) as events:
        heard = [event async for event in events]
    assert heard == [
        Started("guide"),
        ToolCallStarted(0, "guide-1", "overview"),
        ToolCallReady(0, ToolCall("guide-1", "overview", "{}")),
        Finished("tool_calls"),
    ]


async def test_leaving_early_ends_the_stream():
    async with Guide().stream(Request("guide", (Message("user", (Text("help"),)),))) as events:
        await anext(events)
    assert inspect.isasyncgen(events)
    with pytest.raises(StopAsyncIteration):
        await anext(events)


async def test_the_connection_test_always_passes():
    steps: list[Step] = []
    models = await Guide().probe("guide", steps.append)
    assert [model.id for model in models] == ["guide"] == [model.id for model in await Guide().models()]
    assert all(step.ok for step in steps)


@settings(deadline=None, max_examples=60)
@given(question=st.text(max_size=300))
async def test_any_question_gets_an_answer(question: str):
    assert await Conversation(EmptyHost()).ask(question)


@pytest.mark.parametrize(
    "question", ["what " * 400, "how many " + "a " * 900, "size of " * 200, "the " * 500, "x" * 100_000, "(" * 2000]
)
async def test_a_hostile_question_is_answered_at_once(question: str):
    async with asyncio.timeout(2):
        assert await Conversation(EmptyHost()).ask(question)


@pytest.mark.parametrize(
    "question",
    [
        "explain Grade1",
        "explain Grade1, please",
        "please explain Grade1",
        "Can you explain Grade1?",
        "so, explain Grade1 for me",
    ],
)
async def test_courtesy_changes_nothing(comp: Conversation, question: str) -> None:
    assert await comp.ask(question) == await comp.ask("explain Grade1")


HOSTILE = [
    "` [open me](http://evil.example) `",
    "a | b | <a href='http://evil.example'>c</a>",
    "a\n\n# Title\n\n[x]: http://evil.example",
    "![x](http://evil.example/beacon.png)",
    "``` ` ``\n```",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "\u202egro.live//:ptth\u2066",
    "\\`[x](http://evil.example)",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_foreign_text_stays_inside_its_code_span(text: str):
    reader = MarkdownIt("commonmark").enable("table")
    tokens = reader.parse(table(("Node", "Value"), [(code("Blur1"), code(text, 400))]))
    inner = [child for token in tokens for child in token.children or []]
    assert {child.type for child in inner} <= {"text", "code_inline"}
    assert sum(child.type == "code_inline" for child in inner) == 2
    assert sum(token.type == "td_open" for token in tokens) == 2
    assert "\x1b" not in code(text) and "\u202e" not in code(text)
