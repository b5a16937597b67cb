"""Ollama's model list: what is installed, what each can do, and what is loaded.

Owns the three questions that it takes: the list, the particulars of each model where the list has none, and what runs.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field

from ..address import parse_address
from ..api.wire_format import ApiCalls
from ..base import Model
from ..errors import ProviderError
from ..messages import JSON
from ..wire.json_values import as_count, as_list, as_object, as_text
from .context import context_given

_CLOUD = "ollama.com"
_AT_ONCE = 4
_MOST_ASKED = 64
_PATIENCE = 5.0
"""Seconds for all particulars together; the list does not wait longer for what only decorates it."""

_Running = dict[str, int | None]
"""The tokens that are set aside for each loaded model."""


@dataclass(frozen=True, slots=True)
class _Facts:
    """What a server says of a model. `capabilities` empty, `context` None: it does not say."""

    capabilities: frozenset[str] = frozenset()
    context: int | None = None

    @property
    def answers(self) -> bool:
        """Models that only embed text or paint are no partners for a chat."""
        return not self.capabilities or "completion" in self.capabilities

    def can(self, capability: str) -> bool | None:
        return capability in self.capabilities if self.capabilities else None


@dataclass(frozen=True, slots=True)
class _Entry:
    """One model of the list. `remote`: the server passes its questions on to Ollama's cloud."""

    name: str
    facts: _Facts
    remote: bool


@dataclass(slots=True)
class _Particulars:
    """What came in time. `running` None: nobody knows what is loaded."""

    running: _Running | None = None
    facts: dict[str, _Facts] = field(default_factory=dict[str, _Facts])


async def installed(calls: ApiCalls) -> tuple[Model, ...]:
    """The models that can answer, each once. Raises ProviderError.

    `Model.context` is what a question gets that asks for nothing special, not what the model was trained for: see
    `context_given`. What a server does not say, or not in time, is unknown.
    """
    entries = await calls.get("/api/tags", _entries)
    found = await _particulars(calls, [entry.name for entry in entries if not entry.facts.capabilities])
    in_cloud = parse_address(calls.endpoint.base_url).host == _CLOUD
    known = ((entry, found.facts.get(entry.name, entry.facts)) for entry in entries)
    return tuple(
        _model(entry.name, facts, found.running, in_cloud or entry.remote) for entry, facts in known if facts.answers
    )


async def _particulars(calls: ApiCalls, unsaid: list[str]) -> _Particulars:
    """What is loaded, and what the models of these names are."""
    found = _Particulars()
    gate = asyncio.Semaphore(_AT_ONCE)
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE), asyncio.TaskGroup() as group:
            group.create_task(_ask_running(calls, found))
            for name in unsaid[:_MOST_ASKED]:
                group.create_task(_ask_facts(calls, name, found, gate))
    return found


async def _ask_running(calls: ApiCalls, found: _Particulars) -> None:
    with suppress(ProviderError):
        found.running = await calls.get("/api/ps", _running)


async def _ask_facts(calls: ApiCalls, name: str, found: _Particulars, gate: asyncio.Semaphore) -> None:
    async with gate:
        with suppress(ProviderError):
            found.facts[name] = await calls.post("/api/show", {"model": name}, _shown)


def _model(name: str, facts: _Facts, running: _Running | None, in_cloud: bool) -> Model:
    """In the cloud a model has all the context that it was trained for."""
    allocated = running.get(name) if running else None
    return Model(
        id=name,
        context=facts.context if in_cloud else context_given(facts.context, allocated),
        tools=facts.can("tools"),
        images=facts.can("vision"),
        reasoning=facts.can("thinking"),
        loaded=None if running is None else name in running,
    )


def _listed(document: JSON) -> list[dict[str, JSON]] | None:
    """The entries that have a name, or None if this is no list. Older servers say null where there is nothing."""
    listed = as_object(document).get("models", "")
    if listed is not None and not isinstance(listed, list):
        return None
    return [entry for item in as_list(listed) if _name(entry := as_object(item))]


def _entries(document: JSON) -> tuple[_Entry, ...] | None:
    listed = _listed(document)
    return None if listed is None else tuple({_name(entry): _entry(entry) for entry in listed}.values())


def _entry(entry: dict[str, JSON]) -> _Entry:
    context = as_count(as_object(entry.get("details")).get("context_length")) or None
    return _Entry(_name(entry), _Facts(_capabilities(entry), context), bool(entry.get("remote_host")))


def _running(document: JSON) -> _Running | None:
    listed = _listed(document)
    return None if listed is None else {_name(entry): as_count(entry.get("context_length")) or None for entry in listed}


def _shown(document: JSON) -> _Facts | None:
    shown = as_object(document)
    info = as_object(shown.get("model_info"))
    architecture = as_text(info.get("general.architecture"))
    return _Facts(_capabilities(shown), as_count(info.get(f"{architecture}.context_length")) or None)


def _capabilities(entry: dict[str, JSON]) -> frozenset[str]:
    return frozenset(as_text(capability) for capability in as_list(entry.get("capabilities")))


def _name(entry: dict[str, JSON]) -> str:
    return as_text(entry.get("name")) or as_text(entry.get("model"))
