"""Where the panel's files lie on this system. It makes none of the folders."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

Kind = Literal["config", "cache", "data", "log"]


def own_folder(kind: Kind) -> Path:
    """Relative where there is no home folder: nothing is read or written then."""
    import platformdirs  # late: a pane paints before it is needed

    try:
        return {
            "config": platformdirs.user_config_path,
            "cache": platformdirs.user_cache_path,
            "data": platformdirs.user_data_path,
            "log": platformdirs.user_log_path,
        }[kind]("nuke-ai-panel", appauthor=False)
    except RuntimeError:  # no HOME, and a user whom the system does not know
        return Path()


def home() -> Path:
    """Where a file dialog begins; the folder where the program runs if there is no home."""
    try:
        return Path.home()
    except RuntimeError:
        return Path.cwd()
