"""Services of the user's own: tables whose id is in no row of the catalog.

    [providers.render-ai]
    label = "Render AI"
    format = "openai_chat"
    address = "https://ai.studio.lan/v1"
    needs_key = true
    headers = { X-Team = "comp", X-Auth = "{key}" }
    quirks = { max_tokens_field = "max_completion_tokens" }

Owns what may stand there beside the address and the model, which every provider has, and the row that is made of it.
What cannot be used is left out, value by value, and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast, get_args, get_origin, get_type_hints

from ...providers.address import parse_address
from ...providers.catalog import PROVIDERS, ProviderRow
from ...providers.errors import ProviderError
from ...providers.formats import FORMATS, FormatName
from ...providers.openai_chat.quirks import ChatQuirks
from ..keys import PROXY_LOGIN
from .file import Table
from .headers import header_problem
from .setting import Unusable

SERVICE_FIELDS = ("label", "format", "needs_key", "headers", "quirks")
LONGEST_ID, LONGEST_LABEL = 32, 60

_ID = re.compile(rf"[a-z][a-z0-9_-]{{0,{LONGEST_ID - 1}}}")
_KEY_PATH = re.compile(r"(/[\w.~-]+)+")
_QUIRKS: Mapping[str, Any] = get_type_hints(ChatQuirks)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnService:
    """How a service is described. `label` "": its id stands for it. `quirks` are of the OpenAI chat format."""

    label: str = ""
    format: FormatName = "openai_chat"
    needs_key: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    quirks: Mapping[str, object] = field(default_factory=dict[str, object])

    def row(self, service_id: str, address: str) -> ProviderRow:
        """Its row; the address stays with the settings of the provider."""
        return ProviderRow(
            id=service_id,
            label=self.label or service_id,
            format=self.format,
            local=_is_local(address),
            needs_key=self.needs_key,
            headers=self.headers,
            quirks=ChatQuirks(**cast(dict[str, Any], self.quirks)),
        )


def id_problem(service_id: str) -> str:
    """Why a service of one's own cannot be called so in the file, as a sentence; "" if it can."""
    if service_id in PROVIDERS or service_id == PROXY_LOGIN:
        return "That id has a meaning already."
    if not _ID.fullmatch(service_id):
        return f"An id is at most {LONGEST_ID} small letters, digits, - and _, and begins with a letter."
    return ""


def new_id(label: str, taken: Mapping[str, object]) -> str:
    """An id for a new service of this name."""
    base = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[: LONGEST_ID - 4].strip("-")
    base = base if _ID.fullmatch(base) else "service"
    number = 1
    while (found := base if number == 1 else f"{base}-{number}") in taken or id_problem(found):
        number += 1
    return found


@dataclass(frozen=True, slots=True)
class Described:
    """What one file says of services: what can be used, by their ids, and what cannot, by its full name, and why."""

    services: Mapping[str, Table] = field(default_factory=dict[str, Table])
    wrong: tuple[tuple[str, str], ...] = ()


def read_services(tables: Table) -> Described:
    """What of the tables below `providers` is about services of one's own. Never fails."""
    services: dict[str, Table] = {}
    wrong: list[tuple[str, str]] = []
    for service_id, table in tables.items():
        if not _describes(service_id, table):
            continue
        if sentence := id_problem(service_id):
            wrong.append((f"providers.{service_id}", sentence))
            continue
        services[service_id], unusable = _read_service(cast(Table, table))
        wrong += ((f"providers.{service_id}.{name}", why) for name, why in unusable)
    return Described(services, tuple(wrong))


def own_services(
    users: Mapping[str, Table], studios: Mapping[str, Table], addresses: Mapping[str, str]
) -> dict[str, ProviderRow]:
    """The rows of all that are described, field by field the user's before the studio's; both as they were read."""
    rows: dict[str, ProviderRow] = {}
    for service_id in dict.fromkeys((*studios, *users)):
        described = {**studios.get(service_id, {}), **users.get(service_id, {})}
        rows[service_id] = OwnService(**described).row(service_id, addresses.get(service_id, ""))
    return rows


def _describes(service_id: str, table: object) -> bool:
    """Any more than a model: that may also be left from a version whose catalog had it."""
    names = cast(Table, table) if isinstance(table, dict) else {}
    return service_id not in PROVIDERS and any(name in names for name in ("address", *SERVICE_FIELDS))


def _read_service(table: Table) -> tuple[Table, list[tuple[str, str]]]:
    fields: Table = {}
    wrong: list[tuple[str, str]] = []
    for name, read in (("label", _label), ("format", _format), ("needs_key", _switch)):
        if name in table:
            try:
                fields[name] = read(table[name])
            except Unusable as why:
                wrong.append((name, str(why)))
    for name, read_entry in (("headers", _header), ("quirks", _quirk)):
        if name in table:
            fields[name] = _entries(name, table[name], read_entry, wrong)
    return fields, wrong


def _entries(name: str, value: object, read: Callable[[str, object], object], wrong: list[tuple[str, str]]) -> Table:
    if not isinstance(value, dict):
        wrong.append((name, "It has to be a section."))
        return {}
    entries: Table = {}
    for key, entry in cast(Table, value).items():
        try:
            entries[key] = read(key, entry)
        except Unusable as why:
            wrong.append((f"{name}.{key}", str(why)))
    return entries


def _label(value: object) -> str:
    if not isinstance(value, str) or not value.isprintable() or len(value) > LONGEST_LABEL:
        raise Unusable(f"It has to be a name of at most {LONGEST_LABEL} characters.")
    return value.strip()


def _format(value: object) -> str:
    if value not in FORMATS:
        raise Unusable(f"It has to be one of {', '.join(FORMATS)}.")
    return cast(str, value)


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise Unusable("It has to be true or false.")
    return value


def _header(name: str, value: object) -> str:
    if not isinstance(value, str):
        raise Unusable("It has to be text.")
    if wrong := header_problem(name, value):
        raise Unusable(wrong)
    return value


def _quirk(name: str, value: object) -> object:
    kind = _QUIRKS.get(name)
    if kind is None:
        raise Unusable("There is no such quirk.")
    if get_origin(kind) is Literal:
        choices = [choice for choice in get_args(kind) if choice]
        if value not in choices:
            raise Unusable(f"It has to be one of {', '.join(choices)}.")
        return value
    if kind is bool:
        return _switch(value)
    if not isinstance(value, str) or not value.isprintable():
        raise Unusable("It has to be text.")
    # A whole address here would be a place for the key to go to.
    if name == "key_path" and not _KEY_PATH.fullmatch(value):
        raise Unusable("It has to be a path such as /key.")
    return value


def _is_local(address: str) -> bool:
    try:
        return parse_address(address).local
    except ProviderError:
        return False
