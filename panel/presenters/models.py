"""Connects the model field to the providers: what can be asked, with what is known shown at once.

Owns the look-ups that are under way, one a provider. Which provider is asked without being chosen: the local ones and
those whose key is known; a list costs nothing and no prompt leaves. How old a list may get is `ModelLists`' affair.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.catalog import GUIDE, ProviderRow, origin_of
from ...providers.errors import ProviderError
from ...ui.chat_pane import ChatPane
from ...ui.model_picker import ModelPicker, ModelRow
from ..keys import KeyringTrouble
from ..models import ModelList
from ..models.words import facts_of, list_words
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
        self._lists: dict[str, ModelList] = {}
        self._rows: dict[str, tuple[ModelRow, ...]] = {}
        """Those of each list, kept because ten thousand are not made in no time."""
        self._states: dict[str, tuple[str, str]] = {}
        self._asked: dict[str, asyncio.Task[None]] = {}
        self._current = (GUIDE, "")
        self.picker = ModelPicker(pane.look, pane)
        self.picker.picked.connect(self.picked)
        self.picker.refresh_requested.connect(self._refresh)
        pane.header.model_clicked.connect(self.open)

    def set_current(self, provider_id: str, model: str) -> None:
        self._current = (provider_id, model)

    def forget(self, provider_id: str) -> None:
        """Its settings have changed: what it listed, or is about to, may be another server's."""
        self._app.models.doubt(provider_id)
        for kept in (self._lists, self._rows, self._states):
            kept.pop(provider_id, None)
        if task := self._asked.pop(provider_id, None):
            task.cancel()
        self.picker.set_provider_state(provider_id, "")

    def open(self) -> None:
        self._show()
        self.picker.open_under(self._pane.header.chip)
        self._look_up(anew=False)

    def _refresh(self) -> None:
        self._look_up(anew=True)

    def _look_up(self, *, anew: bool) -> None:
        for row in (self._app.config(provider_id).row for provider_id in self._app.offered):
            if row.id != GUIDE and row.id not in self._asked:
                task = self._tasks.start(self._list(row, anew), name=f"models of {row.id}")
                self._asked[row.id] = task
                task.add_done_callback(partial(self._answered, row.id))

    def _answered(self, provider_id: str, task: asyncio.Task[None]) -> None:
        if self._asked.get(provider_id) is task:
            del self._asked[provider_id]

    async def _list(self, row: ProviderRow, anew: bool) -> None:
        """Shows what is known, and what the provider lists now if that is old or wanted `anew`."""
        if not await self._may_be_asked(row):
            return
        known: ModelList | None = None
        try:
            known = await self._app.models.known(row.id)
            if known and not anew and not self._app.models.is_old(known):
                self._take(row, known)
                return
            self._take(row, known, "refreshing\u2026" if known else "Loading models\u2026")
            self._take(row, await self._app.models.asked(row.id))
        except ProviderError as error:
            # A local server that does not run is no news, unless it was there or is the one in use.
            no_news = row.local and known is None and row.id != self._current[0]
            self._take(row, known, "" if no_news else error.problem.title)

    def _take(self, row: ProviderRow, found: ModelList | None, doing: str = "") -> None:
        """Shows a provider's list, how old it is, and what else there is to say of it."""
        words = (doing, list_words(len(found.models), self._app.models.age(found)) if found else "")
        self._states[row.id] = row.label, ", ".join(filter(None, words))
        if found and self._lists.get(row.id) is not found:
            self._lists[row.id] = found
            self._rows[row.id] = tuple(ModelRow(row.id, row.label, model.id, facts_of(model)) for model in found.models)
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
        shown = [ModelRow(GUIDE, self._app.providers.label(GUIDE), "guide", "no model, offline")]
        for provider_id, rows in self._rows.items():
            if self._app.settings.offers(provider_id):
                shown += rows
        rows = [replace(row, current=True) if self._is_current(row) else row for row in shown]
        self.picker.set_rows(rows, self._states)

    def _is_current(self, row: ModelRow) -> bool:
        if self._current[0] == GUIDE:
            return row.provider_id == GUIDE
        return (row.provider_id, row.model_id) == self._current
