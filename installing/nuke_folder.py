"""A folder that Nuke reads at start, with what we have in it:

    nuke_ai_panel_site/            one folder, never on `sys.path` itself
        0.1.0-3f0c5d7a9b21/        a release: the panel and the packages it needs, named by version and content
        installed.json             what was not there before us, so that it goes with us
    menu.py                        one marked block, which starts that release

Replacing menu.py is the one step that counts: a release is complete before it, an older one goes after it, and
`settle` brings a folder back in order wherever a run before was stopped.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

from . import lock, note
from .disk import check_writable, discard, let_read, patiently, replace_file, temporary
from .menu_block import SITE, Block, blocks, with_block, without_block
from .note import Note
from .release import NAME, differences, fingerprint, packages, unmet, version_of
from .requirements import HOST_HAS, PANEL
from .target import Target
from .trouble import Trouble

START = "nuke_ai_panel/panel/dock.py"
"""What the block imports."""
STAGING, LOCK = ".new", ".lock"
LITTER = {".DS_Store", "Thumbs.db", "desktop.ini"}
"""Of file managers, in each folder that somebody has looked at."""


class NukeFolder:
    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))
        self.site = self.path / SITE
        menu = self.path / "menu.py"
        self.menu = Path(os.path.realpath(menu)) if menu.is_symlink() else menu
        """A link stays: the file that it leads to is edited."""

    def content(self) -> bytes:
        """Of menu.py; empty if there is none."""
        if self.menu.exists() and not self.menu.is_file():
            raise Trouble(f"{self.menu} is not a file.")
        return self.menu.read_bytes() if self.menu.exists() else b""

    def blocks(self) -> list[Block]:
        return blocks(self.content())

    def edited(self) -> bool:
        return any(block.edited for block in self.blocks())

    def kept(self) -> str:
        """The release before the one that is started."""
        return Note.read(self.site).kept if self.blocks() else ""

    def releases(self) -> list[Path]:
        return [path for path in self._entries() if NAME.fullmatch(path.name)]

    def idle(self) -> list[Path]:
        """Releases that are neither started nor kept."""
        used = {block.release for block in self.blocks()} | {self.kept()}
        return [path for path in self.releases() if path.name not in used]

    def leftovers(self) -> list[Path]:
        """Of a run that was stopped, or is at work."""
        ours = (STAGING, ".old-", f".{note.FILE}.", LOCK)
        return [path for path in self._entries() if path.name.startswith(ours)]

    def _entries(self) -> list[Path]:
        return sorted(self.site.iterdir()) if self.site.is_dir() else []

    def check_writable(self) -> None:
        if os.path.lexists(self.path) and not self.path.is_dir():
            raise Trouble(f"{self.path} is not a folder.")
        if not self.path.exists() and not self.path.parent.is_dir():
            raise Trouble(f"{self.path.parent} is not there. Is the path right?")
        if self.site.is_symlink() or self.site.exists() and not self.site.is_dir():
            raise Trouble(f"{self.site} is in the way: it is not a folder of its own.")
        for path in (self.path, self.site, self.menu.parent, self.menu):
            if path.exists():
                check_writable(path)

    @contextlib.contextmanager
    def alone(self) -> Generator[None]:
        """The time of one installer. It begins in order; a failure ends it in order, as if it had not been."""
        try:
            self._make()
            with lock.alone(self.site / LOCK, self.path):
                self.settle()
                yield
        except BaseException:
            with contextlib.suppress(OSError, Trouble):
                with lock.alone(self.site / LOCK, self.path):
                    self.settle()
                self.leave()
            raise

    def _make(self) -> None:
        if not self.path.exists():
            with self._alone_beside():
                self._make_folder()
        self.site.mkdir(exist_ok=True)
        let_read(self.site, self.path)

    def _make_folder(self) -> None:
        """Where there is no Nuke folder either, it appears with its note inside, so that both go again."""
        staged = self._beside("new")
        try:
            (staged / SITE).mkdir(parents=True)
            Note(made=frozenset({"folder", "menu.py"})).write(staged / SITE)
            if not self.path.exists():  # else another one was first, before we were alone
                os.rename(staged, self.path)
        finally:
            shutil.rmtree(staged, ignore_errors=True)

    def stage(self) -> Path:
        """An empty folder to unpack into."""
        noted = Note.read(self.site)
        replace(noted, made=noted.made | (set() if self.menu.exists() else {"menu.py"})).write(self.site)
        staging = self.site / STAGING
        staging.mkdir()
        return staging

    def add_release(self, staging: Path, target: Target) -> Path:
        """What was unpacked, as a release: the one that is here already if it is whole, else new, under a free name."""
        if wrong := differences(staging) or unmet(staging, target):
            raise Trouble("The packages are not complete: " + "; ".join(finding.text for finding in wrong))
        have = packages(staging)
        if not (staging / START).is_file() or PANEL not in have or HOST_HAS & set(have):
            raise Trouble("The packages must hold the panel, and nothing of Qt.")
        name = f"{version_of(have[PANEL])}-{fingerprint(staging)}"
        if not NAME.fullmatch(name):
            raise Trouble(f"{name} cannot be a version.")
        for release in self.releases():
            if release.name.startswith(name) and not differences(release):
                discard(staging)
                return release
        let_read(staging, self.path)
        names = itertools.chain([name], map(f"{name}-{{}}".format, itertools.count(2)))
        release = next(path for path in map(self.site.joinpath, names) if not os.path.lexists(path))
        patiently(lambda: os.rename(staging, release))
        return release

    def start(self, release: str, target: Target) -> bytes:
        """The step that counts. Returns what menu.py holds then."""
        content = self.content()
        new = with_block(content, release, target)
        if new != content:
            replace_file(self.menu, new)
        return new

    def stop(self) -> None:
        content = self.content()
        rest = without_block(content)
        if rest != content:
            replace_file(self.menu, rest)

    def started_besides(self, release: Path) -> str:
        """What menu.py starts instead of this one, if it is whole; else empty."""
        others = [self.site / block.release for block in self.blocks() if block.release != release.name]
        return next((other.name for other in others if other.is_dir() and not differences(other)), "")

    def keep(self, release: str) -> None:
        """An open Nuke goes on importing from what it has started: one release stays until the next takes its place."""
        if release:
            replace(Note.read(self.site), kept=release).write(self.site)

    def settle(self) -> list[Path]:
        """Removes what is neither started nor kept. Returns what cannot go yet: a program holds it (Windows)."""
        self.sweep_beside()
        temporary(self.menu).unlink(missing_ok=True)
        if "menu.py" in Note.read(self.site).made and not self.content():
            self.menu.unlink(missing_ok=True)
        unused = [*self.leftovers(), *self.idle()]
        return [path for path in unused if path.name != LOCK and not discard(path)]

    def leave(self) -> list[str]:
        """With nothing to start, no trace of us stays. Returns what others put into our folder, which then stays."""
        if self.blocks() or not self.site.is_dir():
            return []
        for path in self._entries():
            if path.name in LITTER:
                path.unlink()
        if foreign := [path.name for path in self._entries() if path.name != note.FILE]:
            return foreign
        if "folder" in Note.read(self.site).made and list(self.path.iterdir()) == [self.site]:
            with self._alone_beside():
                os.rename(self.path, self._beside("old"))
                shutil.rmtree(self._beside("old"))
            return []
        (self.site / note.FILE).unlink(missing_ok=True)
        self.site.rmdir()
        return []

    def sweep_beside(self) -> None:
        """What a run left that was stopped while it made or removed the Nuke folder itself."""
        if any(map(os.path.lexists, map(self._beside, ("new", "old", "lock")))):
            with self._alone_beside():
                pass

    @contextlib.contextmanager
    def _alone_beside(self) -> Generator[None]:
        """To make or remove the Nuke folder itself, which cannot hold its lock then. Begins in order, too."""
        with lock.alone(self._beside("lock"), self.path):
            for path in (self._beside("new"), self._beside("old")):
                if path.is_dir():
                    shutil.rmtree(path)
            yield

    def _beside(self, name: str) -> Path:
        return self.path.with_name(f".{self.path.name}.{SITE}.{name}")
