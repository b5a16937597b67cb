"""What was set since the file was read, and how it gets into the content of a file. Knows no layer and no disk."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from .file import Table, table_of


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was set since the file was read; None takes it out of the file.

    Of the saved keys: whether this name is among them. Of a provider: its fields that changed, "" takes one out; None
    takes all of it out.
    """

    section: str
    name: str
    value: Any


def apply(values: Table, change: Change) -> None:
    """Puts one change into the content of a file."""
    table = values.get(change.section)
    if not isinstance(table, dict):
        table = values[change.section] = {}
    section = cast(Table, table)
    if change.section == "keys":
        names = saved_keys(values) - {change.name}
        section["saved"] = sorted(names | {change.name} if change.value else names)
    elif change.section == "providers" and change.value is not None:
        fields = {**table_of(section, change.name), **change.value}
        section[change.name] = {name: value for name, value in fields.items() if value not in ("", {})}
    elif change.value is None:
        section.pop(change.name, None)
    else:
        section[change.name] = change.value


def saved_keys(values: Mapping[str, Any]) -> frozenset[str]:
    names: object = table_of(values, "keys").get("saved")
    if not isinstance(names, list):
        return frozenset()
    return frozenset(name for name in cast(list[object], names) if isinstance(name, str))
