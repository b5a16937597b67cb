"""The connection test: from the spelling of the address to the chosen model, step by step, as values.

Owns the order of the steps and the deadline of all. The way to the server is walked by `reach`, what needs the API by
the provider's own `probe`. It changes nothing, and spends a token only if it is asked to.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from ..address import Address, parse_address
from ..base import CheckReport, Model, OnStep, Provider, Request, Step
from ..catalog import ProviderRow
from ..errors import Problem, ProviderError
from ..limits import Limits
from ..messages import Finished, Message, ReasoningDelta, Text, TextDelta, ToolCallStarted
from .near_misses import NearMiss
from .reach import Way
from .steps import Steps

if TYPE_CHECKING:
    from ..http import HttpSession
    from ..http.sessions import Surroundings

_WAY = ("Address", "DNS", "TCP", "Proxy", "TLS")
_STEPS = (*_WAY, "API", "Key", "Models", "Model")

_ANSWERED_ALL_THE_SAME = frozenset({"bad_parameter", "cut_length", "empty_answer"})
"""With one token only: the model was asked, and nothing on the way or in the account was against it."""


class ConnectionTest:
    """One run of the test. What `open_session` and `open_provider` open is closed by the caller."""

    def __init__(
        self,
        row: ProviderRow,
        url: str,
        limits: Limits,
        surroundings: Surroundings,
        *,
        open_session: Callable[[str], HttpSession],
        open_provider: Callable[[str], Provider],
    ) -> None:
        self._row = row
        self._url = url
        self._limits = limits
        self._surroundings = surroundings
        self._open_session = open_session
        self._open_provider = open_provider
        self._clock = asyncio.get_running_loop().time

    async def run(
        self, model: str, on_step: OnStep, *, spend: bool = False, on_next: Callable[[str], None] | None = None
    ) -> CheckReport:
        """Walks the steps up to the first that fails; those after it are not run.

        `spend`: at the end the model is asked for one token, which shows what lists do not: no credit, no access.
        `on_next` is told the name of each step that begins; one that is left out after all ends without a word.
        """
        steps = Steps((*_STEPS, "Answer") if spend else _STEPS, on_step, on_next, self._clock)
        problem: Problem | None = None
        models: tuple[Model, ...] = ()
        try:
            async with asyncio.timeout(self._limits.test):
                await self._reach(steps)
                provider = self._open_provider(self._url)
                models = await provider.probe(model, steps.passed)
            if spend:
                await self._ask(provider, model or self._only_choice(models), steps)
        except ProviderError as error:
            problem = await self._near_miss().hinted(error.problem, steps.next)
        except TimeoutError:
            kind = "connect_timeout" if steps.next in _WAY else "timeout_silence"
            problem = self._row.service(self._url).problem(kind, seconds=self._limits.test)
        if problem is not None:
            steps.failed(problem)
        return CheckReport(
            self._row.id, self._row.label, self._url, steps.all, problem, steps.summary(models, problem), models
        )

    async def _reach(self, steps: Steps) -> None:
        self._url = self._row.base_url_of(self._url)
        address, service = parse_address(self._url), self._row.service(self._url)
        if address.scheme == "http":
            steps.leave_out("TLS")
        steps.passed(Step("Address", True, _spelling(address)))
        try:
            route = await self._surroundings.routes.to(address, service, self._limits.connect)
        except ProviderError:
            steps.leave_out("DNS", "TCP")
            raise
        way = Way(address, service, route, self._surroundings.trust, seconds=self._limits.connect)
        if route.proxy is None:
            steps.leave_out("Proxy")
        await steps.timed("DNS", way.find())
        await steps.timed("TCP", way.connect())
        if route.proxy is not None:
            await steps.timed("Proxy", way.pass_proxy())
        if address.scheme == "https":
            await steps.timed("TLS", way.secure())

    def _near_miss(self) -> NearMiss:
        return NearMiss(
            self._row.id,
            self._url,
            self._limits.connect,
            open_session=self._open_session,
            open_provider=self._open_provider,
        )

    def _only_choice(self, models: tuple[Model, ...]) -> str:
        """The model to ask where none was chosen: what a local server has, as a chat would. A service has too many."""
        return models[0].id if models and (len(models) == 1 or not self._row.needs_key) else ""

    async def _ask(self, provider: Provider, model: str, steps: Steps) -> None:
        if not model:
            steps.passed(Step("Answer", None, "no model chosen to ask"))
            return
        await steps.timed("Answer", _first_word(provider, model))


async def _first_word(provider: Provider, model: str) -> str:
    """Asks for one token and leaves as soon as it is there. Raises ProviderError."""
    question = Request(model, (Message("user", (Text("Hi"),)),), max_tokens=1)
    try:
        async with provider.stream(question) as events:
            async for event in events:
                if isinstance(event, TextDelta | ReasoningDelta | ToolCallStarted | Finished):
                    break
    except ProviderError as error:
        if error.problem.kind not in _ANSWERED_ALL_THE_SAME:
            raise
    return f"{model} answers"


async def check_built_in(provider: Provider, on_step: OnStep) -> CheckReport:
    """The test of what needs no connection: one step, which passes."""
    step = Step("Built in", True, "needs no connection and no key")
    on_step(step)
    return CheckReport(
        provider.id, provider.label, "", (step,), None, "Built in, always there", await provider.models()
    )


def _spelling(address: Address) -> str:
    return f"{address.scheme}, path {address.path}" if address.path else f"{address.scheme}, no path needed"
