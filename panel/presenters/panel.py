"""One application and the panes that look at it.

Owns the conversations, which outlive panes, and what each pane needs while it lives: a scope, and its presenter.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import cast

from ...ui.chat_pane import ChatPane
from ...ui.transcript.late_imports import import_late
from ..app import Application
from ..loop import PanelLoop
from ..settings import Settings
from ..tasks import ScopeClosed, TaskScope
from ..threads import run_blocking
from .conversations import Conversations
from .pane import PanePresenter
from .starting import LOADING

LEAVING = 15.0
"""Seconds for what a destroyed pane has begun and must be finished: a setting on its way to a slow drive."""


class Panel:
    """Made on the loop's thread. It is closed by closing its `app`."""

    def __init__(self, settings: Settings) -> None:
        loop = cast(PanelLoop, asyncio.get_running_loop())
        self.app = Application(settings=settings, loop_stats=loop.stats)
        self._conversations = Conversations(self.app.chat, self.app.scope.child("chats"))

    def present(self, pane: ChatPane, *, file: str | None = None) -> PanePresenter:
        """Brings a pane to life, with the conversation that was left last. It ends with the pane."""
        scope = self.app.scope.child("pane")
        pane.destroyed.connect(partial(self._leave, scope))
        return PanePresenter(pane, self.app, scope, conversations=self._conversations, file=file)

    def warm_up(self) -> None:
        """What the first question needs; without it, that one waits for it, or says by itself why it fails."""
        self.app.scope.start(self.app.providers.prepare(), name="import the network parts")
        self.app.scope.start(run_blocking(import_late, deadline=LOADING), name="import the text parts")

    def _leave(self, scope: TaskScope) -> None:
        with contextlib.suppress(ScopeClosed):  # everything is ending
            self.app.scope.start(self._close(scope), name="close a pane")

    async def _close(self, scope: TaskScope) -> None:
        await scope.close(LEAVING)
