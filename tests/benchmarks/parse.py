"""How long the script reader takes: bytes to nodes, links and counts.

Run: `uv run --group bench python tests/benchmarks/parse.py [--json]`. `NUKE_AI_PANEL_TEST_DATA` may name the folder
with sample scripts, of which the three largest are read; without it a script of 2,000 nodes is made.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

from nuke_ai_panel.panel.nk.document import parse
from nuke_ai_panel.panel.nk.info import describe
from nuke_ai_panel.panel.nk.wiring import build

ROUNDS = 7
BAR = 0.3  # seconds for a script of 2.3 MB
NO_PEER: dict[str, object] = {"against": None, "ratio": None}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        rows = [_measure(path) for path in _files(Path(folder))]
    if "--json" in sys.argv:
        machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
        print(json.dumps({"machine": machine, "rows": rows}))
    else:
        for row in rows:
            print(f"{row['name']:60} {row['value'] * 1000:8.1f} ms  {'ok' if row['ok'] else 'over the bar'}")
    return 0


def _files(folder: Path) -> list[Path]:
    samples = os.environ.get("NUKE_AI_PANEL_TEST_DATA")
    if samples:
        return sorted((Path(samples) / "nk").glob("*.[ng][ki]*"), key=_size)[-3:]
    made = folder / "made.nk"
    node = "Grade {{\n white {{1 2 3 4}}\n name Grade{0}\n xpos {0}\n ypos {0}\n}}\nset N{0} [stack 0]\npush $N{0}\n"
    made.write_text("Root {\n inputs 0\n}\n" + "".join(map(node.format, range(2000))))
    return [made]


def _size(path: Path) -> int:
    return path.stat().st_size


def _measure(path: Path) -> dict[str, object]:
    data = path.read_bytes()
    taken = statistics.median(_seconds(data) for _ in range(ROUNDS))
    name = f"parse {path.name} ({len(data):,} bytes)"
    return {"name": name, "value": round(taken, 6), "unit": "s", "bar": BAR, "ok": taken <= BAR} | NO_PEER


def _seconds(data: bytes) -> float:
    began = time.perf_counter()
    describe(build(parse(data)))
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
