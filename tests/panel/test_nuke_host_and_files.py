"""The running Nuke and the file it was opened from give the same answers, but for what `DIFFERENT` declares."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from fake_nuke import fake_nuke  # noqa: F401
from hypothesis import HealthCheck, given, settings
from nk_scripts import MadeScript, readable_samples, scripts
from nuke_ai_panel.panel.hosts.base import Host
from nuke_ai_panel.panel.hosts.script import read_script
from nuke_ai_panel.panel.tools import ToolBox
from nuke_ai_panel.providers.messages import ToolCall

DIFFERENT = """
kind, live            a running Nuke is always a script, whatever was pasted into it, and says that it is live
Root                  it has one, and its settings also where they are at their default
nuke_version          of the Nuke that runs, not of the one that wrote the file
warnings              oddities of a file are gone once Nuke has read it
position              a node always has one
names                 of two nodes with one name (an edited file) Nuke counts the second up
inputs                what is empty at the end of the list is not counted
"""

LIMIT = 200


def answers(host: Host, names: list[str]) -> dict[str, Any]:
    """What the tools say, without what is declared to be different."""
    box = ToolBox(host)

    def ask(tool: str, **arguments: object) -> Any:
        return plain(box.call(ToolCall("1", tool, json.dumps(arguments))).result.data)

    told = {
        "overview": ask("overview"),
        "list": ask("list_nodes", limit=LIMIT),
        "blurs": ask("list_nodes", class_name="blur", limit=LIMIT),
    }
    for text in ("e", "blur1", "/", "python", "zz nothing zz"):
        told[f"find {text}"] = ask("find_nodes", text=text, limit=LIMIT)
    for name in names:
        told[f"read {name}"] = ask("read_node", name=name)
        told[f"upstream {name}"] = ask("upstream", name=name, depth=200)
    return told


_OF_THE_RUNNING_NUKE = {"kind", "live", "nuke_version", "warnings", "position", "project"}


def plain(value: Any) -> Any:
    """A tool's data without the declared differences, Root left out wherever it is counted or listed."""
    if isinstance(value, list):
        return [plain(item) for item in value if not (isinstance(item, dict) and item.get("name") == "Root")]
    if not isinstance(value, dict):
        return value
    kept = {key: plain(item) for key, item in value.items() if key not in _OF_THE_RUNNING_NUKE}
    if "classes" in kept:
        kept["nodes"] -= kept["classes"].pop("Root", 0)
    for key in ("inputs", "sources"):
        while kept.get(key) and kept[key][-1] is None:
            kept[key].pop()
    if "total" in kept:
        kept["total"] -= any(node["name"] == "Root" for node in value["nodes"])
        kept["nodes"] = kept["nodes"][: LIMIT - 1]
        del kept["cut"]
    return kept


def live_host() -> Host:
    from nuke_ai_panel.panel.hosts.nuke import NukeHost

    return NukeHost()


def some(host: Host, most: int = 8) -> list[str]:
    """Names from all over the script, clones among them."""
    names = [row.name for row in host.nodes() if row.class_name != "Root"]
    clones = [row.name for row in host.nodes() if row.clone_of]
    return [*names[:: max(1, len(names) // most)], *clones[:3]]


def same(left: dict[str, Any], right: dict[str, Any]) -> None:
    """One question at a time: pytest compares two whole scripts for minutes."""
    for question, told in left.items():
        assert told == right[question], question


@pytest.mark.parametrize("path", readable_samples(), ids=lambda path: path.name)
def test_a_real_script_is_told_alike_from_the_file_and_from_nuke(fake_nuke: Any, path: Path):  # noqa: F811
    try:
        fake_nuke.scriptOpen(str(path))
    except RuntimeError as problem:
        assert "the original of this clone is not in the script" in str(problem)
        return
    file, live = read_script(path), live_host()
    written, open_now = [[row for row in host.nodes() if row.class_name != "Root"] for host in (file, live)]
    if any("#" in row.name and row.clone_of is None for row in written):
        assert [row.class_name for row in open_now] == [row.class_name for row in written]
        return
    assert [row.name for row in open_now] == [row.name for row in written]
    names = some(file, 8 if path.stat().st_size < 1_000_000 else 2)  # the fake takes its time with the largest
    same(answers(file, names), answers(live, names))


@given(made=scripts())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_script_is_told_alike_from_the_file_and_from_nuke(fake_nuke: Any, tmp_path: Path, made: MadeScript):  # noqa: F811
    path = tmp_path / "made.nk"
    path.write_bytes(made.text().encode())
    fake_nuke._reset()
    fake_nuke.scriptOpen(str(path))
    file, live = read_script(path), live_host()
    names = some(file)
    same(answers(file, names), answers(live, names))
