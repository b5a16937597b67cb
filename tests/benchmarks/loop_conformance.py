"""CPython's own tests of event loops (test_events, test_sock_lowlevel, test_subprocess) on ours or stock qasync.

    python loop_conformance.py PanelLoop|qasync|asyncio [PART_OF_A_NAME ...]

Each test is a forked process with 15 s. Prints the failed ones, then one line of JSON: passed, skipped, failed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import signal
import sys
import unittest
import warnings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from nuke_ai_panel.panel.loop import PanelLoop
from nuke_ai_panel.panel.loop.base import load_qasync
from PySide6.QtWidgets import QApplication
from test.test_asyncio import test_events, test_sock_lowlevel, test_subprocess, utils

PATIENCE = 15
FAILED, SKIPPED = 1, 2

app = QApplication([])
app.setQuitOnLastWindowClosed(False)
kind, *parts = sys.argv[1:]


def make() -> asyncio.AbstractEventLoop:
    if kind == "asyncio":
        return asyncio.SelectorEventLoop()
    return PanelLoop(app) if kind == "PanelLoop" else load_qasync().QEventLoop(app)


class Events(test_events.UnixEventLoopTestsMixin, utils.TestCase):
    def create_event_loop(self) -> asyncio.AbstractEventLoop:
        return make()


class Sockets(test_sock_lowlevel.BaseSockTestsMixin, utils.TestCase):
    def create_event_loop(self) -> asyncio.AbstractEventLoop:
        return make()


class Children(test_subprocess.SubprocessMixin, utils.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.loop = make()
        self.set_event_loop(self.loop)
        watcher = asyncio.ThreadedChildWatcher()
        watcher.attach_loop(self.loop)
        asyncio.set_child_watcher(watcher)


def run(test: unittest.TestCase) -> int:
    """Its exit code, from a process of its own."""
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(PATIENCE)
        if not parts:
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1)
            os.dup2(nothing, 2)
        result = unittest.TestResult()
        test.run(result)
        for _, trace in (*result.errors, *result.failures):
            print(trace)
        os._exit(SKIPPED if result.skipped else 0 if result.wasSuccessful() else FAILED)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main() -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    loader = unittest.defaultTestLoader
    tests = [test for case in (Events, Sockets, Children) for test in loader.loadTestsFromTestCase(case)]
    wanted = [test for test in tests if not parts or any(part in test.id() for part in parts)]
    codes = {test.id(): run(test) for test in wanted if isinstance(test, unittest.TestCase)}
    failed = [name for name, code in codes.items() if code not in (0, SKIPPED)]
    print("\n".join(failed))
    skipped = list(codes.values()).count(SKIPPED)
    print(json.dumps({"passed": len(codes) - len(failed) - skipped, "skipped": skipped, "failed": len(failed)}))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
