"""The values in force: defaults < studio's file < user's file < environment, and what the studio has locked before all.

Owns the order of the layers, what was changed since the file was read, and where each value comes from.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Literal, TypeVar, cast

from ...providers.catalog import GUIDE, PROVIDERS, ProviderRow
from .changes import Change, apply, saved_keys
from .declared import OFFERED, PROVIDER, SETTINGS, with_services
from .file import Table, table_of
from .origin import NOWHERE, InForce, Origin
from .services import OwnService, new_id, own_services, read_services
from .setting import AnySetting, Setting, Unusable, Value
from .studio import PROVIDER_FIELDS, Studio
from .text_rules import entries

V = TypeVar("V", bound=Value)
Exact = TypeVar("Exact", bool, int, float, str)
"""For `set`: the value is of the setting's own type; a bound alone would settle on a union of both."""


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What is in force for one provider. Empty: the row's own address, the first model of its list."""

    address: str = ""
    model: str = ""


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
        self._services: dict[str, ProviderRow] | None = None
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
        return self._set(setting, self._read(setting, self.declared(setting).parse(words)))

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
        return self.declared(setting).shown(value) or "none"

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
        for name, why in read_services(table_of(self._values, "providers")).wrong:
            yield f"{name} in your settings counts as not written. {why}"

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
            self._change_provider(provider_id, fields)

    # Services of the user's own

    @property
    def services(self) -> Mapping[str, ProviderRow]:
        """Every service by its id: those of the catalog, then the studio's and the user's own."""
        return {**PROVIDERS, **self.own_services}

    @property
    def own_services(self) -> Mapping[str, ProviderRow]:
        if self._services is None:
            described = read_services(table_of(self._values, "providers")).services
            users = {each: self._unlocked(each, fields) for each, fields in described.items() if self._may_add(each)}
            ids = (*self._studio.services, *users)
            addresses = {each: self._provider_field(each, "address")[0] for each in ids}
            self._services = own_services(users, self._studio.services, addresses)
        return self._services

    def service_origin(self, service_id: str) -> Origin:
        """Who describes it: the studio, or the user."""
        if service_id in self._studio.services:
            return Origin("studio", self._studio.path, locked=True)
        return Origin("user") if service_id in self.own_services else NOWHERE

    @property
    def services_locked_by(self) -> str:
        """Who decides that there are none of the user's own, as a sentence; "" where there may be."""
        return Origin("studio", self._studio.path, locked=True).decided_by if self._studio.locked("providers") else ""

    def own_quirks(self, service_id: str) -> Mapping[str, object]:
        """Those that the user has written, where they are no part of a form."""
        described = read_services(table_of(self._values, "providers")).services
        return described.get(service_id, {}).get("quirks", {})

    def put_service(self, service_id: str, service: OwnService, address: str) -> str:
        """Describes a service of the user's own, anew or ("" for the id) for the first time; gives its id."""
        service_id = service_id or new_id(service.label, self.services)
        anew = {"model": ""} if service_id not in self.own_services else {}  # one of this id may just have been removed
        self._change_provider(service_id, {"address": address, **asdict(service), **anew})
        return service_id

    def remove_service(self, service_id: str) -> None:
        """Forgets a service of the user's own, with its address and its model."""
        self._change(Change("providers", service_id, None))

    # Keys

    def saved_keys(self) -> frozenset[str]:
        """The names (`ID@ORIGIN`) of the keys that this program put into the keyring."""
        return saved_keys(self._values)

    def remember_key(self, name: str, saved: bool) -> None:
        self._change(Change("keys", name, saved))

    def declared(self, setting: AnySetting) -> AnySetting:
        """The setting with all choices that there are here."""
        return with_services(setting, self.own_services)

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
        value = cast(Setting[V], self.declared(setting)).read(raw)
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
        return self.declared(setting).shown(self.get(setting)) or "None"

    def _in_force(self, setting: AnySetting) -> InForce:
        origin = self.origin(setting)
        words = self.declared(setting).shown(self.get(setting))
        return InForce(setting.id, words, origin.layer, origin.place, origin.locked)

    def _providers_in_force(self) -> Iterator[InForce]:
        for provider_id in sorted({*table_of(self._values, "providers"), *self._studio.providers}):
            for name in PROVIDER_FIELDS:
                value, origin = self._provider_field(provider_id, name)
                if origin.layer != "default":
                    full = f"providers.{provider_id}.{name}"
                    yield InForce(full, value, origin.layer, origin.place, origin.locked)

    def _may_add(self, service_id: str) -> bool:
        return service_id in self._studio.services or not self._studio.locked(f"providers.{service_id}.address")

    def _unlocked(self, service_id: str, fields: Table) -> Table:
        return {
            name: value for name, value in fields.items() if not self._studio.locked(f"providers.{service_id}.{name}")
        }

    def _change_provider(self, provider_id: str, fields: Mapping[str, object]) -> None:
        before = self._changes.get(("providers", provider_id))
        self._change(Change("providers", provider_id, {**((before and before.value) or {}), **fields}))

    def _change(self, change: Change) -> None:
        self._services = None
        apply(self._values, change)
        self._changes[change.section, change.name] = change
