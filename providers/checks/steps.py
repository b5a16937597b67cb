"""The steps of one connection test as they go by: which is under way, how long each took, what is said at the end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from ..base import Model, OnStep, Step
from ..errors import Problem
from .report import took

FINDINGS = {
    "server_not_running": "refused",
    "host_unknown": "not found",
    "offline": "no way there",
    "connect_timeout": "no answer",
    "proxy_refused": "stopped at the proxy",
    "proxy_auth": "the proxy wants a login",
    "cert_untrusted": "certificate not trusted",
    "cert_name": "certificate for another name",
    "cert_expired": "certificate out of date",
    "tls_on_http": "the server speaks http",
    "http_on_tls": "the server speaks https",
    "tls_failed": "not agreed on",
    "redirected": "points elsewhere",
    "not_an_api": "something else answered",
    "bad_address": "not complete",
    "key_missing": "missing",
    "key_wrong": "refused",
    "key_malformed": "not a key",
    "key_not_allowed": "not allowed",
    "region": "not in this region",
    "host_blocked": "host name refused",
    "out_of_credits": "no credit left",
    "daily_quota": "free quota used up",
    "rate_limited": "too many questions",
    "overloaded": "overloaded",
    "model_loading": "still loading",
    "model_not_loaded": "none loaded",
    "model_not_pulled": "not downloaded",
    "model_unknown": "not listed",
    "model_swapped": "another model answered",
    "no_memory": "out of memory",
    "context_full": "question too long",
    "cut_length": "cut at its length",
    "no_tools": "no tools",
    "no_vision": "no images",
    "no_thinking": "no thinking",
    "bad_parameter": "a setting refused",
    "too_large": "too large",
    "refused": "declined",
    "filtered": "filtered",
    "timeout_silence": "no answer",
    "took_too_long": "no end",
    "stream_cut": "connection broke",
    "stream_error": "an error came instead",
    "event_too_large": "too much at once",
    "answer_too_large": "too long an answer",
    "empty_answer": "nothing came",
    "server_error": "internal error",
    "unknown": "failed",
}
"""What is said of the step that failed, before the status if one came."""


class Steps:
    """The steps so far, in order. Each is told once, when it is over."""

    def __init__(
        self,
        names: tuple[str, ...],
        on_step: OnStep,
        on_next: Callable[[str], None] | None,
        clock: Callable[[], float],
    ) -> None:
        self._on_step = on_step
        self._on_next = on_next
        self._clock = clock
        self._names = [*names]
        self._done: list[Step] = []
        self._began = self._last = clock()

    @property
    def next(self) -> str:
        """The name of the step that is under way."""
        return self._names[min(len(self._done), len(self._names) - 1)]

    @property
    def all(self) -> tuple[Step, ...]:
        waiting = self._names[len(self._done) :]
        return (*self._done, *(Step(name, None, "not run") for name in waiting))

    def leave_out(self, *names: str) -> None:
        self._names = [name for name in self._names if name not in names]

    def passed(self, step: Step) -> None:
        self._done.append(step)
        self._last = self._clock()
        self._on_step(step)
        if self._on_next and step.ok and len(self._done) < len(self._names):
            self._on_next(self.next)

    async def timed(self, name: str, work: Awaitable[str]) -> None:
        self._last = self._clock()
        detail = await work
        self.passed(Step(name, True, detail, (self._clock() - self._last) * 1000))

    def failed(self, problem: Problem) -> None:
        finding = FINDINGS.get(problem.kind, "failed")
        detail = f"{finding}, HTTP {problem.status}" if problem.status else finding
        self.passed(Step(self.next, False, detail, (self._clock() - self._last) * 1000))

    def summary(self, models: tuple[Model, ...], problem: Problem | None) -> str:
        spent = took((self._clock() - self._began) * 1000)
        if problem is not None:
            return f"Stopped at step {len(self._done)} of {len(self._names)}, {spent}"
        count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
        match next((step.detail for step in self._done if step.name == "Key"), ""):
            case "accepted":
                return f"Key accepted, {count}, {spent}"
            case "not needed":
                return f"{count}, {spent}, no key needed"
            case _:
                return f"{count}, {spent}, key not checked"
