"""What tests of the installer need: small wheels, a picture of a folder, system calls that fail, and Nuke's start."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

DOCK = """
import json, sys, small_need
PANES = []
def register():
    PANES.append("AI Panel")
    qt = sys.modules.get("PySide6")
    print("registered", json.dumps({"need": small_need.FROM, "qt": qt and qt.__file__}))
"""


def digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


def make_wheel(
    folder: Path,
    name: str,
    files: Mapping[str, str],
    *,
    version: str = "1.0",
    tag: str = "py3-none-any",
    needs: tuple[str, ...] = (),
    record: str | None = None,
) -> Path:
    """A wheel as the packaging standard has it; `record` replaces the list of files by another one."""
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {need}\n" for need in needs)
    whole = {**files, f"{info}/METADATA": metadata, f"{info}/WHEEL": f"Wheel-Version: 1.0\nTag: {tag}\n"}
    rows = [f"{path},{digest(text.encode())},{len(text.encode())}" for path, text in whole.items()]
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for place, text in whole.items():
            archive.writestr(zipfile.ZipInfo(place), text)
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,\n"]) if record is None else record)
    return path


def panel_wheels(folder: Path, version: str = "0.1.0", dock: str = DOCK) -> Path:
    """A stand-in for the panel with one package that it needs, and for a Qt that must stay out."""
    files = {
        "nuke_ai_panel/__init__.py": f"__version__ = {version!r}\n",
        "nuke_ai_panel/panel/__init__.py": "",
        "nuke_ai_panel/panel/dock.py": dock,
    }
    needs = ("PySide6-Essentials>=6.5.3; python_version<'3.12'", "small-need>=1", "elsewhere; sys_platform == 'plan9'")
    make_wheel(folder, "nuke_ai_panel", files, version=version, needs=needs)
    make_wheel(folder, "small_need", {"small_need.py": "FROM = 'the panel'\n", "only_ours.py": "HERE = True\n"})
    make_wheel(folder, "PySide6_Essentials", {"PySide6/__init__.py": "raise ImportError('a second Qt')\n"})
    return folder


def picture(folder: Path) -> dict[str, object]:
    """Everything that lies there: bytes and mode of files, targets of links, folders. Empty if it is not there."""
    found: dict[str, object] = {}
    for path in [folder, *sorted(folder.rglob("*"))] if folder.exists() else []:
        name = path.relative_to(folder).as_posix()
        if path.is_symlink():
            found[name] = os.readlink(path)
        else:
            found[name] = (path.stat().st_mode, path.read_bytes()) if path.is_file() else "folder"
    return found


class Killed(BaseException):
    """The process is gone: nothing may be done any more."""


WRITES = ("mkdir", "rmdir", "rename", "replace", "unlink", "utime", "chmod")
READS = ("open", "scandir", "listdir")


class FailingCalls:
    """Lets the n-th call that touches the disk fail: with an error only that one, else all from there, as if killed.

    To be killed before a call that only reads is to be killed before the next one that writes: those are not counted.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._countdown: int | None = None
        self._error: OSError | None = None
        self.failed: list[str] = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # the slowest, and no test can see it
        for name in WRITES + READS:
            monkeypatch.setattr(os, name, self._wrapped(name, getattr(os, name), lambda _, name=name: name in WRITES))
        opened = self._wrapped("io.open", open, lambda arguments: arguments[1:2] not in ((), ("r",), ("rb",)))
        monkeypatch.setattr("builtins.open", opened)
        monkeypatch.setattr("io.open", opened)

    def _wrapped(self, name: str, call: Callable[..., Any], writes: Callable[[Any], bool]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            if self._countdown is not None and (self._error or writes(args)):
                self._countdown -= 1
                if self._countdown == 0 or (self._countdown < 0 and not self._error):
                    if name == "io.open" and not self._error and not self.failed:
                        call(*args, **kwargs).close()  # the worst moment: the file is empty already
                    self.failed.append(name)
                    raise self._error or Killed()
            return call(*args, **kwargs)

        return wrapper

    @contextlib.contextmanager
    def at(self, number: int, error: OSError | None = None) -> Iterator[None]:
        self._countdown, self._error, self.failed = number, error, []
        try:
            yield
        finally:
            self._countdown = None


START = """
import json, runpy, sys
host, menu = sys.argv[1:]
sys.path[:0] = [host]
import nuke
before = list(sys.path)
names = set(runpy.run_path(menu)) - set(runpy.run_path(host + "/empty.py"))
kept = sys.path[:len(before)] == before
print("after", json.dumps({"names": sorted(names), "added": sys.path[len(before):], "kept": kept}))
"""


NUKESCRIPTS = """
PANELS = []
class panels:
    @staticmethod
    def registerWidgetAsPanel(widget, name, id, create=False):
        PANELS.append((widget, name, id))
"""


def make_host(folder: Path, gui: bool = True) -> Path:
    """A folder with what the host brings: `nuke`, and of `nukescripts` what registers a pane."""
    folder.mkdir()
    (folder / "nuke.py").write_text(f"GUI = {gui}\n")
    (folder / "nukescripts.py").write_text(NUKESCRIPTS)
    (folder / "empty.py").write_text("")
    return folder


def start_nuke(host: Path, menu: Path) -> tuple[str, dict[str, object]]:
    """Runs menu.py in a fresh Python: what it printed, and what it left in its names and in `sys.path`."""
    command = [sys.executable, "-I", "-S", "-c", START, str(host), str(menu)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, encoding="utf-8")
    printed, _, after = done.stdout.rpartition("after ")
    assert done.stderr == ""
    return printed, json.loads(after)
