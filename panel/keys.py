"""API keys: for this session, from the environment, or from the OS keyring; each bound to one origin.

Owns the order of the sources, the keyring backend (chosen by class, never one that writes plain files) and the
deadline of every lookup. It owns no widget, and it never writes a key anywhere but into the keyring.

A row's environment variable is valid for that row's own origin only; any other address gets `NUKE_AI_PANEL_API_KEY`
or a key that was typed for it.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING, Literal, Protocol, cast

from ..providers.catalog import OWN_KEY_VARIABLE, PROVIDERS, origin_of
from ..providers.key_text import clean_key, key_problem
from ..providers.redact import Redactor, Secret

if TYPE_CHECKING:
    from ..providers.base import RunBlocking

SERVICE = "nuke-ai-panel"
PROXY_LOGIN = "proxy"
"""What stands for a provider's id in front of the origin of a proxy, where its password is kept."""
DEADLINE = 5.0
"""Seconds for one keyring call: a stopped Secret Service was seen to block for more than 45 s."""

PATIENCE = 120.0
"""Seconds for a keyring that was asked to let the user in: its own window waits for a password."""

Source = Literal["session", "environment", "keyring"]
TroubleKind = Literal["absent", "locked", "silent", "refused", "unfit"]
"""`unfit`: the key is not one that can be kept, or (of a variable) used."""


class Backend(Protocol):
    """What is used of a `keyring` backend."""

    def get_password(self, service: str, username: str, /) -> str | None: ...
    def set_password(self, service: str, username: str, password: str, /) -> None: ...
    def delete_password(self, service: str, username: str, /) -> None: ...


@dataclass(frozen=True, slots=True)
class Keyring:
    """A backend and the name people know it by.

    `longest`: the most UTF-16 units that it keeps, None for any. `failures`: what it raises beside `keyring`'s errors.
    """

    label: str
    backend: Backend
    longest: int | None = None
    failures: tuple[type[Exception], ...] = ()


@dataclass(frozen=True, slots=True)
class KeyFound:
    """A key and where it came from: `where` is a variable's or a keyring's name."""

    secret: Secret
    source: Source
    where: str


class KeyringTrouble(Exception):
    """A key cannot be had or kept. The text says why, and what to do in the panel; `what` is the first half of it."""

    def __init__(self, what: str, kind: TroubleKind = "refused", advice: str = "") -> None:
        super().__init__(f"{what} {advice}".strip())
        self.what = what
        self.kind: TroubleKind = kind


class SavedNames(Protocol):
    """Remembers which names are in the keyring; `panel.settings.Settings` does."""

    def saved_keys(self) -> frozenset[str]: ...
    def remember_key(self, name: str, saved: bool) -> None: ...


def platform_keyring() -> Keyring:
    """This system's own keyring, by class. Blocking: call it on a daemon thread. Raises KeyringTrouble.

    `keyring.get_keyring()` is not asked: with `keyrings.alt` installed it chooses a plain text file, and
    `PYTHON_KEYRING_BACKEND=null` loses keys silently (measured, keyring 25.7).
    """
    if sys.platform == "darwin":
        from keyring.backends import macOS

        return Keyring("Keychain", macOS.Keyring())
    if sys.platform == "win32":
        from keyring.backends import Windows

        # 2560 bytes of UTF-16; beyond that the system answers with error 1783.
        vault, errors = cast(Backend, Windows.WinVaultKeyring()), (_error_of(Windows, "pywintypes", "error"),)
        return Keyring("Windows Credential Manager", vault, longest=1280, failures=errors)
    return _linux_keyring()


def _linux_keyring() -> Keyring:
    from jeepney import DBusErrorResponse  # pyright: ignore[reportMissingTypeStubs]
    from keyring.backends import SecretService, kwallet
    from secretstorage.exceptions import SecretStorageException

    if SecretService.Keyring.viable:
        failures = (SecretStorageException, DBusErrorResponse)
        return Keyring("Secret Service", SecretService.Keyring(), failures=failures)
    if kwallet.DBusKeyring.viable:
        wallet = cast(Backend, kwallet.DBusKeyring())  # its decorated methods are untyped
        return Keyring("KWallet", wallet, failures=(_error_of(kwallet, "dbus", "DBusException"),))
    raise KeyringTrouble(
        "There is no keyring on this computer.",
        "absent",
        "The key can be used for this session, or be set in a variable.",
    )


def _error_of(backend: ModuleType, library: str, name: str) -> type[Exception]:
    """The error class of the library that a backend imports, whichever it found."""
    return cast(type[Exception], getattr(getattr(backend, library), name))


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
        self._deadline = deadline
        self._run_blocking = run_blocking
        self._environ = environ
        self._redactor = redactor
        self._names = names
        self._needs_key = needs_key
        self._make_keyring = keyring
        self._keyring: Keyring | None = None
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
        keyring, value = await self._look_up(name)
        if not value:
            return None
        secret = Secret(value)
        self._redactor.add(secret)
        return KeyFound(secret, "keyring", keyring.label)

    async def _look_up(self, name: str) -> tuple[Keyring, str | None]:
        """One at a time: ten pages at once would be ten prompts to unlock. Who waited for one that failed fails too."""
        before = self._trouble
        async with self._asking:
            if self._trouble is not None and self._trouble is not before:
                raise KeyringTrouble(str(self._trouble))
            try:
                keyring = await self._open()
                return keyring, await self._call(keyring, keyring.backend.get_password, SERVICE, name)
            except KeyringTrouble as trouble:
                self._trouble = KeyringTrouble(str(trouble))
                raise

    async def save(self, provider_id: str, origin: str, secret: Secret) -> str:
        """Puts the key into the keyring, reads it back, and gives the keyring's name. Raises KeyringTrouble."""
        self._redactor.add(secret)
        keyring, name = await self._open(), _name(provider_id, origin)
        if keyring.longest is not None and _utf16_units(secret.reveal()) > keyring.longest:
            raise KeyringTrouble(f"{keyring.label} keeps {keyring.longest:,} characters at most.", "unfit", _FOR_NOW)
        await self._call(keyring, keyring.backend.set_password, SERVICE, name, secret.reveal())
        if await self._call(keyring, keyring.backend.get_password, SERVICE, name) != secret.reveal():
            raise KeyringTrouble(f"{keyring.label} did not keep the key.", "refused", _FOR_NOW)
        self._names.remember_key(name, True)
        self._session.pop(name, None)
        return keyring.label

    def origins(self, provider_id: str) -> tuple[str, ...]:
        """Of all keys that are kept for a provider."""
        names = (name.partition("@") for name in {*self._session, *self._names.saved_keys()})
        return tuple(sorted(origin for owner, _, origin in names if owner == provider_id))

    async def keep_session_key(self, provider_id: str, origin: str) -> None:
        """Puts a key of this session, if there is one, into the keyring after all. Raises KeyringTrouble."""
        if secret := self._session.get(_name(provider_id, origin)):
            await self.save(provider_id, origin, secret)

    async def unlock(self) -> None:
        """Lets the keyring ask for its password, in a window of its own and for as long as people need.

        Any look-up makes it ask, if it is locked. Raises KeyringTrouble.
        """
        keyring = await self._open()
        await self._call(keyring, keyring.backend.get_password, SERVICE, "", deadline=PATIENCE)

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
        keyring = await self._open()
        had = await self._call(keyring, keyring.backend.get_password, SERVICE, name) is not None
        if had:
            await self._call(keyring, keyring.backend.delete_password, SERVICE, name)
        self._names.remember_key(name, False)
        return had

    async def place(self) -> str:
        """The keyring's name, for people. Raises KeyringTrouble."""
        return (await self._open()).label

    async def _open(self) -> Keyring:
        if self._keyring is None:
            try:
                self._keyring = await self._run_blocking(self._make_keyring, deadline=self._deadline)
            except TimeoutError:
                raise _silent("The keyring") from None
        return self._keyring

    async def _call(
        self, keyring: Keyring, function: Callable[..., str | None], *args: str, deadline: float | None = None
    ) -> str | None:
        try:
            return await self._run_blocking(_translated, keyring, function, *args, deadline=deadline or self._deadline)
        except TimeoutError:
            raise _silent(keyring.label) from None


_FOR_NOW = "It can be used for this session."
_UNLOCK = "Unlock it and try again, or use the key for this session."


def _silent(label: str) -> KeyringTrouble:
    return KeyringTrouble(f"{label} does not answer.", "silent", _UNLOCK)


def _translated(keyring: Keyring, function: Callable[..., str | None], *args: str) -> str | None:
    # On the keyring's thread, so that the foreign exception, whose frames hold the key, ends there.
    from keyring.errors import KeyringError, KeyringLocked

    try:
        return function(*args)
    except KeyringLocked:
        locked = True
    except KeyringError as error:
        # A keyring that was never unlocked has no error of its own: it says that its prompt was dismissed.
        locked = type(error.__cause__).__name__ == "PromptDismissedException"
    except (OSError, EOFError, ValueError, *keyring.failures):
        locked = False
    if locked:
        raise KeyringTrouble(f"{keyring.label} is locked.", "locked", _UNLOCK)
    raise KeyringTrouble(f"{keyring.label} refused.", "refused", _UNLOCK)


def _utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


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
