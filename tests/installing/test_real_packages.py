"""The real panel with its real packages, from this checkout and the package registry, in a host that has Qt only."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from nuke_ai_panel.installing.actions import install, uninstall
from nuke_ai_panel.installing.menu_block import SITE
from nuke_ai_panel.installing.nuke_folder import NukeFolder
from nuke_ai_panel.installing.release import packages
from nuke_ai_panel.installing.status import look
from nuke_ai_panel.installing.target import Target
from nuke_ai_panel.installing.trouble import Trouble
from nuke_folder import make_host, picture, start_nuke

PANE = """
import runpy, sys
runpy.run_path({menu!r})
import nukescripts
from PySide6.QtWidgets import QApplication
application = QApplication([])
((expression, title, name),) = nukescripts.PANELS
pane = eval(expression)()
pane.show()
pane.grab()
import aiohttp, keyring, PySide6
import nuke_ai_panel.panel.app, nuke_ai_panel.panel.window
print(title, *(module.__file__ for module in (PySide6, aiohttp, keyring, nuke_ai_panel.panel.app)), sep="\\n")
"""

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] != (3, 11) or os.name == "nt", reason="a Linux host of Python 3.11"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Installed once for all tests here, with the caches of the machine."""
    folder = tmp_path_factory.mktemp("Jürgen's home") / ".nuke"
    folder.mkdir()
    (folder / "menu.py").write_bytes(b"import nuke\r\nmine = 1\r\n")
    try:
        install(NukeFolder(folder), Target.here(), None)
    except Trouble as trouble:
        if "CI" in os.environ:
            raise
        pytest.skip(str(trouble))
    return folder


@pytest.fixture
def host(tmp_path: Path) -> Path:
    """Qt as Nuke has it: on the path, and nothing else of ours."""
    host = make_host(tmp_path / "host")
    for name in ("PySide6", "shiboken6"):
        spec = find_spec(name)
        assert spec is not None and spec.origin is not None
        (host / name).symlink_to(Path(spec.origin).parent)
    return host


def test_nuke_shows_the_pane_with_its_own_qt_and_our_packages(home: Path, host: Path, monkeypatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    (host / "pane.py").write_text(PANE.format(menu=str(home / "menu.py")))
    printed, after = start_nuke(host, host / "pane.py")
    title, qt, *ours = printed.splitlines()
    (release,) = after["added"]
    assert title == "AI Panel" and qt.startswith(str(host))
    assert len(ours) == 3 and all(file.startswith(release) for file in ours)


def test_the_real_packages_are_whole_without_qt_and_go_without_a_trace(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(home, folder)
    state = look(NukeFolder(folder), Target.here())
    assert state.installed and state.findings == ()
    (release,) = (folder / SITE).glob("*.*-*")
    assert not {"pyside6", "pyside6-essentials", "shiboken6"} & set(packages(release))
    uninstall(NukeFolder(folder))
    names = picture(folder)
    assert names.keys() == {".", "menu.py"} and (folder / "menu.py").read_bytes() == b"import nuke\r\nmine = 1\r\n"
