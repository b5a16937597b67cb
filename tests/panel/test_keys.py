"""The key store: which source wins, which origin a key belongs to, and what a bad keyring does to the panel."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from keyring.errors import KeyringLocked
from memory_keyring import Dictionary
from nuke_ai_panel.panel.keys import Keyring, KeyringTrouble, KeyStore, platform_keyring, variable_for
from nuke_ai_panel.panel.settings import Settings
from nuke_ai_panel.panel.threads import run_blocking
from nuke_ai_panel.providers.catalog import PROVIDERS
from nuke_ai_panel.providers.redact import Redactor, Secret
from own_time import own_time
from secret_service import SecretService

OPENAI = "https://api.openai.com"
ELSEWHERE = "http://127.0.0.1:9"
KEY = Secret("sk-proj-0123456789abcdef")


ONLY_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="the backend of this system")
# keyring 25.7 leaves its bus connection to the garbage collector when a call fails.
FAILED_CALL_LEAVES_A_SOCKET = pytest.mark.filterwarnings("ignore:Exception ignored in. <socket.socket")


def needs_key(provider_id: str) -> bool:
    return PROVIDERS[provider_id].needs_key


def store(backend: Dictionary | None = None, environ: Mapping[str, str] | None = None, **more: object) -> KeyStore:
    def keyring() -> Keyring:
        if backend is None:
            raise KeyringTrouble("There is no keyring.")
        return Keyring("Dictionary", backend)

    parts = {"keyring": keyring, "redactor": Redactor(), "names": Settings(), "needs_key": needs_key}
    arguments: dict[str, object] = parts | more
    return KeyStore(run_blocking=run_blocking, environ=environ or {}, **arguments)  # pyright: ignore


async def test_a_session_key_wins_over_the_environment_and_that_over_the_keyring() -> None:
    backend = Dictionary()
    backend.held[f"openai@{OPENAI}"] = "from-the-keyring"
    with_variable = store(backend, {"OPENAI_API_KEY": " from-the-variable\n"})
    found = await with_variable.find("openai", OPENAI)
    assert found and (found.secret.reveal(), found.source, found.where) == (
        "from-the-variable",
        "environment",
        "OPENAI_API_KEY",
    )
    with_variable.keep_for_session("openai", OPENAI, KEY)
    found = await with_variable.find("openai", OPENAI)
    assert found and (found.secret, found.source) == (KEY, "session")
    found = await store(backend).find("openai", OPENAI)
    assert found and (found.secret.reveal(), found.where) == ("from-the-keyring", "Dictionary")


async def test_a_variable_is_valid_for_its_own_origin_only() -> None:
    keys = store(Dictionary(), {"OPENAI_API_KEY": "sk-secret"})
    assert await keys.find("openai", ELSEWHERE) is None
    assert await keys.find("openai", "http://api.openai.com") is None
    assert await keys.find("compatible", OPENAI) is None


async def test_another_address_gets_the_general_variable() -> None:
    keys = store(Dictionary(), {"OPENAI_API_KEY": "sk-secret", "NUKE_AI_PANEL_API_KEY": "general"})
    found = await keys.find("openai", ELSEWHERE)
    assert found and (found.secret.reveal(), found.where) == ("general", "NUKE_AI_PANEL_API_KEY")
    found = await keys.find("openai", OPENAI)
    assert found and found.secret.reveal() == "sk-secret"
    assert variable_for("openai", ELSEWHERE) == "NUKE_AI_PANEL_API_KEY"


async def test_a_key_typed_for_one_origin_is_not_given_to_another() -> None:
    keys = store(Dictionary())
    await keys.save("compatible", "http://127.0.0.1:1000", KEY)
    assert await keys.find("compatible", "http://127.0.0.1:1001") is None
    found = await keys.find("compatible", "http://127.0.0.1:1000")
    assert found and found.secret == KEY


async def test_a_local_server_without_a_saved_key_never_waits_for_the_keyring() -> None:
    def must_not_be_asked() -> Keyring:
        raise AssertionError("asked")

    keys = store(keyring=must_not_be_asked)
    assert await keys.find("llama_cpp", "http://127.0.0.1:8080") is None


async def test_a_keyring_that_does_not_keep_a_key_is_caught_by_reading_back() -> None:
    class Null(Dictionary):
        def set_password(self, service: str, username: str, password: str, /) -> None:
            pass

    keys = store(Null())
    with pytest.raises(KeyringTrouble, match="did not keep"):
        await keys.save("openai", OPENAI, KEY)


async def test_a_saved_key_is_known_to_the_redactor_and_shows_in_no_repr() -> None:
    redactor = Redactor()
    keys = store(Dictionary(), redactor=redactor)
    await keys.save("openai", OPENAI, KEY)
    assert KEY.reveal() not in redactor.clean(f"the key is {KEY.reveal()}")
    assert KEY.reveal() not in repr(await keys.find("openai", OPENAI)) + repr(keys) + str(vars(keys))


async def test_a_removed_key_is_gone_and_removing_it_again_says_so() -> None:
    keys, settings = store(names := Dictionary()), Settings()
    keys = store(names, names=settings)
    await keys.save("openai", OPENAI, KEY)
    assert settings.saved_keys() == {f"openai@{OPENAI}"}
    assert await keys.remove("openai", OPENAI) is True
    assert names.held == {} and settings.saved_keys() == frozenset()
    assert await keys.remove("openai", OPENAI) is False


async def test_what_the_keyring_raises_does_not_carry_the_key_out() -> None:
    from keyring.errors import PasswordSetError

    class Refusing(Dictionary):
        def set_password(self, service: str, username: str, password: str, /) -> None:
            raise PasswordSetError(f"cannot store {password}")

    with pytest.raises(KeyringTrouble) as caught:
        await store(Refusing()).save("openai", OPENAI, KEY)
    error: BaseException | None = caught.value
    while error is not None:
        assert KEY.reveal() not in str(error)
        error = error.__cause__ or error.__context__


async def test_look_ups_that_wait_for_one_that_fails_do_not_ask_again() -> None:
    class Locked(Dictionary):
        asked = 0

        def get_password(self, service: str, username: str, /) -> str | None:
            self.asked += 1
            raise KeyringLocked

    keys = store(locked := Locked())
    troubles: list[str] = []

    async def look(provider_id: str) -> None:
        try:
            await keys.find(provider_id, OPENAI)
        except KeyringTrouble as trouble:
            troubles.append(str(trouble))

    async with asyncio.TaskGroup() as group:
        for provider_id in ("openai", "groq", "mistral", "xai"):
            group.create_task(look(provider_id))
    assert len(troubles) == 4 and locked.asked == 1
    await look("openai")  # the user may have unlocked it
    assert locked.asked == 2


async def test_a_key_of_this_session_is_forgotten_without_a_keyring() -> None:
    keys = store()
    keys.keep_for_session("openai", OPENAI, KEY)
    assert await keys.remove("openai", OPENAI) is True
    with pytest.raises(KeyringTrouble):
        await keys.remove("openai", OPENAI)


async def test_a_key_that_is_too_long_for_the_keyring_is_refused_before_it_is_written() -> None:
    class Windows(Dictionary):
        def set_password(self, service: str, username: str, password: str, /) -> None:
            raise OSError(1783, "The stub received bad data")

    keys = store(keyring=lambda: Keyring("Windows Credential Manager", Windows(), longest=1280))
    with pytest.raises(KeyringTrouble, match="1,280 characters"):
        await keys.save("openai", OPENAI, Secret("k" * 1281))


@ONLY_LINUX
async def test_a_real_secret_service_keeps_a_key(secret_service: SecretService) -> None:
    keys = store(keyring=platform_keyring)
    assert await keys.save("openai", OPENAI, KEY) == "Secret Service"
    again = store(keyring=platform_keyring)
    found = await again.find("openai", OPENAI)
    assert found and (found.secret, found.source, found.where) == (KEY, "keyring", "Secret Service")
    assert await again.remove("openai", OPENAI)
    assert await again.find("openai", OPENAI) is None


@FAILED_CALL_LEAVES_A_SOCKET
@ONLY_LINUX
async def test_a_locked_keyring_is_named_and_the_panel_goes_on(locked_secret_service: SecretService) -> None:
    with pytest.raises(KeyringTrouble, match="Secret Service is locked. Unlock it") as caught:
        await store(keyring=platform_keyring).find("openai", OPENAI)
    assert caught.value.kind == "locked"


@FAILED_CALL_LEAVES_A_SOCKET
@ONLY_LINUX
@pytest.mark.parametrize("password", [None, b"wrong"])
async def test_a_keyring_that_was_locked_is_used_as_soon_as_it_is_not(
    secret_service: SecretService, password: bytes | None
) -> None:
    keys = store(keyring=platform_keyring)
    await keys.save("openai", OPENAI, KEY)
    secret_service.start(password)
    for call in (keys.find("openai", OPENAI), keys.unlock(), keys.save("openai", OPENAI, KEY)):
        with pytest.raises(KeyringTrouble) as caught:
            await call
        assert caught.value.kind == "locked"
    keys.keep_for_session("openai", OPENAI, Secret("sk-typed-meanwhile-0123"))
    secret_service.start()
    await keys.unlock()
    await keys.keep_session_key("openai", OPENAI)
    found = await keys.find("openai", OPENAI)
    assert found and (found.secret.reveal(), found.source) == ("sk-typed-meanwhile-0123", "keyring")


@ONLY_LINUX
async def test_without_a_bus_there_is_no_keyring_and_never_a_plain_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    with pytest.raises(KeyringTrouble, match="no keyring") as caught:
        await store(keyring=platform_keyring).find("openai", OPENAI)
    assert caught.value.kind == "absent"


@FAILED_CALL_LEAVES_A_SOCKET
@ONLY_LINUX
async def test_a_keyring_that_dies_is_trouble_and_nothing_else(secret_service: SecretService) -> None:
    keys = store(keyring=platform_keyring)
    await keys.save("openai", OPENAI, KEY)
    secret_service.kill()
    for call in (keys.find("openai", OPENAI), keys.save("openai", OPENAI, KEY), keys.remove("openai", OPENAI)):
        with pytest.raises(KeyringTrouble):
            await call


@pytest.mark.abandons(1)
@FAILED_CALL_LEAVES_A_SOCKET
@ONLY_LINUX
async def test_a_silent_keyring_costs_its_deadline_and_no_more(secret_service: SecretService) -> None:
    keys = store(keyring=platform_keyring, deadline=0.3)
    await keys.save("openai", OPENAI, KEY)
    secret_service.stop()
    began = own_time()
    with pytest.raises(KeyringTrouble, match="does not answer"):
        await keys.find("openai", OPENAI)
    assert own_time() - began < 1.0


@FAILED_CALL_LEAVES_A_SOCKET
@ONLY_LINUX
async def test_a_service_that_is_stopped_for_a_while_answers_afterwards(secret_service: SecretService) -> None:
    keys = store(keyring=platform_keyring)
    await keys.save("openai", OPENAI, KEY)
    secret_service.stop()
    began = time.monotonic()
    asyncio.get_running_loop().call_later(0.3, secret_service.resume)
    found = await keys.find("openai", OPENAI)
    assert found and found.secret == KEY and time.monotonic() - began >= 0.25


@pytest.mark.abandons(1)
@ONLY_LINUX
async def test_a_bus_that_never_answers_costs_the_deadline_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            await asyncio.sleep(0.005)
            ticks += 1

    with socket.socket(socket.AF_UNIX) as bus:
        bus.bind(str(tmp_path / "bus"))
        bus.listen()
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={tmp_path / 'bus'}")
        async with asyncio.TaskGroup() as group:
            ticking = group.create_task(tick())
            with pytest.raises(KeyringTrouble, match="does not answer") as caught:
                await store(keyring=platform_keyring, deadline=0.5).find("openai", OPENAI)
            ticking.cancel()
    assert caught.value.kind == "silent" and ticks > 10


async def test_everything_that_a_keyring_raises_is_trouble_in_words() -> None:
    class Foreign(Exception):
        pass

    class Odd(Dictionary):
        error: Exception = OSError()

        def get_password(self, service: str, username: str, /) -> str | None:
            raise self.error

    odd = Odd()
    keys = store(keyring=lambda: Keyring("Vault", odd, failures=(Foreign,)))
    for odd.error in (OSError(1783, "no"), EOFError(), UnicodeDecodeError("utf-8", b"", 0, 1, "no"), Foreign()):
        with pytest.raises(KeyringTrouble, match="Vault refused"):
            await keys.find("openai", OPENAI)


async def test_a_variable_is_cleaned_as_a_pasted_key_is_and_refused_if_it_cannot_be_one() -> None:
    found = await store(environ={"OPENAI_API_KEY": ' "Bearer sk-0123456789" \n'}).find("openai", OPENAI)
    assert found and found.secret.reveal() == "sk-0123456789"
    for value in ("sk-one\nsk-two", "sk\u200b", "sk\0", "two words"):
        with pytest.raises(KeyringTrouble, match="OPENAI_API_KEY") as caught:
            await store(environ={"OPENAI_API_KEY": value}).find("openai", OPENAI)
        assert caught.value.kind == "unfit" and value not in str(caught.value)


async def test_characters_that_windows_keeps_in_two_units_count_twice() -> None:
    windows = store(keyring=lambda: Keyring("Windows Credential Manager", Dictionary(), longest=1280))
    await windows.save("openai", OPENAI, Secret("k" * 1280))
    with pytest.raises(KeyringTrouble, match="1,280 characters") as caught:
        await windows.save("openai", OPENAI, Secret("\U0001f511" * 641))
    assert caught.value.kind == "unfit"


PLAIN_TEXT = """
from keyring.backend import KeyringBackend

class PlaintextKeyring(KeyringBackend):
    priority = 99

    def __init__(self):
        raise SystemExit("a plain text keyring was made")

    get_password = set_password = delete_password = None
"""
CHOOSE = """
from nuke_ai_panel.panel.keys import KeyringTrouble, platform_keyring

try:
    chosen = platform_keyring()
except KeyringTrouble as trouble:
    print(trouble.kind)
else:
    print(type(chosen.backend).__module__)
"""


@ONLY_LINUX
@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "keyring.backends.null.Keyring",
        "keyring.backends.chainer.ChainerBackend",
        "keyring.backends.fail.Keyring",
        "keyrings.alt.file.PlaintextKeyring",
        "someones.Keyring",
    ],
)
@pytest.mark.parametrize("bus", [True, False])
def test_no_other_keyring_is_used_whoever_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, wanted: str, bus: bool
) -> None:
    """As installed packages, the user's variable and keyring's own file would have it."""
    packages = tmp_path / "packages"
    (packages / "keyrings/alt").mkdir(parents=True)
    (packages / "keyrings/alt/file.py").write_text(PLAIN_TEXT)
    (packages / "keyrings.alt-5.dist-info").mkdir()
    (packages / "keyrings.alt-5.dist-info/METADATA").write_text("Name: keyrings.alt\nVersion: 5\n")
    (packages / "keyrings.alt-5.dist-info/entry_points.txt").write_text("[keyring.backends]\nalt = keyrings.alt.file\n")
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "python_keyring"
    config.mkdir(parents=True)
    (config / "keyringrc.cfg").write_text("[backend]\ndefault-keyring=keyrings.alt.file.PlaintextKeyring\n")
    monkeypatch.setenv("PYTHONPATH", str(packages))
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    if wanted:
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", wanted)
    if bus:
        request.getfixturevalue("secret_service")
    done = subprocess.run([sys.executable, "-c", CHOOSE], capture_output=True, text=True, timeout=30)
    assert (done.stdout.strip(), done.stderr) == ("keyring.backends.SecretService" if bus else "absent", "")
