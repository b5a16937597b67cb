"""The fake behaves as Nuke's reference says, has no name that Nuke has not, and fails tests that use Nuke wrongly."""

from __future__ import annotations

import ast
import inspect
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fake_nuke import fake_nuke  # noqa: F401

SCRIPT = r"""Root {
 fps 25
}
Read {
 inputs 0
 file "/plates/\[python x].####.exr"
 name Read1
 label "a \[value mix]"
}
set N1 [stack 0]
Blur {
 size {10 20}
 filter gaussian
 name Blur1
 disable true
 selected true
}
clone $N1 {
 xpos 7
}
Group {
 name Group1
 addUserKnob {22 go l Go T "print(1)"}
 addUserKnob {20 "" l Tab}
 size {{frame/2}}
}
 Input {
  inputs 0
  name Input1
 }
 Blur {
  name Blur1
 }
end_group
"""

NEWER_THAN_THE_STUBS = {"baseNode", "isClone"}
"""Of Nuke 15; the stubs are of 13.2."""


@pytest.fixture
def nuke(fake_nuke: Any) -> Any:  # noqa: F811
    fake_nuke.scriptReadText(SCRIPT)
    return fake_nuke


@pytest.fixture
def misused(nuke: Any) -> Any:
    """Breaking a rule raises past every `except Exception`, and is noted for the end of the test."""

    def raises(call: Callable[[], object], words: str) -> None:
        with pytest.raises(nuke._Misused, match=words):
            try:
                call()
            except Exception:
                pytest.fail("a wide except caught it")
        assert re.search(words, nuke._misuses.pop())

    return raises


def stub_names() -> tuple[set[str], dict[str, set[str]]]:
    """The functions and constants of the installed stubs, and the methods of their classes, inherited ones included."""
    import importlib.metadata

    files = importlib.metadata.files("types-nuke") or []
    names, own, bases = set[str](), dict[str, set[str]](), dict[str, list[str]]()
    for file in files:
        if not str(file).startswith("nuke-stubs/") or file.suffix != ".pyi":
            continue
        for part in ast.parse(Path(str(file.locate())).read_text()).body:
            if isinstance(part, ast.ClassDef):
                own[part.name] = {inner.name for inner in part.body if isinstance(inner, ast.FunctionDef)}
                bases[part.name] = [base.id for base in part.bases if isinstance(base, ast.Name)]
            if isinstance(part, ast.FunctionDef | ast.ClassDef):
                names.add(part.name)
            if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
                names.add(part.target.id)

    def of(class_name: str) -> set[str]:
        return own.get(class_name, set()).union(*(of(base) for base in bases.get(class_name, [])))

    return names, {name: of(name) for name in own}


def test_every_public_name_of_the_fake_is_one_of_nukes(nuke: Any):
    names, methods = stub_names()
    helpers = {"annotations", "Any", "Callable", "Path", "queue", "threading", "traceback"}
    helpers |= {"nuke_nodes", "nuke_undo", "stored_knob"}
    public = {name for name in vars(nuke) if not name.startswith("_")} - helpers
    assert public - names == set()
    for name in public:
        member = getattr(nuke, name)
        if inspect.isclass(member) and not issubclass(member, BaseException) and name != "Nodes":
            own = {method for method in dir(member) if not method.startswith("_")}
            assert own - methods[name] - NEWER_THAN_THE_STUBS == set(), name


def test_the_same_classes_descend_from_the_same(nuke: Any):
    assert issubclass(nuke.Root, nuke.Group) and issubclass(nuke.LiveGroup, nuke.Precomp)
    assert issubclass(nuke.Gizmo, nuke.Group) and issubclass(nuke.Disable_Knob, nuke.Boolean_Knob)
    assert issubclass(nuke.File_Knob, nuke.String_Knob) and issubclass(nuke.Enumeration_Knob, nuke.Unsigned_Knob)


def test_what_is_missing_is_none_or_an_exception_exactly_as_in_nuke(nuke: Any):
    blur = nuke.toNode("Blur1")
    assert nuke.toNode("Nope") is None and blur.knob("nope") is None and nuke.menu("Pane").findItem("x") is None
    with pytest.raises(NameError, match="knob nope does not exist"):
        blur["nope"]
    blur.setSelected(False)
    assert nuke.selectedNodes() == []
    with pytest.raises(ValueError):
        nuke.selectedNode()
    with pytest.raises(RuntimeError):
        nuke.scriptName()
    with pytest.raises(ValueError):
        blur.removeKnob(nuke.String_Knob("stranger"))
    with pytest.raises(RuntimeError):
        nuke.scriptReadText("not a script")


def test_without_a_screen_there_are_no_menus_and_no_sizes(nuke: Any):
    nuke._reset(gui=False)
    nuke.scriptReadText(SCRIPT)
    with pytest.raises(RuntimeError):
        nuke.menu("Pane")
    assert (nuke.GUI, nuke.toNode("Blur1").screenWidth()) == (False, 0)


def test_a_deleted_node_is_detached_until_undo_brings_it_back(nuke: Any):
    blur, read = nuke.toNode("Blur1"), nuke.toNode("Read1")
    assert blur.input(0) is read
    nuke.delete(read)
    for use in (read.name, read.Class, lambda: read["file"]):
        with pytest.raises(ValueError, match="A PythonObject is not attached to a node"):
            use()
    assert blur.input(0) is None and blur.inputs() == 0
    nuke.Undo.undo()
    assert blur.input(0).name() == "Read1"


def test_names_are_kept_unique(nuke: Any):
    made = nuke.nodes.Blur(name="Blur1", size=3)
    assert made.name() == "Blur2" and made["size"].value() == 3
    made.setName("Read1")
    assert made.name() == "Read2"
    with pytest.raises(ValueError):
        made.setName("no blanks")


def test_lists_are_copies_and_the_newest_is_first(nuke: Any):
    nodes = nuke.root().nodes()
    nodes.clear()
    assert [node.Class() for node in nuke.root().nodes()] == ["Group", "Read", "Blur", "Read"]
    assert len(nuke.allNodes(recurseGroups=True)) == 6
    assert [node.name() for node in nuke.allNodes("Blur", group=nuke.toNode("Group1"))] == ["Blur1"]


def test_the_current_group_is_the_one_that_was_entered(nuke: Any):
    assert nuke.toNode("Input1") is None and nuke.toNode("Group1.Input1") is not None
    with nuke.toNode("Group1"):
        assert nuke.toNode("Input1") is not None
        assert nuke.toNode("root.Read1") is not None
        assert nuke.thisGroup().name() == "Group1"
    assert nuke.thisGroup() is nuke.root()


def test_a_value_is_read_by_its_class(nuke: Any):
    blur, group = nuke.toNode("Blur1"), nuke.toNode("Group1")
    assert blur["size"].value() == [10, 20] and blur["size"].toScript(False, None) == "10 20"
    assert blur["disable"].value() is True and blur["disable"].getValue() == 1.0
    assert nuke.toNode("Read1")["file"].getText() == "/plates/[python x].####.exr"
    assert group["go"].command() == "print(1)" and group["size"].hasExpression()
    assert [knob.name() for knob in group.allKnobs()].count("") == 1 and "" not in group.knobs()


def test_a_node_is_written_as_a_script_has_it(nuke: Any):
    flags = nuke.TO_SCRIPT | nuke.WRITE_NON_DEFAULT_ONLY
    assert nuke.toNode("Blur1").writeKnobs(flags) == "\nsize {10 20}\nfilter gaussian\ndisable true"
    group = nuke.toNode("Group1").writeKnobs(flags | nuke.WRITE_USER_KNOB_DEFS | nuke.WRITE_ALL)
    assert 'addUserKnob {22 go l Go T "print(1)"}' in group and "name Group1" in group
    assert nuke.toNode("Blur1").writeKnobs(nuke.WRITE_NON_DEFAULT_ONLY).split() == ["size", "filter", "disable"]


def test_clones_share_knobs_and_name_but_not_their_place(nuke: Any):
    clone, read = (node for node in nuke.root().nodes() if node.Class() == "Read")
    assert (read.name(), read.clones(), clone.name(), clone.clones()) == ("Read1", 1, "Read1", 1)
    read["label"].setValue("both")
    assert clone["label"].value() == "both" and clone["label"].node() is read
    assert (clone.xpos(), read.xpos()) == (7, 0) and clone.baseNode() is read


def test_inputs_are_counted_to_the_highest_connected_one(nuke: Any):
    blur, group, read = (nuke.toNode(name) for name in ("Blur1", "Group1", "Read1"))
    assert group.setInput(2, read) and group.inputs() == 3 and group.input(1) is None
    assert group.setInput(2, None) and group.inputs() == 1
    assert not read.setInput(0, blur), "that would be a loop"
    assert blur.setInput(0, None) and blur.inputs() == 0


@pytest.mark.parametrize("end", ["end", "cancel", "context"])
def test_one_undo_takes_a_whole_set_back(nuke: Any, end: str):
    size = nuke.toNode("Blur1")["size"]
    if end == "context":
        with nuke.Undo():
            nuke.Undo.name("both")
            size.setValue(1)
            size.setValue(2)
    else:
        nuke.Undo.begin()
        nuke.Undo.name("both")
        size.setValue(1)
        size.setValue(2)
        getattr(nuke.Undo, end)()
    if end != "cancel":
        assert (size.value(), nuke.Undo.undoSize(), nuke.Undo.undoDescribe()) == (2, 1, "both")
        nuke.Undo.undo()
    assert size.value() == [10, 20]
    if end != "cancel":
        nuke.Undo.redo()
        assert size.value() == 2


def test_menus_hold_commands_and_run_them(nuke: Any):
    said: list[str] = []
    nuke.menu("Pane").addCommand("Tools/Say", lambda: said.append("hello"))
    nuke.menu("Pane").findItem("Tools/Say").invoke()
    assert said == ["hello"]
    assert nuke.menu("Pane").removeItem("Tools") and nuke.menu("Pane").items() == []


def test_whatever_computes_or_runs_code_fails_the_test(nuke: Any, misused: Any):
    blur, read, group = (nuke.toNode(name) for name in ("Blur1", "Read1", "Group1"))
    for name in ("hasError", "metadata", "width", "format", "dependencies", "dependent", "sample", "frameRange"):
        misused(getattr(blur, name), name)
    for name in ("execute", "tcl", "expression", "sample"):
        misused(getattr(nuke, name), name)
    misused(read["file"].evaluate, "evaluate")
    misused(read["label"].value, "evaluates")
    misused(group["size"].value, "evaluates")
    misused(group["go"].execute, "execute")
    misused(blur["size"].toScript, "evaluates")
    misused(blur.writeKnobs, "TO_VALUE")
    misused(nuke.root()["format"].value, "value")


def test_a_call_from_another_thread_fails_the_test_also_when_its_exception_is_lost(nuke: Any):
    lost: list[BaseException] = []

    def work() -> None:
        try:
            nuke.allNodes()
        except BaseException as problem:
            lost.append(problem)

    thread = threading.Thread(target=work, name="a worker")
    thread.start()
    thread.join()
    assert isinstance(lost[0], nuke._Misused) and "a worker" in nuke._misuses.pop()


def test_handing_over_from_the_main_thread_would_hang_and_fails_the_test(nuke: Any, misused: Any):
    misused(lambda: nuke.executeInMainThreadWithResult(nuke.root), "from the main thread")
    misused(lambda: nuke.executeInMainThread(nuke.root), "from the main thread")


def test_a_worker_gets_its_result_and_none_for_an_exception(nuke: Any, capsys: pytest.CaptureFixture[str]):
    got: list[object] = []

    def work() -> None:
        got.append(nuke.executeInMainThreadWithResult(nuke.toNode, "Blur1"))
        got.append(nuke.executeInMainThreadWithResult(nuke.scriptName))
        got.append(nuke.executeInMainThreadWithResult(len, ([1, 2],)))

    thread = threading.Thread(target=work)
    thread.start()
    for _ in range(3):
        nuke._deliver()
    thread.join()
    assert got == [nuke.toNode("Blur1"), None, 2]
    assert "never saved" in capsys.readouterr().err


def test_nothing_of_the_fake_is_left_for_the_next_test():
    import sys

    assert "nuke" not in sys.modules
    with pytest.raises(ImportError):
        __import__("nuke")
