"""Model lists as OpenAI-like services write them, with whatever they say beyond the ids."""

from __future__ import annotations

from .base import Model
from .json_values import as_count, as_list, as_object, as_text
from .messages import JSON

_CONTEXT_NAMES = ("context_length", "max_model_len", "max_context_length", "context_window")


def models_in(document: JSON) -> tuple[Model, ...] | None:
    """The models, each once and in their order; None if this is no model list."""
    listed = document if isinstance(document, list) else as_object(document).get("data")
    if not isinstance(listed, list):
        return None
    models = [_model(as_object(entry)) for entry in listed]
    known: dict[str, Model] = {}
    for model in models:
        if model.id:
            known.setdefault(model.id, model)
    return tuple(known.values())


def _model(entry: dict[str, JSON]) -> Model:
    return Model(
        id=as_text(entry.get("id")),
        label=as_text(entry.get("name")) or as_text(entry.get("display_name")),
        context=_context(entry),
        tools=_tools(entry),
        images=_images(entry),
    )


def _context(entry: dict[str, JSON]) -> int | None:
    """What can be used, which for llama.cpp is less than what the model was trained for."""
    usable = as_count(as_object(entry.get("meta")).get("n_ctx"))
    return usable or next((count for name in _CONTEXT_NAMES if (count := as_count(entry.get(name)))), None)


def _tools(entry: dict[str, JSON]) -> bool | None:
    calling = as_object(entry.get("capabilities")).get("function_calling")
    if isinstance(calling, bool):
        return calling
    supported = entry.get("supported_parameters")
    return "tools" in as_list(supported) if isinstance(supported, list) else None


def _images(entry: dict[str, JSON]) -> bool | None:
    vision = as_object(entry.get("capabilities")).get("vision")
    if isinstance(vision, bool):
        return vision
    modalities = as_object(entry.get("architecture")).get("input_modalities")
    return "image" in as_list(modalities) if isinstance(modalities, list) else None
