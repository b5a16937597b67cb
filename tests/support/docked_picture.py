"""A picture of the pane docked in the host harness, beside a viewer, in a process of its own.

    from docked_picture import docked_picture
    docked_picture(Path("docs/pictures/docked.png"))

`QT_SCALE_FACTOR` and `QT_QPA_PLATFORM` or `DISPLAY` are the caller's. By hand: `python docked_picture.py OUT [WIDTH]`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

SCRIPT = Path(__file__).parent.parent.parent / "docs" / "example.nk"
QUESTION = "What does this script do?"


def docked_picture(path: Path, *, width: int = 380) -> None:
    """Writes a PNG. `width` is that of the pane, in px. Raises CalledProcessError."""
    with tempfile.TemporaryDirectory() as home:
        environ = os.environ | {"HOME": home, "XDG_CONFIG_HOME": home, "XDG_STATE_HOME": home}
        subprocess.run([sys.executable, __file__, str(path), str(width)], env=environ, check=True, timeout=60)


def _take(path: str, width: int) -> None:
    from host_harness import NukeLike, ask, is_ready, is_running, load_fakes
    from host_scenery import host_palette
    from nuke_ai_panel.panel import dock
    from PySide6.QtWidgets import QApplication

    app = QApplication(["nuke-like"])
    app.setQuitOnLastWindowClosed(False)
    host_palette(app)
    nuke = load_fakes()
    nuke.scriptOpen(str(SCRIPT))
    from nuke_ai_panel.panel.hosts.nuke import NukeHost

    program = NukeLike(app, nuke)
    program.right.setFixedWidth(width)
    program.show_node_graph(NukeHost().nodes())
    dock.register()

    def script() -> Generator[Callable[[], object], None, None]:
        pane = program.open_pane()
        yield lambda: is_ready(pane)
        ask(pane, QUESTION)
        yield lambda: not is_running(pane)
        ticks = program.neighbour.ticks + 200
        yield lambda: program.neighbour.ticks > ticks  # what is laid out late
        program.window.grab().save(path)

    program.play(script())
    program.close()


if __name__ == "__main__":
    _take(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 380)
