"""What is in a Nuke folder, and what is wrong with it. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .menu_block import Block, own_error
from .nuke_folder import NukeFolder
from .release import Contents, Finding, differences, unmet
from .target import Target
from .trouble import Trouble, why


@dataclass(frozen=True)
class Status:
    folder: NukeFolder
    installed: bool
    contents: Contents | None
    """Of the release that is started; None if there is none, or it is not there."""
    findings: tuple[Finding, ...]


def look(folder: NukeFolder, target: Target) -> Status:
    started: list[Block] = []
    try:
        started = folder.blocks()
        findings = [*_about_menu(folder, started), *_about_site(folder)]
        contents = None
        for name in sorted({block.release for block in started}):
            release = folder.site / name
            if release.is_dir():
                contents = Contents.of(release)
                findings += [*differences(release), *unmet(release, target)]
            else:
                findings.append(Finding("missing", f"menu.py starts {name}, and that folder is not there"))
        return Status(folder, bool(started), contents, tuple(findings))
    except (Trouble, OSError) as error:
        kind = "menu.py" if isinstance(error, Trouble) else "unreadable"
        return Status(folder, bool(started), None, (Finding(kind, why(error)),))


def _about_menu(folder: NukeFolder, started: Sequence[Block]) -> Iterator[Finding]:
    if any(block.edited for block in started):
        yield Finding("edited", "our lines in menu.py were edited by hand")
    if len(started) > 1:
        yield Finding("twice", "menu.py starts the panel more than once")
    if started and (error := own_error(folder.content())):
        yield Finding("menu.py", unreadable(error))


def unreadable(error: str) -> str:
    return f"menu.py has an error of its own, and Nuke stops there: {error}"


def _about_site(folder: NukeFolder) -> Iterator[Finding]:
    for path in folder.leftovers():
        yield Finding("leftover", f"of a run that was stopped, or is at work: {path.name}")
    for path in folder.idle():
        yield Finding("idle", f"not started by menu.py: {path.name}")
