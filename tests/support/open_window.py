"""A real window on the test's loop, and ways to see what is in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from memory_keyring import Dictionary
from nuke_ai_panel.panel.app import Application
from nuke_ai_panel.panel.keys import Keyring
from nuke_ai_panel.panel.presenters.pane import PanePresenter
from nuke_ai_panel.panel.settings import ProviderSettings, Settings
from nuke_ai_panel.panel.window import Session
from nuke_ai_panel.ui.chat_pane import ChatPane
from nuke_ai_panel.ui.transcript.message_view import AnswerView
from shiboken6 import delete, isValid


class OpenPane:
    """A pane and what it shows."""

    def __init__(self, pane: ChatPane, app: Application, presenter: PanePresenter) -> None:
        self.pane = pane
        self.app = app
        self.presenter = presenter

    def answer_with(self, url: str, model: str = "tiny") -> None:
        """From now on the server at this address answers."""
        self.app.change_provider("compatible", ProviderSettings(url, model))
        self.presenter.choose("compatible", model)

    def ask(self, question: str) -> AnswerView:
        """Types a question, presses Send, and gives the answer's view."""
        self.pane.composer.set_draft(question)
        self.pane.composer.submit()
        return self.answer

    @property
    def answer(self) -> AnswerView:
        return next(view for view in reversed(self.pane.view.messages) if isinstance(view, AnswerView))


class OpenWindow(OpenPane):
    """A session that has started."""

    def __init__(self, session: Session) -> None:
        assert session.app and session.presenter
        super().__init__(session.window, session.app, session.presenter)
        self.session = session


@asynccontextmanager
async def open_pane(
    *, keyring: Callable[[], Keyring] | None = None, settings: Settings | None = None, **environ: str
) -> AsyncIterator[OpenPane]:
    """A pane as a host has it, with a keyring of the test's; it may be destroyed by the test."""
    app = Application(keyring=keyring or Dictionary(), settings=settings, environ=environ)
    pane = ChatPane()
    pane.show()
    try:
        yield OpenPane(pane, app, PanePresenter(pane, app, app.scope.child("pane")))
    finally:
        left = await app.close()
        if isValid(pane):
            delete(pane)
    assert not left, left


@asynccontextmanager
async def open_window(file: str | None = None) -> AsyncIterator[OpenWindow]:
    """Opens the window as the program does, and quits it; nothing may be left open then."""
    session = Session(file)
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        try:
            await session.started.wait()
            yield OpenWindow(session)
        finally:
            session.quit()
    assert not session.left, session.left


async def until(condition: Callable[[], object], within: float = 5.0) -> float:
    """Lets the loop turn until the condition holds; gives the seconds it took. Fails after `within` seconds."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < within, f"not within {within} s"
        await asyncio.sleep(0.002)  # a spinning loop would take the interpreter from the threads that it waits for
    return time.monotonic() - began
