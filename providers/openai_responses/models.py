"""Which models of a list can chat, and what is known of OpenAI's own: its list says nothing but names.

Owns the patterns, each of a family or a purpose; no model is named by itself, since those change monthly. What matches
nothing can chat, and nothing is known of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..api.model_lists import models_in
from ..base import Model
from ..messages import JSON

_NO_CHAT = re.compile(
    r"dall-e|(chatgpt|gpt)-image|sora|tts-|whisper|(gpt-)?(audio|realtime)|text-embedding|(omni|text)-moderation"
    r"|babbage|davinci|computer-use"
    r"|(gpt|o\d).*-(audio|realtime|transcribe|tts|image|instruct|search-preview|search-api|deep-research)\b"
)
"""Images, sound, vectors, bare completion, and what answers only with a tool of OpenAI's own. From the beginning."""

_OWN_PREFIX = re.compile(r"ft:|openai/")
"""Fine-tuned ones, and how gateways name OpenAI's."""


@dataclass(frozen=True, slots=True)
class _Family:
    """Models whose names begin like this. None: it differs within the family, or is not known."""

    begin: re.Pattern[str]
    reasoning: bool | None = None
    images: bool | None = None
    context: int | None = None


_FAMILIES = (
    _Family(re.compile(r"gpt-3\.5"), reasoning=False, images=False, context=16_385),
    _Family(re.compile(r"(chatgpt-|gpt-)4o|gpt-4-turbo|gpt-4\.5"), reasoning=False, images=True, context=128_000),
    _Family(re.compile(r"gpt-4\.1"), reasoning=False, images=True, context=1_047_576),
    _Family(re.compile(r"gpt-4"), reasoning=False),
    _Family(re.compile(r"gpt-5-chat"), reasoning=False, images=True, context=128_000),
    _Family(re.compile(r"gpt-5(-mini|-nano|-codex|-pro)?(-\d{4}|$)"), reasoning=True, images=True, context=400_000),
    _Family(re.compile(r"gpt-[5-9][\d.]*-chat"), images=True),
    _Family(re.compile(r"gpt-[5-9]"), reasoning=True, images=True),
    _Family(re.compile(r"o\d(-mini|-pro|-preview|-\d{4}|$)"), reasoning=True),
)
_STRANGERS = _Family(re.compile(""))


def chat_models_in(document: JSON) -> tuple[Model, ...] | None:
    """The models that can chat, with what is known of them; None if this is no model list."""
    listed = models_in(document)
    if listed is None:
        return None
    return tuple(_with_facts(model) for model in listed if not _NO_CHAT.match(_bare(model.id)))


def reasons(model: str) -> bool | None:
    """Whether a model of this name reasons; None if nobody knows."""
    return _family(model).reasoning


def _with_facts(model: Model) -> Model:
    """What the service says of it counts for more."""
    family = _family(model.id)
    return replace(
        model,
        context=model.context if model.context is not None else family.context,
        images=model.images if model.images is not None else family.images,
        reasoning=model.reasoning if model.reasoning is not None else family.reasoning,
    )


def _family(model: str) -> _Family:
    return next((family for family in _FAMILIES if family.begin.match(_bare(model))), _STRANGERS)


def _bare(model: str) -> str:
    return _OWN_PREFIX.sub("", model, count=1)
