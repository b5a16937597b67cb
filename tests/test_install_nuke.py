"""`install_nuke.py status`: tells what is there and changes nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from nuke_ai_panel import install_nuke

SCRIPT = Path(install_nuke.__file__)


def test_it_lists_the_users_folder_and_those_of_the_studio(tmp_path: Path) -> None:
    studio = tmp_path / "studio"
    folders = install_nuke.nuke_folders({"NUKE_PATH": f"{studio}{os.pathsep}"}, tmp_path)
    assert folders == [tmp_path / ".nuke", studio]


def test_it_runs_without_the_package_and_says_that_installing_is_not_available(tmp_path: Path) -> None:
    folder = tmp_path / "nuke"
    folder.mkdir()
    (folder / "menu.py").write_text("")
    command = [sys.executable, "-I", str(SCRIPT), "status", "--nuke-dir", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "found, menu.py" in done.stdout and "not available yet" in done.stdout
    assert [file.name for file in folder.iterdir()] == ["menu.py"]
