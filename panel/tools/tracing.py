"""Follows links against the flow, into the inputs of the group around where a branch begins at an Input node."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from ..hosts.base import Host, NodeRow
from ..nk.knobs import number

_MOST = 500  # nodes of one answer


@dataclass(frozen=True, slots=True)
class Step:
    """`row` feeds input `input` of `feeds`, `depth` steps above the node that was asked about."""

    row: NodeRow
    depth: int
    input: int
    feeds: str


def feeding(host: Host, row: NodeRow, depth: int) -> tuple[list[Step], int]:
    """Everything above a node, the nearest first, each node once; and how many direct sources were left out."""
    steps, seen, cut = list[Step](), {row.name}, 0
    waiting = deque([(row, 1)])
    while waiting:
        current, distance = waiting.popleft()
        for index, source in _inputs(host, current):
            if source.name in seen:
                continue
            seen.add(source.name)
            if distance > depth or len(steps) >= _MOST:
                cut += 1
                continue
            steps.append(Step(source, distance, index, current.name))
            waiting.append((source, distance + 1))
    return steps, cut


def sources(steps: list[Step]) -> list[NodeRow]:
    """Where the branches begin."""
    return [step.row for step in steps if not any(step.row.inputs)]


def _inputs(host: Host, row: NodeRow) -> list[tuple[int, NodeRow]]:
    names = list(enumerate(row.inputs))
    if row.class_name == "Input" and (group := host.node(row.group)):
        given = next((knob.value for knob in host.knobs(row.name) if knob.name == "number"), "0")
        index = number(given) or 0
        names = [(index, group.inputs[index])] if 0 <= index < len(group.inputs) else []
    found = ((index, host.node(name)) for index, name in names if name)
    return [(index, source) for index, source in found if source]
