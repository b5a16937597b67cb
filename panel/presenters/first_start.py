"""Connects the empty chat to what could answer: a pasted key, a server on this computer, a variable.

Owns the look around (loopback only; nothing leaves the computer) and the test that a key is put to before it counts.
Shown until a provider has been chosen.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from ...providers.base import CheckReport, Step
from ...providers.catalog import ProviderRow, origin_of, parse_address, provider_for_key
from ...providers.errors import ProviderError
from ...providers.manager import ProviderConfig
from ...providers.redact import Secret
from ...ui.chat_pane import ChatPane
from ...ui.first_start import FirstStart, LocalFound
from ...ui.settings.values import KeyState
from ..keys import KeyringTrouble
from ..tasks import TaskScope
from .view_tasks import ViewTasks

if TYPE_CHECKING:
    from ..app import Application

LOOKING = 2.0
"""Seconds for each server: one that is there lists its models at once; what hangs at its port is something else."""
LOOKED_FOR = ("ollama", "lmstudio", "llama_cpp")
"""The servers that are looked for at their usual ports of this computer."""


class FirstStartPresenter(QObject):
    """Shows what is there, and tells what was chosen once its test has passed."""

    provider_chosen = Signal(str, str)
    """A provider and a model, "" for its default."""
    model_wanted = Signal(str)
    """The provider has several models: which one is the user's choice."""

    def __init__(self, pane: ChatPane, app: Application, scope: TaskScope) -> None:
        super().__init__(pane)
        self._app = app
        self._tasks = ViewTasks(pane, scope)
        self._unplaced: Secret | None = None
        """A key that does not say whose it is, until the user has said it."""
        self.page = FirstStart(pane.look)
        self.page.set_local(None, looking=True)
        self.page.key_entered.connect(self._key_entered)
        self.page.owner_chosen.connect(self._owner_chosen)
        self.page.local_chosen.connect(self._local_chosen)
        self.page.variable_chosen.connect(self._variable_chosen)
        self._tasks.start(self._look_around(), name="look for local servers")
        self._tasks.start(self._tell_places(), name="where keys are kept")
        self._show_variable()

    @property
    def _offered(self) -> list[ProviderRow]:
        return [self._app.config(provider_id).row for provider_id in self._app.offered]

    async def _look_around(self) -> None:
        for provider_id in filter(self._app.settings.offers, LOOKED_FOR):
            try:
                async with asyncio.timeout(LOOKING):
                    models = await self._app.providers.models(provider_id)
            except (ProviderError, TimeoutError):
                continue
            if models:
                config = self._app.config(provider_id)
                port = parse_address(config.address).port
                self.page.set_local(LocalFound(config.id, config.row.label, port, models[0].id, len(models)))
                return
        self.page.set_local(None)

    async def _tell_places(self) -> None:
        try:
            place = await self._app.keys.place()
        except KeyringTrouble:
            place = "this session only (no keyring)"
        self.page.set_places(f"Keys: {place}. Chats: not kept yet.")

    def _show_variable(self) -> None:
        for row in self._offered:
            if row.needs_key and self._app.environ.get(row.key_variable):
                self.page.set_variable(row.key_variable, row.id)
                return

    def _key_entered(self, text: str) -> None:
        row = provider_for_key(text)
        if row is None or row.id not in self._app.offered:
            self._unplaced = Secret(text)
            self.page.ask_owner([(each.id, each.label) for each in self._offered if each.needs_key])
            return
        self._tasks.start(self._try_key(row, Secret(text)), name=f"try a key of {row.id}")

    def _owner_chosen(self, provider_id: str) -> None:
        secret, self._unplaced = self._unplaced, None
        if provider_id and secret:
            row = self._app.config(provider_id).row
            self._tasks.start(self._try_key(row, secret), name=f"try a key of {provider_id}")

    async def _try_key(self, row: ProviderRow, secret: Secret) -> None:
        report = await self._tested(row, secret)
        if report is None:
            return
        origin = origin_of(self._app.config(row.id).address)
        try:
            state = KeyState("keyring", await self._app.keys.save(row.id, origin, secret), secret.ending)
        except KeyringTrouble as trouble:
            self._app.keys.keep_for_session(row.id, origin, secret)
            state = KeyState("session", trouble.what, secret.ending)
        self._choose(row, report, state)

    async def _tested(self, row: ProviderRow, secret: Secret | None) -> CheckReport | None:
        """The report of a test that passed; of one that did not, the page says why. `secret` None: the stored one."""
        self.page.key.show_state(KeyState("loading", f"Testing with {row.label}\u2026"))
        config = ProviderConfig(row, self._app.config(row.id).address)
        report = await self._app.providers.check(config, key=secret, on_step=_ignore)
        if report.problem:
            self.page.set_key_result(False, report.problem.title, f"{report.problem.why} {report.problem.next}")
            return None
        return report

    def _choose(self, row: ProviderRow, report: CheckReport, state: KeyState) -> None:
        self.page.set_key_result(True, report.summary, f"{row.label} answers from now on.", state)
        only = report.models[0].id if len(report.models) == 1 else ""
        self.provider_chosen.emit(row.id, only)
        if not only:
            self.model_wanted.emit(row.id)

    def _local_chosen(self, provider_id: str, model: str) -> None:
        if model:
            self.provider_chosen.emit(provider_id, model)
        else:
            self.model_wanted.emit(provider_id)

    def _variable_chosen(self, provider_id: str) -> None:
        row = self._app.config(provider_id).row
        self._tasks.start(self._try_variable(row), name=f"try the variable of {row.id}")

    async def _try_variable(self, row: ProviderRow) -> None:
        report = await self._tested(row, None)
        if report is not None:
            self._choose(row, report, KeyState("environment", row.key_variable))


def _ignore(_: Step) -> None:
    pass
