"""The steps of a connection test that need the API: is it this one, its key, its models, the chosen model.

Owns what is said of each. It spends no tokens.
"""

from __future__ import annotations

import asyncio

from ..base import Model, OnStep, Step
from ..errors import ProviderError
from .model_facts import ModelFacts
from .wire_format import ApiCalls, Downloads, WireFormat

_API_ANSWERED = frozenset(
    {"key_wrong", "key_missing", "key_not_allowed", "out_of_credits", "daily_quota", "rate_limited", "region"}
)
"""Refusals by which a server proves that it is this API."""
_PASSING = frozenset({408, 409, 429})
_ABOUT_THE_KEY = _API_ANSWERED | {"key_malformed"}


class Probe:
    """One run. Each step that has passed is told by `on_step`."""

    def __init__(self, wire: WireFormat, calls: ApiCalls, on_step: OnStep) -> None:
        self._wire = wire
        self._calls = calls
        self._on_step = on_step

    async def run(self, model: str, facts: ModelFacts) -> tuple[Model, ...]:
        """The service's list, which `facts` learns. Raises ProviderError for the first step that fails."""
        watch = _Stopwatch()
        title = ""
        try:
            title = await self._wire.identify(self._calls)
            if title:
                self._on_step(Step("API", True, title, watch.ms))
            models = await self._list(title, facts)
        except ProviderError as error:
            self._pass_over(error.problem.kind, title)
            raise
        self._on_step(await self._key())
        by_hand = self._calls.service.local and not self._calls.endpoint.needs_key
        if not models and by_hand and not (model and self._downloads):
            raise self._calls.service.error("model_not_loaded")
        count = f"{len(models)} model{'' if len(models) == 1 else 's'}"
        self._on_step(Step("Models", True, count if models else "this service lists none"))
        self._on_step(self._model(model, models))
        return models

    async def _list(self, title: str, facts: ModelFacts) -> tuple[Model, ...]:
        """The list, which also tells whether it is this API where nothing else has told so."""
        watch = _Stopwatch()
        try:
            models = facts.learn(await self._wire.models(self._calls))
        except ProviderError as error:
            if not title and error.problem.kind in _API_ANSWERED:
                self._on_step(Step("API", True, self._wire.title, watch.ms))
            raise
        if not title:
            self._on_step(Step("API", True, self._wire.title, watch.ms))
        return models

    def _pass_over(self, kind: str, title: str) -> None:
        """The step that this kind says nothing of, so that the one after it is the one that failed."""
        if kind == "key_malformed" and not title:
            self._on_step(Step("API", None, "not run"))  # nothing was sent
        elif title and kind not in _ABOUT_THE_KEY:
            self._on_step(Step("Key", None, "not run"))

    async def _key(self) -> Step:
        if self._calls.key is None:
            return Step("Key", True, "not needed" if self._calls.service.local else "none given, none asked for")
        watch = _Stopwatch()
        if await self._wire.prove_key(self._calls):
            return Step("Key", True, "accepted", watch.ms)
        checked = await self._is_refused_without()
        return Step("Key", True, "accepted" if checked else "not checked by this server", watch.ms)

    async def _is_refused_without(self) -> bool:
        """Whether the list needs the key: one that comes without it, or breaks on the way, proves nothing."""
        try:
            await self._wire.models(self._calls.with_key(None))
        except ProviderError as error:
            status = error.problem.status or 0
            return 400 <= status < 500 and status not in _PASSING
        return False

    def _model(self, model: str, models: tuple[Model, ...]) -> Step:
        if not model:
            return Step("Model", True, "none chosen yet")
        if not models and not self._downloads:
            return Step("Model", True, f"{model}, which only a question can prove")
        if not {model, f"{model}:latest"} & {name for entry in models for name in (entry.id, *entry.aliases)}:
            kind = "model_not_pulled" if self._downloads and self._calls.service.local else "model_unknown"
            raise self._calls.service.error(kind, model=model)
        return Step("Model", True, f"{model} is listed")

    @property
    def _downloads(self) -> bool:
        return isinstance(self._wire, Downloads)


class _Stopwatch:
    def __init__(self) -> None:
        self._clock = asyncio.get_running_loop().time
        self._began = self._clock()

    @property
    def ms(self) -> float:
        return (self._clock() - self._began) * 1000
