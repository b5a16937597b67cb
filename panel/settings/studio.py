"""What the studio decides for everybody: a TOML file of the same shape as a user's, and a list of what it locks.

    [network]
    proxy = "manual"
    proxy_address = "http://proxy.studio.lan:3128"

    [providers.ollama]
    address = "http://render-ai.studio.lan:11434"

    [locked]
    settings = ["network", "providers.ollama.address"]

Owns where that file is, and what of it can be used. Keys have no place in it: everybody reads it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ...providers.catalog import PROVIDERS, ProviderRow
from .declared import SETTINGS, with_services
from .file import NO_TOML, Table, read_table, table_of
from .services import SERVICE_FIELDS, own_services, read_services
from .setting import Unusable
from .text_rules import address

STUDIO_VARIABLE = "NUKE_AI_PANEL_STUDIO"
FILE = "nuke_ai_panel_studio.toml"
"""Beside the menu.py of the folder that the panel was installed into."""
SITE = "nuke_ai_panel_site"
"""As the installer names the folder of its releases."""
PROVIDER_FIELDS = ("address", "model")

_SECRET = re.compile(r"(.*[_-])?(api_?key|keys?|password|passwd|secret|token)s?", re.IGNORECASE)
_SETTINGS = {setting.id: setting for setting in SETTINGS}
_NAMED = 5
"""So many names stand in one sentence."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What can be used of the file. `path`: where it is, "" where there is none.

    `values` by the ids of settings, `providers` by the id of the provider, with the names of `PROVIDER_FIELDS`;
    `services` by their ids, with those of `SERVICE_FIELDS`.
    `locks`: ids, or the beginnings of ids up to a dot.
    """

    path: str = ""
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    providers: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, Mapping[str, str]])
    services: Mapping[str, Table] = field(default_factory=dict[str, Table])
    locks: frozenset[str] = frozenset()
    warnings: tuple[str, ...] = ()

    def locked(self, name: str) -> bool:
        """Whether only the studio decides it: the id of a setting, or `providers.ID.FIELD`."""
        setting = _SETTINGS.get(name)
        if setting is not None and not setting.lockable:
            return False
        return any(name == lock or name.startswith(f"{lock}.") for lock in self.locks)


def read_studio(environ: Mapping[str, str], package: Path) -> Studio:
    """The file that the environment names, else the one of the installation; `package`: our own folder. Never fails."""
    named = environ.get(STUDIO_VARIABLE, "").strip()
    path = Path(os.path.expanduser(named)) if named else installed_place(package)
    if path is None:
        return Studio()
    try:
        there = path.exists()
        if there and not path.is_file():
            return _unread(path, "it is not a file")
        values = read_table(path)
    except OSError as error:
        return _unread(path, error.strerror or type(error).__name__)
    except NO_TOML:
        return _unread(path, "it is damaged")
    if not there:
        return _unread(path, "it is not there") if named else Studio()
    return _studio(path, values)


def installed_place(package: Path) -> Path | None:
    """Where the studio's file is if the installer put the package there, else None."""
    site = package.parent.parent
    return site.parent / FILE if site.name == SITE else None


def _unread(path: Path, why: str) -> Studio:
    return Studio(str(path), warnings=(f"Your studio's settings could not be read: {why} ({path}).",))


def _studio(path: Path, values: Table) -> Studio:
    tables = table_of(values, "providers")
    described = read_services(tables)
    known, warnings = _values(values, own_services({}, described.services, {}))
    providers, about_providers = _providers(tables)
    about_providers += [_not_written(name, why) for name, why in described.wrong]
    locks, about_locks = _locks(values)
    told = (*warnings, *about_providers, *about_locks, *_out_of_place(values))
    words = tuple(f"In your studio's settings: {sentence}" for sentence in told)
    return Studio(str(path), known, providers, described.services, locks, words)


def _values(values: Table, own: Mapping[str, ProviderRow]) -> tuple[dict[str, object], list[str]]:
    known: dict[str, object] = {}
    warnings: list[str] = []
    for setting in SETTINGS:
        table = table_of(values, setting.section)
        if setting.name not in table:
            continue
        try:
            known[setting.id] = with_services(setting, own).read(table[setting.name])
        except Unusable as why:
            warnings.append(_not_written(setting.id, why))
    return known, warnings


def _providers(tables: Table) -> tuple[dict[str, Mapping[str, str]], list[str]]:
    known: dict[str, Mapping[str, str]] = {}
    warnings: list[str] = []
    for provider_id in tables:
        fields: dict[str, str] = {}
        for name, value in table_of(tables, provider_id).items():
            if name not in PROVIDER_FIELDS:
                continue
            if wrong := _wrong(name, value):
                warnings.append(_not_written(f"providers.{provider_id}.{name}", wrong))
            else:
                fields[name] = cast(str, value).strip()
        known[provider_id] = fields
    return known, warnings


def _not_written(name: str, why: object) -> str:
    return f"{_short(name)} counts as not written. {why}"


def _wrong(name: str, value: object) -> str:
    if not isinstance(value, str) or not value.isprintable():
        return "It has to be text."
    return address(value) if name == "address" else ""


def _locks(values: Table) -> tuple[frozenset[str], list[str]]:
    named: object = table_of(values, "locked").get("settings", [])
    entries = cast(list[object], named) if isinstance(named, list) else [named]
    locks = frozenset(entry for entry in entries if isinstance(entry, str) and _can_be_locked(entry))
    strange = [entry if isinstance(entry, str) else "?" for entry in entries if entry not in locks]
    return locks, [f"{_list(strange)} cannot be locked."] if strange else []


def _can_be_locked(lock: str) -> bool:
    first, _, rest = lock.partition(".")
    if first == "providers":
        return not rest or rest.count(".") == 0 or rest.rpartition(".")[2] in (*PROVIDER_FIELDS, *SERVICE_FIELDS)
    return any(setting.lockable and (setting.id == lock or setting.id.startswith(f"{lock}.")) for setting in SETTINGS)


def _out_of_place(values: Table) -> Iterator[str]:
    """What stands there and counts for nothing: keys, and names of a newer version, or with a slip of the pen."""
    strange = [name for name in _names(values) if name not in _SETTINGS]
    secrets = [name for name in strange if any(_SECRET.fullmatch(part) for part in name.split("."))]
    if secrets:
        yield f"{_list(secrets)} is not read. Everybody can open that file: keys do not belong into it."
    if unknown := [name for name in strange if name not in secrets]:
        yield f"{_list(unknown)} is not known to this version."


def _names(values: Table) -> Iterator[str]:
    """Of everything but what is locked and what providers may have."""
    for section, table in values.items():
        if not isinstance(table, dict):
            yield section
        elif section == "providers":
            for provider_id, fields in cast(Table, table).items():
                names = cast(Table, fields) if isinstance(fields, dict) else {"": fields}
                known = PROVIDER_FIELDS if provider_id in PROVIDERS else (*PROVIDER_FIELDS, *SERVICE_FIELDS)
                yield from (f"providers.{provider_id}.{name}" for name in names if name not in known)
        else:
            known = ("settings",) if section == "locked" else ()
            yield from (f"{section}.{name}" for name in cast(Table, table) if name not in known)


def _list(names: list[str]) -> str:
    shown = ", ".join(_short(name) for name in names[:_NAMED])
    return f"{shown} and {len(names) - _NAMED} more" if len(names) > _NAMED else shown


def _short(name: str) -> str:
    """A name from a file, fit for a sentence."""
    return "".join(character if character.isprintable() else "?" for character in name)[:60]
