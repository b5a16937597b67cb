"""The popup under the header's chip: every model of every provider, by provider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from .look.theme import Look
from .parts.pick_list import PickRow
from .parts.picker import Picker

WIDTH = 440
"""In px: room for a long name and what is known of its model. Names and facts are cut in less."""


@dataclass(frozen=True)
class ModelRow:
    """One model. `note`: a few words on it ("tools, 200k")."""

    provider_id: str
    provider_label: str
    model_id: str
    note: str = ""
    current: bool = False


class ModelPicker(QObject):
    """Signals: `picked(provider_id, model_id)`, `settings_requested`, `refresh_requested`."""

    picked = Signal(str, str)
    settings_requested = Signal()
    refresh_requested = Signal()

    def __init__(self, look: Look, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.popup = Picker(look, "models", more="Settings\u2026", again="Refresh", width=WIDTH, parent=parent)
        self._rows: list[ModelRow] = []
        self._labels: dict[str, str] = {}
        self._states: dict[str, str] = {}
        self.popup.chosen.connect(self.picked)
        self.popup.more_clicked.connect(self.settings_requested)
        self.popup.again_clicked.connect(self.refresh_requested)

    def set_rows(self, rows: Sequence[ModelRow], states: Mapping[str, tuple[str, str]] | None = None) -> None:
        """`states`: for providers by id, their label and what `set_provider_state` would tell."""
        self._rows = list(rows)
        for provider_id, (label, text) in (states or {}).items():
            self._labels[provider_id], self._states[provider_id] = label, text
        self._show()

    def set_provider_state(self, provider_id: str, text: str, label: str = "") -> None:
        """What a provider is doing, how old its list is, or why it lists nothing ("Key missing"); "" for nothing.

        `label`: its name, for one that has no rows yet.
        """
        if label:
            self._labels[provider_id] = label
        if text != self._states.get(provider_id, ""):  # a long list is not filled in for nothing
            self._states[provider_id] = text
            self._show()

    def open_under(self, anchor: QWidget) -> None:
        self.popup.open_under(anchor)

    def _show(self) -> None:
        groups: dict[str, list[PickRow]] = {}
        labels = dict(self._labels)
        for row in self._rows:
            labels.setdefault(row.provider_id, row.provider_label)
            choice = PickRow(row.provider_id, row.model_id, row.model_id, row.note, row.current)
            groups.setdefault(row.provider_id, []).append(choice)
        for provider_id, state in self._states.items():
            if state:
                groups.setdefault(provider_id, [])
        lines: list[PickRow] = []
        for provider_id, choices in groups.items():
            label, state = labels.get(provider_id, provider_id), self._states.get(provider_id, "")
            lines += [PickRow(provider_id, "", label, state, heading=True), *choices]
        self.popup.set_rows(lines)
