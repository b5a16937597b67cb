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
    """Handles of the two daemons, for the tests that stop or kill them."""

    def __init__(self, bus: subprocess.Popen[str], daemon: subprocess.Popen[bytes]) -> None:
        self.bus = bus
        self.daemon = daemon

    def stop(self) -> None:
        """From now on it does not answer."""
        self.daemon.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        self.daemon.kill()
        self.daemon.wait()


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
    daemon = subprocess.Popen(
        [_need("gnome-keyring-daemon"), "--unlock" if unlocked else "--start", "--foreground", "--components=secrets"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=env | {"DBUS_SESSION_BUS_ADDRESS": address},
    )
    assert daemon.stdin is not None
    if unlocked:
        daemon.stdin.write(b"test")
    daemon.stdin.close()
    patch = pytest.MonkeyPatch()
    patch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    try:
        _wait_until_it_owns_its_name(address)
        yield SecretService(bus, daemon)
    finally:
        patch.undo()
        for process in (daemon, bus):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()
        bus.stdout.close()


def _wait_until_it_owns_its_name(address: str) -> None:
    from jeepney import DBusAddress, new_method_call
    from jeepney.io.blocking import open_dbus_connection

    bus = DBusAddress("/org/freedesktop/DBus", "org.freedesktop.DBus", "org.freedesktop.DBus")
    with open_dbus_connection(address) as connection:
        for _ in range(2000):
            question = new_method_call(bus, "NameHasOwner", "s", ("org.freedesktop.secrets",))
            if connection.send_and_get_reply(question, timeout=5).body[0]:
                return
    raise AssertionError("the Secret Service did not come up")


@pytest.fixture
def secret_service(tmp_path: Path) -> Iterator[SecretService]:
    """Unlocked."""
    with running(tmp_path / "keyring-home") as service:
        yield service


@pytest.fixture
def locked_secret_service(tmp_path: Path) -> Iterator[SecretService]:
    with running(tmp_path / "keyring-home", unlocked=False) as service:
        yield service
