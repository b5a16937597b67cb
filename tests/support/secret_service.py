"""A real Secret Service on a bus of its own: dbus-daemon and gnome-keyring, ended with the test."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


class SecretService:
    """The two daemons, for the tests that stop, kill or lock them. Its own password is "test"."""

    def __init__(self, bus: subprocess.Popen[str], address: str, env: dict[str, str]) -> None:
        self.bus = bus
        self._address = address
        self._env = env | {"DBUS_SESSION_BUS_ADDRESS": address}
        self.daemon: subprocess.Popen[bytes] | None = None

    def start(self, password: bytes | None = b"test") -> None:
        """Starts the service, anew if it runs: without a password, or with a wrong one, what it keeps is locked."""
        if self.daemon is not None:
            self.kill()
            self._wait_until_it_is_there(False)
        way = "--start" if password is None else "--unlock"
        self.daemon = subprocess.Popen(
            [_need("gnome-keyring-daemon"), way, "--foreground", "--components=secrets"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=self._env,
        )
        assert self.daemon.stdin is not None
        self.daemon.stdin.write(password or b"")
        self.daemon.stdin.close()
        self._wait_until_it_is_there(True)

    def stop(self) -> None:
        """From now on it does not answer."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It answers again, also what it was asked meanwhile."""
        assert self.daemon is not None
        self.daemon.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon.wait()

    def _wait_until_it_is_there(self, wanted: bool) -> None:
        from jeepney import DBusAddress, new_method_call
        from jeepney.io.blocking import open_dbus_connection

        bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
        with open_dbus_connection(self._address) as connection:
            for _ in range(2000):
                question = new_method_call(bus, "NameHasOwner", "s", ("org.freedesktop.secrets",))
                if bool(connection.send_and_get_reply(question, timeout=5).body[0]) == wanted:
                    return
        raise AssertionError(f"the Secret Service did not {'come up' if wanted else 'go'}")


def _need(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        message = f"{program} is not installed (Debian: gnome-keyring, dbus-daemon)"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return path


@contextmanager
def running(home: Path, *, unlocked: bool = True) -> Iterator[SecretService]:
    """Starts both with `home` as their home, and points DBUS_SESSION_BUS_ADDRESS of this process at them."""
    (home / ".local/share/keyrings").mkdir(parents=True, exist_ok=True)
    (home / "run").mkdir(mode=0o700, exist_ok=True)
    env = os.environ | {"HOME": str(home), "XDG_DATA_HOME": str(home / ".local/share")}
    env |= {"XDG_RUNTIME_DIR": str(home / "run"), "XDG_CONFIG_HOME": str(home / ".config")}
    bus = subprocess.Popen(
        [_need("dbus-daemon"), "--session", "--nofork", "--print-address=1"], stdout=subprocess.PIPE, text=True, env=env
    )
    assert bus.stdout is not None
    address = bus.stdout.readline().strip()
    service = SecretService(bus, address, env)
    patch = pytest.MonkeyPatch()
    patch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    try:
        service.start(b"test" if unlocked else None)
        yield service
    finally:
        patch.undo()
        service.kill()
        bus.kill()
        bus.wait()
        bus.stdout.close()


@pytest.fixture
def secret_service(tmp_path: Path) -> Iterator[SecretService]:
    """Unlocked."""
    with running(tmp_path / "keyring-home") as service:
        yield service


@pytest.fixture
def locked_secret_service(tmp_path: Path) -> Iterator[SecretService]:
    with running(tmp_path / "keyring-home", unlocked=False) as service:
        yield service
