"""How long the script reader takes, against the readers that people use today.

Run: `uv run --group bench python tests/benchmarks/parse.py [--json]`. `NUKE_AI_PANEL_TEST_DATA` may name the folder with
the sample scripts; without it a script of 2,000 nodes is made. Peers that are not installed are left out.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from nuke_ai_panel.panel.nk.document import parse
from nuke_ai_panel.panel.nk.graph import build
from nuke_ai_panel.panel.nk.info import describe

ROUNDS = 7
BAR = 0.3  # seconds for a script of 2.3 MB


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        rows = [row for path in _files(Path(folder)) for row in _measure(path)]
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


def _measure(path: Path) -> list[dict[str, object]]:
    """Ours and the peers', interleaved: the median of ROUNDS."""
    data = path.read_bytes()

    def ours() -> object:
        return describe(build(parse(data)))

    readers = {"parse": ours, **_peers(path)}
    times: dict[str, list[float]] = {name: [] for name in readers}
    for _ in range(ROUNDS):
        for name, read in readers.items():
            times[name].append(_seconds(read))
    medians = {name: statistics.median(taken) for name, taken in times.items()}
    return [_row(name, path, medians) for name in readers]


def _row(name: str, path: Path, medians: dict[str, float]) -> dict[str, object]:
    mine = name == "parse"
    return {
        "name": f"{name} {path.name} ({path.stat().st_size:,} bytes)",
        "value": round(medians[name], 6),
        "unit": "s",
        "bar": BAR if mine else None,
        "ok": medians[name] <= BAR if mine else True,
        "against": None if mine else "parse",
        "ratio": None if mine else round(medians[name] / medians["parse"], 2),
    }


def _peers(path: Path) -> dict[str, Callable[[], object]]:
    try:
        from nuke_parser import parser  # pyright: ignore[reportMissingImports]
    except ImportError:
        return {}
    return {"nuke_parser": lambda: parser.parseNk(str(path))}


def _seconds(read: Callable[[], object]) -> float:
    began = time.perf_counter()
    read()
    return time.perf_counter() - began


if __name__ == "__main__":
    raise SystemExit(main())
