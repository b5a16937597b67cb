"""All layers from where they lie: the studio's file, the user's file, the environment."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from ...providers.catalog import ProviderRow
from ..folders import own_folder
from .changes import Change, apply
from .declared import SETTINGS, with_services
from .file import NO_TOML, Table, change_file, read_table, set_aside
from .layers import Settings
from .setting import Unusable
from .studio import read_studio

PACKAGE = Path(__file__).resolve().parents[2]


def settings_path() -> Path:
    """Where the user's file is. Relative where there is no home folder."""
    return own_folder("config") / "settings.toml"


def load(path: Path, environ: Mapping[str, str] = os.environ) -> Settings:
    """What is in force. Whatever cannot be read is told in the warnings, once; a file that is no TOML is kept."""
    studio = read_studio(environ, PACKAGE)
    values, about_file = _read(path)
    own = Settings(values, studio=studio).own_services
    environment, about_environment = read_environment(environ, own)
    settings = Settings(values, studio=studio, environment=environment)
    settings.warnings = (*studio.warnings, *about_file, *settings.damaged(), *about_environment)
    return settings


def save(changes: Iterable[Change], path: Path) -> None:
    """Puts changes into the file, which may be another one than was loaded. Raises OSError."""

    def put(values: Table) -> None:
        for change in changes:
            apply(values, change)

    change_file(path, put)


def read_environment(
    environ: Mapping[str, str], own: Mapping[str, ProviderRow]
) -> tuple[dict[str, object], tuple[str, ...]]:
    """The values that can be used, by the ids of their settings, and what to tell of the others. `own`: services."""
    values: dict[str, object] = {}
    warnings: list[str] = []
    for setting in SETTINGS:
        words = environ.get(setting.variable, "").strip()
        if not words:
            continue
        try:
            values[setting.id] = with_services(setting, own).parse(words)
        except Unusable as why:
            warnings.append(f"The variable {setting.variable} counts as not set. {why}")
    return values, tuple(warnings)


def _read(path: Path) -> tuple[Table, tuple[str, ...]]:
    if not path.is_absolute():
        return {}, ("There is no home folder, so what you set holds until you quit. Set HOME to keep it.",)
    try:
        return read_table(path), ()
    except OSError as error:
        return {}, (f"Your settings could not be read ({error.strerror}).",)
    except NO_TOML:
        return {}, (_kept(path),)


def _kept(path: Path) -> str:
    try:
        kept = set_aside(path)
    except OSError as error:
        return f"Your settings are damaged and could not be moved aside ({error.strerror})."
    return f"Your settings were damaged. They are kept as {kept.name}; nothing of them is in force."
