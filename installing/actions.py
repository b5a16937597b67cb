"""Install and uninstall: which step follows which. What they return is put in words by `install_nuke.py`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from . import fetching
from .menu_block import own_error
from .nuke_folder import NukeFolder
from .release import Contents
from .target import Target
from .trouble import Trouble, why


@dataclass(frozen=True)
class Installed:
    contents: Contents
    edited: bool
    """Our lines had been edited by hand."""
    kept: str
    """The release before, for a Nuke that is open; empty if there is none."""
    in_use: list[Path]
    """What could not be removed."""
    left_out: list[str]
    """Packages that Nuke has its own of."""
    menu_error: str
    """Why Nuke's Python cannot read menu.py; empty if it can."""
    untidy: str
    """Why the work was done, and was not cleared up after; empty if it was."""


def install(folder: NukeFolder, target: Target, wheels: Path | None) -> Installed:
    """From a folder of wheels, else from the checkout and the registry. Where it fails, all is as it was before."""
    folder.check_writable()
    edited = folder.edited()
    with folder.alone():
        staging = folder.stage()
        left_out = fetching.fetch(target, wheels, staging)
        release = folder.add_release(staging, target)
        contents = Contents.of(release)
        before = folder.started_besides(release)
        new = folder.start(release.name, target)
        # Nuke starts it from here on: what goes wrong now is for the next run.
        in_use, untidy = list[Path](), ""
        try:
            folder.keep(before)
            in_use = folder.settle()
        except (OSError, Trouble) as error:
            untidy = why(error)
    return Installed(contents, edited, before, in_use, left_out, own_error(new), untidy)


@dataclass(frozen=True)
class Removed:
    anything: bool
    """Something was there to be removed."""
    edited: bool = False
    in_use: tuple[Path, ...] = ()
    foreign: tuple[str, ...] = ()
    """Files of others in our folder, for which it stays."""


def uninstall(folder: NukeFolder) -> Removed:
    if not folder.blocks() and not folder.site.exists():
        folder.sweep_beside()
        return Removed(anything=False)
    folder.check_writable()
    edited = folder.edited()
    with folder.alone():
        folder.stop()
        in_use = folder.settle()
    return Removed(True, edited, tuple(in_use), () if in_use else tuple(folder.leave()))
