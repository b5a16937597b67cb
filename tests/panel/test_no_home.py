"""An account without a home folder, as farms and containers have it: no HOME, and a user whom the system does not know.

The panel starts, says that nothing is kept, and leaves nothing where it happens to run.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest
from cli_process import STRICT, Done, finish
from nuke_ai_panel.panel.models import ModelCache, ModelList, cache_folder
from nuke_ai_panel.panel.settings import PROVIDER, Settings, load, save, settings_path
from open_window import open_pane, until
from PySide6.QtWidgets import QFileDialog, QLabel

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows does not ask HOME")

NOBODY = """
import pwd, sys
def unknown(user): raise KeyError(user)
pwd.getpwuid = unknown
from nuke_ai_panel.panel.cli import main
sys.exit(main())
"""
"""The command, run by a user whom the system does not know."""


def without_home() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "HOME" and not name.startswith("XDG_")}


async def run_by_nobody(*words: str, folder: Path) -> Done:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *STRICT, "-c", NOBODY, *words, stdout=pipe, stderr=pipe, cwd=folder, env=without_home()
    )
    return await finish(process)


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Here as in `NOBODY`; gives the folder where the program runs."""
    import pwd

    def unknown(user: int) -> None:
        raise KeyError(user)

    for name in set(os.environ) - set(without_home()):
        monkeypatch.delenv(name)
    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("words", [("ask", "hi"), ("providers",), ("models", "offline")])
async def test_a_command_runs_says_that_nothing_is_kept_and_leaves_nothing(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    done = await run_by_nobody(*words, folder=tmp_path)
    assert done.code == 0 and done.out and "Traceback" not in done.err
    assert done.err.count("There is no home folder") == 1
    assert list(tmp_path.iterdir()) == []


async def test_doctor_says_where_there_is_no_folder(tmp_path: Path) -> None:
    done = await run_by_nobody("doctor", folder=tmp_path)
    assert done.code == 0 and "Traceback" not in done.err, done.err
    assert done.out.count("there is no home folder") >= 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["~/shot.nk", "~nobody-of-that-name/shot.nk"])
async def test_a_script_in_the_home_of_nobody_is_missing_in_plain_words(path: str, tmp_path: Path) -> None:
    done = await run_by_nobody("ask", "hi", "--script", path, folder=tmp_path)
    assert done.code == 2 and "Traceback" not in done.err
    assert "There is no such file" in done.err, done.err


def test_settings_are_in_force_and_not_saved(nobody: Path) -> None:
    assert not settings_path().is_absolute()
    settings = load(settings_path())
    assert settings.warnings == ("There is no home folder, so what you set holds until you quit. Set HOME to keep it.",)
    settings.set(PROVIDER, "ollama")
    assert settings.get(PROVIDER) == "ollama"
    with pytest.raises(OSError, match="there is no home folder"):
        save(settings.changes, settings_path())
    assert list(nobody.iterdir()) == []


def test_a_file_of_that_name_where_it_happens_to_run_is_not_taken_for_the_settings(nobody: Path) -> None:
    (nobody / settings_path()).parent.mkdir(parents=True, exist_ok=True)
    (nobody / settings_path()).write_text('[chat]\nprovider = "groq"\n')
    assert load(settings_path()).get(PROVIDER) == Settings().get(PROVIDER)


def test_lists_of_models_are_not_kept(nobody: Path) -> None:
    ModelCache(cache_folder(), str).write(ModelList("ollama", "http://127.0.0.1:11434", 0, ()))
    assert list(nobody.iterdir()) == []


async def test_scripts_are_chosen_from_where_the_program_runs(nobody: Path) -> None:
    async with open_pane() as window:
        window.pane.header.open_requested.emit()
        [dialog] = window.pane.findChildren(QFileDialog)
        assert dialog.directory().absolutePath() == str(nobody)
        dialog.reject()


async def test_the_window_starts_tells_it_and_works(nobody: Path) -> None:
    async with open_pane() as window:
        dialog = window.presenter.settings.open()
        assert "There is no home folder" in dialog._status.text()
        dialog.close()
        window.presenter.choose("ollama", "qwen")
        told = "There is no home folder. What you chose holds until you quit."
        await until(lambda: any(told in label.text() for label in window.pane.view.findChildren(QLabel)))
        assert window.app.settings.get(PROVIDER) == "ollama"
    assert list(nobody.iterdir()) == []
