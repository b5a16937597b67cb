"""Model lists as OpenAI-like services write them, with whatever they say beyond the ids.

Owns what a name or an entry tells of a model, whoever wrote it: services copy each other's fields. It asks nobody.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from decimal import Decimal

from ..base import Model
from ..messages import JSON
from ..wire.json_values import as_count, as_flag, as_list, as_object, as_text

_CONTEXT_NAMES = ("context_length", "max_model_len", "max_context_length", "context_window")
_NO_CHAT_KINDS = frozenset(
    {"embedding", "embeddings", "image", "audio", "transcribe", "video", "moderation", "rerank", "ocr"}
)
_NO_CHAT_NAME = re.compile(
    r"(?<![a-z])(embed(ding|dings)?|whisper|tts|rerank(er)?|moderation|transcribe|dall-e|sora|flux|stable-diffusion"
    r"|imagen|(gpt|image|flux)-image|image-(gen\w*|preview)|imagine|ocr|realtime|distil-whisper|orpheus)(?![a-z])"
)
"""What else is offered beside models that chat: vectors, sound, pictures, ranks. All that lists of names alone tell."""
_MILLION = Decimal(1_000_000)
_TOGETHER = 1_000_000
"""For so many tokens Together's prices are; OpenRouter's are for one."""


def models_in(document: JSON) -> tuple[Model, ...] | None:
    """The models that can chat, each once and in their order; None if this is no model list."""
    listed = document if isinstance(document, list) else as_object(document).get("data")
    if not isinstance(listed, list):
        return None
    entries = [as_object(entry) for entry in listed]
    return with_chat_names(folded(_model(entry) for entry in entries if _chats(entry)))


def folded(models: Iterable[Model]) -> tuple[Model, ...]:
    """Each model once: Mistral lists one again under each of its other names."""
    known: dict[str, Model] = {}
    names: set[str] = set()
    for model in models:
        if model.id and model.id not in names:
            known[model.id] = model
            names |= {model.id, *model.aliases}
    return tuple(known.values())


def with_chat_names(models: tuple[Model, ...]) -> tuple[Model, ...]:
    """Without those whose name says that they do not chat; all of them if it says so of all."""
    return tuple(model for model in models if not _NO_CHAT_NAME.search(model.id.lower())) or models


def price(value: JSON, *, tokens: int = 1) -> float | None:
    """US dollars for a million tokens, from a price for so many. Negative ones (OpenRouter) mean that it varies."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        asked = float(Decimal(str(value)) * _MILLION / tokens)
    except (ArithmeticError, ValueError):
        return None
    return asked if 0 <= asked < math.inf else None


def _model(entry: dict[str, JSON]) -> Model:
    pricing = as_object(entry.get("pricing"))
    status = as_text(as_object(entry.get("status")).get("value"))
    return Model(
        id=as_text(entry.get("id")),
        label=as_text(entry.get("name")) or as_text(entry.get("display_name")),
        context=_context(entry),
        tools=_can(entry, "function_calling", "tools"),
        images=_images(entry),
        output=_output(entry),
        reasoning=_can(entry, "reasoning", "reasoning"),
        loaded=status == "loaded" if status else None,
        input_price=_first(price(pricing.get("prompt")), price(pricing.get("input"), tokens=_TOGETHER)),
        output_price=_first(price(pricing.get("completion")), price(pricing.get("output"), tokens=_TOGETHER)),
        aliases=tuple(name for alias in as_list(entry.get("aliases")) if (name := as_text(alias))),
    )


def _first(price: float | None, other: float | None) -> float | None:
    return other if price is None else price


def _chats(entry: dict[str, JSON]) -> bool:
    """Whether the entry itself says nothing else."""
    written = as_object(entry.get("architecture")).get("output_modalities")
    return (
        as_text(entry.get("type")) not in _NO_CHAT_KINDS
        and entry.get("active") is not False
        and as_object(entry.get("capabilities")).get("completion_chat") is not False
        and (not isinstance(written, list) or "text" in written)
    )


def _context(entry: dict[str, JSON]) -> int | None:
    """What can be used, which for llama.cpp is less than what the model was trained for."""
    usable = as_count(as_object(entry.get("meta")).get("n_ctx"))
    return usable or next((count for name in _CONTEXT_NAMES if (count := as_count(entry.get(name)))), None)


def _output(entry: dict[str, JSON]) -> int | None:
    most = as_object(entry.get("top_provider")).get("max_completion_tokens", entry.get("max_completion_tokens"))
    return as_count(most)


def _can(entry: dict[str, JSON], capability: str, parameter: str) -> bool | None:
    """What Mistral calls a capability is a parameter at OpenRouter."""
    stated = as_flag(as_object(entry.get("capabilities")).get(capability))
    if stated is not None:
        return stated
    supported = entry.get("supported_parameters")
    return parameter in supported if isinstance(supported, list) else None


def _images(entry: dict[str, JSON]) -> bool | None:
    vision = as_flag(as_object(entry.get("capabilities")).get("vision"))
    if vision is not None:
        return vision
    modalities = as_object(entry.get("architecture")).get("input_modalities")
    return "image" in modalities if isinstance(modalities, list) else None
