"""What a model is told about thinking: how long, and to show its thoughts.

Owns the few things that are known of a model by its name: Gemini 2.5 takes a budget of tokens, Gemini 3 a level. Of
other names nothing is known, so they are asked for nothing.
"""

from __future__ import annotations

import re

from ..base import Effort, Model
from ..messages import JSON

_LEVELS: dict[Effort, JSON] = {"none": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH"}
"""Gemini 3 cannot be kept from thinking; the lowest level is the nearest to it."""

_BUDGETS: dict[Effort, JSON] = {"none": 0, "low": 1024, "medium": 8192, "high": 24576}
"""Tokens, as Google's own OpenAI-compatible endpoint translates efforts."""

_LEVELLED = re.compile(r"\bgemini-3\b")
_BUDGETED = re.compile(r"\bgemini-2\.5\b")


def thinking_config(model: str, effort: Effort | None, known: Model | None) -> dict[str, JSON]:
    """The `thinkingConfig`; empty for a model that does not think, or of which nobody has said that it does."""
    thinks = known.reasoning if known else None
    if thinks is False:
        return {}
    asked = _asked(model, effort) if effort else {}
    shown = (thinks or bool(asked)) and asked.get("thinkingBudget") != 0  # without thinking, thoughts are refused
    return {**asked, "includeThoughts": True} if shown else asked


def wants_signed_calls(model: str) -> bool:
    """Whether it refuses calls that come back unsigned."""
    return bool(_LEVELLED.search(model))


def _asked(model: str, effort: Effort) -> dict[str, JSON]:
    if _LEVELLED.search(model):
        return {"thinkingLevel": _LEVELS[effort]}
    return {"thinkingBudget": _BUDGETS[effort]} if _BUDGETED.search(model) else {}
