"""Keyrings in memory: one that keeps, one that refuses, one that never answers."""

from __future__ import annotations

import threading

from keyring.errors import KeyringLocked, PasswordSetError
from nuke_ai_panel.panel.keys import Keyring


class Dictionary:
    """`held` is what it keeps, by name."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}

    def get_password(self, service: str, username: str, /) -> str | None:
        return self.held.get(username)

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self.held[username] = password

    def delete_password(self, service: str, username: str, /) -> None:
        del self.held[username]

    def __call__(self) -> Keyring:
        return Keyring("Dictionary", self)


class Refusing(Dictionary):
    def set_password(self, service: str, username: str, password: str, /) -> None:
        raise PasswordSetError("no")


class Locked(Dictionary):
    """Until `open` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.open = False

    def get_password(self, service: str, username: str, /) -> str | None:
        self._refuse()
        return super().get_password(service, username)

    def set_password(self, service: str, username: str, password: str, /) -> None:
        self._refuse()
        super().set_password(service, username, password)

    def _refuse(self) -> None:
        if not self.open:
            raise KeyringLocked("no")


class Hung(Dictionary):
    """Every look-up waits for `go`."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.asked = threading.Event()

    def get_password(self, service: str, username: str, /) -> str | None:
        self.asked.set()
        self.go.wait()
        return None
