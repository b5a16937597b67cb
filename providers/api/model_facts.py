"""What is known of a service's models: from its list, and from what they have refused.

Owns the memory, for one service at one address; it asks nobody and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from ..base import Model


class ModelFacts:
    """Models by id."""

    def __init__(self) -> None:
        self._models: dict[str, Model] = {}
        self._refused: dict[str, frozenset[str]] = {}

    def learn(self, models: Iterable[Model]) -> tuple[Model, ...]:
        """Takes a new list over, and gives it back."""
        listed = {model.id: model for model in models}
        self._models = {alias: model for model in listed.values() for alias in model.aliases} | listed
        return tuple(listed.values())

    @property
    def known(self) -> bool:
        return bool(self._models)

    def find(self, model: str) -> Model | None:
        """What the list says of the model, by any of its names."""
        return self._models.get(model)

    def refused(self, model: str) -> frozenset[str]:
        """The fields of a question that this model does not take."""
        return self._refused.get(model, frozenset())

    def note_refused(self, model: str, field: str) -> None:
        self._refused[model] = self.refused(model) | {field}
