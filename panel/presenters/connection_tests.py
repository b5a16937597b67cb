"""Connects the tests of the settings dialog to the providers, and does what their verdicts offer.

Owns the tests and downloads that run, one a provider, and what was last found out about each. It decides nothing about
the network: `ProviderManager.check` does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices
from shiboken6 import isValid

from ...providers.base import Step
from ...providers.catalog import ProviderRow
from ...providers.checks.report import report_text
from ...providers.errors import Problem, ProviderError, problem
from ...providers.manager import ProviderConfig
from ...providers.messages import Progress
from ...providers.redact import Secret
from ...ui.settings.dialog import SettingsDialog
from ...ui.settings.values import ProviderDraft, ProviderState, StepRow, TestVerdict
from .. import settings as options
from ..settings import AnySetting
from ..tasks import TaskScope
from .view_tasks import ViewTasks
from .ways_out import ways_out
from .words import cancelled, failed, first_state, found_out, passed, progress_words, step_row

if TYPE_CHECKING:
    from ..app import Application

_FIELDS: dict[str, AnySetting] = {
    "open_network": options.PROXY,
    "open_certificates": options.CA_FILE,
    "open_limits": options.CONNECT,
}
"""Which setting a button goes to."""


class ConnectionTests(QObject):
    """Tests what is on a page, on the shared loop, beside any number of others.

    `fixed_of`: which of a provider's "address", "model" and "key" are not the user's to change.
    """

    def __init__(
        self,
        dialog: SettingsDialog,
        app: Application,
        scope: TaskScope,
        *,
        fixed_of: Callable[[ProviderRow], Collection[str]],
    ) -> None:
        super().__init__(dialog)
        self._dialog = dialog
        self._app = app
        self._fixed_of = fixed_of
        self._tasks = ViewTasks(dialog, scope)
        self._running: dict[str, asyncio.Task[None]] = {}
        self._found_out: dict[str, tuple[ProviderState, str]] = {}
        self._models: dict[str, tuple[str, ...]] = {}
        self._tested: dict[str, str] = {}
        """The model of each provider's last test."""
        dialog.test_requested.connect(self._test)
        dialog.test_cancelled.connect(self._cancel)
        dialog.action_requested.connect(self._act)

    def state(self, config: ProviderConfig) -> tuple[ProviderState, str]:
        """What is known of a provider, and two or three words of it."""
        return self._found_out.get(config.id) or first_state(config)

    def models(self, provider_id: str) -> tuple[str, ...]:
        """What it listed last."""
        return self._models.get(provider_id, ())

    def know(self, provider_id: str) -> bool:
        """Whether a test has found something out, or is about to."""
        return provider_id in self._found_out or provider_id in self._running

    def forget(self, provider_id: str) -> None:
        """What a test found was true of another address or key."""
        self._found_out.pop(provider_id, None)
        self._models.pop(provider_id, None)

    def drop(self, provider_id: str) -> None:
        """It is not there any more: nothing is tested, and nothing is shown of it."""
        self._cancel(provider_id)
        self.forget(provider_id)

    def _test(self, provider_id: str, draft: ProviderDraft) -> None:
        self._cancel(provider_id)
        self._tested[provider_id] = draft.model
        self._begin_test(provider_id)
        self._start(provider_id, self._run_test(provider_id, draft), f"test {provider_id}")

    def _download(self, provider_id: str, draft: ProviderDraft) -> None:
        model = self._tested[provider_id]
        self._cancel(provider_id)
        self._dialog.start_download(provider_id, f"Downloading {model}\u2026")
        self._dialog.set_state(provider_id, "busy", "Downloading")
        self._start(provider_id, self._run_download(provider_id, model, draft), f"download {model}")

    def _start(self, provider_id: str, work: Coroutine[None, None, None], name: str) -> None:
        task = self._tasks.start(work, name=name)
        self._running[provider_id] = task
        task.add_done_callback(partial(self._over, provider_id))

    def _begin_test(self, provider_id: str) -> None:
        self._dialog.start_test(provider_id)
        self._dialog.set_state(provider_id, "busy", "Testing")

    async def _run_test(self, provider_id: str, draft: ProviderDraft) -> None:
        config = ProviderConfig(self._row(provider_id), draft.address)
        report = await self._app.providers.check(
            config,
            key=Secret(draft.key) if draft.key else None,
            model=draft.model,
            on_step=partial(self._show_step, provider_id),
            on_next=partial(self._show_next, provider_id),
            spend=draft.ask,
        )
        self._show_state(provider_id, *found_out(report))
        for step in report.steps:
            if step.ok is None:
                self._show_step(provider_id, step)
        told = report_text(report, self._app.redactor)
        if report.problem:
            verdict = self._failed(provider_id, report.problem, report.summary, told)
        else:
            verdict = passed(report, told, can_ask=bool(draft.model or report.models))
        self._dialog.end_test(provider_id, verdict)
        if report.models:
            self._models[provider_id] = tuple(model.id for model in report.models)
            self._dialog.show_models(provider_id, self._models[provider_id])

    async def _run_download(self, provider_id: str, model: str, draft: ProviderDraft) -> None:
        """To the server's end of it; then its list is another one, and the test is worth another try."""
        try:
            async with self._app.providers.pull(provider_id, model) as download:
                async for event in download:
                    if isinstance(event, Progress):
                        self._dialog.show_progress(provider_id, progress_words(event, model), event.fraction)
        except ProviderError as error:
            self._dialog.end_test(provider_id, self._failed(provider_id, error.problem))
            self._show_state(provider_id, "failed", "Not downloaded")
            return
        with suppress(ProviderError):
            await self._app.models.asked(provider_id)
        self._begin_test(provider_id)
        await self._run_test(provider_id, draft)

    def _failed(self, provider_id: str, problem: Problem, summary: str = "", report: str = "") -> TestVerdict:
        row = self._row(provider_id)
        return failed(problem, ways_out(problem, row, fixed=self._fixed_of(row)), summary, report)

    def _show_step(self, provider_id: str, step: Step) -> None:
        self._dialog.show_step(provider_id, step_row(step))

    def _show_next(self, provider_id: str, name: str) -> None:
        self._dialog.show_step(provider_id, StepRow(name, "run"))

    def _show_state(self, provider_id: str, state: ProviderState, words: str) -> None:
        self._found_out[provider_id] = (state, words)
        self._dialog.set_state(provider_id, state, words)

    def _cancel(self, provider_id: str) -> None:
        if task := self._running.pop(provider_id, None):
            task.cancel()

    def _over(self, provider_id: str, task: asyncio.Task[None]) -> None:
        if self._running.get(provider_id) is task:
            del self._running[provider_id]
        if not isValid(self) or provider_id in self._running or provider_id not in self._app.settings.services:
            return
        if task.cancelled():
            self._dialog.end_test(provider_id, cancelled())
            self._dialog.set_state(provider_id, *self.state(self._app.config(provider_id)))
        elif task.exception():  # a fault of our own: its scope reports it
            broken = problem("unknown", name="The panel", reason="It has a fault of its own.")
            self._dialog.end_test(provider_id, failed(broken, ("retry",)))
            self._show_state(provider_id, "failed", "Test failed")

    def _act(self, provider_id: str, action: str, draft: ProviderDraft) -> None:
        """What a verdict has offered and its page cannot do."""
        match action:
            case "download":
                self._download(provider_id, draft)
            case "open_key_page":
                QDesktopServices.openUrl(QUrl(self._row(provider_id).key_page))
            case "open_billing_page":
                QDesktopServices.openUrl(QUrl(self._row(provider_id).billing_page))
            case _:
                self._dialog.go_to_field(_FIELDS[action].id)

    def _row(self, provider_id: str) -> ProviderRow:
        return self._app.config(provider_id).row
