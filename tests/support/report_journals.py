"""Reports with a journal in a folder of the test's, and processes that end in every way a process can."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nuke_ai_panel.panel.reports import PastSession, Reports, past_sessions
from nuke_ai_panel.providers.redact import Redactor, Secret

KEY = "sentinel-7Hq2-Zr8k-0451"
"""Planted wherever a secret can stand. No pattern knows it: it is found because it is known."""

PREAMBLE = f"""
import os, signal, sys, threading
from pathlib import Path
from nuke_ai_panel.panel.reports import Reports, past_sessions
from nuke_ai_panel.providers.redact import Redactor, Secret
folder = Path(sys.argv[1])
redactor = Redactor()
redactor.add(Secret({KEY!r}))
reports = Reports(redactor=redactor, folder=folder)
"""


@contextlib.contextmanager
def opened(folder: Path, **arguments: Any) -> Iterator[Reports]:
    redactor = Redactor()
    redactor.add(Secret(KEY))
    reports = Reports(redactor=redactor, folder=folder, **arguments)
    try:
        yield reports
    finally:
        reports.close()


def the_session(folder: Path) -> PastSession:
    [session] = past_sessions(folder)
    return session


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_bytes().split(b"\n") if line]


def told(session: PastSession) -> int:
    """Calls that the journal accounts for."""
    return sum(report.count for report in session.reports) + session.dropped + session.unwritten


def balance(reports: Reports) -> int:
    """Calls that are nowhere."""
    counts = reports.counts()
    return counts.taken - counts.written - counts.folded - counts.dropped - counts.unwritten


def script(code: str, folder: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-c", PREAMBLE + textwrap.dedent(code), str(folder), *arguments]


def run(code: str, folder: Path, *arguments: str, status: int = 0) -> str:
    """What a process of its own printed. It must end with `status`, and say nothing else."""
    done = subprocess.run(
        script(code, folder, *arguments), capture_output=True, text=True, timeout=50, env=dict(os.environ)
    )
    assert (done.returncode, done.stderr if status == 0 else "") == (status, ""), done.stderr
    return done.stdout


@contextlib.contextmanager
def running(code: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that said `ready` and now reads its standard input."""
    process = subprocess.Popen(
        script(code, folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout and process.stdout.readline() == "ready\n", process.stderr and process.stderr.read()
        yield process
    finally:
        process.kill()
        process.communicate()
