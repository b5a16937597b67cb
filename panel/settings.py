"""Every setting, declared once; the user's file and the settings dialog derive from the declaration.

Owns the declarations, the layers (defaults < user file) and the TOML file. It knows no widget and no key: keys are in
the keyring, only the names of saved ones are listed here (`ID@ORIGIN`), because a keyring cannot be listed.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import tomllib
from collections.abc import Generator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar, cast

import platformdirs
import tomli_w

from ..providers.catalog import GUIDE, PROVIDERS

V = TypeVar("V", bool, int, float, str)


@dataclass(frozen=True, slots=True)
class Setting(Generic[V]):
    """One setting. `id` is `section.name` of the file; its type is that of `default`."""

    id: str
    default: V
    label: str
    help: str
    choices: tuple[tuple[str, str], ...] = ()
    """`(value, words)` pairs where only these are allowed."""
    low: float | None = None
    high: float | None = None

    def accepts(self, value: object) -> bool:
        """Whether the file's value can be used: right type, a listed choice, within the limits."""
        if isinstance(self.default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is not type(self.default):
            return False
        if self.choices and value not in {choice for choice, _ in self.choices}:
            return False
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return not (self.low is not None and value < self.low) and not (self.high is not None and value > self.high)
        return True


PROVIDER = Setting(
    "chat.provider",
    GUIDE,
    "Who answers",
    "The provider that new questions go to. Until you choose one, the built-in guide answers and nothing is sent.",
    choices=tuple((row.id, row.label) for row in PROVIDERS.values()),
)
SEND_KEY = Setting(
    "chat.send_key",
    "enter",
    "Send with",
    "The other one of the two starts a new line.",
    choices=(("enter", "Enter"), ("ctrl+enter", "Ctrl+Enter")),
)
TOOL_ROUNDS = Setting(
    "chat.tool_rounds",
    25,
    "Tool rounds in one answer",
    "After this many rounds of tool calls the answer stops.",
    low=1,
    high=200,
)
CONNECT = Setting(
    "network.connect_seconds", 10.0, "Connect within", "Seconds until a server counts as out of reach.", low=1, high=120
)
FIRST_EVENT_CLOUD = Setting(
    "network.first_event_seconds", 120.0, "First sign of an answer", "Seconds, for services.", low=1, high=3600
)
FIRST_EVENT_LOCAL = Setting(
    "network.first_event_local_seconds",
    600.0,
    "First sign of an answer, local",
    "Seconds, for servers on this computer: loading a model takes minutes.",
    low=1,
    high=7200,
)
IDLE_CLOUD = Setting(
    "network.idle_seconds", 60.0, "Longest silence", "Seconds without a word, for services.", low=1, high=3600
)
IDLE_LOCAL = Setting(
    "network.idle_local_seconds",
    300.0,
    "Longest silence, local",
    "Seconds without a word, for servers on this computer.",
    low=1,
    high=7200,
)
TOTAL = Setting(
    "network.total_seconds",
    1800.0,
    "Whole answer",
    "Seconds until an answer that is still being written ends.",
    low=10,
    high=86400,
)
TEST = Setting(
    "network.test_seconds", 15.0, "Connection test", "Seconds until a connection test gives up.", low=1, high=120
)
PROXY = Setting(
    "network.proxy",
    "system",
    "Proxy",
    "The way out of your network. Servers on this computer are always reached directly.",
    choices=(("system", "As this system says"), ("none", "None"), ("manual", "This one")),
)
PROXY_ADDRESS = Setting("network.proxy_address", "", "Proxy address", "Such as http://proxy.studio.lan:3128.")
PROXY_USER = Setting(
    "network.proxy_user", "", "Proxy user", "If the proxy wants a login. Its password is kept in the keyring."
)
DIRECT_HOSTS = Setting(
    "network.direct_hosts", "", "Without the proxy", "Hosts with commas between them, such as .studio.lan, 10.0.0.5."
)
CA_FILE = Setting(
    "network.ca_file",
    "",
    "Extra certificates",
    "A PEM file with the certificates of your studio, trusted besides those of this system.",
)

RETRIES = Setting(
    "requests.retries",
    2,
    "Tries after a failure",
    "How often a question is sent again when a service is overloaded, before the first word has come.",
    low=0,
    high=5,
)
AT_ONCE = Setting(
    "requests.at_once", 8, "Questions at once", "To one provider; more wait for their turn.", low=1, high=64
)
CONTEXT = Setting(
    "requests.context_tokens",
    0,
    "Context of local servers",
    "Tokens that a local server sets aside. 0: what the model was made for, up to 16384.",
    low=0,
    high=1_048_576,
)

LOG_LEVEL = Setting(
    "reports.log_level",
    "warning",
    "Log level",
    "What is written to Python's log. Reports of errors are kept in any case.",
    choices=(("debug", "Debug"), ("info", "Info"), ("warning", "Warning"), ("error", "Error")),
)
NATS_SERVER = Setting(
    "reports.nats_server",
    "",
    "NATS server",
    "Where reports are sent as well, such as nats://host:4222, without a login. Empty: nowhere.",
)
NATS_SUBJECT = Setting(
    "reports.nats_subject", "nuke_ai_panel.reports", "NATS subject", "Under which subject reports are published."
)

SETTINGS: tuple[Setting[str] | Setting[int] | Setting[float], ...] = (
    PROVIDER,
    SEND_KEY,
    TOOL_ROUNDS,
    CONNECT,
    FIRST_EVENT_CLOUD,
    FIRST_EVENT_LOCAL,
    IDLE_CLOUD,
    IDLE_LOCAL,
    TOTAL,
    TEST,
    PROXY,
    PROXY_ADDRESS,
    PROXY_USER,
    DIRECT_HOSTS,
    CA_FILE,
    RETRIES,
    AT_ONCE,
    CONTEXT,
    LOG_LEVEL,
    NATS_SERVER,
    NATS_SUBJECT,
)


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What the user set for one provider. Empty: the row's own address, the first model of its list."""

    address: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One value that was set since the file was read; of the saved keys, whether this name is among them."""

    section: str
    name: str
    value: Any


def settings_path() -> Path:
    """Where the user's file is on this system."""
    return platformdirs.user_config_path("nuke-ai-panel", appauthor=False) / "settings.toml"


class Settings:
    """The values in force. Reading never fails: what is damaged falls back to its default, value by value.

    What is set is also noted as a change, because that, and not everything, is what `save` writes: another panel may
    have saved something else in the meantime.
    """

    def __init__(self, values: dict[str, Any] | None = None, warnings: tuple[str, ...] = ()) -> None:
        self._values: dict[str, Any] = values or {}
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

    def get(self, setting: Setting[V]) -> V:
        section, name = setting.id.split(".")
        value = _table(self._values, section).get(name, setting.default)
        return type(setting.default)(value) if setting.accepts(value) else setting.default

    def set(self, setting: Setting[V], value: V) -> None:
        """Raises ValueError for a value that the declaration does not allow."""
        if not setting.accepts(value):
            raise ValueError(f"{setting.label}: {value!r} is not possible")
        section, name = setting.id.split(".")
        self._change(Change(section, name, value))

    def provider(self, provider_id: str) -> ProviderSettings:
        table = _table(_table(self._values, "providers"), provider_id)
        address, model = table.get("address", ""), table.get("model", "")
        return ProviderSettings(
            address if isinstance(address, str) else "",
            model if isinstance(model, str) else "",
        )

    def set_provider(self, provider_id: str, value: ProviderSettings) -> None:
        fields = {"address": value.address, "model": value.model}
        self._change(Change("providers", provider_id, {name: text for name, text in fields.items() if text}))

    def saved_keys(self) -> frozenset[str]:
        """The names (`ID@ORIGIN`) of the keys that this program put into the keyring."""
        return _saved_keys(self._values)

    def remember_key(self, name: str, saved: bool) -> None:
        self._change(Change("keys", name, saved))

    def _change(self, change: Change) -> None:
        _apply(self._values, change)
        self._changes[change.section, change.name] = change


def _apply(values: dict[str, Any], change: Change) -> None:
    table = values.get(change.section)
    if not isinstance(table, dict):
        table = values[change.section] = {}
    section = cast(dict[str, Any], table)
    if change.section == "keys":
        names = _saved_keys(values) - {change.name}
        section["saved"] = sorted(names | {change.name} if change.value else names)
    else:
        section[change.name] = change.value


def _saved_keys(values: Mapping[str, Any]) -> frozenset[str]:
    names: object = _table(values, "keys").get("saved")
    if not isinstance(names, list):
        return frozenset()
    return frozenset(name for name in cast(list[object], names) if isinstance(name, str))


def load(path: Path) -> Settings:
    """The user's file over the defaults. A file that is no TOML is kept as `.bad`, and its reader is told."""
    try:
        values = _read(path)
    except OSError as error:
        return Settings(warnings=(f"The settings could not be read ({error.strerror}). The defaults are in force.",))
    except _NO_TOML:
        return Settings(warnings=(_set_aside(path),))
    return Settings(values, tuple(_damaged(values)))


def save(changes: Iterable[Change], path: Path) -> None:
    """Puts changes into the file, which may be another one than was loaded, and replaces it in one step.

    A crash leaves the old or the new one. Raises OSError.
    """
    path = Path(os.path.realpath(path))  # a link to the file stays one
    path.parent.mkdir(parents=True, exist_ok=True)
    with _alone(path.parent):
        try:
            values = _read(path)
        except _NO_TOML:
            _set_aside(path)
            values = {}
        for change in changes:
            _apply(values, change)
        _replace(path, tomli_w.dumps(values).encode("utf-8", "replace"))


_NO_TOML = (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError)


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def _replace(path: Path, content: bytes) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".settings-", suffix=".toml")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def _alone(folder: Path) -> Generator[None]:
    """No other panel saves meanwhile, where the system can lock a folder; elsewhere the moment is short."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    handle = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):  # some network drives cannot
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _damaged(values: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    for setting in SETTINGS:
        section, name = setting.id.split(".")
        table = _table(values, section)
        if name in table and not setting.accepts(table[name]):
            found.append(f"{setting.label}: {table[name]!r} cannot be used, {setting.default!r} is in force.")
    return found


def _set_aside(path: Path) -> str:
    kept = path.with_suffix(".toml.bad")
    try:
        os.replace(path, kept)
    except OSError as error:
        return f"The settings are damaged and could not be moved aside ({error.strerror}). The defaults are in force."
    return f"The settings were damaged. They are kept as {kept.name}; the defaults are in force."


def _table(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = values.get(name)
    return cast(dict[str, Any], table) if isinstance(table, dict) else {}
