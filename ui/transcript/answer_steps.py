"""What happens to an answer besides its text: a tool is called, a tool is done, the answer ends. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...providers.errors import Problem
from .answer_parts import FooterText


@dataclass(frozen=True)
class AnswerEnd:
    """How an answer ended. `problem` goes with "failed"; `notices` may come with any end."""

    state: Literal["done", "stopped", "failed"]
    footer: FooterText
    problem: Problem | None = None
    notices: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """`arguments` is the JSON text as the model wrote it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """`outcome` in two or three words; `detail` is the whole result."""

    call_id: str
    ok: bool
    outcome: str
    detail: str
