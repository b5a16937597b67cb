"""Connects one whole pane to one application: the conversation, the script, the models, the settings.

Owns which presenters there are and what one of them tells another. The window makes one, and each pane in a host.
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QFileDialog

from ...providers.catalog import GUIDE
from ...providers.errors import Problem
from ...ui.chat_pane import ChatPane
from ...ui.empty_chat import EmptyChat
from .. import settings as options
from ..folders import home
from ..hosts.script import ScriptError
from ..settings import ProviderSettings
from ..tasks import TaskScope
from ..turn import TurnEnded
from .conversation import ConversationPresenter
from .conversations import Conversations
from .diagnostics import DiagnosticsPresenter
from .first_start import FirstStartPresenter
from .models import ModelPresenter
from .settings import SettingsPresenter
from .view_tasks import ViewTasks

if TYPE_CHECKING:
    from ..app import Application

FIRST_QUESTION = "What does this script do?"


class PanePresenter(QObject):
    """Everything that happens in one pane. Its tasks are children of `scope`."""

    def __init__(
        self,
        pane: ChatPane,
        app: Application,
        scope: TaskScope,
        *,
        conversations: Conversations | None = None,
        file: str | None = None,
    ) -> None:
        """`conversations`: those that the panes of one application share; None for a pane that is the only one."""
        super().__init__(pane)
        self._pane = pane
        self._app = app
        self._scope = scope
        self._tasks = ViewTasks(pane, scope)
        self._opening: asyncio.Task[None] | None = None
        self._failed: tuple[str, str] | None = None
        """The provider and model whose last answer failed: a new chat mends nothing."""
        if conversations is None:
            conversations = Conversations(app.chat, app.scope.child("chats"))
        self.conversation = ConversationPresenter(pane, conversations, scope.child("conversation"))
        self.models = ModelPresenter(pane, app, scope.child("models"))
        self.settings = SettingsPresenter(pane, app, scope.child("settings"))
        self.diagnostics = DiagnosticsPresenter(pane, app, scope.child("diagnostics"))
        self.empty: EmptyChat | None = None
        self.first_start: FirstStartPresenter | None = None
        self._connect()
        if app.settings.get(options.PROVIDER) == GUIDE:
            self._offer_choice()
        else:
            self._offer_questions()
        self._show_choice()
        self._show_script()
        pane.header.offer_opening(not app.host.is_live)
        self._set_send_key(app.settings.get(options.SEND_KEY))
        pane.composer.set_blocked("")
        if file:
            self.open_script(Path(file))

    def _connect(self) -> None:
        header, view = self._pane.header, self._pane.view
        self._pane.visibility_changed.connect(self._look_again)
        self._pane.composer.field.focus_changed.connect(self._look_again)
        header.open_requested.connect(self._choose_file)
        header.new_chat_requested.connect(self.new_chat)
        header.settings_requested.connect(self._open_settings)
        view.settings_requested.connect(self._open_settings)
        view.link_activated.connect(_follow)
        self.conversation.turn_ended.connect(self._turn_ended)
        self.models.picked.connect(self.choose)
        self.models.picker.settings_requested.connect(self._open_settings)
        self.settings.provider_chosen.connect(self._provider_chosen)
        self.settings.provider_changed.connect(self._provider_changed)
        self.settings.send_key_changed.connect(self._set_send_key)
        self.settings.save_failed.connect(self._tell_not_saved)

    # Who answers

    def choose(self, provider_id: str, model: str) -> None:
        """From now on this provider and model answer; kept in the settings, which may be somebody else's to decide."""
        settings = self._app.settings
        if provider_id != settings.get(options.PROVIDER) and not settings.set(options.PROVIDER, provider_id):
            decided = _decided(settings.origin(options.PROVIDER).decided_by)
            self.conversation.tell(decided, retry=partial(self.choose, provider_id, model))
            return
        if model and provider_id != GUIDE:
            address = settings.provider(provider_id).address
            self._app.change_provider(provider_id, ProviderSettings(address, model))
        self._failed = None
        self.settings.save()
        self._provider_chosen(provider_id)

    def _provider_chosen(self, provider_id: str) -> None:
        chat = self.conversation.chat
        chat.provider = provider_id
        chat.model = self._app.config(provider_id).model
        self._show_choice()

    def _tell_not_saved(self, problem: Problem) -> None:
        self.conversation.tell(problem, retry=self.settings.save)

    def _provider_changed(self, provider_id: str) -> None:
        self.models.forget(provider_id)
        self._failed = None
        if self.conversation.chat.provider == provider_id:
            self._provider_chosen(provider_id)

    def _show_choice(self) -> None:
        chat = self.conversation.chat
        state = "failed" if (chat.provider, chat.model) == self._failed else "ready"
        name = "Guide" if chat.provider == GUIDE else chat.model or self._app.providers.label(chat.provider)
        self._pane.header.set_model(state, name)
        if self.empty:
            self.empty.set_who(name)
        self.models.set_current(chat.provider, chat.model)

    def _offer_choice(self) -> None:
        self.first_start = FirstStartPresenter(self._pane, self._app, self._scope.child("first start"))
        self.first_start.provider_chosen.connect(self.choose)
        self.first_start.model_wanted.connect(self._want_model)
        self.first_start.page.settings_requested.connect(self._open_settings)
        self._pane.view.set_empty(self.first_start.page)

    def _offer_questions(self) -> None:
        if self.empty is None:
            self.empty = EmptyChat(self._pane.look, self._pane.view)
            self.empty.set_script(self._app.host.title)
            self.empty.open_requested.connect(self._choose_file)
            self.empty.question_chosen.connect(self._put_question)
        self._pane.view.set_empty(self.empty)

    def _want_model(self, _: str) -> None:
        self.models.open()

    def _open_settings(self) -> None:
        self.settings.open(self.conversation.chat.provider)

    # The script

    def open_script(self, path: Path) -> None:
        """Reads the script in the background; the header shows it, or why it cannot be read."""
        self._pane.header.set_script(path.name, "opening\u2026")
        if self._opening is not None:
            self._opening.cancel()  # a slow drive must not put an earlier choice in the place of a later one
        self._opening = self._tasks.start(self._open(path), name="open script")

    async def _open(self, path: Path) -> None:
        try:
            host = await self._app.open_script(path)
        except ScriptError as error:
            self._show_script()
            problem = Problem(error.kind, "error", error.title, error.why, error.next)
            self.conversation.tell(problem, retry=partial(self.open_script, path))
            return
        self.conversation.chat.host = host
        self._show_script()
        if not self._pane.composer.draft():
            self._pane.composer.propose(FIRST_QUESTION)

    def _show_script(self) -> None:
        host = self._app.host
        detail = ""
        if not host.is_live and host.kind != "none":  # in Nuke they change with every click, and counting takes a while
            count = len(host.nodes())
            detail = "1 node" if count == 1 else f"{count:,} nodes"
        self._pane.header.set_script(host.title, detail)
        self._pane.composer.set_subject(host.title)
        if self.empty:
            self.empty.set_script(host.title)

    def _look_again(self, looked_at: bool) -> None:
        """The artist may have saved the script under another name, or opened another one."""
        if looked_at and self._app.host.is_live:
            self._show_script()

    def _choose_file(self) -> None:
        dialog = QFileDialog(self._pane, "Open a Nuke script", str(home()))
        dialog.setNameFilters(["Nuke scripts (*.nk *.gizmo *.autosave)", "All files (*)"])
        dialog.fileSelected.connect(self._file_chosen)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _file_chosen(self, path: str) -> None:
        self.open_script(Path(path))

    # The conversation

    def _set_send_key(self, key: str) -> None:
        self._pane.composer.set_send_key("ctrl+enter" if key == "ctrl+enter" else "enter")

    def new_chat(self) -> None:
        self.conversation.replace()
        provider_id = self._app.settings.get(options.PROVIDER)
        if provider_id != GUIDE:
            self._offer_questions()
        self._provider_chosen(provider_id)

    def _put_question(self, question: str) -> None:
        self._pane.composer.set_draft(question)
        self._pane.composer.field.setFocus(Qt.FocusReason.OtherFocusReason)

    def _turn_ended(self, ended: TurnEnded) -> None:
        chat = self.conversation.chat
        self._failed = (chat.provider, chat.model) if ended.state == "failed" else None
        self._show_choice()
        self._look_again(True)


def _decided(by: str) -> Problem:
    return Problem("setting_locked", "notice", "Who answers is not yours to choose here", by, "Ask whoever set it.")


def _follow(url: str) -> None:
    QDesktopServices.openUrl(QUrl(url))
