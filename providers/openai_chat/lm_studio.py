"""LM Studio's own model lists, which say what its /v1/models does not: what is loaded, and with how much context.

Owns the two shapes, of version 0.4 on and of those before.
"""

from __future__ import annotations

from ..base import Model
from ..messages import JSON
from ..wire.json_values import as_count, as_flag, as_list, as_object, as_text

NEWEST = "/api/v1/models"
OLDER = "/api/v0/models"
"""Both beside /v1, not under it."""


def models_in_newest(document: JSON) -> tuple[Model, ...] | None:
    """The models of `NEWEST` that can chat; None if this is something else."""
    listed = as_object(document).get("models")
    if not isinstance(listed, list):
        return None
    entries = [as_object(entry) for entry in listed]
    return tuple(_newest(entry) for entry in entries if entry.get("key") and entry.get("type") != "embedding")


def models_in_older(document: JSON) -> tuple[Model, ...] | None:
    """The models of `OLDER` that can chat; None if this is something else."""
    listed = as_object(document).get("data")
    if not isinstance(listed, list):
        return None
    entries = [as_object(entry) for entry in listed]
    return tuple(_older(entry) for entry in entries if entry.get("id") and entry.get("type") != "embeddings")


def _newest(entry: dict[str, JSON]) -> Model:
    """A loaded model reads what it was loaded with, which is often much less than it could."""
    loaded = [as_object(as_object(instance).get("config")) for instance in as_list(entry.get("loaded_instances"))]
    contexts = [count for config in loaded if (count := as_count(config.get("context_length")))]
    capabilities = as_object(entry.get("capabilities"))
    return Model(
        id=as_text(entry.get("key")),
        label=as_text(entry.get("display_name")),
        context=min(contexts, default=as_count(entry.get("max_context_length"))),
        tools=as_flag(capabilities.get("trained_for_tool_use")),
        images=as_flag(capabilities.get("vision")),
        reasoning=True if capabilities.get("reasoning") else None,
        loaded=bool(loaded),
    )


def _older(entry: dict[str, JSON]) -> Model:
    capabilities = entry.get("capabilities")
    return Model(
        id=as_text(entry.get("id")),
        context=as_count(entry.get("loaded_context_length")) or as_count(entry.get("max_context_length")),
        tools="tool_use" in capabilities if isinstance(capabilities, list) else None,
        images=entry.get("type") == "vlm",
        loaded=entry.get("state") == "loaded",
    )
