"""The values in force: defaults < studio's file < user's file < environment, and what the studio has locked before all.

Owns the order of the layers, what was changed since the file was read, and where each value comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar, cast

from ...providers.catalog import GUIDE
from .declared import OFFERED, PROVIDER, SETTINGS
from .file import Table, table_of
from .setting import AnySetting, Setting, Unusable, Value
from .studio import PROVIDER_FIELDS, Studio
from .text_rules import entries

V = TypeVar("V", bound=Value)
Exact = TypeVar("Exact", bool, int, float, str)
"""For `set`: the value is of the setting's own type; a bound alone would settle on a union of both."""
Layer = Literal["default", "studio", "user", "environment"]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from. `place`: the path of the studio's file, or the name of the variable."""

    layer: Layer = "default"
    place: str = ""
    locked: bool = False

    @property
    def decided_by(self) -> str:
        """Who decides it instead of the user, as a sentence; "" where the user does."""
        if self.locked:
            return f"Decided by your studio ({self.place})."
        return f"Set by the variable {self.place}." if self.layer == "environment" else ""


NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class InForce:
    """One value that is not the default, in words."""

    id: str
    value: str
    layer: Layer
    place: str = ""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What is in force for one provider. Empty: the row's own address, the first model of its list."""

    address: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was set since the file was read; None takes it out of the file.

    Of the saved keys: whether this name is among them. Of a provider: its fields that changed, "" takes one out.
    """

    section: str
    name: str
    value: Any


class Settings:
    """Reading never fails: what cannot be used falls back to the next layer, value by value.

    What is set is also noted as a change, because that, and not everything, is what `save` writes: another panel may
    have saved something else in the meantime.
    """

    def __init__(
        self,
        values: Table | None = None,
        warnings: tuple[str, ...] = (),
        *,
        studio: Studio | None = None,
        environment: Mapping[str, object] | None = None,
    ) -> None:
        """`values`: the user's file. `environment`: values that can be used, by the ids of their settings."""
        self._values: Table = values or {}
        self._studio = studio or Studio()
        self._environment = environment or {}
        self._changes: dict[tuple[str, str], Change] = {}
        self.warnings = warnings

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was set and is not in the file yet."""
        return tuple(self._changes.values())

    def note_saved(self, changes: Iterable[Change]) -> None:
        """These are in the file now; written again, they would undo what another panel has chosen since."""
        for change in changes:
            if self._changes.get((change.section, change.name)) is change:
                del self._changes[change.section, change.name]

    # Settings

    def get(self, setting: Setting[V]) -> V:
        return self._find(setting)[0]

    def origin(self, setting: AnySetting) -> Origin:
        """Which layer the value in force is of, and whether the user can change it here."""
        return self._find(setting)[1]

    def set(self, setting: Setting[Exact], value: Exact) -> bool:
        """Whether it counts from now on: what studio or environment decide stays as it is.

        Raises ValueError for a value that the declaration does not allow.
        """
        try:
            return self._set(setting, self._read(setting, value))
        except Unusable as why:
            raise ValueError(f"{setting.label}: {why}") from None

    def set_words(self, setting: AnySetting, words: str) -> bool:
        """The same for what was typed or picked. Raises Unusable, a ValueError."""
        return self._set(setting, self._read(setting, setting.parse(words)))

    def reset(self, setting: AnySetting) -> None:
        """Takes the user's value back: what the studio says, or the default, is in force."""
        if not self.origin(setting).decided_by:
            self._change(Change(setting.section, setting.name, None))

    def without_user(self, setting: AnySetting) -> str:
        """What `reset` would bring into force, in words."""
        value = setting.default
        if setting.id in self._studio.values:
            with suppress(Unusable):
                value = self._read(setting, self._studio.values[setting.id])
        return setting.shown(value) or "none"

    def differing(self) -> tuple[InForce, ...]:
        """Every value that is not the default, with where it comes from."""
        known = (self._in_force(setting) for setting in SETTINGS)
        return (*(each for each in known if each.layer != "default"), *self._providers_in_force())

    def damaged(self) -> Iterator[str]:
        """What stands in the user's file and cannot be used, a sentence each; the values are not repeated."""
        for setting in SETTINGS:
            section = self._values.get(setting.section, {})
            table = table_of(self._values, setting.section)
            try:
                if not isinstance(section, dict):
                    raise Unusable(f"{setting.section} has to be a section.")
                if setting.name in table:
                    self._read(setting, table[setting.name])
            except Unusable as why:
                yield f"{setting.label} in your settings cannot be used. {why} {self._words(setting)} is in force."

    # Providers

    def offers(self, provider_id: str) -> bool:
        """Whether it is among the providers to choose from."""
        offered = entries(self.get(OFFERED))
        return not offered or provider_id == GUIDE or provider_id in offered

    def provider(self, provider_id: str) -> ProviderSettings:
        address, model = (self._provider_field(provider_id, name)[0] for name in PROVIDER_FIELDS)
        return ProviderSettings(address, model)

    def provider_origin(self, provider_id: str, field: Literal["address", "model"]) -> Origin:
        return self._provider_field(provider_id, field)[1]

    def studio_provider(self, provider_id: str) -> ProviderSettings:
        """What holds for a provider where the user has set nothing."""
        return ProviderSettings(**self._studio.providers.get(provider_id, {}))

    def set_provider(self, provider_id: str, value: ProviderSettings) -> None:
        """What is in force already, and what the studio has locked, is not written."""
        fields = {
            name: wanted
            for name, wanted in (("address", value.address), ("model", value.model))
            if (found := self._provider_field(provider_id, name))[0] != wanted and not found[1].locked
        }
        if fields:
            before = self._changes.get(("providers", provider_id))
            self._change(Change("providers", provider_id, {**(before.value if before else {}), **fields}))

    # Keys

    def saved_keys(self) -> frozenset[str]:
        """The names (`ID@ORIGIN`) of the keys that this program put into the keyring."""
        return _saved_keys(self._values)

    def remember_key(self, name: str, saved: bool) -> None:
        self._change(Change("keys", name, saved))

    def _set(self, setting: AnySetting, value: Value) -> bool:
        if self.origin(setting).decided_by:
            return False
        self._change(Change(setting.section, setting.name, value))
        return True

    def _find(self, setting: Setting[V]) -> tuple[V, Origin]:
        studio = Origin("studio", self._studio.path, self._studio.locked(setting.id))
        layers = [
            (self._environment, setting.id, Origin("environment", setting.variable)),
            (table_of(self._values, setting.section), setting.name, Origin("user")),
            (self._studio.values, setting.id, studio),
        ]
        for values, name, origin in layers[-1:] if studio.locked else layers:
            if name in values:
                try:
                    return self._read(setting, values[name]), origin
                except Unusable:
                    continue
        return setting.default, studio if studio.locked else NOWHERE

    def _read(self, setting: Setting[V], raw: object) -> V:
        value = setting.read(raw)
        if setting.id == PROVIDER.id and not self.offers(str(value)):
            raise Unusable("It is not offered here.")
        return value

    def _provider_field(self, provider_id: str, name: str) -> tuple[str, Origin]:
        locked = self._studio.locked(f"providers.{provider_id}.{name}")
        studio = self._studio.providers.get(provider_id, {}).get(name, "")
        own = table_of(table_of(self._values, "providers"), provider_id).get(name)
        if isinstance(own, str) and own and not locked:
            return own, Origin("user")
        return studio, Origin("studio", self._studio.path, locked) if studio or locked else NOWHERE

    def _words(self, setting: AnySetting) -> str:
        return setting.shown(self.get(setting)) or "None"

    def _in_force(self, setting: AnySetting) -> InForce:
        origin = self.origin(setting)
        return InForce(setting.id, setting.shown(self.get(setting)), origin.layer, origin.place, origin.locked)

    def _providers_in_force(self) -> Iterator[InForce]:
        for provider_id in sorted({*table_of(self._values, "providers"), *self._studio.providers}):
            for name in PROVIDER_FIELDS:
                value, origin = self._provider_field(provider_id, name)
                if origin.layer != "default":
                    full = f"providers.{provider_id}.{name}"
                    yield InForce(full, value, origin.layer, origin.place, origin.locked)

    def _change(self, change: Change) -> None:
        apply(self._values, change)
        self._changes[change.section, change.name] = change


def apply(values: Table, change: Change) -> None:
    """Puts one change into the content of a file."""
    table = values.get(change.section)
    if not isinstance(table, dict):
        table = values[change.section] = {}
    section = cast(Table, table)
    if change.section == "keys":
        names = _saved_keys(values) - {change.name}
        section["saved"] = sorted(names | {change.name} if change.value else names)
    elif change.section == "providers":
        fields = {**table_of(section, change.name), **change.value}
        section[change.name] = {name: value for name, value in fields.items() if value != ""}
    elif change.value is None:
        section.pop(change.name, None)
    else:
        section[change.name] = change.value


def _saved_keys(values: Mapping[str, Any]) -> frozenset[str]:
    names: object = table_of(values, "keys").get("saved")
    if not isinstance(names, list):
        return frozenset()
    return frozenset(name for name in cast(list[object], names) if isinstance(name, str))
