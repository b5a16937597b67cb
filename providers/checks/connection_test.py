"""The connection test: from the spelling of the address to the chosen model, step by step, as values.

Owns the order of the steps, what is said of each, the deadline of all, and the report to copy. The way to the server is
walked by `reach`, what needs the API by the provider's own `probe`. It changes nothing, and spends a token only if it
is asked to.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import platform
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ... import __version__
from ..address import Address, other_forms, parse_address, spelling_of
from ..base import CheckReport, Model, OnStep, Provider, Request, Step
from ..catalog import PROVIDERS, ProviderRow
from ..errors import Problem, ProviderError
from ..limits import Limits
from ..messages import Finished, Message, ReasoningDelta, Text, TextDelta, ToolCallStarted
from ..redact import Redactor
from .reach import Way

if TYPE_CHECKING:
    from ..http import HttpSession, Reply
    from ..http.sessions import Surroundings

_WAY = ("Address", "DNS", "TCP", "Proxy", "TLS")
_STEPS = (*_WAY, "API", "Key", "Models", "Model")

_FINDINGS = {
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

_ANSWERED_ALL_THE_SAME = frozenset({"bad_parameter", "cut_length", "empty_answer"})
"""With one token only: the model was asked, and nothing on the way or in the account was against it."""

_TRADEMARKS = (
    ("ollama", "/", b"Ollama is running"),
    ("lmstudio", "/", b"Unexpected endpoint or method"),
    ("lmstudio", "/api/v1/models", b'"loaded_instances"'),
    ("llama_cpp", "/props", b'"default_generation_settings"'),
)
"""By what a local server gives itself away, at which path."""


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
        steps = _Steps((*_STEPS, "Answer") if spend else _STEPS, on_step, on_next, self._clock)
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
            problem = await self._with_hint(error.problem, steps.next)
        except TimeoutError:
            kind = "connect_timeout" if steps.next in _WAY else "timeout_silence"
            problem = self._row.service(self._url).problem(kind, seconds=self._limits.test)
        if problem is not None:
            steps.failed(problem)
        return CheckReport(
            self._row.id, self._row.label, self._url, steps.all, problem, steps.summary(models, problem), models
        )

    async def _reach(self, steps: _Steps) -> None:
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

    def _only_choice(self, models: tuple[Model, ...]) -> str:
        """The model to ask where none was chosen: what a local server has, as a chat would. A service has too many."""
        return models[0].id if models and (len(models) == 1 or not self._row.needs_key) else ""

    async def _ask(self, provider: Provider, model: str, steps: _Steps) -> None:
        if not model:
            steps.passed(Step("Answer", None, "no model chosen to ask"))
            return
        await steps.timed("Answer", _first_word(provider, model))

    async def _with_hint(self, problem: Problem, step: str) -> Problem:
        """What can be found out about an address that is nearly right."""
        match problem.kind:
            case "not_an_api":
                return await self._with_place(problem)
            case "http_on_tls" | "tls_on_http":
                return replace(problem, address=self._with_other_scheme(step))
            case _:
                return problem

    async def _with_place(self, problem: Problem) -> Problem:
        """A wrong path is often a /v1 too many or too few, or the path of another kind of server: if something else
        is found there, the user is told what to choose.
        """
        name = form = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._limits.connect):
                name = await self._known_server()
                form = await self._other_form()
        there = spelling_of(form) if form else ""
        if name:
            use = f", or use the address {there}" if there else ""
            return replace(problem, next=f"This is {name}: choose it as the provider{use}.", address=there)
        return replace(problem, next=f"It answers at {there}: use that address.", address=there) if there else problem

    def _with_other_scheme(self, step: str) -> str:
        """What the server speaks; "" where a proxy is meant, and where encryption would be given up on the internet."""
        address = parse_address(self._url)
        if address.scheme == "http":
            return spelling_of(replace(address, scheme="https").url)
        return spelling_of(replace(address, scheme="http").url) if step == "TLS" and address.local else ""

    async def _other_form(self) -> str:
        """The base URL at which it answers, "" if at none."""
        for other in other_forms(self._url):
            with suppress(ProviderError):
                await self._open_provider(other).models()
                return other
        return ""

    async def _known_server(self) -> str:
        """The name of the local server that is there, if it is not the one that was chosen. No key is sent."""
        session, origin = self._open_session(self._url), parse_address(self._url).origin
        seen: dict[str, Reply] = {}
        for known, path, mark in _TRADEMARKS:
            with suppress(ProviderError):
                reply = seen[path] = seen.get(path) or await session.get(origin + path, {})
                if mark in reply.body:
                    return PROVIDERS[known].label if known != self._row.id else ""
        return ""


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


class _Steps:
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
        finding = _FINDINGS.get(problem.kind, "failed")
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


def took(ms: float | None) -> str:
    """`12 ms`, from a tenth of a second on `0.2 s`; nothing for what was not measured."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 100 else f"{ms / 1000:.1f} s"


def _spelling(address: Address) -> str:
    return f"{address.scheme}, path {address.path}" if address.path else f"{address.scheme}, no path needed"


def report_text(report: CheckReport, redactor: Redactor) -> str:
    """The whole test as text to paste into a ticket, without keys: steps with their times, what failed, versions."""
    marks = {True: "ok", False: "failed", None: "-"}
    lines = [f"Connection test of {report.label}, {report.url or 'no address'}", report.summary, ""]
    lines += [f"{marks[step.ok]:7}{step.name:9}{took(step.ms):>8}  {step.detail}" for step in report.steps]
    if told := report.problem:
        lines += ["", f"{told.title} [{told.kind}]", told.why, told.next]
        lines += [f"Request id: {told.request_id}"] if told.request_id else []
        lines += ["", told.detail] if told.detail else []
    lines += ["", ", ".join(f"{name} {version}" for name, version in _versions().items())]
    return redactor.clean("\n".join(lines)) + "\n"


def _versions() -> dict[str, str]:
    return {
        "nuke-ai-panel": __version__,
        "Python": platform.python_version(),
        "aiohttp": importlib.metadata.version("aiohttp"),
        "OpenSSL": ssl.OPENSSL_VERSION.removeprefix("OpenSSL ").partition(" ")[0],
        "on": platform.platform(),
    }
