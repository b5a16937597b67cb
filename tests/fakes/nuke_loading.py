"""From `.nk` text to the nodes of the fake Nuke, by the product's own graph model."""

from __future__ import annotations

from nuke_ai_panel.panel.nk.document import parse
from nuke_ai_panel.panel.nk.graph import ROOTS, Graph
from nuke_ai_panel.panel.nk.graph import Node as Written
from nuke_ai_panel.panel.nk.wiring import build
from nuke_knobs import Knob, quoted, stored_knob, user_knob
from nuke_nodes import Group, Node, make, own_knobs, script, unique


def load(data: bytes, group: Group) -> list[Node]:
    """Reads nodes into a group, as opening or pasting does. Raises RuntimeError for what is no script."""
    try:
        graph = build(parse(data))
    except Exception as problem:
        raise RuntimeError(f"script cannot be read: {problem}") from problem
    made: dict[int, Node] = {}
    for written in graph.nodes:
        if written.class_name in ROOTS:
            for knob in _knobs(graph, written):
                script.root._put(knob)
            continue
        made[written.index] = _made(graph, written, made, group)
    for written in graph.nodes:
        if node := made.get(written.index):
            node._wire([None if source is None else made.get(source) for source in written.inputs])
    return list(made.values())


def _made(graph: Graph, written: Written, made: dict[int, Node], group: Group) -> Node:
    place = group if written.group is None else made[written.group]
    assert isinstance(place, Group)
    knobs = _knobs(graph, written)
    if written.is_clone and written.original is None:
        raise RuntimeError(f"line {written.line}: the original of this clone is not in the script")
    if written.original is not None:
        base = made[written.original]
        node = make(written.class_name, place, own_knobs(base._knobs, knobs))
        node._family = base._family = base._family or [base]
        base._family.append(node)
        return node
    node = make(written.class_name, place, knobs, opens=written.opens_group)
    name = next((knob for knob in node._knobs if knob._name == "name"), None)
    assert name is not None
    name._raw = quoted(unique(written.name.partition("#")[0], place, node))
    if isinstance(node, Group) and not written.opens_group and written.class_name in script.gizmos:
        load(script.gizmos[written.class_name].encode(), node)
    return node


def _knobs(graph: Graph, written: Written) -> list[Knob]:
    """Of several with one name the last; a definition and the value behind it are one knob."""
    document = graph.document
    knobs: list[Knob] = []
    for pair in written.body.knobs:
        raw = document.raw(pair.value_span)
        if pair.name == "inputs":
            continue
        if pair.name == "addUserKnob":
            knobs.append(user_knob(raw))
            continue
        same = [knob for knob in knobs if knob._name == pair.name]
        if same:
            same[0]._raw = raw
        else:
            knobs.append(stored_knob(pair.name, raw))
    return knobs
