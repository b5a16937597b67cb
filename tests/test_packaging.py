"""What is shipped: every folder of the package, nothing else, and little of it before the first paint."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import nuke_ai_panel

ROOT = Path(nuke_ai_panel.__file__).parent
FOLDERS = ("panel", "ui", "providers", "resources", "installing")
HEAVY = ("aiohttp", "keyring", "truststore", "nuke_ai_panel.panel.app", "nuke_ai_panel.providers.http")

PAINT = f"""
import sys
from PySide6.QtWidgets import QApplication
from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.window import Window
application = QApplication([])
loop = PanelLoop(application)
window = Window()
window.show()
window.grab()
print([name for name in {HEAVY} if name in sys.modules])
window.close()
loop.close()
"""


def test_the_package_list_names_every_folder() -> None:
    listed = set(tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    assert listed == {"nuke_ai_panel"} | {"nuke_ai_panel." + ".".join(folder.parts) for folder in folders}


def test_every_folder_says_what_is_in_it() -> None:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert path.read_text().lstrip().startswith(('"""', 'r"""')), path
            assert (path.parent / "__init__.py").exists(), path


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    environ = os.environ | {"QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run([sys.executable, "-c", PAINT], capture_output=True, text=True, env=environ, check=True)
    assert done.stdout.strip() == "[]"
