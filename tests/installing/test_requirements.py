"""What a package needs in Nuke's Python, and which versions will do."""

from __future__ import annotations

import pytest
from nuke_ai_panel.installing.requirements import applies, requirements, satisfies
from nuke_ai_panel.installing.target import Target

LINUX = Target("linux", "x86_64").markers()
WINDOWS = Target("win32", "x86_64").markers()


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("python_version < '3.12'", True),
        ('python_version >= "3.10" and python_version < "3.11"', False),
        ("python_full_version < '3.11'", False),
        ("sys_platform == 'win32' or (os_name != 'nt' and platform_system == 'Linux')", True),
        ("platform_python_implementation != 'PyPy'", True),
        ("sys_platform in 'linux darwin'", True),
        ("extra == 'speedups'", False),
        ("python_version ~= '3.9'", False),
        ("not a condition", False),
    ],
)
def test_the_condition_of_a_requirement_is_that_of_nukes_python(condition: str, holds: bool) -> None:
    assert applies(condition, LINUX) is holds


def test_requirements_are_those_for_here_and_never_of_qt() -> None:
    needs = [
        "PySide6-Essentials<6.12,>=6.5.3; python_version < '3.12'",
        "aiohttp!=3.14.0,>=3.13.3",
        "nats-py; extra == 'nats'",
    ]
    metadata = "".join(f"Requires-Dist: {need}\n" for need in [*needs, "SecretStorage>=3.2; sys_platform == 'linux'"])
    assert requirements(metadata, LINUX) == {
        "aiohttp": "aiohttp!=3.14.0,>=3.13.3",
        "secretstorage": "SecretStorage>=3.2",
    }
    assert requirements(metadata, WINDOWS).keys() == {"aiohttp"}


@pytest.mark.parametrize(
    ("version", "wanted", "holds"),
    [
        ("3.13.3", "aiohttp>=3.13.3,!=3.14.0", True),
        ("3.14.0", "aiohttp!=3.14.0,>=3.13.3", False),
        ("3.9", "aiohttp>=3.13.3", False),
        ("25", "keyring>=25.0.0", True),
        ("1.9", "yarl <2.0, >=1.25.1", False),
        ("1.25.1", "yarl (<2.0,>=1.25.1)", True),
        ("0.2.7", "mdurl~=0.1", True),
        ("1.0", "mdurl~=0.1", False),
        ("0.1.9", "mdurl~=0.1.5", True),
        ("2.1.4", "thing==2.1.*", True),
        ("2.1.4", "thing!=2.1.*", False),
        ("2.1", "thing===2.1.0", True),
        ("1", "thing", True),
        ("1", "thing @ https://example.org/thing-2.whl", True),
    ],
)
def test_a_version_is_held_against_what_is_asked_for(version: str, wanted: str, holds: bool) -> None:
    assert satisfies(version, wanted) is holds
