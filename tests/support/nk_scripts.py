"""Nuke scripts for tests: generated ones with the model they came from, the public samples, and TCL's count of both."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import strategies as st

BARE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!%&'()*+,-./:<=>?_|")
CLASSES = ("Grade", "Blur", "Merge2", "Read", "Write", "Dot", "OFXuk.co.thefoundry.keylight.keylight_v201", "Group")


@dataclass
class Made:
    """A node to be written. `inputs` are indices among its siblings; `clone_of` one of an earlier sibling."""

    class_name: str
    name: str
    knobs: dict[str, str] = field(default_factory=dict)
    inputs: tuple[int | None, ...] = ()
    inside: list[Made] = field(default_factory=list)
    clone_of: int | None = None


@dataclass
class MadeScript:
    nodes: list[Made]
    newline: str = "\n"
    root: bool = True
    two_a_line: bool = False

    def text(self) -> str:
        lines = ["#! C:/Program Files/Nuke15.0v4/nuke-15.0.4.dll -nx", "version 15.0 v4"]
        if self.root:
            lines += ["Root {", " inputs 0", " fps 25", " first_frame 1001", " last_frame 1100", "}"]
        self._write(self.nodes, "", lines)
        return self.newline.join([*lines, ""])

    def _write(self, nodes: list[Made], place: str, lines: list[str]) -> None:
        """Every input is pushed by name just before its node, the last one first: always right, never short."""
        for index, node in enumerate(nodes):
            for source in reversed(node.inputs):
                lines.append("push 0" if source is None else f"push $N{place}{source}")
            head = node.class_name if node.clone_of is None else f"clone $N{place}{node.clone_of}"
            pairs = [f"inputs {len(node.inputs)}"]
            pairs += [f"name {node.name}"] if node.clone_of is None else []
            pairs += [f"{quoted(knob)} {quoted(value)}" for knob, value in node.knobs.items()]
            body = [" ".join(pairs)] if self.two_a_line else pairs
            lines += [f"{head} {{", *(f" {line}" for line in body), "}"]
            if node.class_name == "Group" and node.clone_of is None:
                self._write(node.inside, f"{place}{index}_", lines)
                lines.append("end_group")
            lines.append(f"set N{place}{index} [stack 0]")

    def classes(self) -> dict[str, int]:
        counts = Counter(["Root"] if self.root else [])
        for node, _, _ in self.walk():
            counts[node.class_name if node.clone_of is None else f"clone {node.class_name}"] += 1
        return dict(counts)

    def links(self) -> dict[str, tuple[str | None, ...]]:
        """Full name to the full names of its inputs, for all nodes that are no clones."""
        return {
            place + node.name: tuple(
                None if source is None else place + shown(siblings, source) for source in node.inputs
            )
            for node, place, siblings in self.walk()
            if node.clone_of is None
        }

    def walk(self):
        yield from _walk(self.nodes, "")


def _walk(nodes: list[Made], place: str):
    for node in nodes:
        yield node, place, nodes
        if node.clone_of is None:
            yield from _walk(node.inside, f"{place}{node.name}.")


def shown(siblings: list[Made], index: int) -> str:
    """The name of a node among its siblings; clones share their original's and are counted from 2."""
    node = siblings[index]
    if node.clone_of is None:
        return node.name
    earlier = sum(other.clone_of == node.clone_of for other in siblings[:index])
    return f"{siblings[node.clone_of].name}#{earlier + 2}"


def quoted(text: str) -> str:
    """As Nuke writes it: bare if it can be, else in quotes with TCL's escapes."""
    if text and set(text) <= BARE:
        return text
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("[", "\\["), ("{", "\\{"), ("}", "\\}"), ("$", "\\$")):
        text = text.replace(plain, escaped)
    return '"' + text.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r") + '"'


_VALUES = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
_KNOBS = st.dictionaries(
    st.sampled_from(["size", "white", "label", "file", "midtones.gain", "Red Hue"]), _VALUES, max_size=3
)


@st.composite
def _levels(draw: st.DrawFn, depth: int) -> list[Made]:
    nodes: list[Made] = []
    for index in range(draw(st.integers(0 if depth else 1, 5))):
        originals = [i for i, node in enumerate(nodes) if node.clone_of is None and node.class_name != "Group"]
        clone_of = draw(st.sampled_from(originals)) if originals and draw(st.integers(0, 4)) == 0 else None
        class_name = draw(st.sampled_from(CLASSES if depth < 3 else CLASSES[:-1]))
        if clone_of is not None:
            class_name = nodes[clone_of].class_name
        sources = st.none() | st.integers(0, index - 1) if index else st.none()
        nodes.append(
            Made(
                class_name,
                "" if clone_of is not None else f"Node{index}",
                {} if clone_of is not None else draw(_KNOBS),
                tuple(draw(st.lists(sources, max_size=3))),
                draw(_levels(depth + 1)) if class_name == "Group" else [],
                clone_of,
            )
        )
    return nodes


@st.composite
def scripts(draw: st.DrawFn) -> MadeScript:
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    return MadeScript(draw(_levels(0)), newline, draw(st.booleans()), draw(st.booleans()))


def sample(name: str) -> Path:
    """A public sample script. Skips the test where they are not at hand."""
    return _samples() / name


def readable_samples() -> list[Path]:
    """All samples but the encrypted one; empty where they are not at hand."""
    folder = os.environ.get("NUKE_AI_PANEL_TEST_DATA")
    files = sorted((Path(folder) / "nk").iterdir()) if folder else []
    return [file for file in files if file.suffix in (".nk", ".gizmo")]


def _samples() -> Path:
    folder = os.environ.get("NUKE_AI_PANEL_TEST_DATA")
    if not folder:
        pytest.skip("NUKE_AI_PANEL_TEST_DATA names no folder with sample scripts")
    return Path(folder) / "nk"


@functools.cache
def tcl_counts(path: Path) -> tuple[dict[str, int], int]:
    """Nodes by class and the number of links, counted by tclsh. Without tclsh the test skips; in CI it fails."""
    tclsh = shutil.which("tclsh")
    if tclsh is None:
        if os.environ.get("CI"):
            pytest.fail("tclsh is not installed: apt-get install tcl")
        pytest.skip("tclsh is not installed")
    command = [tclsh, str(Path(__file__).with_name("count_nodes.tcl")), str(path)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    counts = {name: int(count) for name, _, count in (line.partition("\t") for line in output.splitlines())}
    return counts, counts.pop("links")
