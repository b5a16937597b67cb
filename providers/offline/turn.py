"""One turn of the guide: which tools a question needs, in which order, and when there is enough to answer.

Owns the steps; the wording of facts is in `summary` and `nodes`. An answer is a generator that yields
what it wants to know. It is run anew for each request with the results that the turn has so far, so nothing is kept
between two requests.
"""

from __future__ import annotations

import json
from collections.abc import Generator, Sequence
from dataclasses import dataclass

from ..base import Request
from ..messages import JSON, Message, ToolCall, ToolResult, text_of
from . import nodes
from . import summary as script
from .questions import (
    Beyond,
    Explain,
    Find,
    Greeting,
    Help,
    Listing,
    Question,
    Selection,
    Summary,
    Upstream,
    WhichNode,
    understand,
)
from .reference import Reference
from .text import Facts, code, counted


@dataclass(frozen=True, slots=True)
class Ask:
    """A tool that an answer needs."""

    tool: str
    arguments: dict[str, JSON]

    @property
    def text(self) -> str:
        return json.dumps(self.arguments, sort_keys=True)


@dataclass(frozen=True, slots=True)
class Told:
    """What a tool answered. Without facts: it did not."""

    ok: bool
    facts: Facts

    @property
    def error(self) -> str:
        return self.facts.text("error")


Answer = Generator[Ask, Told, str]

MOST_EXPLAINED = 3
"""Selected nodes: more would fill the panel."""

HELLO = (
    "Hello. I am the built-in guide: I read the open script and tell what is in it, without a model and without "
    "sending anything anywhere. Ask me **what does this script do?**, or **help** for more."
)
HELP = """I answer questions about the open script, from the script alone:

| Ask | You get |
|---|---|
| what does this script do? | a summary, with all nodes by class |
| how many Grades? which Reads? | nodes of a class |
| find plate | nodes that mention a text |
| explain Grade1 | what it does, its knobs, its place |
| size of Blur2, Blur2.size | one knob |
| what feeds Merge1? what feeds it? | everything upstream |
| which files? which are disabled? | just that |
| what is selected? explain the selected nodes | in Nuke: what you have selected |

I change nothing. For advice, code and everything else choose a model in the settings."""
BEYOND = """That needs a model. I am the built-in guide and only look things up in the open script: **help** shows what.

To get a model, open the settings and choose who answers:

- on this computer: install Ollama or LM Studio and start a model there; nothing leaves the machine
- a service: paste its key and press Test connection
- in a terminal: `nuke-ai-panel ask "..." --provider ollama`"""
NO_SCRIPT = """No script is open, so I have nothing to look at.

Open a `.nk` or `.gizmo` file in the window, or name it in the terminal: `nuke-ai-panel FILE.nk`, or \
`nuke-ai-panel ask "what does this script do?" --script FILE.nk`."""
NO_SELECTION = (
    "A file has no selection: only the running Nuke knows what is selected. Name the node, as in **explain Grade1**."
)
WHICH = "Which node? Name it once, as in **what feeds Merge1?**; after that \u201cit\u201d will do."


def next_step(request: Request, reference: Reference) -> str | ToolCall:
    """The whole answer, or the tool call that it still needs."""
    start = next((i for i in reversed(range(len(request.messages))) if request.messages[i].role == "user"), 0)
    before, turn = request.messages[:start], request.messages[start:]
    offered = {tool.name for tool in request.tools}
    said = text_of(turn[0]) if turn else ""
    question = understand(said, _last_node(before), live="selected_nodes" in offered)
    known, answer = _results(turn), _answer(question, reference)
    try:
        wanted = next(answer)
        while True:
            if not offered:  # tools are offered for an open script
                return NO_SCRIPT
            if wanted.tool not in offered:
                return _not_offered(wanted.tool)
            if (wanted.tool, wanted.text) not in known:
                return ToolCall(f"guide-{_number_of_calls(request.messages) + 1}", wanted.tool, wanted.text)
            told = known[wanted.tool, wanted.text]
            if told.error == "no script":
                return NO_SCRIPT
            wanted = answer.send(told)
    except StopIteration as end:
        return end.value


def _not_offered(tool: str) -> str:
    if tool == "selected_nodes":
        return NO_SELECTION
    return f"For this I need the tool {code(tool)}, and it is not offered here."


def _answer(question: Question, reference: Reference) -> Answer:
    match question:
        case Greeting():
            return HELLO
        case Help():
            return HELP
        case Beyond():
            return BEYOND
        case WhichNode():
            return WHICH
        case Summary():
            return (yield from _about_the_script(question, reference))
        case Explain():
            return (yield from _about_a_node(question, reference))
        case Listing():
            return (yield from _about_nodes(question))
        case Find(text):
            told = yield Ask("find_nodes", {"text": text})
            return nodes.found(told.facts) if told.ok else _failed("find_nodes", told)
        case Upstream(name):
            return (yield from _about_what_feeds(name))
        case Selection():
            return (yield from _about_the_selection(question, reference))


def _about_the_script(question: Summary, reference: Reference) -> Answer:
    told = yield Ask("overview", {})
    if not told.ok:
        return _failed("overview", told)
    match question.aspect:
        case "all":
            return script.summary(told.facts, reference)
        case "disabled":
            return script.disabled(told.facts)
        case "files":
            return script.files(told.facts)
        case "project":
            return script.project(told.facts) or "The script states neither format nor frame range nor speed."


def _about_a_node(question: Explain, reference: Reference) -> Answer:
    asked: dict[str, JSON] = {"name": question.name}
    if question.knob:
        told = yield Ask("read_node", {**asked, "knob": question.knob})
        return nodes.one_knob(told.facts) if told.ok else _failed("read_node", told)
    told = yield Ask("read_node", asked)
    if told.ok:
        return nodes.explained(told.facts, reference)
    node, _, knob = question.name.rpartition(".")
    if node and told.error == "no such node":
        part = yield Ask("read_node", {"name": node, "knob": knob})
        if part.ok:
            return nodes.one_knob(part.facts)
    known = reference.find(question.name)
    if known and told.error == "no such node":
        of_class = yield Ask("list_nodes", {"class_name": question.name})
        return nodes.a_class(question.name, known, of_class.facts)
    return _failed("read_node", told)


def _about_nodes(question: Listing) -> Answer:
    wanted: dict[str, JSON] = {"limit": 500}
    if question.class_name:
        wanted["class_name"] = question.class_name
    if question.group:
        wanted["group"] = question.group
    told = yield Ask("list_nodes", wanted)
    if not told.ok:
        return _failed("list_nodes", told)
    return nodes.number_of_nodes(told.facts) if question.count else nodes.node_list(told.facts)


def _about_what_feeds(name: str) -> Answer:
    told = yield Ask("upstream", {"name": name, "depth": 200})
    return nodes.upstream(told.facts) if told.ok else _failed("upstream", told)


def _about_the_selection(question: Selection, reference: Reference) -> Answer:
    told = yield Ask("selected_nodes", {"limit": 500})
    if not told.ok:
        return _failed("selected_nodes", told)
    names = [node.text("name") for node in told.facts.parts("nodes")]
    if question.about == "names" or not names:
        return nodes.selected(told.facts)
    parts = list[str]()
    for name in names[:MOST_EXPLAINED]:
        whole = question.about == "nodes"
        parts.append((yield from _about_a_node(Explain(name), reference) if whole else _about_what_feeds(name)))
    if left := told.facts.number("total") - len(parts):
        parts.append(f"And {counted(left, 'more node')} selected: ask about one by its name.")
    return "\n\n".join(parts)


def _failed(tool: str, told: Told) -> str:
    if told.error in ("no such node", "several nodes"):
        return nodes.no_such_node(told.facts)
    if told.error == "no such knob":
        return f"{code(told.facts.text('name'))} has no knob {code(told.facts.text('knob'))}."
    return f"The tool {code(tool)} could not tell me{f': {told.error}' if told.error else ''}."


def _results(turn: Sequence[Message]) -> dict[tuple[str, str], Told]:
    """What was asked in this turn, and what came back. A call without a result counts as answered with nothing."""
    parts = [part for message in turn for part in message.parts]
    results = {part.call_id: part for part in parts if isinstance(part, ToolResult)}
    calls = [part for part in parts if isinstance(part, ToolCall)]
    return {(call.name, call.arguments): _told(results.get(call.id)) for call in calls}


def _told(result: ToolResult | None) -> Told:
    return Told(result is not None and result.ok, Facts(result.data if result else None))


def _number_of_calls(messages: Sequence[Message]) -> int:
    return sum(isinstance(part, ToolCall) for message in messages for part in message.parts)


def _last_node(before: Sequence[Message]) -> str:
    """The node that was talked of last: what "it" means."""
    for message in reversed(before):
        for part in reversed(message.parts):
            if isinstance(part, ToolResult) and part.ok and part.name in ("read_node", "upstream"):
                return Facts(part.data).text("name")
    return ""
