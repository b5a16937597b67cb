"""Makes the pictures of the README with the real program, against real servers, so that they stay true.

    QT_SCALE_FACTOR=2 DISPLAY=:99 uv run python docs/make_pictures.py [OUT_DIR] [--script FILE.nk] [--theme dark|light]
    ... docs/make_pictures.py OUT_DIR --settings

Opens the real window on whatever display there is (Xvfb will do), clicks through it, and grabs it: a streamed answer on
a script, the first start, the settings, a passed and a failed connection test against llama.cpp's server, the pane at
320 px, the diagnostics. Then the pane docked in a program like Nuke, and the drawing of the loop.
Without --script it asks about the example in `docs/example.nk`. With --settings it makes instead every state of the
settings dialog, wide and at 320 px: for whoever changes the look, not for the README.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "support"))

from camera import Camera, until  # noqa: E402
from docked_picture import docked_picture  # noqa: E402
from draw_loop import draw_loop  # noqa: E402
from llama_server import LlamaServer, start  # noqa: E402
from nuke_ai_panel.panel.loop import PanelLoop  # noqa: E402
from nuke_ai_panel.panel.window import Session  # noqa: E402
from nuke_ai_panel.providers.base import Request  # noqa: E402
from nuke_ai_panel.providers.manager import ProviderManager  # noqa: E402
from nuke_ai_panel.providers.messages import StreamEvent  # noqa: E402
from nuke_ai_panel.ui.transcript.text_block import TextBlock  # noqa: E402
from PySide6.QtGui import QColor, QFont, QPalette  # noqa: E402
from PySide6.QtWidgets import QApplication, QWidget  # noqa: E402
from secret_service import running  # noqa: E402
from settings_pictures import SettingsPictures, decided_by_a_studio  # noqa: E402

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

    def __init__(self, camera: Camera) -> None:
        self._camera = camera

    async def first_start(self, session: Session) -> None:
        page = session.presenter.first_start.page  # pyright: ignore[reportOptionalMemberAccess]
        await until(lambda: "Looking" not in page.local_card.title())
        await self._camera.take(session.window, "first-start", 400, 720)

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
        self._camera.save(window, "answer")
        await until(lambda: not answer.running)
        await self._camera.take(window, "pane-320", 320, 900)

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
        await self._camera.take(dialog, "diagnostics", 828, 560)
        dialog.close()


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


async def visit(*visits: Callable[[Session], Awaitable[None]], script: str | None = None) -> None:
    """One session of the window, from its start to its end."""
    session = Session(script)
    async with asyncio.TaskGroup() as group:
        group.create_task(session.run())
        await session.started.wait()
        for each in visits:
            await each(session)
        session.quit()


def settings_pictures(loop: PanelLoop, camera: Camera, server: LlamaServer) -> None:
    settings = SettingsPictures(camera, server)
    with tempfile.TemporaryDirectory() as home, running(Path(home)):
        loop.run_until_complete(visit(settings.connection_tests, settings.keys, settings.search, settings.own_service))
    with tempfile.TemporaryDirectory() as folder, decided_by_a_studio(Path(folder)):
        loop.run_until_complete(visit(settings.locked))
    loop.run_until_complete(visit(settings.models, settings.countdown))


def all_pictures(loop: PanelLoop, camera: Camera, server: LlamaServer, script: str) -> None:
    photographer, settings = Photographer(camera), SettingsPictures(camera, server)
    loop.run_until_complete(visit(photographer.first_start, settings.connection_tests))
    loop.run_until_complete(visit(photographer.conversation, photographer.diagnostics, script=script))
    loop.run_until_complete(visit(settings.models))  # the last: from then on a service is chosen


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", nargs="?", type=Path, default=HERE / "pictures")
    parser.add_argument("--script", default=str(HERE / "example.nk"))
    parser.add_argument("--theme", choices=THEMES, default="dark")
    parser.add_argument("--settings", action="store_true", help="every state of the settings dialog, and nothing else")
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
    camera = Camera(arguments.out, everything=arguments.settings)
    with tempfile.TemporaryDirectory() as folder, start(Path(folder), key=KEY) as server:
        if arguments.settings:
            settings_pictures(loop, camera, server)
        else:
            all_pictures(loop, camera, server, arguments.script)
    loop.close()
    if not arguments.settings:
        docked_picture(arguments.out / "docked.png")
        draw_loop(arguments.out / "loop.png")


if __name__ == "__main__":
    main()
