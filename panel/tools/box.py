"""The tools that one host offers, and the calling of them. Whatever a model sends, a result comes back."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass

from ...providers.messages import JSON, ToolCall, ToolResult, ToolSpec
from ..hosts.base import Host, HostBusy
from .answers import Answer, Refused, fence
from .overview import overview
from .reading import find_nodes, list_nodes, read_node, selected_nodes, upstream
from .signature import Signature, signature_of

READING: tuple[Callable[..., Answer], ...] = (overview, list_nodes, find_nodes, read_node, upstream)
"""Tools that only look. They need no approval."""

LIVE: tuple[Callable[..., Answer], ...] = (selected_nodes,)
"""More of these, for the running Nuke: a file has no selection, and its prompts stay as short as they were."""


@dataclass(frozen=True, slots=True)
class ToolOutcome:
    """`outcome` is what a card says in two or three words: "14 nodes", "no such node"."""

    result: ToolResult
    outcome: str


class ToolBox:
    def __init__(self, host: Host, functions: tuple[Callable[..., Answer], ...] = READING) -> None:
        self._host = host
        self._functions = functions
        self._tools: dict[str, tuple[Signature, Callable[..., Answer]]] = {}
        for function in (*functions, *(LIVE if host.is_live else ())):
            signature = signature_of(function)
            self._tools[signature.name] = (signature, function)

    @property
    def specs(self) -> tuple[ToolSpec, ...]:
        """None without an open script: there is nothing to read, and their text costs a model with a small context."""
        if self._host.kind == "none":
            return ()
        return tuple(signature.spec for signature, _ in self._tools.values())

    async def read_ahead(self) -> ToolBox:
        """The same tools, for calls that follow at once: what they look at has been read in small pieces by then."""
        return ToolBox(await self._host.read_ahead(), self._functions)

    def call(self, call: ToolCall) -> ToolOutcome:
        """Runs a tool. A call that makes no sense gives a result that says what would."""
        try:
            answer = self._answer(call)
        except Refused as refused:
            data: JSON = {"error": refused.outcome, **refused.data}
            text = "\n".join((refused.text, fence(refused.lines))) if refused.lines else refused.text
            return ToolOutcome(ToolResult(call.id, call.name, False, text, data), refused.outcome)
        return ToolOutcome(ToolResult(call.id, call.name, True, fence(answer.lines), answer.data), answer.outcome)

    def _answer(self, call: ToolCall) -> Answer:
        signature, function = self._find(call.name)
        arguments = signature.arguments(call.arguments)
        if self._host.kind == "none":
            text = "No script is open, so there is nothing to read. Ask the user to open a .nk file."
            raise Refused(text, "no script open", {"error": "no script"})
        try:
            return function(self._host.snapshot(), **arguments)
        except HostBusy as busy:
            raise Refused(f"{busy}. Call it again, or ask the user to wait.", "Nuke is busy") from busy

    def _find(self, name: str) -> tuple[Signature, Callable[..., Answer]]:
        if name in self._tools:
            return self._tools[name]
        near = difflib.get_close_matches(name[:60], self._tools, 1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._tools)}."
        raise Refused(f"There is no tool {name[:60]!r}; {hint}", "no such tool", {"error": "tool"})
