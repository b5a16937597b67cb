"""Where the packages of a release come from: a folder of wheels, or else what this script lies in and the registry."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

from . import records
from .requirements import PANEL, requirements
from .target import PYTHON, Target
from .trouble import Trouble, dotted
from .wheels import Wheel, choose, unpack

ROOT = Path(__file__).resolve().parent.parent
"""Where `install_nuke.py` lies: a checkout, the installed panel, or a folder that the two were copied to."""
MINUTES = 15
"""Until uv or pip has to be done with one thing."""


def fetch(target: Target, wheels: Path | None, into: Path) -> list[str]:
    """Unpacks all that a release needs. Returns the names of what was left out, because Nuke has its own."""
    if wheels is not None:
        return _from_folder(wheels, target, into)
    _from_registry(target, into)
    return []


def _from_folder(wheels: Path, target: Target, into: Path) -> list[str]:
    chosen, left_out = choose(wheels, target)
    if PANEL not in {wheel.name for wheel in chosen}:
        raise Trouble(f"The panel's own wheel (nuke_ai_panel-....whl) is not in {wheels}.")
    for wheel in chosen:
        unpack(wheel.path, into)
    return left_out


def _from_registry(target: Target, into: Path) -> None:
    """The panel from where this script is, and what it needs from the package registry, with uv or else pip."""
    uv = _uv()
    if not uv and sys.version_info[:2] != PYTHON:
        # pip judges conditions by the Python it runs in, and would leave packages out.
        raise Trouble(f"Install uv, or run this with Python {dotted(PYTHON)}, or give --wheels a folder of wheels.")
    with tempfile.TemporaryDirectory(prefix="nuke-ai-panel-") as folder:
        work = Path(folder)
        own = _own_wheel(work, uv)
        needed = sorted(requirements(own.metadata(), target.markers()).values())
        if uv:
            options = ["--python-version", dotted(PYTHON), "--python-platform", target.uv_platform()]
            options += ["--only-binary", ":all:", "--link-mode", "copy", "--python", sys.executable]
            _run([uv, "pip", "install", "--quiet", "--target", str(into), *options, *needed], work)
            _tidy(into)
        else:
            tags = target.linux_tags() if target.system == "linux" else []
            options = ["--only-binary", ":all:", "--dest", str(work / "wheels"), *(f"--platform={tag}" for tag in tags)]
            _run([sys.executable, "-m", "pip", "download", "--quiet", *options, *needed], work)
            for wheel in choose(work / "wheels", target)[0]:
                unpack(wheel.path, into)
        unpack(own.path, into)


def _uv() -> str | None:
    """Of the search path only: Windows looks into the current folder first, where a download may lie."""
    found = shutil.which("uv")
    return found if found and os.path.isabs(found) else None


def _own_wheel(work: Path, uv: str | None) -> Wheel:
    """Never fetched by its name: whoever registers that name would run in Nuke."""
    if (ROOT / "pyproject.toml").is_file() and (ROOT / "panel" / "dock.py").is_file():
        return _built(work, uv)
    for installed in importlib.metadata.distributions(name=PANEL, path=[str(ROOT.parent)]):
        return _packed(installed, work)
    raise Trouble("The panel is not beside this script. Give --wheels a folder that holds its wheel.")


def _built(work: Path, uv: str | None) -> Wheel:
    """From a copy: building leaves folders behind."""
    source = work / "source"
    unneeded = shutil.ignore_patterns(".*", "build", "dist", "docs", "tests", "__pycache__", "*.egg-info")
    shutil.copytree(ROOT, source, ignore=unneeded)
    if uv:
        _run([uv, "build", "--quiet", "--wheel", "--out-dir", str(work), str(source)], work)
    else:
        _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(work), str(source)], work)
    return Wheel.at(next(work.glob("*.whl")))


def _packed(installed: importlib.metadata.Distribution, work: Path) -> Wheel:
    """A wheel again, from the files that were installed here."""
    extras = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
    info = f"nuke_ai_panel-{installed.version}.dist-info"
    wheel = work / f"nuke_ai_panel-{installed.version}-py3-none-any.whl"
    rows: list[records.Row] = []
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in installed.files or ():
            if ".." not in file.parts and file.name not in extras and file.suffix != ".pyc":
                data = Path(str(file.locate())).read_bytes()
                archive.writestr(file.as_posix(), data)
                rows.append((file.as_posix(), records.digest(data), str(len(data))))
        archive.writestr(f"{info}/RECORD", records.compose(info, rows))
    return Wheel.at(wheel)


def _run(command: Sequence[str], folder: Path) -> None:
    """In a folder of its own, so that no project's settings count; the user's own (an index, a proxy) do."""
    name = "pip" if "pip" in command[:3] and "-m" in command else Path(command[0]).stem
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=MINUTES * 60
        )
    except subprocess.TimeoutExpired:
        raise Trouble(f"{name} was not done after {MINUTES} minutes. Is the package registry reached?") from None
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-3:]) or f"exit code {done.returncode}"
        last = re.sub(r"//[^/\s]+@", "//", last)  # the password of a private registry
        raise Trouble(f"{name} could not fetch the packages: {last}")


def _tidy(into: Path) -> None:
    """As `unpack` leaves it: without uv's commands, lock and notes, and with every RECORD written in one way."""
    shutil.rmtree(into / "bin", ignore_errors=True)
    for note in [into / ".lock", *into.glob("*.dist-info/INSTALLER"), *into.glob("*.dist-info/REQUESTED")]:
        note.unlink(missing_ok=True)
    for record in list(records.records_in(into)):
        rows: list[records.Row] = []
        for name, promised, size in records.read(record):
            path = into / name
            if promised and ".." not in name and path.is_file():
                data = path.read_bytes()
                rows.append((name, records.digest(data) if records.matches(data, promised) else promised, size))
        records.write(record, rows)
