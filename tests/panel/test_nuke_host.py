"""The running Nuke as a host, on the fake, which fails a test where anything was computed, run or evaluated."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from fake_nuke import fake_nuke  # noqa: F401
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.hosts.base import KnobValue
from nuke_ai_panel.panel.hosts.order import sources_first
from nuke_ai_panel.panel.hosts.stated import Blocks, read_block
from nuke_host_script import SCRIPT


@pytest.fixture
def nuke(fake_nuke: Any) -> Any:  # noqa: F811
    fake_nuke.scriptReadText(SCRIPT)
    fake_nuke._calls.clear()
    return fake_nuke


@pytest.fixture
def host(nuke: Any) -> Any:
    from nuke_ai_panel.panel.hosts.nuke import NukeHost

    return NukeHost()


def names(host: Any) -> list[str]:
    return [row.name for row in host.nodes()]


def select(nuke: Any, *wanted: str) -> None:
    for name in wanted:
        nuke.toNode(name).setSelected(True)


def test_every_node_is_told_sources_first_and_a_groups_own_behind_it(host: Any):
    assert names(host) == [
        *("Root", "Read1", "Grade1", "Read1#2", "Merge1", "Group1", "Group1.Input1", "Group1.Blur1"),
        *("Group1.Blur1#2", "Group1.Inner", "Group1.Inner.Dot1", "Viewer1", "BackdropNode1", "StickyNote1"),
    ]


def test_a_row_tells_a_node_at_a_glance(host: Any):
    read, grade, merge, group = (host.node(name) for name in ("Read1", "Grade1", "Merge1", "Group1"))
    assert (read.class_name, read.label, read.position) == ("Read", "the plate", (40, -120))
    assert read.file == "/plates/[python {1/0}].####.exr"
    assert (grade.disabled, grade.inputs, merge.inputs) == (None, ("Read1",), ("Read1#2", "Grade1"))
    assert (group.opens_group, group.inputs, host.node("Group1.Inner.Dot1").group) == (
        True,
        ("Merge1",),
        "Group1.Inner",
    )
    assert host.nodes() == tuple(host.node(row.name) for row in host.nodes())


def test_code_is_named_and_never_run(host: Any):
    assert KnobValue("go", "nuke.message('x')", runs_code=True) in host.knobs("Group1")
    assert KnobValue("size", "link to Blur1.size") in host.knobs("Group1")
    assert KnobValue("file", "/plates/[python {1/0}].####.exr", runs_code=True) in host.knobs("Read1")
    assert {row.name: row.code for row in host.nodes() if row.code} == {
        "Root": ("onScriptLoad",),
        "Read1": ("file",),
        "Group1": ("onCreate", "go"),
    }


def test_the_code_of_a_button_that_is_asked_for_by_name_is_called_code(host: Any):
    assert host.at_default("Group1", "GO").runs_code


def test_only_what_is_not_at_its_default_is_stated(host: Any):
    assert host.knobs("Grade1") == (KnobValue("white", "{curve x1 1 x10 2}"), KnobValue("disable", "{frame>10}"))
    assert host.knobs("Group1.Blur1") == () == host.knobs("Nope")


def test_a_clone_is_counted_as_in_files_and_has_the_knobs_of_its_original(host: Any):
    clone = host.node("Read1#2")
    assert (clone.clone_of, clone.label, clone.position, clone.code) == ("Read1", "the plate", (300, 0), ())
    assert host.knobs("Read1#2") == host.knobs("Read1")
    assert host.node("Read1").clone_of is None and host.node("Group1.Blur1#2").clone_of == "Group1.Blur1"


def test_before_nuke_15_the_first_of_a_name_is_the_original(host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delattr(nuke.Node, "baseNode")
    assert [row.clone_of for row in host.nodes() if row.class_name == "Read"] == [None, "Read1"]


def test_a_clone_in_another_group_knows_its_original(fake_nuke: Any, host: Any):  # noqa: F811
    fake_nuke.scriptReadText("Blur {\n name A\n}\nset N [stack 0]\nGroup {\n name G\n}\nclone $N {\n}\nend_group\n")
    assert host.node("G.A").clone_of == "A" and host.node("A").clone_of is None


def test_the_project_is_told_also_where_it_is_at_its_default(host: Any):
    project = host.project()
    assert (project.nuke_version, project.fps, project.first_frame, project.last_frame) == ("16.0v3", "25", "1", "100")
    assert project.format.endswith("HD") and project.colour_management == "Nuke" and project.notes == ()


def test_a_script_that_was_never_saved_has_a_title_and_no_path(host: Any, nuke: Any):
    assert (host.title, host.path, host.kind, host.is_live) == ("Untitled", None, "script", True)
    nuke.root()["name"].setValue("C:/shots/späte Würfe/comp_v012.nk")
    assert (host.title, host.path) == ("comp_v012.nk", "C:/shots/späte Würfe/comp_v012.nk")


def test_each_call_sees_what_the_user_did_before_it_and_a_snapshot_reads_once(host: Any, nuke: Any):
    snapshot = host.snapshot()
    assert snapshot.node("Grade1") and snapshot.nodes()
    nuke.toNode("Grade1").setName("Warm")
    nuke.delete(nuke.toNode("Viewer1"))
    assert host.node("Grade1") is None and host.node("Warm").inputs == ("Read1",)
    assert "Viewer1" not in names(host) and host.knobs("Viewer1") == ()
    nuke._calls.clear()
    assert snapshot.node("Grade1") and snapshot.knobs("Grade1") and not nuke._calls


def test_the_group_that_nuke_calls_current_plays_no_part(host: Any, nuke: Any):
    before = host.nodes()
    with nuke.toNode("Group1"):
        assert host.nodes() == before
        assert host.node("Blur1") is None and host.node("Group1.Blur1")
        select(nuke, "root.Read1")
        assert host.selection() == ("Read1",)


def test_what_is_selected_is_told_at_every_level(host: Any, nuke: Any):
    assert host.selection() == ()
    select(nuke, "Merge1", "Grade1", "Group1.Inner.Dot1")
    next(node for node in nuke.root().nodes() if node.clones()).setSelected(True)
    assert host.selection() == ("Grade1", "Read1#2", "Merge1", "Group1.Inner.Dot1")


def test_a_group_that_goes_while_it_is_asked_hides_no_other_selection(host: Any, nuke: Any):
    select(nuke, "Grade1")
    nuke.toNode("Group1")._attached = False
    assert host.selection() == ("Grade1",)


@pytest.fixture
def closed(fake_nuke: Any, host: Any) -> Any:  # noqa: F811
    """An installed gizmo, a Precomp and a published LiveGroup, each with a group inside in which a node is selected."""
    blur = "Blur {\n name B\n selected true\n}\n"
    inside = f"Group {{\n name In\n}}\n{blur}end_group\n{blur}"
    fake_nuke._reset()
    fake_nuke._script.gizmos.update({"MyTool": inside, "LiveGroup": inside, "Precomp": inside})
    fake_nuke.scriptReadText(
        "MyTool {\n inputs 0\n name MyTool1\n}\nPrecomp {\n inputs 0\n name Pre\n}\n"
        "LiveGroup {\n inputs 0\n name Shared\n file /live/a.nk\n}\n"
    )
    return host


def test_what_a_file_does_not_hold_is_closed(closed: Any):
    assert names(closed) == ["Root", "MyTool1", "Pre", "Shared"]
    assert not any(row.opens_group for row in closed.nodes())
    assert closed.node("MyTool1.B") is None and closed.node("MyTool1.In.B") is None
    assert closed.selection() == ()


def test_a_livegroup_is_open_while_it_is_edited(fake_nuke: Any, host: Any):  # noqa: F811
    fake_nuke._reset()
    fake_nuke.scriptReadText(
        "LiveGroup {\n inputs 0\n name Mine\n}\nBlur {\n inputs 0\n name B\n selected true\n}\nend_group\n"
        "LiveGroup {\n inputs 0\n name Theirs\n}\n"
    )
    assert names(host) == ["Root", "Mine", "Mine.B", "Theirs"]
    assert host.selection() == ("Mine.B",) and not host.node("Theirs").opens_group


def test_an_encrypted_group_is_told_without_its_inside(host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch):
    def encrypted(self: Any) -> list[Any]:
        if self.name() == "Group1":
            raise RuntimeError("encrypted")
        return self._nodes[::-1]

    monkeypatch.setattr(nuke.Group, "nodes", encrypted)
    assert "Group1" in names(host) and "Group1.Blur1" not in names(host)


def test_nodes_that_are_gone_when_their_turn_comes_are_left_out(host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch):
    grade, viewer = nuke.toNode("Grade1"), nuke.toNode("Viewer1")
    whole = names(host)
    grade._attached = False
    assert [name for name in whole if name not in names(host)] == ["Grade1"]
    assert host.node("Merge1").inputs == ("Read1#2", None)
    grade._attached = True

    def deletes(self: Any, flags: int) -> str:
        viewer._attached = False
        return written(self, flags)

    written = nuke.Node.writeKnobs
    monkeypatch.setattr(nuke.Node, "writeKnobs", deletes)
    assert [name for name in whole if name not in names(host)] == ["Viewer1"]


def test_while_nuke_opens_a_script_nothing_is_there_and_it_is_said(host: Any, nuke: Any):
    nuke._script.root._attached = False
    assert (host.nodes(), host.node("Read1"), host.knobs("Read1"), host.selection()) == ((), None, (), ())
    assert host.title == "Untitled"
    assert [note.text for note in host.project().notes] == ["Nuke is still opening the script."]


@pytest.mark.parametrize(
    "problem", [RuntimeError("odd"), TypeError("odd"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "odd")]
)
def test_where_a_node_cannot_be_written_each_knob_is_asked_by_itself(host: Any, nuke: Any, problem: Exception):
    group = nuke.toNode("Group1")
    group.addKnob(nuke.Obsolete_Knob("old", raw="x"))
    group._odd_writing = problem
    assert host.node("Group1").code == ("onCreate",)
    assert KnobValue("onCreate", "print(1)", runs_code=True) in host.knobs("Group1")
    assert not {"old", "name"} & {knob.name for knob in host.knobs("Group1")}


def test_a_knob_that_cannot_say_whether_it_is_at_its_default_hides_no_other(
    host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch
):
    def odd(self: Any) -> bool:
        raise RuntimeError("odd")

    nuke.toNode("Grade1")._odd_writing = RuntimeError("odd")
    monkeypatch.setattr(nuke.Array_Knob, "notDefault", odd)
    assert KnobValue("white", "{curve x1 1 x10 2}") in host.knobs("Grade1")
    assert len(host.nodes()) == 14


@pytest.mark.parametrize("order", ["oldest first", "by name"])
def test_no_order_of_nukes_lists_is_counted_on(host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch, order: str):
    def listed(self: Any) -> list[Any]:
        return (
            list(self._nodes) if order == "oldest first" else sorted(self._nodes, key=lambda node: node._says("name"))
        )

    before = set(names(host))
    monkeypatch.setattr(nuke.Group, "nodes", listed)
    after = names(host)
    assert set(after) == before
    for row in host.nodes():
        assert all(after.index(source) < after.index(row.name) for source in row.inputs if source)


@given(st.dictionaries(st.integers(0, 9), st.lists(st.none() | st.integers(0, 12), max_size=4).map(tuple)))
def test_in_any_graph_each_node_is_ordered_once_and_behind_its_sources_unless_they_go_round(
    inputs: dict[int, tuple[int | None, ...]],
):
    ordered = sources_first(inputs)
    assert sorted(ordered) == sorted(inputs)
    for node in inputs:
        for source in inputs[node]:
            if source in inputs and node not in reached(inputs, source):
                assert ordered.index(source) < ordered.index(node)


def reached(inputs: dict[int, tuple[int | None, ...]], node: int) -> set[int | None]:
    """The node and everything above it."""
    seen, waiting = set[int | None](), [node]
    while waiting:
        current = waiting.pop()
        if current not in seen:
            seen.add(current)
            waiting += inputs.get(current, ())
    return seen


def test_links_are_told_also_where_nuke_makes_a_new_object_for_each_node_it_gives(
    host: Any, nuke: Any, monkeypatch: pytest.MonkeyPatch
):
    class Wrapper:
        def __init__(self, node: Any) -> None:
            self.fullName, self.clones = node.fullName, lambda: 0

    before = host.node("Grade1").inputs
    monkeypatch.setattr(nuke.Node, "input", lambda self, i: self._inputs[i] and Wrapper(self._inputs[i]))
    assert next(row.inputs for row in host.nodes() if row.name == "Grade1") == before == ("Read1",)


def test_on_another_thread_nuke_is_not_even_asked(host: Any, nuke: Any):
    refused: list[str] = []

    def work() -> None:
        for read in (host.nodes, host.selection, host.project, lambda: host.node("Read1"), lambda: host.title):
            try:
                read()
            except RuntimeError as problem:
                refused.append(str(problem))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(refused) == 5 and "main thread" in refused[0]
    assert not nuke._calls


def test_a_byte_of_an_old_encoding_is_read_as_in_files():
    assert read_block("label caf\udce9").texts == {"label": "café"}


class TestCost:
    @pytest.fixture
    def large(self, fake_nuke: Any, host: Any) -> Any:  # noqa: F811
        fake_nuke._reset()
        source = "Read {\n inputs 0\n name Read1\n}\n"
        chain = "".join(f"Grade {{\n white {i}\n name Grade{i}\n xpos 0\n ypos {i}\n}}\n" for i in range(400))
        fake_nuke.scriptReadText(f"{source}{chain}Group {{\n name G\n}}\n{chain}end_group\n")
        fake_nuke._calls.clear()
        return host

    def test_a_pass_over_all_nodes_is_six_calls_for_each_and_one_for_each_link(self, large: Any, nuke: Any):
        rows = large.nodes()
        links = sum(len(row.inputs) for row in rows)
        assert len(rows) == 803
        assert nuke._calls.total() <= 6 * len(rows) + links + 10

    def test_one_node_costs_the_same_in_any_script(self, large: Any, nuke: Any):
        assert large.node("G.Grade399") and large.knobs("G.Grade399")
        assert nuke._calls.total() <= 40

    def test_a_selection_costs_what_is_selected(self, large: Any, nuke: Any):
        select(nuke, "G.Grade7", "Grade3")
        nuke._calls.clear()
        assert large.selection() == ("Grade3", "G.Grade7")
        assert nuke._calls.total() <= 25

    def test_a_tool_reads_the_script_at_most_once(self, large: Any, nuke: Any):
        from nuke_ai_panel.panel.tools import ToolBox
        from nuke_ai_panel.providers.messages import ToolCall

        large.nodes()
        once = nuke._calls["Node.writeKnobs"]
        for tool, arguments in (
            ("overview", "{}"),
            ("find_nodes", '{"text": "zz"}'),
            ("read_node", '{"name": "G.Grade5"}'),
            ("upstream", '{"name": "Grade399"}'),
        ):
            nuke._calls.clear()
            ToolBox(large).call(ToolCall("1", tool, arguments))
            assert nuke._calls["Node.writeKnobs"] <= once + 5, tool

    def test_a_block_that_did_not_change_is_not_read_again(self, large: Any, monkeypatch: pytest.MonkeyPatch):
        from nuke_ai_panel.panel.hosts import stated

        large.nodes()
        read: list[str] = []
        real = stated.read_block
        monkeypatch.setattr(stated, "read_block", lambda text: (read.append(text), real(text))[1])
        first = large.nodes()
        assert read == [] and large.nodes() == first

    def test_a_block_that_no_node_has_any_longer_is_forgotten(self):
        blocks = Blocks()
        first = blocks.read("label one")
        blocks.next_round()
        assert blocks.read("label one") is first
        for _ in range(2):
            blocks.next_round()
        assert blocks.read("label one") is not first
