"""Wheels: which of a folder are taken, and how one is unpacked. Runs nothing of what is in them."""

from __future__ import annotations

import re
import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import records
from .requirements import HOST_HAS, canonical
from .target import GLIBC, Target
from .trouble import Trouble, dotted

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, UnicodeDecodeError)


@dataclass(frozen=True)
class Wheel:
    """A wheel by its file name."""

    path: Path
    name: str
    version: str
    tags: tuple[tuple[str, str, str], ...]

    @classmethod
    def at(cls, path: Path) -> Wheel:
        parts = path.stem.split("-")
        if len(parts) not in (5, 6):
            raise Trouble(f"{path.name} is not the name of a wheel.")
        pythons, abis, systems = (part.split(".") for part in parts[-3:])
        tags = tuple((python, abi, system) for python in pythons for abi in abis for system in systems)
        return cls(path, canonical(parts[0]), parts[1], tags)

    def fits(self, target: Target) -> bool:
        return any(target.fits(*tag) for tag in self.tags)

    def made_for(self) -> str:
        """In words, from the last tag: Python 3.12 on Windows."""
        python, _, system = self.tags[-1]
        found = re.fullmatch(r"(?:cp|py)(\d)(\d*)", python)
        needs = f"Python {found[1]}{'.' if found[2] else ''}{found[2]}" if found else python
        newest = re.match(r"manylinux_(\d+)_(\d+)_(\w+)", system)
        if newest:
            return f"{needs} on Linux {newest[3]} with glibc {newest[1]}.{newest[2]}"
        for start, name in (("any", "any system"), ("win", "Windows"), ("macosx", "macOS"), ("musl", "Alpine Linux")):
            if system.startswith(start):
                return f"{needs} on {name}" + ("" if system == "any" else f" ({system})")
        return f"{needs} on {system}"

    def metadata(self) -> str:
        try:
            with zipfile.ZipFile(self.path) as archive:
                return archive.read(_record_of(archive).replace("/RECORD", "/METADATA")).decode("utf-8")
        except DAMAGED as error:
            raise Trouble(f"{self.path.name} is damaged: {error}") from error


def choose(folder: Path, target: Target) -> tuple[list[Wheel], list[str]]:
    """The wheels of a folder to install, one a package, and the names of those that Nuke brings itself."""
    if not folder.is_dir():
        raise Trouble(f"The folder of wheels is not there: {folder}")
    offers: dict[str, list[Wheel]] = {}
    for path in sorted(folder.glob("*.whl")):
        wheel = Wheel.at(path)
        offers.setdefault(wheel.name, []).append(wheel)
    chosen = [_best(offers[name], target) for name in sorted(set(offers) - HOST_HAS)]
    return chosen, sorted(HOST_HAS & set(offers))


def _best(offers: list[Wheel], target: Target) -> Wheel:
    fitting = [wheel for wheel in offers if wheel.fits(target)]
    if not fitting:
        made_for = f"{offers[0].path.name} is for {offers[0].made_for()}"
        raise Trouble(f"{made_for}. Nuke needs it for {target} (glibc {dotted(GLIBC)}).")
    if len({wheel.version for wheel in fitting}) > 1:
        both = " and ".join(wheel.path.name for wheel in fitting[:2])
        raise Trouble(f"Two versions of one package: {both}. Keep one of them.")
    return min(fitting, key=lambda wheel: wheel.path.name.endswith("-any.whl"))


def unpack(wheel: Path, into: Path) -> None:
    """Writes the importable files of a wheel, each checked against its RECORD; commands are left out."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            record = _record_of(archive)
            rows = list(_unpacked(archive, record, into))
    except DAMAGED as error:
        raise Trouble(f"{wheel.name} is damaged: {error}") from error
    except Trouble as error:
        raise Trouble(f"{wheel.name}: {error}") from None
    records.write(into / record, rows)


def _record_of(archive: zipfile.ZipFile) -> str:
    found = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
    if len(found) != 1:
        raise Trouble("it has no list of its files (RECORD).")
    return found[0]


def _unpacked(archive: zipfile.ZipFile, record: str, into: Path) -> Iterator[records.Row]:
    promised = records.parse(archive.read(record).decode("utf-8"))
    signatures = {record, record + ".jws", record + ".p7s"}
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    if len(set(names)) < len(names) or set(promised) - signatures - set(names):
        raise Trouble("its files are not those that its RECORD lists.")
    for entry in archive.infolist():
        if entry.is_dir() or entry.filename in signatures:
            continue
        _check_path(entry)
        data = archive.read(entry)
        if not records.matches(data, promised.get(entry.filename, "")):
            raise Trouble(f"{entry.filename} is not what its RECORD lists.")
        place = _place(entry.filename)
        if place is not None:
            _write(into / place, place, data)
            yield place, records.digest(data), str(len(data))


def _check_path(entry: zipfile.ZipInfo) -> None:
    parts = entry.filename.split("/")
    if any(part in ("", ".", "..") or set(part) & set("\\:\0") for part in parts):
        raise Trouble(f"it would write outside of its folder: {entry.filename!r}")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Trouble(f"it holds a link: {entry.filename}")


def _place(name: str) -> str | None:
    """Where a file of a wheel goes; None for commands, headers and data, which an import does not need."""
    spread = re.fullmatch(r"[^/]+\.data/([^/]+)/(.+)", name)
    if not spread:
        return name
    return spread[2] if spread[1] in ("purelib", "platlib") else None


def _write(path: Path, place: str, data: bytes) -> None:
    if path.exists() and path.read_bytes() != data:
        raise Trouble(f"{place} is in another package too, and differs.")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
