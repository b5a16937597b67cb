"""What can go wrong with a provider, each with a name, a title, a cause and a next step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "notice"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that went wrong, as the user is told of it.

    `kind` is an id of the table below, `title` has at most 60 characters, `why` and `next` are one sentence each.
    `detail` is the service's own text, redacted. `retry_after` is in seconds.
    """

    kind: str
    severity: Severity
    title: str
    why: str
    next: str
    detail: str = ""
    retry_after: float | None = None


class ProviderError(Exception):
    """The one exception of this floor."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.title)
        self.problem = problem
