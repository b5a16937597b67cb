"""A connection test as text to paste into a ticket."""

from __future__ import annotations

import importlib.metadata
import platform
import ssl

from ... import __version__
from ..base import CheckReport
from ..redact import Redactor


def report_text(report: CheckReport, redactor: Redactor) -> str:
    """The whole test as text to paste into a ticket, without keys: steps with their times, what failed, versions."""
    marks = {True: "ok", False: "failed", None: "-"}
    lines = [f"Connection test of {report.label}, {report.url or 'no address'}", report.summary, ""]
    lines += [f"{marks[step.ok]:7}{step.name:9}{took(step.ms):>8}  {step.detail}" for step in report.steps]
    if told := report.problem:
        lines += ["", f"{told.title} [{told.kind}]", told.why, told.next]
        lines += [f"Request id: {told.request_id}"] if told.request_id else []
        lines += ["", told.detail] if told.detail else []
    lines += ["", ", ".join(f"{name} {version}" for name, version in _versions().items())]
    return redactor.clean("\n".join(lines)) + "\n"


def _versions() -> dict[str, str]:
    return {
        "nuke-ai-panel": __version__,
        "Python": platform.python_version(),
        "aiohttp": importlib.metadata.version("aiohttp"),
        "OpenSSL": ssl.OPENSSL_VERSION.removeprefix("OpenSSL ").partition(" ")[0],
        "on": platform.platform(),
    }


def took(ms: float | None) -> str:
    """`12 ms`, from a tenth of a second on `0.2 s`; nothing for what was not measured."""
    if ms is None:
        return ""
    return f"{ms:.0f} ms" if ms < 100 else f"{ms / 1000:.1f} s"
