"""What is around a running panel: versions, keyring, folders, servers on this computer, the session before. No Qt.

All of it has to be looked at and may hang: every look is bounded, and all are taken at once. No key is asked for.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .. import __version__
from . import settings as options
from .folders import own_folder
from .keys import KeyringTrouble
from .local_servers import LocalServer, knock
from .reports import PastSession, past_sessions
from .settings import InForce
from .threads import run_blocking

if TYPE_CHECKING:
    from .app import Application

T = TypeVar("T")

KEYRING_SECONDS = 0.8
DISK_SECONDS = 0.5
JOURNAL_SECONDS = 0.8
"""For reading journals: a full one takes 0.1 s of CPU."""
SECRET_SERVICE = "Secret Service"
"""What `panel.keys` calls the keyring of most Linux desktops."""
PACKAGES = ("qasync", "aiohttp", "keyring", "nats-py")


@dataclass(frozen=True, slots=True)
class KeyringState:
    """`trouble`: why it cannot be used, as a sentence; "" if it answers. A locked one will ask its owner first."""

    name: str
    trouble: str = ""
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    """`free` in bytes, None where nobody can say. A folder that is not there yet is writable if it can be made."""

    name: str
    path: str
    exists: bool = False
    writable: bool = False
    free: int | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around the panel. `last_session`: an earlier one, or one beside this; None if none could be read."""

    versions: Mapping[str, str]
    keyring: KeyringState
    folders: tuple[Folder, ...]
    servers: tuple[LocalServer, ...]
    last_session: PastSession | None
    warnings: tuple[str, ...] = ()
    """What is wrong with the settings files, and with variables that should be settings."""
    settings: tuple[InForce, ...] = ()
    """Those that are not the default."""


async def look_around(app: Application) -> Surroundings:
    """Everything at once, each within its own bound."""
    places = {
        "Settings": options.settings_path().parent,
        "Journal": app.reports.folder,
        "Data": own_folder("data"),
    }
    local = [config for config in app.providers.configs if config.row.local and config.address]
    async with asyncio.TaskGroup() as group:
        versions = group.create_task(_or_else({}, _versions))
        keyring = group.create_task(_ask_keyring(app))
        folders = [group.create_task(_look_at(Folder(name, str(path)))) for name, path in places.items()]
        servers = [group.create_task(knock(LocalServer(each.id, each.row.label, each.address))) for each in local]
        last = group.create_task(last_session(app))
    return Surroundings(
        versions.result(),
        keyring.result(),
        tuple(folder.result() for folder in folders),
        tuple(server.result() for server in servers),
        last.result(),
        app.settings.warnings,
        app.settings.differing(),
    )


async def last_session(app: Application) -> PastSession | None:
    """The one before this, or beside it, that people ask about. None if there is none, or the disk is silent."""
    return await _or_else(None, _last_session, app.reports.folder, app.reports.journal_path, deadline=JOURNAL_SECONDS)


def _last_session(folder: Path, own: Path) -> PastSession | None:
    return pick_last(session for session in past_sessions(folder) if session.path != own)


def pick_last(past: Iterable[PastSession]) -> PastSession | None:
    """Of these, newest first, the first that is no chat in a terminal which ended in order; else the first begun."""
    otherwise: PastSession | None = None
    for session in past:
        if session.way_in and (session.way_in != "terminal" or session.crashed):
            return session
        if session.way_in and otherwise is None:
            otherwise = session
    return otherwise


async def _or_else(otherwise: T, function: Callable[..., T], *args: object, deadline: float = DISK_SECONDS) -> T:
    """What the disk says, or `otherwise` if it is silent."""
    try:
        return await run_blocking(function, *args, deadline=deadline)
    except TimeoutError:
        return otherwise


def _versions() -> dict[str, str]:
    found = {"Nuke AI Panel": __version__, "Python": platform.python_version(), "PySide6": _version_of("PySide6")}
    core = sys.modules.get("PySide6.QtCore")  # never imported for this: where it is missing, it cannot be
    if core is not None:
        found |= {"PySide6": sys.modules["PySide6"].__version__, "Qt": core.qVersion()}
    found |= {name: _version_of(name) for name in PACKAGES}
    return found | _system() | {"Machine": platform.machine()}


def _system() -> dict[str, str]:
    """As its users call it; "Linux" says too little."""
    if sys.platform != "linux":
        return {"System": platform.platform(terse=True)}
    return {"System": f"Linux {platform.release()}", "C library": " ".join(platform.libc_ver())}


def _version_of(package: str) -> str:
    """As installed. A host's own packages, or vendored ones, may not say."""
    for name in (package, f"{package}-Essentials"):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "not installed"


async def _ask_keyring(app: Application) -> KeyringState:
    """Its name, and whether it answers a question that is not about a key."""
    try:
        async with asyncio.timeout(KEYRING_SECONDS):
            name = await app.keys.place()
            if name != SECRET_SERVICE:
                return KeyringState(name)
            return KeyringState(name, locked=await run_blocking(ask_secret_service, deadline=KEYRING_SECONDS))
    except KeyringTrouble as trouble:
        return KeyringState("", str(trouble))
    except ImportError:
        return KeyringState("", "The keyring package is not installed. Keys last for a session.")
    except TimeoutError:
        return KeyringState("", f"The keyring did not answer within {KEYRING_SECONDS:g} s.")


def ask_secret_service() -> bool:
    """Whether its usual collection is locked. It is not unlocked, made or searched. Raises KeyringTrouble.

    (The backend is made from the session bus alone: it is there also while its service hangs.)
    """
    import secretstorage

    try:
        with closing(secretstorage.dbus_init()) as bus:
            return secretstorage.get_collection_by_alias(bus, "default").is_locked()
    except secretstorage.ItemNotFoundException:
        return False  # there is none yet: the first key makes one
    except secretstorage.SecretStorageException as error:
        raise KeyringTrouble(f"The Secret Service refused: {error}") from None


async def _look_at(folder: Folder) -> Folder:
    return await _or_else(replace(folder, trouble="the disk does not answer"), _looked_at, folder)


def _looked_at(folder: Folder) -> Folder:
    path = Path(folder.path)
    if not path.is_absolute():
        return replace(folder, trouble="there is no home folder")
    try:
        nearest = next(each for each in (path, *path.parents) if each.exists())
        if not nearest.is_dir():
            return replace(folder, trouble=f"{nearest.name} is in the way, a file")
        writable, free = os.access(nearest, os.W_OK), shutil.disk_usage(nearest).free
    except OSError as error:
        return replace(folder, trouble=error.strerror or type(error).__name__)
    return replace(folder, exists=nearest == path, writable=writable, free=free)
