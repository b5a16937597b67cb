"""This system's own keyring, by class, and what people call it.

Which one it is is decided here and never by `keyring`, which may choose one that writes plain files.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Literal, Protocol, cast

TroubleKind = Literal["absent", "locked", "silent", "refused", "unfit"]
"""`unfit`: the key is not one that can be kept, or (of a variable) used."""


class KeyringTrouble(Exception):
    """A key cannot be had or kept. The text says why, and what to do in the panel; `what` is the first half of it."""

    def __init__(self, what: str, kind: TroubleKind = "refused", advice: str = "") -> None:
        super().__init__(f"{what} {advice}".strip())
        self.what = what
        self.kind: TroubleKind = kind
        self._advice = advice

    def anew(self) -> KeyringTrouble:
        """The same, to be raised for another who waited for it: an exception remembers who raised it, and grows."""
        return KeyringTrouble(self.what, self.kind, self._advice)


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
