"""Makes the pictures of the README with the real program, against real servers, so that they stay true.

    QT_SCALE_FACTOR=2 DISPLAY=:99 uv run python docs/make_pictures.py [OUT_DIR] [--script FILE.nk] [--theme dark|light]

Opens the real window on whatever display there is (Xvfb will do), clicks through it, and grabs it: a streamed answer on
a script, the first start, a passed and a failed connection test against llama.cpp's server, the pane at 320 px, the
diagnostics. Then the pane docked in a program like Nuke, and the drawing of the loop.
Without --script it asks about the example in `docs/example.nk`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))

from docked_picture import docked_picture  # noqa: E402
from draw_loop import draw_loop  # noqa: E402
from llama_server import LlamaServer, start  # noqa: E402
from nuke_ai_panel.panel.loop import PanelLoop  # noqa: E402
from nuke_ai_panel.panel.window import Session  # noqa: E402
from nuke_ai_panel.providers.base import Request  # noqa: E402
from nuke_ai_panel.providers.manager import ProviderManager  # noqa: E402
from nuke_ai_panel.providers.messages import StreamEvent  # noqa: E402
from nuke_ai_panel.ui.settings.values import ProviderDraft  # noqa: E402
from nuke_ai_panel.ui.transcript.text_block import TextBlock  # noqa: E402
from PySide6.QtGui import QColor, QFont, QPalette  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402

KEY = "sk-llama-0123456789abcdef"
THEMES = {
    "dark": ("#2b2b2b", "#dcdcdc", "#222222", "#5b9bd8"),
    "light": ("#f3f3f3", "#202020", "#ffffff", "#2a6fc4"),
}


def palette(theme: str) -> QPalette:
    window, text, base, highlight = (QColor(colour) for colour in THEMES[theme])
    made = QPalette(window)
    for role, colour in (
        (QPalette.ColorRole.Window, window),
        (QPalette.ColorRole.WindowText, text),
        (QPalette.ColorRole.Text, text),
        (QPalette.ColorRole.ButtonText, text),
        (QPalette.ColorRole.Base, base),
        (QPalette.ColorRole.Highlight, highlight),
    ):
        made.setColor(role, colour)
    return made


class Photographer:
    """Clicks through one session of the window."""

    def __init__(self, out: Path, server: LlamaServer) -> None:
        self._out = out
        self._server = server

    async def first_start(self, session: Session) -> None:
        page = session.presenter.first_start.page  # pyright: ignore[reportOptionalMemberAccess]
        await until(lambda: "Looking" not in page.local_card.title())
        await self._grab(session.window, "first-start", 400, 720)

    async def conversation(self, session: Session) -> None:
        window = session.window
        await until(lambda: window.composer.draft())
        window.resize(420, 900)
        window.composer.submit()
        await until(lambda: window.view.messages and not window.view.messages[-1].running)
        in_slow_motion(session.app.providers)
        window.composer.set_draft("explain Grade1, please")
        window.composer.submit()
        answer = window.view.messages[-1]
        await until(lambda: len(_on_screen(answer)) > 60)
        self._save(window, "answer")
        await until(lambda: not answer.running)
        await self._grab(window, "pane-320", 320, 900)

    async def diagnostics(self, session: Session) -> None:
        """While an answer is coming, and after something went wrong."""
        window = session.window
        session.app.reports.report(ConnectionResetError("The render farm's licence server closed the connection"))
        window.composer.set_draft("What does this script do?")
        window.composer.submit()
        answer = window.view.messages[-1]
        dialog = session.presenter.diagnostics.open()  # pyright: ignore[reportOptionalMemberAccess]
        dialog.show_page("loop")
        await until(lambda: not answer.running)
        await self._grab(dialog, "diagnostics", 828, 560)
        dialog.close()

    async def connection_tests(self, session: Session) -> None:
        dialog = session.presenter.settings.open("llama_cpp")  # pyright: ignore[reportOptionalMemberAccess]
        page = dialog.page("llama_cpp")
        page.address.setText(self._server.url)
        for name, key in (("test-passed", KEY), ("test-failed", "sk-an-old-key-of-somebody")):
            dialog.test_requested.emit("llama_cpp", ProviderDraft(self._server.url, key, self._server.model))
            await until(lambda: page.test.running)
            await until(lambda: not page.test.running)
            await self._grab(dialog, name, 828, 640)
        dialog.close()

    async def _grab(self, widget: QWidget, name: str, width: int, height: int) -> None:
        widget.resize(width, height)
        await settled()
        self._save(widget, name)

    def _save(self, widget: QWidget, name: str) -> None:
        widget.grab().save(str(self._out / f"{name}.png"))
        print(self._out / f"{name}.png")


def _on_screen(answer: QWidget) -> str:
    return "".join(block.text for block in answer.findChildren(TextBlock) if block.isVisible())


def in_slow_motion(providers: ProviderManager) -> None:
    """The guide answers within a tenth of a second; a picture of a stream needs longer."""
    stream = providers.stream

    @asynccontextmanager
    async def slow(provider_id: str, request: Request) -> AsyncGenerator[AsyncIterator[StreamEvent]]:
        async with stream(provider_id, request) as events:
            yield _paced(events)

    providers.stream = slow


async def _paced(events: AsyncIterator[StreamEvent]) -> AsyncIterator[StreamEvent]:
    async for event in events:
        await asyncio.sleep(0.03)
        yield event


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.005)


async def settled() -> None:
    """Layouts and the collecting of text take some turns of Qt."""
    await asyncio.sleep(0.25)


async def run(photographer: Photographer, *, script: str | None, steps: list[str]) -> None:
    session = Session(script)
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await session.started.wait()
        for step in steps:
            await getattr(photographer, step)(session)
        session.quit()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=HERE / "pictures")
    parser.add_argument("--script", default=str(HERE / "example.nk"))
    parser.add_argument("--theme", choices=THEMES, default="dark")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    home = tempfile.mkdtemp()
    os.environ |= {"HOME": home, "XDG_CONFIG_HOME": home}
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    application.setPalette(palette(arguments.theme))
    font = QFont(application.font())
    font.setPixelSize(12)
    application.setFont(font)
    loop = PanelLoop(application)
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), key=KEY) as server:
        photographer = Photographer(arguments.out, server)
        loop.run_until_complete(run(photographer, script=None, steps=["first_start", "connection_tests"]))
        loop.run_until_complete(run(photographer, script=arguments.script, steps=["conversation", "diagnostics"]))
    loop.close()
    docked_picture(arguments.out / "docked.png")
    draw_loop(arguments.out / "loop.png")


if __name__ == "__main__":
    main()
