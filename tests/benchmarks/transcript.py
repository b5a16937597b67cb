"""How long the transcript keeps the screen waiting: `python tests/benchmarks/transcript.py [--json]`.

A *gap* is how late a precise timer of 1 ms fires. The cost of a piece of text is compared with `setMarkdown` of
the whole text, which is how a `QTextEdit` shows a streamed answer.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from time import perf_counter

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from nuke_ai_panel.ui.look.surface import LookRoot
from nuke_ai_panel.ui.transcript.chat_view import ChatView
from nuke_ai_panel.ui.transcript.late_imports import import_late
from nuke_ai_panel.ui.transcript.markdown_view import MarkdownView
from nuke_ai_panel.ui.transcript.message_view import AnswerEnd, AnswerView, FooterText
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication, QTextEdit

PARAGRAPH = (
    "The box first grows at `EdgeBlur1`: 2,048 to **4,310 px** wide, because the blur is set to a size that the crop "
    "below it does not follow. Both grades work on premultiplied pixels, so the soft edge is darkened a second time at "
    "`Merge3`; set *unpremult* on both, and the look inside the matte does not change.\n\n"
)
PIECE = " and a few words more,"
ROUNDS = 7
FOOTER = FooterText("14:02", "model", "")
SIZE_LIMIT = 8_000_000


class Gaps(QObject):
    """Measures while it runs: the lateness of each tick in ms."""

    def __init__(self) -> None:
        super().__init__()
        self.late: list[float] = []
        self._last = perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(1)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = perf_counter()
        self.late.append((now - self._last) * 1000 - 1)
        self._last = now


class Feeder(QObject):
    """Gives an answer one piece a tick, so many pieces, and ends it."""

    def __init__(self, answer: AnswerView, piece: Callable[[int], str], count: int, interval_ms: int) -> None:
        super().__init__()
        self._answer, self._piece, self._left, self._count = answer, piece, count, count
        self._interval = interval_ms / 1000
        self._started = perf_counter()
        self._timer = QTimer(self)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(interval_ms)
        self._timer.timeout.connect(self._feed)
        self._timer.start()

    def _feed(self) -> None:
        # As many as a real stream would have sent by now, however late this tick is.
        due = min(self._count, int((perf_counter() - self._started) / self._interval))
        while self._count - self._left < due:
            self._answer.add_text(self._piece(self._count - self._left))
            self._left -= 1
        if not self._left:
            self._timer.stop()
            self._answer.end(AnswerEnd("done", FOOTER))


def row(name: str, value: float, unit: str, bar: float | None, against: str = "", ratio: float | None = None) -> dict:
    return {
        "name": name,
        "value": round(value, 3),
        "unit": unit,
        "bar": bar,
        "ok": None if bar is None else value <= bar,
        "against": against,
        "ratio": None if ratio is None else round(ratio, 1),
    }


def flush_cost(root: LookRoot, size: int) -> dict:
    """One piece of text more in an answer of `size` characters: read, laid out and placed."""
    text = PARAGRAPH * (size // len(PARAGRAPH) + 1)
    text = text[:size].rstrip()
    view, edit = MarkdownView(root.look, parent=root), QTextEdit(root)
    view.resize(376, 100)
    edit.resize(376, 600)
    view.show()
    edit.show()
    view.feed(text)
    ours, theirs = [], []
    for number in range(ROUNDS):
        started = perf_counter()
        view.feed(PIECE)
        ours.append(perf_counter() - started)
        started = perf_counter()
        edit.setMarkdown(text + PIECE * (number + 1))
        edit.document().documentLayout().documentSize()
        theirs.append(perf_counter() - started)
    view.deleteLater()
    edit.deleteLater()
    mine, other = statistics.median(ours) * 1000, statistics.median(theirs) * 1000
    bar = 1.0 if size <= 20_000 else None
    return row(f"one piece more at {size:,} characters", mine, "ms", bar, f"setMarkdown {other:.2f} ms", other / mine)


def longest_gap(
    app: QApplication, root: LookRoot, name: str, piece: Callable[[int], str], count: int, interval: int, bar: float
) -> list[dict]:
    view = ChatView(root.look, root)
    view.setGeometry(0, 0, 400, 800)
    view.show()
    view.add_question("What does this script do?", "14:02")
    answer = view.begin_answer("1", "model")
    answer.ended.connect(app.exit)  # not `quit`, which closes the window
    started = perf_counter()
    feeder, gaps = Feeder(answer, piece, count, interval), Gaps()
    app.exec()
    took = perf_counter() - started
    late = sorted(gaps.late)
    for each in (feeder, gaps, view):
        each.deleteLater()
    return [
        row(f"{name}: longest gap", late[-1], "ms", bar),
        row(f"{name}: gap, 99 of 100", late[int(len(late) * 0.99)], "ms", None),
        row(f"{name}: until the end is on screen", took, "s", None),
    ]


def table_row(number: int) -> str:
    head = "| Node | Class | unpremult | Gain |\n|---|---|---|--:|\n" if number == 0 else ""
    return f"{head}| Grade{number} | Grade | none | {number / 7:.2f} |\n"


def prose(number: int) -> str:
    at = number * 7 % len(PARAGRAPH)
    return (PARAGRAPH * 2)[at : at + 7]


def large(number: int) -> str:
    code = "```python\n" + 'n["unpremult"].setValue("rgba.alpha")  # and so on\n' * 60 + "```\n\n"
    parts = (PARAGRAPH * 10, code, "- an item of a list, and `some` words\n" * 40 + "\n", PARAGRAPH * 3)
    return parts[number % len(parts)]


def measure() -> list[dict]:
    app = QApplication.instance() or QApplication(["transcript"])
    root = LookRoot()
    root.resize(400, 800)
    root.show()
    import_late()
    rows = [flush_cost(root, size) for size in (1000, 20_000, 100_000)]
    rows += longest_gap(app, root, "1,000 pieces of prose a second, 10 s", prose, 10_000, 1, 50)
    rows += longest_gap(app, root, "a table at 100 rows a second, 10 s", table_row, 1000, 10, 15)
    pieces = SIZE_LIMIT // (sum(len(large(number)) for number in range(4)) // 4)
    rows += longest_gap(app, root, "an answer of 8 MB", large, pieces, 1, 50)
    return rows


def main() -> None:
    rows = measure()
    machine = f"{platform.platform()}, Python {platform.python_version()}, {os.cpu_count()} cores"
    if "--json" in sys.argv[1:]:
        print(json.dumps({"machine": machine, "rows": rows}, indent=1))
        return
    print(machine)
    for each in rows:
        bar = "" if each["bar"] is None else f"  (bar {each['bar']}, {'met' if each['ok'] else 'MISSED'})"
        ratio = "" if each["ratio"] is None else f"  {each['ratio']} times less than {each['against']}"
        print(f"{each['value']:>10} {each['unit']:2}  {each['name']}{bar}{ratio}")


if __name__ == "__main__":
    main()
