"""A release: one folder of packages, named by the panel's version and by a print of everything in it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import records
from .requirements import PANEL, canonical, requirements, satisfies
from .target import Target
from .trouble import some

NAME = re.compile(r"(?P<version>[\w.+!]+)-(?P<print>[0-9a-f]{12})(?:-\d+)?", re.ASCII)
"""Also what may stand in menu.py."""
LOADED = (".py", ".pyc", ".so", ".pyd", ".dll", ".dylib")
"""Code. What else lies about (of file managers, of NFS) does no harm."""


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. `kind` is for programs, `text` for people."""

    kind: str
    text: str


@dataclass(frozen=True)
class Contents:
    """What a release holds, for status and for programs. `bytes` without what Python keeps beside modules."""

    version: str
    release: str
    packages: int
    bytes: int

    @classmethod
    def of(cls, release: Path) -> Contents:
        have = packages(release)
        size = sum((release / file).stat().st_size for file in _files(release))
        return cls(version_of(have[PANEL]) if PANEL in have else "", release.name, len(have), size)


def differences(release: Path) -> list[Finding]:
    """What is not as its RECORDs say, and whether they are the ones that it was installed with."""
    listed: set[str] = set()
    found: dict[str, list[str]] = {"missing": [], "changed": [], "stray": []}
    for record in records.records_in(release):
        listed.add(f"{record.parent.name}/RECORD")
        for name, digest, _ in records.read(record):
            listed.add(name)
            path = release / name
            if not path.is_file():
                found["missing"].append(name)
            elif digest and not records.matches(path.read_bytes(), digest):
                found["changed"].append(name)
    found["stray"] = [name for name in _files(release) if name not in listed and name.lower().endswith(LOADED)]
    findings = [Finding(kind, f"{kind}: {some(names)}") for kind, names in found.items() if names]
    name = NAME.fullmatch(release.name)
    if name and name["print"] != fingerprint(release):
        findings.append(Finding("changed", "the packages are not the ones that were installed"))
    return findings


def unmet(release: Path, target: Target) -> list[Finding]:
    """What is needed and not there, or there in another version; each with who needs it."""
    have, lines = packages(release), list[str]()
    for name, info in sorted(have.items()):
        metadata = (info / "METADATA").read_text("utf-8", "replace") if (info / "METADATA").is_file() else ""
        for need, wanted in sorted(requirements(metadata, target.markers()).items()):
            if need not in have:
                lines.append(f"{need} (for {name})")
            elif not satisfies(version_of(have[need]), wanted):
                lines.append(f"{wanted} (for {name}), not {version_of(have[need])}")
    return [Finding("missing", f"needed and not there: {line}") for line in lines]


def fingerprint(release: Path) -> str:
    """Of every file in it: the RECORDs hold their digests."""
    whole = hashlib.sha256()
    for record in sorted(records.records_in(release)):
        whole.update(f"{record.parent.name}\n".encode() + record.read_bytes())
    return whole.hexdigest()[:12]


def packages(release: Path) -> dict[str, Path]:
    """Canonical name to `dist-info` folder."""
    return {canonical(path.name.split("-")[0]): path for path in release.glob("*.dist-info")}


def version_of(info: Path) -> str:
    return info.name[: -len(".dist-info")].partition("-")[2]


def _files(folder: Path) -> Iterator[str]:
    """Relative, with slashes; without what Python itself keeps beside modules."""
    for place, folders, names in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        yield from ((Path(place) / name).relative_to(folder).as_posix() for name in names)
