"""Puts the panel into a Nuke folder. Standard library only, because it runs before anything is installed.

    python install_nuke.py status [--nuke-dir DIR]

So far it tells which Nuke folders it sees; installing is not available yet.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def nuke_folders(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The folders Nuke reads at start, in its order: the user's own, then those of `NUKE_PATH`."""
    listed = [Path(part) for part in environ.get("NUKE_PATH", "").split(os.pathsep) if part]
    return [home / ".nuke", *listed]


def status(folders: Sequence[Path]) -> list[str]:
    """One line a folder: is it there, does it hold the start files that Nuke runs."""
    lines: list[str] = []
    for folder in folders:
        if not folder.is_dir():
            lines.append(f"{folder}: not there")
            continue
        found = [name for name in ("init.py", "menu.py") if (folder / name).is_file()]
        lines.append(f"{folder}: found, {' and '.join(found) if found else 'no init.py or menu.py'}")
    return lines


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="The panel in Nuke: what is there.")
    parser.add_argument("action", choices=("status",))
    parser.add_argument("--nuke-dir", type=Path, metavar="DIR", help="look at this folder only")
    arguments = parser.parse_args(argv)
    folders = [arguments.nuke_dir] if arguments.nuke_dir else nuke_folders(os.environ, Path.home())
    print("\n".join(status(folders)))
    print("Installing into Nuke is not available yet; run the panel as a desktop program: nuke-ai-panel")
    return 0


if __name__ == "__main__":
    sys.exit(main())
