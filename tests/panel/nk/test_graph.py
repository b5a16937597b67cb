from __future__ import annotations

import pytest
from nuke_ai_panel.panel.nk.document import parse
from nuke_ai_panel.panel.nk.errors import DamagedScript
from nuke_ai_panel.panel.nk.graph import Graph
from nuke_ai_panel.panel.nk.info import info
from nuke_ai_panel.panel.nk.wiring import build


def graph(text: str) -> Graph:
    return build(parse(text.encode()))


def sources(found: Graph, name: str) -> list[str | None]:
    node = found.find(name)
    assert node is not None
    return [None if source is None else found.full_name(found.nodes[source]) for source in node.inputs]


def node(class_name: str, name: str, more: str = "") -> str:
    return f"{class_name} {{\n {more}\n name {name}\n}}\n"


READ1, READ2 = node("Read", "Read1", "inputs 0"), node("Read", "Read2", "inputs 0")


def test_the_top_of_the_stack_is_input_0():
    found = graph(READ1 + READ2 + node("Merge2", "Merge1", "inputs 2"))
    assert sources(found, "Merge1") == ["Read2", "Read1"]
    assert found.links == 2


def test_absent_inputs_mean_one():
    assert sources(graph(READ1 + node("Blur", "Blur1")), "Blur1") == ["Read1"]


def test_optional_inputs_are_popped_too():
    text = READ1 + "set A [stack 0]\n" + READ2 + "push 0\npush $A\n" + node("Merge2", "Merge1", "inputs 2+1")
    assert sources(graph(text), "Merge1") == ["Read1", None, "Read2"]


def test_two_names_for_one_node_push_the_same_one():
    text = READ1 + "set A [stack 0]\nset B [stack 0]\n" + "push $A\npush $B\n" + node("Merge2", "M", "inputs 2")
    assert sources(graph(text), "M") == ["Read1", "Read1"]


def test_a_group_has_its_own_stack_and_is_on_top_after_its_end():
    text = (
        READ1
        + node("Group", "Group1")
        + node("Input", "Input1", "inputs 0")
        + node("Output", "Output1")
        + "end_group\n"
        + node("Blur", "Blur1")
    )
    found = graph(text)
    assert sources(found, "Group1") == ["Read1"]
    assert sources(found, "Group1.Output1") == ["Group1.Input1"]
    assert sources(found, "Blur1") == ["Group1"]


def test_equal_names_in_different_groups_are_different_nodes():
    text = node("Blur", "Blur1") + node("Group", "Group1", "inputs 0") + node("Blur", "Blur1") + "end_group\n"
    found = graph(text)
    assert [found.full_name(n) for n in found.nodes] == ["Blur1", "Group1", "Group1.Blur1"]
    assert found.find("Group1.Blur1") is found.nodes[2]


def test_root_takes_nothing_from_the_stack_and_is_not_pushed():
    found = graph(READ1 + "Root {\n fps 24\n}\n" + node("Blur", "Blur1"))
    assert sources(found, "Blur1") == ["Read1"]
    assert found.find("Root") is found.root


def test_a_paste_target_is_no_link_and_no_fault():
    found = graph("set cut_paste_input [stack 0]\nversion 13.2 v4\npush $cut_paste_input\n" + node("Blur", "Blur1"))
    assert sources(found, "Blur1") == [None]
    assert found.flaws == ()
    assert sources(graph(node("Blur", "Blur1")), "Blur1") == []


def test_a_clone_shares_its_originals_knobs_and_has_its_own_inputs():
    text = READ1 + node("Blur", "Blur1", "size 7") + "set C1 [stack 0]\n" + READ2 + "clone $C1 {\n xpos 10\n}\n"
    found = graph(text)
    clone = found.nodes[-1]
    assert (clone.is_clone, clone.class_name, clone.counted_as, found.full_name(clone)) == (
        (True, "Blur", "clone Blur", "Blur1#2")
    )
    assert sources(found, "Blur1#2") == ["Read2"]
    assert (found.value(clone, "size"), found.value(clone, "xpos")) == ("7", "10")
    assert found.owner(clone) is found.find("Blur1")


def test_a_clone_of_a_clone_has_the_first_one_as_original():
    text = node("Blur", "Blur1", "inputs 0") + "set A [stack 0]\nclone $A {\n}\nset B [stack 0]\nclone $B {\n}\n"
    found = graph(text)
    assert [n.original for n in found.nodes] == [None, 0, 0]
    assert [n.name for n in found.nodes] == ["Blur1", "Blur1#2", "Blur1#3"]


def test_the_clipboards_first_clone_has_a_class_and_all_knobs():
    first = "clone node18e3d27400|Read|13140 Read {\n inputs 0\n name Read1\n}\n"
    found = graph(first + "set C1 [stack 0]\nclone $C1 {\n inputs 0\n}\n")
    assert found.counts() == {"clone Read": 2}
    assert found.value(found.nodes[1], "name") == "Read1"


def test_a_clone_of_something_outside_is_counted_and_flagged():
    found = info(parse(node("Dot", "Dot1").encode() + b"clone $%ID% {\n}\n"))
    assert found.classes == {"Dot": 1, "clone ?": 1}
    assert [flaw.line for flaw in found.warnings] == [5]


def test_a_live_group_holds_nodes_only_if_an_end_group_is_left_for_it():
    published = graph(node("LiveGroup", "L1", "inputs 0") + node("Blur", "Blur1"))
    assert sources(published, "Blur1") == ["L1"]
    edited = graph(node("LiveGroup", "L1", "inputs 0") + node("Blur", "Blur1", "inputs 0") + "end_group\n")
    assert edited.find("L1.Blur1") is not None
    mixed = graph(
        node("Group", "G", "inputs 0")
        + node("LiveGroup", "L1", "inputs 0")
        + node("Blur", "Blur1")
        + "end_group\nend_group\n"
        + node("LiveGroup", "L2")
    )
    assert mixed.find("G.L1.Blur1") is not None
    assert sources(mixed, "L2") == ["G"]


def test_names_that_would_fill_the_memory_are_refused():
    with pytest.raises(DamagedScript, match="too long"):
        graph("".join(node("Group", "x" * 150, "inputs 0") for _ in range(20)))


def test_inputs_are_never_evaluated():
    found = graph(READ1 + node("Blur", "Blur1", "inputs __import__('os').abort()"))
    assert sources(found, "Blur1") == ["Read1"]
    assert len(found.flaws) == 1


def test_of_a_knob_that_occurs_twice_the_last_one_counts():
    found = graph("Blur {\n size 1\n size 2\n name Blur1\n}\n")
    assert found.value(found.nodes[0], "size") == "2"


def test_an_unnamed_node_goes_by_its_class():
    found = graph("Blur {\n}\nBlur {\n}\n")
    assert [n.name for n in found.nodes] == ["Blur", "Blur#2"]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Root {\n}\n" + READ1, "script"),
        (READ1, "fragment"),
        ("version 7.0 v1\nGizmo {\n}\n" + READ1 + "end_group\n", "gizmo"),
        ("Group {\n name A\n}\nend_group\n", "fragment"),
    ],
)
def test_the_kind_goes_by_content(text: str, kind: str):
    assert info(parse(text.encode())).kind == kind


@pytest.mark.parametrize(
    ("head", "version"),
    [
        ("version 13.2 v4\n", "13.2v4"),
        ("version 5.1200\n", "5.1200"),
        ("#! /opt/Nuke14.0v6/libnuke.so -nx\n", "14.0v6"),
        ("", None),
    ],
)
def test_the_version_is_the_writers(head: str, version: str | None):
    assert info(parse((head + READ1).encode())).nuke_version == version


def test_info_is_plain_json():
    text = (
        "Root {\n inputs 0\n fps 25\n addUserKnob {20 User}\n}\n"
        + node("Group", "G", "inputs 0")
        + READ1
        + "end_group\nodd\n"
    )
    assert info(parse(text.encode()), "a.nk").to_json() == {
        "file": "a.nk",
        "kind": "script",
        "nuke_version": None,
        "nodes": 3,
        "classes": {"Group": 1, "Read": 1, "Root": 1},
        "groups": 1,
        "max_depth": 1,
        "links": 0,
        "root": {"fps": "25"},
        "warnings": [{"line": 15, "text": "Unknown command, kept and not run: odd"}],
    }
