"""Nuke's Python on a system: which wheels it loads, and what the conditions of requirements are held against."""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass

from .trouble import dotted

PYTHON = (3, 11)
GLIBC = (2, 28)
"""Of the oldest system that Nuke 16 runs on (VFX reference platform CY2024)."""


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
        return f"Python {dotted(PYTHON)} on {name} {self.machine}"

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
            "python_version": dotted(PYTHON),
            "python_full_version": f"{dotted(PYTHON)}.7",
            "sys_platform": self.system,
            "platform_system": {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}.get(self.system, ""),
            "os_name": "nt" if self.system == "win32" else "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
        }
