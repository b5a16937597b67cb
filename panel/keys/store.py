"""Where a key comes from: this session, then the environment, then the keyring. Finds, keeps and forgets keys.

Owns the order of the sources and which of them may be asked. It writes a key nowhere but into the keyring.

A row's environment variable is valid for that row's own origin only; any other address gets `NUKE_AI_PANEL_API_KEY`
or a key that was typed for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from ...providers.catalog import OWN_KEY_VARIABLE, PROVIDERS, origin_of
from ...providers.key_text import clean_key, key_problem
from ...providers.redact import Redactor, Secret
from .asking import DEADLINE, AskedKeyring
from .keyrings import Keyring, KeyringTrouble, platform_keyring

if TYPE_CHECKING:
    from ...providers.base import RunBlocking

PROXY_LOGIN = "proxy"
"""What stands for a provider's id in front of the origin of a proxy, where its password is kept."""

Source = Literal["session", "environment", "keyring"]


@dataclass(frozen=True, slots=True)
class KeyFound:
    """A key and where it came from: `where` is a variable's or a keyring's name."""

    secret: Secret
    source: Source
    where: str


class SavedNames(Protocol):
    """Remembers which names are in the keyring; `panel.settings.Settings` does."""

    def saved_keys(self) -> frozenset[str]: ...
    def remember_key(self, name: str, saved: bool) -> None: ...


class KeyStore:
    """Finds, keeps and forgets keys. Nothing here blocks the loop for longer than a dictionary does."""

    def __init__(
        self,
        *,
        run_blocking: RunBlocking,
        environ: Mapping[str, str],
        redactor: Redactor,
        names: SavedNames,
        needs_key: Callable[[str], bool],
        keyring: Callable[[], Keyring] = platform_keyring,
        deadline: float = DEADLINE,
    ) -> None:
        self._keyring = AskedKeyring(keyring, run_blocking, deadline)
        self._environ = environ
        self._redactor = redactor
        self._names = names
        self._needs_key = needs_key
        self._asking = asyncio.Lock()
        self._trouble: KeyringTrouble | None = None
        self._session: dict[str, Secret] = {}

    def keep_for_session(self, provider_id: str, origin: str, secret: Secret) -> None:
        self._redactor.add(secret)
        self._session[_name(provider_id, origin)] = secret

    def without_keyring(self, provider_id: str, origin: str) -> KeyFound | None:
        """A key of this session or of the environment. Raises KeyringTrouble for a variable that holds no key."""
        if secret := self._session.get(_name(provider_id, origin)):
            return KeyFound(secret, "session", "this session")
        variable = variable_for(provider_id, origin)
        if value := clean_key(self._environ.get(variable, "")):
            if wrong := key_problem(value):
                raise KeyringTrouble(f"What {variable} holds cannot be a key. {wrong}", "unfit")
            secret = Secret(value)
            self._redactor.add(secret)
            return KeyFound(secret, "environment", variable)
        return None

    async def find(self, provider_id: str, origin: str) -> KeyFound | None:
        """The first of session, environment, keyring. Raises KeyringTrouble when only the keyring is left to ask.

        A service that needs no key is looked up in the keyring only if a key was saved for it: a local server must
        not wait for, or unlock, anything.
        """
        if found := self.without_keyring(provider_id, origin):
            return found
        name = _name(provider_id, origin)
        if name not in self._names.saved_keys() and not self._needs_key(provider_id):
            return None
        value = await self._look_up(name)
        if not value:
            return None
        secret = Secret(value)
        self._redactor.add(secret)
        return KeyFound(secret, "keyring", await self._keyring.label())

    async def _look_up(self, name: str) -> str | None:
        """One at a time: ten pages at once would be ten prompts to unlock. Who waited for one that failed fails too."""
        before = self._trouble
        async with self._asking:
            if self._trouble is not None and self._trouble is not before:
                raise self._trouble.anew()
            try:
                return await self._keyring.read(name)
            except KeyringTrouble as trouble:
                self._trouble = trouble.anew()
                raise

    async def save(self, provider_id: str, origin: str, secret: Secret) -> str:
        """Puts the key into the keyring, reads it back, and gives the keyring's name. Raises KeyringTrouble."""
        self._redactor.add(secret)
        name = _name(provider_id, origin)
        await self._keyring.write(name, secret.reveal())
        self._names.remember_key(name, True)
        self._session.pop(name, None)
        return await self._keyring.label()

    def origins(self, provider_id: str) -> tuple[str, ...]:
        """Of all keys that are kept for a provider."""
        names = (name.partition("@") for name in {*self._session, *self._names.saved_keys()})
        return tuple(sorted(origin for owner, _, origin in names if owner == provider_id))

    async def keep_session_key(self, provider_id: str, origin: str) -> None:
        """Puts a key of this session, if there is one, into the keyring after all. Raises KeyringTrouble."""
        if secret := self._session.get(_name(provider_id, origin)):
            await self.save(provider_id, origin, secret)

    async def unlock(self) -> None:
        """Lets the keyring ask for its password. Raises KeyringTrouble."""
        await self._keyring.unlock()

    async def remove(self, provider_id: str, origin: str) -> bool:
        """Forgets the key of this origin; False if there was none. Raises KeyringTrouble."""
        name = _name(provider_id, origin)
        had_session = self._session.pop(name, None) is not None
        try:
            return await self._remove_saved(name) or had_session
        except KeyringTrouble:
            if had_session and name not in self._names.saved_keys():
                return True  # it was never in the keyring
            raise

    async def _remove_saved(self, name: str) -> bool:
        had = await self._keyring.delete(name)
        self._names.remember_key(name, False)
        return had

    async def place(self) -> str:
        """The keyring's name, for people. Raises KeyringTrouble."""
        return await self._keyring.label()


def variable_for(provider_id: str, origin: str) -> str:
    """The one environment variable that may hold the key of this origin; "" for a proxy, whose password is no key."""
    if provider_id == PROXY_LOGIN:
        return ""
    row = PROVIDERS.get(provider_id)
    if row and row.key_variable and row.base_url and origin_of(row.base_url) == origin:
        return row.key_variable
    return OWN_KEY_VARIABLE


def _name(provider_id: str, origin: str) -> str:
    return f"{provider_id}@{origin}"
