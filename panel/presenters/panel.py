"""One application and the panes that look at it.

Owns the conversations, which outlive panes, what each pane needs while it lives (a scope, and its presenter), and the
watchdog of the loop.
"""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import cast

from ...ui.chat_pane import ChatPane
from ...ui.transcript.late_imports import import_late
from ..app import Application
from ..closing import Leftover
from ..loop import PanelLoop
from ..loop.watchdog import Stall, Watchdog
from ..settings import Settings
from ..tasks import ScopeClosed, TaskScope
from ..threads import run_blocking
from .conversations import Conversations
from .pane import PanePresenter
from .ways_in import LOADING, WayIn

LEAVING = 15.0
"""Seconds for what a destroyed pane has begun and must be finished: a setting on its way to a slow drive."""


class Panel:
    """Made on the loop's thread, ended by `close`."""

    def __init__(self, settings: Settings, way_in: WayIn) -> None:
        loop = cast(PanelLoop, asyncio.get_running_loop())
        self.app = Application(settings=settings, loop_stats=loop.stats)
        self.app.begin_session(way_in)
        self._watchdog = Watchdog(loop, self._stalled, on_end=self._turned_again)
        self._watchdog.start()
        loop.set_exception_handler(self._callback_failed)
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

    async def close(self) -> Leftover:
        """Ends everything within a second; what did not is told."""
        self._watchdog.close()
        return await self.app.close()

    def _callback_failed(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        """What fails outside of tasks: a callback, a protocol. Python's own way would be a line in a log."""
        message, error = str(context.get("message", "")), context.get("exception")
        if isinstance(error, BaseException):
            self.app.reports.report(error, origin="loop", context={"loop": message})
        else:
            self.app.reports.report(message, origin="loop")

    def _stalled(self, stall: Stall) -> None:
        where = stall.stack[-1] if stall.stack else "an unknown place"
        words = f"Nothing moved on the shared thread, which stood in {where}."
        self.app.reports.report(words, severity="warning", origin="watchdog", trace=stall.stack)

    def _turned_again(self, stall: Stall) -> None:
        words = f"The shared thread moves again after {stall.seconds:.0f} s."
        self.app.reports.report(words, severity="notice", origin="watchdog")

    def _leave(self, scope: TaskScope) -> None:
        with contextlib.suppress(ScopeClosed):  # everything is ending
            self.app.scope.start(self._close(scope), name="close a pane")

    async def _close(self, scope: TaskScope) -> None:
        if left := await scope.close(LEAVING):
            self.app.reports.report(f"Left open by a pane: {', '.join(left)}", origin="panel")
