"""How every test runs: in a clean environment, coroutines on the real loop, and leaving nothing behind."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
from guards import Census, UnseenErrors, settle, threads_left
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from llama_server import llama_endless, llama_server, llama_with_key  # noqa: F401
from secret_service import locked_secret_service, secret_service  # noqa: F401

# The same examples in every run; a busy machine is no failure.
hypothesis_settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.load_profile("repeatable")

BOUND = 30.0
"""Seconds for a coroutine test: a hung await fails its own test, where pytest-timeout ends the whole run."""

FAILED = pytest.StashKey[bool]()
W = TypeVar("W")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "abandons(count): this many `run_blocking` threads are hung on purpose")
    config.addinivalue_line("markers", "bound(seconds): for this coroutine test instead of 30")


def pytest_collection_finish(session: pytest.Session) -> None:
    gc.collect()
    gc.freeze()  # what importing made is not what a test leaves; without it each guard costs 28 ms instead of 3


def _coroutine(item: pytest.Item) -> Any:
    """The coroutine function of a test, also under hypothesis' `@given`; None for a plain test."""
    test = getattr(item, "obj", None)
    if given := getattr(test, "hypothesis", None):
        test = given.inner_test
    return test if inspect.iscoroutinefunction(test) else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names = item.fixturenames
        if _coroutine(item):
            names.append("loop")
        if "loop" in names or "own" in names:
            names.insert(0, "qapp")  # before the guard looks


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Iterator[Any]:
    if test := _coroutine(pyfuncitem):
        loop, marker = pyfuncitem.funcargs["loop"], pyfuncitem.get_closest_marker("bound")
        seconds = marker.args[0] if marker else BOUND

        async def bounded(*args: Any, **kwargs: Any) -> None:
            async with asyncio.timeout(seconds):
                await test(*args, **kwargs)

        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            loop.run_until_complete(bounded(*args, **kwargs))

        if given := getattr(pyfuncitem.obj, "hypothesis", None):
            given.inner_test = run
        else:
            pyfuncitem.obj = run
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[Any]:
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    base = tmp_path_factory.mktemp("homes")
    return (base / str(number) for number in itertools.count())


@pytest.fixture(scope="session")
def no_authorities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A collection of certificates with nothing in it. The system's takes 30 ms to read, in each manager anew."""
    folder = tmp_path_factory.mktemp("authorities")
    (folder / "none.pem").touch()
    return folder


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path], no_authorities: Path) -> None:
    """No key, proxy, setting, home, session bus or certificate of the person who runs the tests reaches them."""
    for name in os.environ:
        upper = name.upper()
        ours = upper.startswith("NUKE_AI_PANEL_") and upper != "NUKE_AI_PANEL_TEST_DATA"
        if ours or upper.endswith(("_API_KEY", "_TOKEN", "_PROXY")) or upper == "DBUS_SESSION_BUS_ADDRESS":
            monkeypatch.delenv(name)
    home = next(homes)
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    for name in ("CONFIG_HOME", "DATA_HOME", "CACHE_HOME", "STATE_HOME", "RUNTIME_DIR"):
        monkeypatch.setenv(f"XDG_{name}", str(home / name.lower()))
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # or each of a thousand children compiles us anew
    monkeypatch.setenv("SSL_CERT_FILE", str(no_authorities / "none.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(no_authorities))


@pytest.fixture(autouse=True)
def quick_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that others use may take a second over `fsync`, and what we promise to do in less waits for it. Nothing
    here cuts the power: what is written can be read without. Processes of their own sync as they do for users."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(autouse=True)
def unseen_errors(request: pytest.FixtureRequest, clean_environment: None) -> Iterator[UnseenErrors]:
    """The guard around each test. `unseen_errors.expect(part)` takes an error that was provoked on purpose."""
    errors, before = UnseenErrors(), Census.take()
    errors.install()
    try:
        yield errors
        if FAILED in request.node.stash:
            return  # its traceback holds whatever it had
        left = [f"thread left: {thread.name}" for thread in threads_left(before)]
        settle()
        left += Census.take().left_since(before)
    finally:
        errors.uninstall()
    abandoned = [line for line in left if "abandoned" in line]
    marker = request.node.get_closest_marker("abandons")
    if marker and len(abandoned) == marker.args[0]:
        left = [line for line in left if line not in abandoned]
    assert not left + errors.lines, "\n".join(left + errors.lines)
    gc.freeze()  # nor is what it imported and cached for good the next one's


@pytest.fixture(scope="session")
def qapp() -> Any:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    from PySide6.QtWidgets import QApplication

    app = QApplication.instance() or QApplication(["nuke-ai-panel-tests"])
    app.setQuitOnLastWindowClosed(False)
    return app


@pytest.fixture
def loop(qapp: Any) -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of the product. A task that outlives its test fails it."""
    from nuke_ai_panel.panel.loop import PanelLoop

    loop = PanelLoop(qapp)
    yield loop
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.wait(left, timeout=5))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert not left, f"tasks left: {left}"


@pytest.fixture
def own(qapp: Any) -> Iterator[Callable[[W], W]]:
    """`view = own(ChatView())`: closed and destroyed at the end. A lambda in a connection keeps a widget for ever."""
    from shiboken6 import delete, isValid

    owned: list[Any] = []

    def keep(widget: W) -> W:
        owned.append(widget)
        return widget

    yield keep
    for widget in reversed(owned):
        if isValid(widget):
            widget.close()
            delete(widget)


@pytest.fixture
def data() -> Path:
    """Recordings that are not part of the repository; the tests that use them are skipped without."""
    folder = os.environ.get("NUKE_AI_PANEL_TEST_DATA")
    if not folder:
        pytest.skip("NUKE_AI_PANEL_TEST_DATA is not set")
    return Path(folder)
