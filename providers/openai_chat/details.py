"""The reasoning that a gateway wants back: OpenRouter's `reasoning_details`, put together from their pieces.

Owns their order and what belongs together. What is inside is nobody's business but the gateway's.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..messages import JSON
from ..wire.json_values import as_object, as_text, whole_characters

_TEXT = "reasoning.text"
_COST = 100
"""Characters that a detail counts for by itself: what one that says nothing keeps in memory."""


class ReasoningDetails:
    """Those of one answer. Pieces of one text become one detail again, as an answer in one piece has it.

    Beyond `limit` characters none are kept: half of them would be refused.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._characters = 0
        self._details: list[dict[str, JSON]] = []
        self._texts: list[list[str]] = []

    def add(self, items: Iterable[JSON]) -> str:
        """Takes these pieces in; gives what can be read of them."""
        read: list[str] = []
        for item in items:
            detail = as_object(item)
            text = as_text(detail.get("text"))
            read.append(text or as_text(detail.get("summary")))
            self._characters += len(str(detail))
            if self._characters <= self._limit:
                self._keep(detail, text)
        return "".join(read)

    def whole(self) -> list[JSON]:
        """All of them, in their order."""
        if self._characters > self._limit:
            return []
        return [
            {**detail, "text": whole_characters("".join(texts))} if texts else detail
            for detail, texts in zip(self._details, self._texts, strict=True)
        ]

    def _keep(self, detail: dict[str, JSON], text: str) -> None:
        last = self._details[-1] if self._details else {}
        if detail.get("type") != _TEXT or last.get("type") != _TEXT or detail.get("index") != last.get("index"):
            self._characters += _COST
            self._details.append(dict(detail))
            self._texts.append([text] if text else [])
            return
        self._texts[-1].append(text)
        last.update({name: value for name, value in detail.items() if last.get(name) is None})
