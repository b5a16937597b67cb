"""Puts the panel into a Nuke folder, and takes it out again to the byte.

    python install_nuke.py install   [--nuke-dir DIR] [--wheels DIR] [--json]
    python install_nuke.py uninstall [--nuke-dir DIR] [--json]
    python install_nuke.py status    [--nuke-dir DIR] [--json]

One file, standard library only: it runs before anything is installed, with Python 3.9 or newer. In a Nuke folder it
owns

    nuke_ai_panel_site/            one folder, never on `sys.path` itself
        0.1.0-3f0c5d7a9b21/        a release: the panel and the packages it needs, named by version and content
        installed.json             what was not there before us, so that it goes with us
    menu.py                        one marked block, which starts that release

and nothing else. Replacing `menu.py` is the one step that counts: a release is complete before it, an older one goes
after it, and `settle` brings a folder back in order wherever a run before was stopped. Qt is Nuke's own: never brought.

Exit codes: 0; 1 the work failed (`status`: nothing is installed, or something is wrong with it); 2 bad usage.
"""

from __future__ import annotations

import argparse
import ast
import base64
import contextlib
import csv
import email
import errno
import functools
import hashlib
import importlib.metadata
import io
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import warnings
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

PANEL = "nuke-ai-panel"
SITE = "nuke_ai_panel_site"
START = "nuke_ai_panel/panel/dock.py"
PYTHON = (3, 11)
GLIBC = (2, 28)
"""Of the oldest system that Nuke 16 runs on (VFX reference platform CY2024)."""
HOST_HAS = {"pyside6", "pyside6-essentials", "pyside6-addons", "shiboken6"}
"""Qt is the host's: a second copy in one process crashes it."""


class Trouble(Exception):
    """Why the work cannot be done, as a sentence for the person who asked for it."""


def _why(error: Exception) -> str:
    """As a sentence; of what the system refused, in words."""
    if not isinstance(error, OSError):
        return str(error)
    why = {
        errno.ENOSPC: "The disk is full",
        errno.EACCES: "Not allowed",
        errno.EPERM: "Not allowed",
        errno.EROFS: "This disk can only be read",
        errno.ENAMETOOLONG: "The path is too long for this system",
    }.get(error.errno or 0, error.strerror or str(error))
    return f"{why}: {error.filename}" if error.filename else why


# What a wheel has to fit


@dataclass(frozen=True)
class Target:
    """Nuke's Python on one system."""

    system: str
    """`sys.platform`: linux, darwin or win32."""
    machine: str
    """x86_64 or aarch64 (arm64 is the same)."""
    macos: tuple[int, ...] = (13, 0)

    @classmethod
    def here(cls) -> Target:
        machine = platform.machine().lower()
        release = platform.mac_ver()[0] or "13.0"
        macos = tuple(int(part) for part in release.split("."))[:2]
        return cls(sys.platform, {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine), macos)

    def __str__(self) -> str:
        name = {"linux": "Linux", "darwin": "macOS", "win32": "Windows"}.get(self.system, self.system)
        return f"Python {PYTHON[0]}.{PYTHON[1]} on {name} {self.machine}"

    def fits(self, python: str, abi: str, system: str) -> bool:
        """Whether a wheel with this tag can be loaded. The tags of packaging.python.org, for one Python."""
        found = re.fullmatch(r"(py|cp)3(\d*)", python)
        if not found or not self._has(system):
            return False
        minor = int(found[2] or 0)
        if found[1] == "py":
            return abi == "none" and minor <= PYTHON[1]
        return (abi == "abi3" and minor <= PYTHON[1]) or (minor == PYTHON[1] and abi in ("none", f"cp3{PYTHON[1]}"))

    def _has(self, system: str) -> bool:
        arm = self.machine == "aarch64"
        if system == "any":
            return True
        if self.system == "win32":
            return system == ("win_arm64" if arm else "win_amd64")
        if self.system == "darwin":
            found = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", system)
            machines = ("arm64" if arm else "x86_64", "universal2")
            return bool(found and (int(found[1]), int(found[2])) <= self.macos and found[3] in machines)
        return system in self.linux_tags()

    def linux_tags(self) -> list[str]:
        """Newest first; what pip is asked for, so that its choice does not follow this machine's newer glibc."""
        names = [f"manylinux_2_{minor}" for minor in range(GLIBC[1], 4, -1)]
        return [f"{name}_{self.machine}" for name in [*names, "manylinux2014", "manylinux2010", "manylinux1", "linux"]]

    def uv_platform(self) -> str:
        end = {"win32": "-pc-windows-msvc", "darwin": "-apple-darwin"}.get(self.system)
        return self.machine + (end or f"-manylinux_{GLIBC[0]}_{GLIBC[1]}")

    def markers(self) -> dict[str, str]:
        """The variables of a requirement's condition."""
        return {
            "python_version": f"{PYTHON[0]}.{PYTHON[1]}",
            "python_full_version": f"{PYTHON[0]}.{PYTHON[1]}.7",
            "sys_platform": self.system,
            "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}.get(self.system, ""),
            "os_name": "nt" if self.system == "win32" else "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }


def applies(condition: str, variables: Mapping[str, str]) -> bool:
    """Whether a requirement's condition (PEP 508) holds. Unknown variables are empty; what cannot be read fails."""

    def value(node: ast.expr) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        return variables.get(ast.unparse(node), "")

    def holds(node: ast.expr) -> bool:
        if isinstance(node, ast.BoolOp):
            return (all if isinstance(node.op, ast.And) else any)(holds(part) for part in node.values)
        return isinstance(node, ast.Compare) and _compare(value(node.left), node.ops[0], value(node.comparators[0]))

    try:
        return holds(ast.parse(condition.strip(), mode="eval").body)
    except SyntaxError:
        return False


def _compare(left: str, operator: ast.cmpop, right: str) -> bool:
    if isinstance(operator, (ast.In, ast.NotIn)):
        return (left in right) is isinstance(operator, ast.In)
    if isinstance(operator, (ast.Eq, ast.NotEq)):
        return (left == right) is isinstance(operator, ast.Eq)
    one, other = _numbers(left), _numbers(right)
    less, equal = isinstance(operator, (ast.Lt, ast.LtE)), isinstance(operator, (ast.LtE, ast.GtE))
    return (equal and one == other) or (one < other if less else one > other)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version)]


def canonical(name: str) -> str:
    """One spelling for a package: PySide6_Essentials is pyside6-essentials."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(metadata: str, target: Target) -> dict[str, str]:
    """The packages that one needs here, as canonical name to requirement without its condition; never the host's."""
    needed: dict[str, str] = {}
    for line in email.message_from_string(metadata).get_all("Requires-Dist", []):
        wanted, _, condition = str(line).partition(";")
        name = re.match(r"[\w.-]+", wanted.strip())
        if name and (not condition or applies(condition, target.markers())):
            needed[canonical(name[0])] = wanted.strip()
    return {name: wanted for name, wanted in needed.items() if name not in HOST_HAS}


def satisfies(version: str, wanted: str) -> bool:
    """Whether a version is one that a requirement such as aiohttp>=3.13.3,!=3.14.0 asks for."""
    clauses = re.findall(r"([<>=!~]=?)=?\s*([\d.]+)(\*?)", wanted.partition("@")[0])
    return all(
        _satisfies(_numbers(version), operator, _numbers(bound), bool(star)) for operator, bound, star in clauses
    )


def _satisfies(have: list[int], operator: str, bound: list[int], any_below: bool) -> bool:
    if any_below or operator == "~=":
        part = bound if any_below else bound[:-1]
        return (have[: len(part)] == part) is (operator != "!=") and (operator != "~=" or have >= bound)
    length = max(len(have), len(bound))
    have, bound = (numbers + [0] * (length - len(numbers)) for numbers in (have, bound))
    if operator in ("==", "!="):
        return (have == bound) is (operator == "==")
    return (have == bound and operator in (">=", "<=")) or (have > bound if operator[0] == ">" else have < bound)


# Wheels


DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, UnicodeDecodeError)


@dataclass(frozen=True)
class Wheel:
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
        """In words, from the first and last tag: Python 3.12 on Windows."""
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
    left_out = sorted(HOST_HAS & set(offers))
    chosen: list[Wheel] = []
    for name in sorted(set(offers) - HOST_HAS):
        fitting = [wheel for wheel in offers[name] if wheel.fits(target)]
        if not fitting:
            wheel = offers[name][0]
            raise Trouble(
                f"{wheel.path.name} is for {wheel.made_for()}. Nuke needs it for {target} (glibc {_dotted(GLIBC)})."
            )
        if len({wheel.version for wheel in fitting}) > 1:
            both = " and ".join(wheel.path.name for wheel in fitting[:2])
            raise Trouble(f"Two versions of one package: {both}. Keep one of them.")
        chosen.append(min(fitting, key=lambda wheel: wheel.path.name.endswith("-any.whl")))
    return chosen, left_out


def _dotted(version: Sequence[int]) -> str:
    return ".".join(map(str, version))


def unpack(wheel: Path, into: Path) -> None:
    """Writes the importable files of a wheel, each checked against its RECORD. Runs nothing; commands are left out."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            record = _record_of(archive)
            rows = sorted(_unpacked(archive, record, into))
    except DAMAGED as error:
        raise Trouble(f"{wheel.name} is damaged: {error}") from error
    except Trouble as error:
        raise Trouble(f"{wheel.name}: {error}") from None
    _write_record(into / record, rows)


def _record_of(archive: zipfile.ZipFile) -> str:
    records = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
    if len(records) != 1:
        raise Trouble("it has no list of its files (RECORD).")
    return records[0]


def _unpacked(archive: zipfile.ZipFile, record: str, into: Path) -> Iterator[tuple[str, str, str]]:
    promised = {row[0]: row[1] for row in csv.reader(io.StringIO(archive.read(record).decode("utf-8"))) if row}
    signatures = (record, record + ".jws", record + ".p7s")
    names = [entry.filename for entry in archive.infolist() if not entry.is_dir()]
    if len(set(names)) < len(names) or {name for name in promised if name not in signatures} - set(names):
        raise Trouble("its files are not those that its RECORD lists.")
    for entry in archive.infolist():
        if entry.is_dir() or entry.filename in signatures:
            continue
        _check_path(entry)
        data = archive.read(entry)
        if not _is(data, promised.get(entry.filename, "")):
            raise Trouble(f"{entry.filename} is not what its RECORD lists.")
        place = _place(entry.filename)
        if place is None:
            continue
        path = into / place
        if path.exists() and path.read_bytes() != data:
            raise Trouble(f"{place} is in another package too, and differs.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        yield place, _digest(data), str(len(data))


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


def _digest(data: bytes, algorithm: str = "sha256") -> str:
    """As a RECORD writes it."""
    digest = hashlib.new(algorithm, data).digest()
    return f"{algorithm}={base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}"


def _is(data: bytes, promised: str) -> bool:
    """Whether it is what a RECORD promises. Some build tools (qasync's) write the digest in hexadecimal."""
    algorithm, _, value = promised.partition("=")
    if algorithm not in ("sha256", "sha384", "sha512"):
        return False
    return promised.rstrip("=") == _digest(data, algorithm) or value == hashlib.new(algorithm, data).hexdigest()


def _write_record(path: Path, rows: Sequence[tuple[str, str, str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([*rows, (f"{path.parent.name}/RECORD", "", "")])


# Fetching


def fetch(target: Target, into: Path) -> None:
    """The panel from where this script is, and what it needs from the package registry, with uv or else pip."""
    uv = shutil.which("uv")
    if not uv and sys.version_info[:2] != PYTHON:
        # pip judges conditions by the Python it runs in, and would leave packages out.
        raise Trouble(f"Install uv, or run this with Python {_dotted(PYTHON)}, or give --wheels a folder of wheels.")
    with tempfile.TemporaryDirectory(prefix="nuke-ai-panel-") as work:
        own = _own_wheel(Path(work), uv)
        needed = sorted(requirements(own.metadata(), target).values())
        if uv:
            options = ["--python-version", _dotted(PYTHON), "--python-platform", target.uv_platform()]
            options += ["--only-binary", ":all:", "--link-mode", "copy", "--python", sys.executable]
            _run([uv, "pip", "install", "--quiet", "--target", str(into), *options, *needed], work)
            _tidy(into)
        else:
            wheels, tags = Path(work, "wheels"), target.linux_tags() if target.system == "linux" else []
            options = ["--only-binary", ":all:", "--dest", str(wheels), *(f"--platform={tag}" for tag in tags)]
            _run([sys.executable, "-m", "pip", "download", "--quiet", *options, *needed], work)
            for wheel in choose(wheels, target)[0]:
                unpack(wheel.path, into)
        unpack(own.path, into)


def _own_wheel(work: Path, uv: str | None) -> Wheel:
    """Never fetched by its name: whoever registers that name would run in Nuke."""
    here = Path(__file__).resolve().parent
    if (here / "pyproject.toml").is_file():
        return _built(here, work, uv)
    try:
        installed = importlib.metadata.distribution(PANEL)
    except importlib.metadata.PackageNotFoundError:
        raise Trouble("The panel is not beside this script. Give --wheels a folder that holds its wheel.") from None
    return _packed(installed, work)


def _built(checkout: Path, work: Path, uv: str | None) -> Wheel:
    """From a copy: building leaves folders behind."""
    source = work / "source"
    unneeded = shutil.ignore_patterns(".*", "build", "dist", "docs", "tests", "__pycache__", "*.egg-info")
    shutil.copytree(checkout, source, ignore=unneeded)
    if uv:
        _run([uv, "build", "--quiet", "--wheel", "--out-dir", str(work), str(source)], str(work))
    else:
        _run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(work), str(source)], str(work))
    return Wheel.at(next(work.glob("*.whl")))


def _packed(installed: importlib.metadata.Distribution, work: Path) -> Wheel:
    """A wheel again, from the files that were installed here."""
    files = [(str(file).replace("\\", "/"), file.locate()) for file in installed.files or ()]
    extras = ("INSTALLER", "REQUESTED", "RECORD", "direct_url.json")
    kept = [(name, Path(str(path))) for name, path in files if ".." not in name and name.split("/")[-1] not in extras]
    wheel = work / f"nuke_ai_panel-{installed.version}-py3-none-any.whl"
    rows = io.StringIO(newline="")
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, path in kept:
            if not name.endswith(".pyc"):
                archive.write(path, name)
                csv.writer(rows).writerow((name, _digest(path.read_bytes()), ""))
        archive.writestr(f"nuke_ai_panel-{installed.version}.dist-info/RECORD", rows.getvalue())
    return Wheel.at(wheel)


def _run(command: Sequence[str], folder: str) -> None:
    """In a folder of its own, so that no project's settings count; the user's own (an index, a proxy) do."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=900)
    if done.returncode:
        last = " ".join(done.stderr.strip().splitlines()[-3:]) or f"exit code {done.returncode}"
        last = re.sub(r"//[^/\s@]+@", "//", last)  # the password of a private registry
        raise Trouble(f"{Path(command[0]).stem} could not fetch the packages: {last}")


def _tidy(into: Path) -> None:
    """As `unpack` leaves it: without uv's commands, lock and notes, and with every RECORD written in one way."""
    shutil.rmtree(into / "bin", ignore_errors=True)
    for note in [into / ".lock", *into.glob("*.dist-info/INSTALLER"), *into.glob("*.dist-info/REQUESTED")]:
        note.unlink(missing_ok=True)
    for record in into.glob("*.dist-info/RECORD"):
        rows: list[tuple[str, str, str]] = []
        for name, promised, size in _rows(record):
            path = into / name
            if promised and ".." not in name and path.is_file():
                data = path.read_bytes()
                rows.append((name, _digest(data) if _is(data, promised) else promised, size))
        _write_record(record, sorted(rows))


# A release: a folder of packages


RELEASE = re.compile(r"(?P<version>[\w.+!]+)-(?P<print>[0-9a-f]{12})(?:-\d+)?", re.ASCII)


@dataclass(frozen=True)
class Finding:
    """Something that is not as it should be. `kind` is for programs, `text` for people."""

    kind: str
    text: str


def differences(release: Path) -> list[Finding]:
    """What is not as its RECORDs say, and whether they are the ones that it was installed with."""
    listed: set[str] = set()
    found: dict[str, list[str]] = {"missing": [], "changed": [], "stray": []}
    for record in release.glob("*.dist-info/RECORD"):
        listed.add(f"{record.parent.name}/RECORD")
        for name, digest, _ in _rows(record):
            listed.add(name)
            path = release / name
            if not path.is_file():
                found["missing"].append(name)
            elif digest and not _is(path.read_bytes(), digest):
                found["changed"].append(name)
    found["stray"] = [name for name in _files(release) if name not in listed]
    texts = [Finding(kind, f"{kind}: {_some(names)}") for kind, names in found.items() if names]
    name = RELEASE.fullmatch(release.name)
    if name and name["print"] != fingerprint(release):
        texts.append(Finding("changed", "the packages are not the ones that were installed"))
    return texts


def _rows(record: Path) -> list[tuple[str, str, str]]:
    with open(record, encoding="utf-8", errors="replace", newline="") as file:
        return [(row[0], row[1], row[2]) for row in csv.reader(file) if len(row) == 3]


def _files(folder: Path) -> Iterator[str]:
    """Relative, with slashes; without what Python itself keeps beside modules."""
    for place, folders, names in os.walk(folder):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        yield from ((Path(place) / name).relative_to(folder).as_posix() for name in names)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(sorted(names)[:3]) + more


def fingerprint(release: Path) -> str:
    """Of every file in it: the RECORDs hold their digests."""
    whole = hashlib.sha256()
    for record in sorted(release.glob("*.dist-info/RECORD")):
        whole.update(f"{record.parent.name}\n".encode() + record.read_bytes())
    return whole.hexdigest()[:12]


def packages(release: Path) -> dict[str, Path]:
    """Canonical name to `dist-info` folder."""
    return {canonical(path.name.split("-")[0]): path for path in release.glob("*.dist-info")}


def _version(info: Path) -> str:
    return info.name[: -len(".dist-info")].partition("-")[2]


def unmet(release: Path, target: Target) -> list[str]:
    """What is needed and not there, or there in another version; each with who needs it."""
    have, lines = packages(release), list[str]()
    for name, info in sorted(have.items()):
        metadata = (info / "METADATA").read_text("utf-8", "replace") if (info / "METADATA").is_file() else ""
        for need, wanted in sorted(requirements(metadata, target).items()):
            if need not in have:
                lines.append(f"{need} (for {name})")
            elif not satisfies(_version(have[need]), wanted):
                lines.append(f"{wanted} (for {name}), not {_version(have[need])}")
    return lines


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
        return cls(_version(have[PANEL]) if PANEL in have else "", release.name, len(have), size)


# menu.py: bytes in, bytes out. Its text is the user's in whatever encoding, so it is never decoded


BLOCK = """\
# >>> nuke_ai_panel {release} >>> install_nuke.py wrote these lines; its "uninstall" takes them out again
def _start_nuke_ai_panel():
    import os
    import sys
    import nuke
    if not nuke.GUI or "nuke_ai_panel.panel.dock" in sys.modules:
        return
    if sys.version_info[:2] != {python} or sys.platform != "{system}":
        print("AI Panel: not started, it was installed for Nuke 16 and 17 ({target})")
        return
    site = os.path.join(os.path.dirname(os.path.abspath(__file__)), "{site}", "{release}")
    try:
        if site not in sys.path:
            sys.path.append(site)
        from nuke_ai_panel.panel import dock
        dock.register()
    except Exception as error:
        if site in sys.path:
            sys.path.remove(site)
        print("AI Panel: not started, " + ascii(error) + ". To see why: install_nuke.py status")
_start_nuke_ai_panel()
del _start_nuke_ai_panel
"""
"""Parsed by every Python that may share the folder, 2.7 too. ASCII, without a path: true in any encoding, anywhere."""

_BEGIN = re.compile(rb"(?<![^\r\n])# >>> nuke_ai_panel (?P<release>\S+) >>>")
_END = re.compile(rb"(?<![^\r\n])# <<< nuke_ai_panel (?P<sum>[0-9a-f]{8})(?P<joined> joined)? <<<")
_LINE_END = re.compile(rb"\r\n|\r|\n")


@dataclass(frozen=True)
class Block:
    """Our lines in a menu.py. `joined`: the last line before them had no line end and was given one."""

    start: int
    end: int
    release: str
    joined: bool
    edited: bool


def blocks(content: bytes) -> list[Block]:
    """Trouble if a first or a last line is alone: nobody can tell then what is ours."""
    begins, ends = list(_BEGIN.finditer(content)), list(_END.finditer(content))
    marks = sorted([*begins, *ends], key=lambda mark: mark.start())
    if len(begins) != len(ends) or [mark.re for mark in marks] != [_BEGIN, _END] * len(begins):
        raise Trouble(
            "menu.py has only a part of our lines. Take out by hand what lies between"
            " '# >>> nuke_ai_panel' and '# <<< nuke_ai_panel', both too, and run this again."
        )
    return list(map(functools.partial(_block, content), begins, ends))


def _block(content: bytes, begin: re.Match[bytes], end: re.Match[bytes]) -> Block:
    lines = content[begin.start() : end.start()]
    release = begin["release"].decode("ascii", "replace")
    return Block(begin.start(), end.end(), release, bool(end["joined"]), _checksum(lines) != end["sum"])


def _checksum(lines: bytes) -> bytes:
    return hashlib.sha256(_LINE_END.sub(b"\n", lines)).hexdigest()[:8].encode()


def without_block(content: bytes) -> bytes:
    """The file as it would be had we never been there, with everything that was edited around our lines since."""
    for block in reversed(blocks(content)):
        before, after = content[: block.start], content[block.end :]
        line_end = _first_line_end(content[block.start : block.end])
        if after.startswith(line_end):
            after = after[len(line_end) :]
        elif found := _LINE_END.match(after):
            after = after[found.end() :]
        if block.joined and not after:
            before = before[: -len(line_end)] if before.endswith(line_end) else before.rstrip(b"\r\n")
        content = before + after
    return content


def with_block(content: bytes, release: str, target: Target) -> bytes:
    """Our lines where they were, else at the end, with the line ends of the file."""
    old = blocks(content)
    if len(old) > 1:
        content, old = without_block(content), []
    if old:
        before, after, joined = content[: old[0].start], content[old[0].end :], old[0].joined
        line_end = _usual_line_end(before + after)
        return before + _lines(release, target, line_end, joined) + after
    line_end = _usual_line_end(content)
    joined = bool(content) and not content.endswith((b"\r", b"\n"))
    return content + (line_end if joined else b"") + _lines(release, target, line_end, joined) + line_end


def _lines(release: str, target: Target, line_end: bytes, joined: bool) -> bytes:
    text = BLOCK.format(release=release, site=SITE, python=PYTHON, system=target.system, target=target).encode("ascii")
    last = b"# <<< nuke_ai_panel " + _checksum(text) + (b" joined <<<" if joined else b" <<<")
    return text.replace(b"\n", line_end) + last


def _usual_line_end(content: bytes) -> bytes:
    pairs = content.count(b"\r\n")
    counts = {b"\r\n": pairs, b"\n": content.count(b"\n") - pairs, b"\r": content.count(b"\r") - pairs}
    return max(counts, key=lambda line_end: counts[line_end]) if any(counts.values()) else b"\n"


def _first_line_end(content: bytes) -> bytes:
    found = _LINE_END.search(content)
    return found[0] if found else b"\n"


def _why_not_run(content: bytes) -> str:
    """Of a menu.py that Nuke's Python does not even read; else empty, and if this Python is older and cannot tell."""
    if sys.version_info < PYTHON:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(content, "menu.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"menu.py has an error of its own, and Nuke stops there: {error}"
    return ""


# Files and folders


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{SITE}")


def replace_file(path: Path, data: bytes) -> None:
    """Whole or not at all, with the mode, the attributes and, where allowed, the owner that it had."""
    temporary = _temporary(path)
    temporary.unlink(missing_ok=True)
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            now, was = temporary.stat(), path.stat()
            if hasattr(os, "chown") and (now.st_uid, now.st_gid) != (was.st_uid, was.st_gid):
                with contextlib.suppress(PermissionError):
                    os.chown(temporary, was.st_uid, was.st_gid)
            shutil.copystat(path, temporary)
            os.utime(temporary)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def discard(path: Path) -> bool:
    """Out of the way in one step: a release that is in use (Windows holds its files) stays whole, and False is told."""
    if not path.name.startswith("."):
        aside = path.with_name(f".old-{path.name}")
        shutil.rmtree(aside, ignore_errors=True)
        try:
            os.rename(path, aside)
        except OSError:
            return False
        path = aside
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return not os.path.lexists(path)


def _check_writable(path: Path) -> None:
    """The mode counts even for root: whoever took the right away meant it. Windows marks folders otherwise."""
    marks = os.name == "nt" and path.is_dir() or path.stat().st_mode & 0o222
    if not marks or not os.access(path, os.W_OK):
        raise Trouble(f"{path} is read-only. Nothing was changed.")


class NukeFolder:
    """A folder that Nuke reads at start, with what we have in it."""

    def __init__(self, path: Path) -> None:
        self.path = Path(os.path.abspath(path))
        self.site = self.path / SITE
        self.menu = Path(os.path.realpath(self.path / "menu.py"))
        """A link stays: the file that it leads to is edited."""
        self._note = self.site / "installed.json"

    def content(self) -> bytes | None:
        """Of menu.py; None if there is none."""
        if self.menu.exists() and not self.menu.is_file():
            raise Trouble(f"{self.menu} is not a file.")
        return self.menu.read_bytes() if self.menu.exists() else None

    def blocks(self) -> list[Block]:
        return blocks(self.content() or b"")

    def edited(self) -> bool:
        return any(block.edited for block in self.blocks())

    def check_writable(self) -> None:
        if self.path.exists() and not self.path.is_dir():
            raise Trouble(f"{self.path} is not a folder.")
        if not self.path.exists() and not self.path.parent.is_dir():
            raise Trouble(f"{self.path.parent} is not there. Is the path right?")
        if self.site.exists() and not self.site.is_dir():
            raise Trouble(f"{self.site} is in the way: it is not a folder.")
        for path in (self.path, self.site, self.menu.parent, self.menu):
            if path.exists():
                _check_writable(path)

    def begin(self) -> None:
        """Makes what is not there and notes it: the Nuke folder appears with its note inside."""
        new = {name for name, path in (("folder", self.path), ("menu.py", self.menu)) if not path.exists()}
        python = sys.executable if sys.version_info[:2] == PYTHON else None
        note = json.dumps({"made": sorted(self._made() | new), "python": python}, indent=2).encode()
        if "folder" in new:
            staged = _temporary(self.path)
            (staged / SITE).mkdir(parents=True)
            replace_file(staged / SITE / self._note.name, note)
            os.rename(staged, self.path)
            return
        self.site.mkdir(exist_ok=True)
        if not self._note.exists() or self._note.read_bytes() != note:
            replace_file(self._note, note)

    def _made(self) -> set[str]:
        """What was not there before us. A note that somebody broke is none."""
        try:
            return set(json.loads(self._note.read_bytes())["made"])
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return set()

    def add_release(self, fill: Filling) -> Path:
        """The release that `fill` makes: the one that is here already if it is whole, else new, under a free name."""
        staging = self.site / ".new"
        staging.mkdir()
        fill.into(staging)
        wrong = differences(staging) or [Finding("missing", line) for line in unmet(staging, fill.target)]
        if wrong:
            raise Trouble("The packages are not complete: " + "; ".join(finding.text for finding in wrong))
        have = packages(staging)
        if not (staging / START).is_file() or PANEL not in have or HOST_HAS & set(have):
            raise Trouble("The packages must hold the panel, and nothing of Qt.")
        name = f"{_version(have[PANEL])}-{fingerprint(staging)}"
        here = sorted(path for path in self.releases() if path.name.startswith(name))
        for release in here:
            if not differences(release):
                discard(staging)
                return release
        release = self.site / (f"{name}-{len(here) + 1}" if here else name)
        os.rename(staging, release)
        return release

    def releases(self) -> list[Path]:
        return [path for path in self._entries() if RELEASE.fullmatch(path.name)]

    def leftovers(self) -> list[Path]:
        """Of a run that was stopped."""
        ours = (".new", ".old-", f".{self._note.name}.")
        return [path for path in self._entries() if path.name.startswith(ours)]

    def _entries(self) -> list[Path]:
        return sorted(self.site.iterdir()) if self.site.is_dir() else []

    def settle(self) -> list[str]:
        """Removes each release that menu.py does not start; with none to start, every trace. Tells what has to stay."""
        keep = {block.release for block in self.blocks()}
        _temporary(self.menu).unlink(missing_ok=True)
        if _temporary(self.path).is_dir():
            shutil.rmtree(_temporary(self.path))
        idle = [path for path in self.releases() if path.name not in keep]
        stay = [path for path in [*self.leftovers(), *idle] if not discard(path)]
        if stay:
            return [f"{path} is in use: close Nuke and run this again to remove it." for path in stay]
        return [] if keep else self._leave()

    def _leave(self) -> list[str]:
        if not self.site.is_dir():
            return []
        if foreign := [path.name for path in self._entries() if path != self._note]:
            return [f"{self.site} stays: it holds files that are not ours ({_some(foreign)})."]
        made = self._made()
        if "menu.py" in made and self.content() == b"":
            self.menu.unlink()
        if "folder" in made and list(self.path.iterdir()) == [self.site]:
            aside = _temporary(self.path)
            os.rename(self.path, aside)
            shutil.rmtree(aside)
            return []
        self._note.unlink(missing_ok=True)
        self.site.rmdir()
        return []


@dataclass(frozen=True)
class Filling:
    """Where the packages of a release come from: a folder of wheels, else this checkout and the registry."""

    target: Target
    wheels: Path | None
    left_out: list[str] = field(default_factory=list[str])

    def into(self, folder: Path) -> None:
        if self.wheels is None:
            fetch(self.target, folder)
            return
        chosen, left_out = choose(self.wheels, self.target)
        if PANEL not in {wheel.name for wheel in chosen}:
            raise Trouble(f"The panel's own wheel (nuke_ai_panel-....whl) is not in {self.wheels}.")
        self.left_out.extend(left_out)
        for wheel in chosen:
            unpack(wheel.path, folder)


# The three actions


@dataclass
class Outcome:
    """What was done: for programs, for people, and as an exit code."""

    code: int
    facts: dict[str, object]
    lines: list[str]


def install(folder: NukeFolder, filling: Filling) -> Outcome:
    folder.check_writable()
    notes = ["Our lines in menu.py had been edited by hand; they were written anew."] if folder.edited() else []
    folder.settle()
    try:
        folder.begin()
        release = folder.add_release(filling)
        contents, content = Contents.of(release), folder.content() or b""
        new = with_block(content, release.name, filling.target)
        if new != content:
            replace_file(folder.menu, new)
    except BaseException:
        with contextlib.suppress(OSError, Trouble):
            folder.settle()
        raise
    notes += _swept(folder)
    notes += [f"Left out, Nuke has its own: {', '.join(filling.left_out)}."] if filling.left_out else []
    notes += [why] if (why := _why_not_run(new)) else []
    lines = [
        f"Installed AI Panel {contents.version}: {contents.packages} packages, {contents.bytes / 1e6:.1f} MB.",
        f"  its files:  {release}",
        f"  its start:  a marked block in {folder.menu}",
        *notes,
        "Next: restart Nuke, then Pane menu > AI Panel.",
    ]
    return Outcome(0, {"folder": str(folder.path), **asdict(contents), "notes": notes}, lines)


def _swept(folder: NukeFolder) -> list[str]:
    """The new release is started already: what goes wrong now is for the next run."""
    try:
        return folder.settle()
    except OSError as error:
        return [f"Left for the next run: {_why(error)}"]


def uninstall(folder: NukeFolder) -> Outcome:
    old = folder.blocks()
    facts: dict[str, object] = {"folder": str(folder.path), "removed": bool(old or folder.site.exists())}
    if not facts["removed"]:
        folder.settle()
        return Outcome(0, {**facts, "notes": []}, [f"Nothing to take out: the panel is not in {folder.path}."])
    folder.check_writable()
    notes = ["Our lines in menu.py had been edited by hand; they are gone all the same."] if folder.edited() else []
    if old:
        replace_file(folder.menu, without_block(folder.content() or b""))
    stay = folder.settle()
    done = f"Taken out of {folder.path}. Restart any Nuke that is open."
    return Outcome(1 if stay else 0, {**facts, "notes": notes + stay}, [done, *notes, *stay])


def inspect(folder: NukeFolder, target: Target) -> tuple[dict[str, object], list[Finding]]:
    """What is installed in a folder (facts), and what is wrong with it. Changes nothing."""
    try:
        old = folder.blocks()
    except (Trouble, OSError) as error:
        return {"installed": False}, [Finding("menu.py", _why(error))]
    facts: dict[str, object] = {"installed": bool(old)}
    starts = {block.release for block in old}
    found = list(_about_menu(folder, old))
    found += [Finding("leftover", f"left by a run that was stopped: {path.name}") for path in folder.leftovers()]
    idle = [path.name for path in folder.releases() if path.name not in starts]
    found += [Finding("idle", f"not started by menu.py: {name}") for name in idle]
    for name in sorted(starts):
        release = folder.site / name
        if not release.is_dir():
            found.append(Finding("missing", f"menu.py starts {name}, and that folder is not there"))
            continue
        facts |= asdict(Contents.of(release))
        found += differences(release)
        found += [Finding("missing", f"needed and not there: {line}") for line in unmet(release, target)]
    return facts, found


def _about_menu(folder: NukeFolder, old: Sequence[Block]) -> Iterator[Finding]:
    if folder.edited():
        yield Finding("edited", "our lines in menu.py were edited by hand")
    if len(old) > 1:
        yield Finding("twice", "menu.py starts the panel more than once")
    if old and (why := _why_not_run(folder.content() or b"")):
        yield Finding("menu.py", why)


def status(folders: Sequence[NukeFolder], target: Target) -> Outcome:
    rows: list[dict[str, object]] = []
    lines: list[str] = []
    for folder in folders:
        facts, found = inspect(folder, target)
        problems = [{"kind": finding.kind, "text": finding.text} for finding in found]
        rows.append({"folder": str(folder.path), "there": folder.path.is_dir(), **facts, "problems": problems})
        lines.append(f"{folder.path}: {_in_words(rows[-1])}")
        lines += [f"  {finding.text}" for finding in found]
        lines += ["  Install again to repair it, or uninstall."] if found else []
    ok = any(row["installed"] for row in rows) and not any(row["problems"] for row in rows)
    return Outcome(0 if ok else 1, {"folders": rows}, lines)


def _in_words(row: Mapping[str, object]) -> str:
    if not row["there"]:
        return "not there"
    if not row["installed"]:
        return "not installed, but something is left" if row["problems"] else "not installed"
    return f"AI Panel {row.get('version', '')}, {'something is wrong' if row['problems'] else 'all files as installed'}"


# The command


def nuke_folders(environ: Mapping[str, str], home: Path) -> list[Path]:
    """The folders Nuke reads at start, in its order: the user's own, then those of `NUKE_PATH`."""
    listed = [Path(part) for part in environ.get("NUKE_PATH", "").split(os.pathsep) if part]
    return [home / ".nuke", *listed]


def _run_action(arguments: argparse.Namespace) -> Outcome:
    home = Path(os.environ.get("HOME") or Path.home())  # on Windows too, Nuke asks for HOME first
    folders = [arguments.nuke_dir] if arguments.nuke_dir else nuke_folders(os.environ, home)
    target = Target.here()
    if arguments.action == "status":
        return status([NukeFolder(folder) for folder in folders], target)
    folder = NukeFolder(folders[0])
    if arguments.action == "uninstall":
        return uninstall(folder)
    return install(folder, Filling(target, arguments.wheels and arguments.wheels.absolute()))


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="install_nuke.py", description="The panel in Nuke: in, out, how it is.")
    parser.add_argument("action", choices=("install", "uninstall", "status"))
    parser.add_argument("--nuke-dir", type=Path, metavar="DIR", help="default: ~/.nuke (status: NUKE_PATH's too)")
    parser.add_argument("--wheels", type=Path, metavar="DIR", help="install from these wheels, without a network")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _arguments(argv)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a path may hold what the console cannot show
    try:
        outcome = _run_action(arguments)
    except (Trouble, OSError, subprocess.TimeoutExpired) as error:
        outcome = Outcome(1, {"error": _why(error)}, [])
        print(f"{arguments.action}: {_why(error)}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"{arguments.action}: stopped", file=sys.stderr)
        return 130
    if arguments.json:
        print(json.dumps({"ok": outcome.code == 0, "action": arguments.action, **outcome.facts}))
    elif outcome.lines:
        print("\n".join(outcome.lines))
    return outcome.code


if __name__ == "__main__":
    sys.exit(main())
