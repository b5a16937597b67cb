"""What a LiteLLM proxy tells of its models beside their names: how much they read, what they can do and cost.

Owns the shape of `/model/info`, for keys that may read it.
"""

from __future__ import annotations

from dataclasses import replace

from ..api.model_lists import price
from ..base import Model
from ..messages import JSON
from ..wire.json_values import as_count, as_flag, as_object, as_text

INFO = "/model/info"
"""Beside /v1, not under it."""

_Info = dict[str, dict[str, JSON]]
_CHAT_MODES = ("", "chat", "completion", "responses")


def facts_in(document: JSON) -> _Info | None:
    """What is told of each model, by its name; of one that is served from several places, the first."""
    listed = as_object(document).get("data")
    if not isinstance(listed, list):
        return None
    facts: _Info = {}
    for item in listed:
        entry = as_object(item)
        facts.setdefault(as_text(entry.get("model_name")), as_object(entry.get("model_info")))
    return facts


def with_facts(models: tuple[Model, ...], facts: _Info) -> tuple[Model, ...]:
    """The models that can chat, with what is told of them."""
    told = ((model, facts.get(model.id, {})) for model in models)
    return tuple(_with(model, fact) for model, fact in told if as_text(fact.get("mode")) in _CHAT_MODES)


def _with(model: Model, fact: dict[str, JSON]) -> Model:
    return replace(
        model,
        context=as_count(fact.get("max_input_tokens")) or model.context,
        output=as_count(fact.get("max_output_tokens")),
        tools=as_flag(fact.get("supports_function_calling")),
        images=as_flag(fact.get("supports_vision")),
        reasoning=as_flag(fact.get("supports_reasoning")),
        input_price=price(fact.get("input_cost_per_token")),
        output_price=price(fact.get("output_cost_per_token")),
    )
