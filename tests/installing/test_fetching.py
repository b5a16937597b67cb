"""Packages from this checkout and the registry, by a `uv` that knows small packages only."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from nuke_ai_panel import install_nuke
from nuke_ai_panel.installing import fetching
from nuke_ai_panel.installing.menu_block import SITE
from nuke_ai_panel.installing.wheels import unpack
from nuke_folder import panel_wheels

UV = """#!{python}
import json, pathlib, shutil, sys
arguments = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps(arguments) + "\\n")
if "offline" in {log!r}:
    sys.exit("error: no such host")
if arguments[0] == "build":
    shutil.copy({wheel!r}, arguments[arguments.index("--out-dir") + 1])
else:
    site = pathlib.Path(arguments[arguments.index("--target") + 1])
    with __import__("zipfile").ZipFile({need!r}) as archive:
        archive.extractall(site)
    (site / "bin").mkdir()
    (site / "bin" / "run").touch()
    (site / ".lock").touch()
    (site / "small_need-1.0.dist-info" / "INSTALLER").write_text("uv")
"""


@pytest.fixture
def stand_in_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """The log of a `uv` that knows the small packages only."""
    wheels, commands = panel_wheels(tmp_path / "wheels"), tmp_path / "bin"
    log = tmp_path / getattr(request, "param", "uv.log")
    panel, need = (str(next(wheels.glob(name))) for name in ("nuke_ai_panel*", "small_need*"))
    commands.mkdir()
    (commands / "uv").write_text(UV.format(python=sys.executable, log=str(log), wheel=panel, need=need))
    (commands / "uv").chmod(0o755)
    monkeypatch.setenv("PATH", str(commands) + os.pathsep + os.environ["PATH"])
    return log


@pytest.mark.skipif(os.name == "nt", reason="a script as a command")
def test_without_a_folder_of_wheels_uv_fetches_what_the_panel_needs(tmp_path: Path, stand_in_uv: Path, capsys) -> None:
    folder = tmp_path / ".nuke"
    assert install_nuke.main(["install", "--nuke-dir", str(folder)]) == 0, capsys.readouterr().err
    log = stand_in_uv.read_text()
    assert '"--python-version", "3.11"' in log and '":all:"' in log and '"small-need>=1"]' in log
    assert "PySide6" not in log and '"nuke-ai-panel' not in log
    (release,) = (folder / SITE).glob("0.1.0-*")
    assert {path.name for path in release.iterdir() if path.is_dir()} == {
        "nuke_ai_panel",
        "nuke_ai_panel-0.1.0.dist-info",
        "small_need-1.0.dist-info",
    }
    assert install_nuke.main(["status", "--nuke-dir", str(folder)]) == 0


@pytest.mark.skipif(os.name == "nt", reason="a script as a command")
@pytest.mark.parametrize("stand_in_uv", ["offline.log"], indirect=True)
def test_a_registry_that_is_not_reached_is_told_and_nothing_is_left(tmp_path: Path, stand_in_uv: Path, capsys) -> None:
    assert install_nuke.main(["install", "--nuke-dir", str(tmp_path / ".nuke")]) == 1
    assert "uv could not fetch the packages: error: no such host" in capsys.readouterr().err
    assert not (tmp_path / ".nuke").exists()


@pytest.mark.skipif(os.name == "nt", reason="a script as a command")
def test_a_panel_that_is_installed_beside_the_script_is_put_in_as_it_is(tmp_path: Path, stand_in_uv: Path, monkeypatch):
    """Its name is never asked for at a registry: whoever registers it would run in Nuke."""
    (site := tmp_path / "site").mkdir()
    unpack(next((tmp_path / "wheels").glob("nuke_ai_panel*")), site)
    monkeypatch.setattr(fetching, "ROOT", site / "nuke_ai_panel")
    folder = tmp_path / ".nuke"
    assert install_nuke.main(["install", "--nuke-dir", str(folder)]) == 0
    (release,) = (folder / SITE).glob("0.1.0-*")
    assert (release / "nuke_ai_panel/panel/dock.py").read_bytes() == (site / "nuke_ai_panel/panel/dock.py").read_bytes()
    assert "build" not in stand_in_uv.read_text() and "nuke-ai-panel==" not in stand_in_uv.read_text()


@pytest.mark.parametrize("project", [False, True], ids=["alone", "into another project"])
def test_copied_away_it_asks_for_wheels_and_builds_nothing(tmp_path: Path, project: bool, monkeypatch, capsys) -> None:
    if project:
        (tmp_path / "pyproject.toml").write_text("[project]\nname = 'pipeline'\n")
    monkeypatch.setattr(fetching, "ROOT", tmp_path)
    monkeypatch.setattr("shutil.which", lambda _: "/bin/uv")
    assert install_nuke.main(["install", "--nuke-dir", str(tmp_path / ".nuke")]) == 1
    assert "Give --wheels a folder that holds its wheel" in capsys.readouterr().err
    assert not (tmp_path / ".nuke").exists()


def test_a_uv_in_the_current_folder_is_not_run(tmp_path: Path, monkeypatch, capsys) -> None:
    """Windows looks there first, and there may be what somebody has downloaded."""
    monkeypatch.setattr("shutil.which", lambda _: ".\\uv.EXE")
    monkeypatch.setattr("sys.version_info", (3, 12, 1))
    assert install_nuke.main(["install", "--nuke-dir", str(tmp_path / ".nuke")]) == 1
    assert "Install uv, or run this with Python 3.11" in capsys.readouterr().err


@pytest.mark.skipif(os.name == "nt", reason="a script as a command")
def test_the_password_of_a_private_registry_is_not_shown(tmp_path: Path, stand_in_uv: Path, capsys) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.write_text(f"#!{sys.executable}\nimport sys\nsys.exit('no answer: https://td:p@ss@wheels.example/simple/')\n")
    assert install_nuke.main(["install", "--nuke-dir", str(tmp_path / ".nuke")]) == 1
    assert capsys.readouterr().err.endswith("no answer: https://wheels.example/simple/\n")


@pytest.mark.skipif(os.name == "nt", reason="a script as a command")
def test_a_registry_that_never_answers_is_given_up(tmp_path: Path, stand_in_uv: Path, monkeypatch, capsys) -> None:
    uv = tmp_path / "bin" / "uv"
    uv.write_text(f"#!{sys.executable}\nimport signal\nsignal.pause()\n")
    monkeypatch.setattr(fetching, "MINUTES", 0.001)
    assert install_nuke.main(["install", "--nuke-dir", str(tmp_path / ".nuke")]) == 1
    assert "Is the package registry reached?" in capsys.readouterr().err and not (tmp_path / ".nuke").exists()
