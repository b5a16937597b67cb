"""A keyring asked on a daemon thread, with a deadline for every call and its foreign errors in words.

Owns the one backend of the process. It knows no key's name, and decides nothing about keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .keyrings import Keyring, KeyringTrouble

if TYPE_CHECKING:
    from ...providers.base import RunBlocking

SERVICE = "nuke-ai-panel"
DEADLINE = 5.0
"""Seconds for one keyring call: a stopped Secret Service was seen to block for more than 45 s."""
PATIENCE = 120.0
"""Seconds for a keyring that was asked to let the user in: its own window waits for a password."""

_FOR_NOW = "It can be used for this session."
_UNLOCK = "Unlock it and try again, or use the key for this session."


class AskedKeyring:
    """Every method raises KeyringTrouble and nothing foreign."""

    def __init__(self, make_keyring: Callable[[], Keyring], run_blocking: RunBlocking, deadline: float) -> None:
        self._make_keyring = make_keyring
        self._run_blocking = run_blocking
        self._deadline = deadline
        self._keyring: Keyring | None = None

    async def label(self) -> str:
        """What people call it."""
        return (await self._open()).label

    async def read(self, name: str) -> str | None:
        keyring = await self._open()
        return await self._call(keyring, keyring.backend.get_password, SERVICE, name)

    async def write(self, name: str, key: str) -> None:
        """Puts it in and reads it back, since there are keyrings that lose keys without a word."""
        keyring = await self._open()
        if keyring.longest is not None and _utf16_units(key) > keyring.longest:
            raise KeyringTrouble(f"{keyring.label} keeps {keyring.longest:,} characters at most.", "unfit", _FOR_NOW)
        await self._call(keyring, keyring.backend.set_password, SERVICE, name, key)
        if await self.read(name) != key:
            raise KeyringTrouble(f"{keyring.label} did not keep the key.", "refused", _FOR_NOW)

    async def delete(self, name: str) -> bool:
        """Whether it was there."""
        keyring = await self._open()
        if await self.read(name) is None:
            return False
        await self._call(keyring, keyring.backend.delete_password, SERVICE, name)
        return True

    async def unlock(self) -> None:
        """Lets it ask for its password, in a window of its own and for as long as people need.

        Any look-up makes it ask, if it is locked.
        """
        keyring = await self._open()
        await self._call(keyring, keyring.backend.get_password, SERVICE, "", deadline=PATIENCE)

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
