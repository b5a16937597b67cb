"""A real window on the test's loop, and ways to see what is in it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from nuke_ai_panel.panel.presenters.pane import PanePresenter
from nuke_ai_panel.panel.settings import ProviderSettings
from nuke_ai_panel.panel.window import Session
from nuke_ai_panel.ui.transcript.message_view import AnswerView


class OpenWindow:
    """A session that has started."""

    def __init__(self, session: Session) -> None:
        assert session.app and session.presenter
        self.session = session
        self.app = session.app
        self.pane = session.window
        self.presenter: PanePresenter = session.presenter

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
