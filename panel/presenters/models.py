"""Connects the model field to the providers: what can be asked, listed when the field is opened.

Owns the look-ups that are under way, one a provider. Which provider is asked without being chosen: the local ones and
those whose key is known; a list costs nothing and no prompt leaves.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.base import Model
from ...providers.catalog import GUIDE, PROVIDERS, ProviderRow, origin_of, row_of
from ...providers.errors import ProviderError
from ...ui.chat_pane import ChatPane
from ...ui.model_picker import ModelPicker, ModelRow
from ..keys import KeyringTrouble
from ..tasks import TaskScope
from .view_tasks import ViewTasks

if TYPE_CHECKING:
    from ..app import Application


class ModelPresenter(QObject):
    """Opens the list under the header's chip."""

    picked = Signal(str, str)

    def __init__(self, pane: ChatPane, app: Application, scope: TaskScope) -> None:
        super().__init__(pane)
        self._pane = pane
        self._app = app
        self._tasks = ViewTasks(pane, scope)
        self._lists: dict[str, tuple[Model, ...]] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._current = (GUIDE, "")
        self.picker = ModelPicker(pane.look, pane)
        self.picker.picked.connect(self.picked)
        pane.header.model_clicked.connect(self.open)

    def set_current(self, provider_id: str, model: str) -> None:
        self._current = (provider_id, model)

    def forget(self, provider_id: str) -> None:
        """Its settings have changed: what it listed, or is about to, may be another server's."""
        self._lists.pop(provider_id, None)
        if task := self._asked.pop(provider_id, None):
            task.cancel()
        self.picker.set_provider_state(provider_id, "")

    def open(self) -> None:
        self._show()
        self.picker.open_under(self._pane.header.chip)
        for row in map(row_of, self._app.offered):
            # What a local server has loaded changes while it runs.
            known = row.id in self._lists and not row.local
            if row.id != GUIDE and row.id not in self._asked and not known:
                task = self._tasks.start(self._ask(row), name=f"models of {row.id}")
                self._asked[row.id] = task
                task.add_done_callback(partial(self._answered, row.id))

    def _answered(self, provider_id: str, task: asyncio.Task[None]) -> None:
        if self._asked.get(provider_id) is task:
            del self._asked[provider_id]

    async def _ask(self, row: ProviderRow) -> None:
        if not await self._may_be_asked(row):
            return
        if row.id not in self._lists:
            self.picker.set_provider_state(row.id, "Loading models\u2026", row.label)
        try:
            self._lists[row.id] = await self._app.providers.models(row.id)
            self.picker.set_provider_state(row.id, "", row.label)
        except ProviderError as error:
            self._lists.pop(row.id, None)
            chosen = row.id == self._current[0]
            # A local server that does not run is no news, unless it is the one in use.
            self.picker.set_provider_state(row.id, error.problem.title if chosen or not row.local else "", row.label)
        self._show()

    async def _may_be_asked(self, row: ProviderRow) -> bool:
        address = self._app.config(row.id).address
        if not address:
            return False
        if not row.needs_key:
            return True
        try:
            return await self._app.keys.find(row.id, origin_of(address)) is not None
        except (KeyringTrouble, ProviderError):
            return False

    def _show(self) -> None:
        rows = [ModelRow(GUIDE, PROVIDERS[GUIDE].label, "guide", "no model, offline", self._current[0] == GUIDE)]
        for provider_id, models in self._lists.items():
            if not self._app.settings.offers(provider_id):
                continue
            label = PROVIDERS[provider_id].label
            rows += [self._row(provider_id, label, model) for model in models]
        self.picker.set_rows(rows)

    def _row(self, provider_id: str, label: str, model: Model) -> ModelRow:
        note = f"{model.context // 1000}k" if model.context else ""
        return ModelRow(provider_id, label, model.id, note, self._current == (provider_id, model.id))
