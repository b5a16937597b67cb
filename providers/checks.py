"""The connection test: from the spelling of the address to the chosen model, step by step, as values.

Owns the order of the steps, what is said of each, and the deadline of all. The way to the server is walked by `reach`,
what needs the API by the provider's own `probe`. It spends no tokens and changes nothing.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace

from .address import Address, other_forms, parse_address, spelling_of
from .base import CheckReport, Model, OnStep, Provider, Step
from .catalog import ProviderRow
from .errors import Problem, ProviderError
from .limits import Limits
from .reach import Way

_WAY = ("Address", "DNS", "TCP", "TLS")
_STEPS = (*_WAY, "API", "Key", "Models", "Model")

_FINDINGS = {
    "bad_address": "not complete",
    "host_unknown": "not found",
    "server_not_running": "refused",
    "connect_timeout": "no answer",
    "timeout_silence": "no answer",
    "offline": "no way there",
    "cert_untrusted": "certificate not trusted",
    "cert_name": "certificate for another name",
    "cert_expired": "certificate out of date",
    "tls_on_http": "the server speaks http",
    "http_on_tls": "the server speaks https",
    "tls_failed": "not agreed on",
    "redirected": "points elsewhere",
    "not_an_api": "something else answered",
    "key_missing": "missing",
    "key_wrong": "refused",
    "key_malformed": "not a key",
    "model_not_loaded": "none loaded",
    "model_loading": "still loading",
    "model_not_pulled": "not downloaded",
    "model_unknown": "not listed",
    "stream_cut": "connection broke",
}
"""What is said of the step that failed, before the status if one came."""


class ConnectionTest:
    """One run of the test."""

    def __init__(self, row: ProviderRow, url: str, limits: Limits) -> None:
        self._provider_id = row.id
        self._url = url
        self._about = row.service
        self._base_url_of = row.base_url_of
        self._limits = limits
        self._clock = asyncio.get_running_loop().time

    async def run(
        self, open_provider: Callable[[str], Provider], tls: ssl.SSLContext, model: str, on_step: OnStep
    ) -> CheckReport:
        """Walks the steps up to the first that fails; those after it are not run.

        `open_provider` is called with the normalised address once the server has been reached.
        """
        steps = _Steps(on_step, self._clock)
        problem: Problem | None = None
        models: tuple[Model, ...] = ()
        try:
            async with asyncio.timeout(self._limits.test):
                await self._reach(steps, tls)
                models = await open_provider(self._url).probe(model, steps.passed)
        except ProviderError as error:
            problem = await self._with_other_form(error.problem, open_provider)
        except TimeoutError:
            kind = "connect_timeout" if steps.next in _WAY else "timeout_silence"
            problem = self._about(self._url).problem(kind, seconds=self._limits.test)
        if problem is not None:
            steps.failed(problem)
        return CheckReport(self._provider_id, self._url, steps.all, problem, steps.summary(models, problem), models)

    async def _with_other_form(self, problem: Problem, open_provider: Callable[[str], Provider]) -> Problem:
        """A wrong path is often a /v1 too many or too few: if another form answers, the user is told which."""
        if problem.kind != "not_an_api":
            return problem
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.connect):
                for other in other_forms(self._url):
                    with suppress(ProviderError):
                        await open_provider(other).models()
                        return replace(problem, next=f"It answers at {spelling_of(other)}: use that address.")
        return problem

    async def _reach(self, steps: _Steps, tls: ssl.SSLContext) -> None:
        self._url = self._base_url_of(self._url)
        address = parse_address(self._url)
        if address.scheme == "http":
            steps.leave_out("TLS")
        steps.passed(Step("Address", True, _spelling(address)))
        way = Way(address, self._about(self._url), seconds=self._limits.connect)
        await steps.timed("DNS", way.find())
        await steps.timed("TCP", way.connect())
        if address.scheme == "https":
            await steps.timed("TLS", way.secure(tls))


async def check_built_in(provider: Provider, on_step: OnStep) -> CheckReport:
    """The test of what needs no connection: one step, which passes."""
    step = Step("Built in", True, "needs no connection and no key")
    on_step(step)
    return CheckReport(provider.id, "", (step,), None, "Built in, always there", await provider.models())


class _Steps:
    """The steps so far, in order. Each is told once, when it is over."""

    def __init__(self, on_step: OnStep, clock: Callable[[], float]) -> None:
        self._on_step = on_step
        self._clock = clock
        self._names: list[str] = [*_STEPS]
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

    def leave_out(self, name: str) -> None:
        self._names.remove(name)

    def passed(self, step: Step) -> None:
        self._done.append(step)
        self._last = self._clock()
        self._on_step(step)

    async def timed(self, name: str, work: Awaitable[str]) -> None:
        detail = await work
        self.passed(Step(name, True, detail, (self._clock() - self._last) * 1000))

    def failed(self, problem: Problem) -> None:
        finding = _FINDINGS.get(problem.kind, "failed")
        detail = f"{finding}, HTTP {problem.status}" if problem.status else finding
        self.passed(Step(self.next, False, detail, (self._clock() - self._last) * 1000))

    def summary(self, models: tuple[Model, ...], problem: Problem | None) -> str:
        spent = took((self._clock() - self._began) * 1000)
        if problem is not None:
            return f"Stopped at step {len(self._done)} of {len(self._names)}, {spent}"
        count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
        with_key = any(step.name == "Key" and step.detail == "accepted" for step in self._done)
        return f"Key accepted, {count}, {spent}" if with_key else f"{count}, {spent}, no key needed"


def took(ms: float | None) -> str:
    """`12 ms`, from a tenth of a second on `0.2 s`; nothing for what was not measured."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 100 else f"{ms / 1000:.1f} s"


def _spelling(address: Address) -> str:
    return f"{address.scheme}, path {address.path}" if address.path else f"{address.scheme}, no path needed"
