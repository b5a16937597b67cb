"""The guards around every test are tests too: each planted leak fails its own test, and nothing else fails."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = Path(__file__).parent / "planted" / "leaks.py"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, set[str]]:
    """Name of each planted test to the words pytest has for it: passed, failed, error."""
    environment = {
        **os.environ,
        "PLANTED_HOME": os.environ.get("HOME", ""),
        "NUKE_AI_PANEL_PLANTED": "1",
        "OPENAI_API_KEY": "sk-planted",
        "https_proxy": "http://127.0.0.1:9",
    }
    command = [sys.executable, "-m", "pytest", "-rA", "-q", "--tb=no", "-p", "no:cacheprovider", str(PLANTED)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=50, env=environment, cwd=PLANTED.parent.parent.parent
    )
    found: dict[str, set[str]] = {}
    for word, name in re.findall(r"^(PASSED|FAILED|ERROR) \S*leaks\.py::(\w+)", done.stdout, re.MULTILINE):
        found.setdefault(name, set()).add(word)
    assert found, done.stdout + done.stderr
    return found


def _planted(good: bool) -> list[str]:
    names = re.findall(r"^(?:async )?def (test_\w+)", PLANTED.read_text(), re.MULTILINE)
    return [name for name in names if name.startswith("test_good") == good]


@pytest.mark.parametrize("name", _planted(good=False))
def test_a_leak_fails_its_own_test(outcomes: dict[str, set[str]], name: str):
    assert outcomes[name] & {"FAILED", "ERROR"}


@pytest.mark.parametrize("name", _planted(good=True))
def test_what_leaves_nothing_passes(outcomes: dict[str, set[str]], name: str):
    assert outcomes[name] == {"PASSED"}
