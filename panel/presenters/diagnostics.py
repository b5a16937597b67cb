"""Connects the diagnostics dialog to what the application says of itself.

Owns when somebody looks: the figures when the dialog asks, which it does while it is visible, and the surroundings when
it is opened or asked to look again. It measures nothing: `panel.diagnosis` does, for the terminal as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from shiboken6 import isValid

from ...providers.manager import ConnectionStats
from ...ui.chat_pane import ChatPane
from ...ui.diagnostics.dialog import DiagnosticsDialog
from ...ui.diagnostics.values import Figures, RecordingFigures
from ...ui.diagnostics.words import counted
from ...ui.settings.values import FieldSpec
from .. import diagnosis, surroundings
from .. import settings as options
from ..recordings import RecordingState
from ..reports import PastSession
from ..tasks import TaskScope
from .bundle import as_text, session_as_text
from .fields import field_of
from .figures import (
    ReportRows,
    connection_sections,
    last_session,
    loop_figures,
    recording_figures,
    scope_rows,
    sink_section,
    system_sections,
    system_words,
)
from .view_tasks import ViewTasks

if TYPE_CHECKING:
    from ..app import Application


CRASHED = "the last session did not end in order"
LOOKED_IN_VAIN = "It failed; the reports say why"


class DiagnosticsPresenter(QObject):
    """Opens the dialog and keeps it true."""

    def __init__(self, pane: ChatPane, app: Application, scope: TaskScope) -> None:
        super().__init__(pane)
        self._pane = pane
        self._app = app
        self._scope = scope
        self._tasks = ViewTasks(pane, scope)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looking: asyncio.Task[None] | None = None
        self._last: PastSession | None = None
        self._rows = ReportRows()
        self.dialog: DiagnosticsDialog | None = None
        pane.header.diagnostics_requested.connect(self._open)
        pane.destroyed.connect(app.recordings.follow(self._recording_changed))
        self._recording_changed(app.recordings.state)
        self._tasks.start(self._offer_crashed(), name="look for crashed sessions")

    def open(self) -> DiagnosticsDialog:
        """Shows the dialog, and looks around once more."""
        if self.dialog is None:
            self.dialog = self._build()
        self._pane.header.warn_of("")
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()
        self._look_around()
        return self.dialog

    def _open(self) -> None:
        self.open()

    async def _offer_crashed(self) -> None:
        if await self._app.adopt_crashed() and self.dialog is None:
            self._pane.header.warn_of(CRASHED)

    def _build(self) -> DiagnosticsDialog:
        dialog = DiagnosticsDialog(self._pane.look, self._pane)
        dialog.figures_wanted.connect(self._show_figures)
        dialog.surroundings_wanted.connect(self._look_around)
        dialog.bundle_wanted.connect(self._copy_bundle)
        dialog.last_session_wanted.connect(self._copy_last_session)
        dialog.level_changed.connect(self._change_level)
        dialog.sink_wanted.connect(self._try_again)
        dialog.recording_wanted.connect(self._record)
        dialog.recordings_wanted.connect(self._show_recordings)
        return dialog

    # What lives now: cheap, so without a task, which would stand in its own list.

    def _show_figures(self) -> None:
        if self.dialog:
            self.dialog.show_figures(self._values(diagnosis.figures(self._app, self._loop)))

    def _values(self, figures: diagnosis.Figures) -> Figures:
        return Figures(
            reports=self._rows.rows(figures.reports),
            scopes=scope_rows(figures.scopes),
            loop=loop_figures(figures.loop),
            connections=connection_sections(figures, self._app.providers.label),
            recording=self._recording(figures.connections),
            sinks=sink_section(figures.sinks, figures.counts),
            stuck=tuple(sink.name for sink in figures.sinks if sink.hurt),
            log_level=self._log_level(),
        )

    def _log_level(self) -> FieldSpec:
        return field_of(self._app.settings, options.LOG_LEVEL)

    def _try_again(self, sink: str) -> None:
        self._app.forwarder.restart(sink)
        self._show_figures()

    # What is around: looked at in the background, one look at a time.

    def _look_around(self) -> None:
        if self.dialog and not self._looking:
            self.dialog.show_looking()
            self._looking = self._tasks.start(self._look(), name="look around")
            self._looking.add_done_callback(self._looked)

    async def _look(self) -> None:
        self._loop = asyncio.get_running_loop()
        around = await surroundings.look_around(self._app)
        self._last = next(iter(self._app.crashed), None) or around.last_session
        if self.dialog:
            self.dialog.show_surroundings(system_sections(around), system_words(around))
            text = session_as_text(self._last, self._app.redactor) if self._last else ""
            self.dialog.show_last_session(last_session(self._last, text))

    def _looked(self, task: asyncio.Task[None]) -> None:
        if isValid(self):
            self._looking = None
            if self.dialog and _failed(task):
                self.dialog.show_system_words("failed", LOOKED_IN_VAIN)

    # What leaves the panel.

    def _copy_bundle(self) -> None:
        if self.dialog:
            self.dialog.set_status("Looking\u2026")
            self._tasks.start(self._copy(), name="copy the bundle").add_done_callback(self._copied)

    async def _copy(self) -> None:
        self._put(as_text(await diagnosis.examine(self._app), self._app.redactor))

    def _copied(self, task: asyncio.Task[None]) -> None:
        if isValid(self) and self.dialog and _failed(task):
            self.dialog.set_status(LOOKED_IN_VAIN)

    def _copy_last_session(self) -> None:
        self._put(session_as_text(self._last, self._app.redactor))

    def _put(self, text: str) -> None:
        QGuiApplication.clipboard().setText(text)
        if self.dialog:
            self.dialog.set_status(f"Copied {counted(text.count(chr(10)) + 1, 'line')}, without keys.")

    # What is recorded: one connection, for all panes.

    def _recording(self, opened: Sequence[ConnectionStats]) -> RecordingFigures:
        """The connection of new questions first, then those that are open, then the one that is recorded already."""
        recordings, names = self._app.recordings, self._names()
        chosen = self._app.settings.get(options.PROVIDER)
        wanted = (chosen, *(stats.name for stats in opened), recordings.state.provider)
        choices = [(each, names[each]) for each in dict.fromkeys(wanted) if each in names]
        return recording_figures(recordings.state, recordings.folder, choices)

    def _names(self) -> dict[str, str]:
        """Of the providers that have a connection, by id."""
        configs = self._app.providers.configs
        return {config.id: config.row.label for config in configs if config.row.format != "offline"}

    def _record(self, provider_id: str) -> None:
        if provider_id:
            self._app.recordings.start(provider_id)
        else:
            self._app.recordings.stop()

    def _recording_changed(self, state: RecordingState) -> None:
        recorded = self._names().get(state.provider, state.provider)
        self._pane.header.show_recording(f"recording {recorded}" if recorded else "")
        self._show_figures()

    def _show_recordings(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._app.recordings.folder)))

    # The log level is in force at once; the file follows.

    def _change_level(self, level: str) -> None:
        self._app.set_log_level(level)
        self._scope.start(self._save(), name="save the log level", on_close="finish")

    async def _save(self) -> None:
        try:
            await self._app.save_settings()
            words = ""
        except OSError as error:
            words = f"The settings could not be saved: {error.strerror or 'the disk does not answer'}."
        if isValid(self) and self.dialog:
            self.dialog.set_status(words)


def _failed(task: asyncio.Task[None]) -> bool:
    return not task.cancelled() and task.exception() is not None
