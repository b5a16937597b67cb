from __future__ import annotations

import gc
import os
import time
import weakref
from pathlib import Path

import pytest
from nuke_ai_panel.panel.hosts.base import EmptyHost, KnobValue
from nuke_ai_panel.panel.hosts.script import ScriptError, open_script, read_script
from nuke_ai_panel.panel.threads import run_blocking

SCRIPT = r"""version 15.0 v4
Root {
 inputs 0
 name /shots/a.nk
 format "2048 1556 0 0 2048 1556 1 2K"
 fps 25
 first_frame 1001
}
Read {
 inputs 0
 file /plates/a.####.exr
 name Read1
 label "the plate"
 xpos 40
 ypos -120.6
 disable true
}
set N1 [stack 0]
Group {
 name Group1
 onCreate "print(1)"
 addUserKnob {20 User}
 addUserKnob {22 go l "Go!" -STARTLINE T "nuke.message('x')"}
 addUserKnob {41 size -STARTLINE T Blur1.size}
 disable {{parent.Read1.disable}}
}
 Blur {
  size {{frame/10}}
  name Blur1
  label "\[python \{1+1\}]"
 }
 set N2 [stack 0]
clone $N2 {
  xpos 10
  size 99
 }
end_group
"""


@pytest.fixture
def script(tmp_path: Path) -> Path:
    path = tmp_path / "comp.nk"
    path.write_text(SCRIPT)
    return path


def refused(path: Path) -> ScriptError:
    with pytest.raises(ScriptError) as error:
        read_script(path)
    assert len(error.value.title) <= 60
    assert error.value.why.endswith(".") and error.value.next.endswith(".")
    return error.value


async def test_a_script_is_opened_off_the_loop(script: Path):
    host = await open_script(script, run_blocking)
    assert (host.title, host.path, host.kind) == ("comp.nk", str(script), "script")
    assert host.info.nodes == 5


def test_the_project_is_what_root_states(script: Path):
    project = read_script(script).project()
    assert (project.nuke_version, project.fps, project.first_frame, project.last_frame) == ("15.0v4", "25", "1001", "")
    assert project.format.startswith("2048 1556")


def test_a_row_tells_a_node_at_a_glance(script: Path):
    host = read_script(script)
    read, group, blur = host.node("Read1"), host.node("Group1"), host.node("Group1.Blur1")
    assert read and group and blur
    assert (read.class_name, read.label, read.file) == ("Read", "the plate", "/plates/a.####.exr")
    assert (read.disabled, group.disabled, blur.disabled) == (True, None, False)
    assert read.position == (40, -121)
    assert (group.inputs, group.opens_group, blur.group) == (("Read1",), True, "Group1")


def test_a_clone_is_known_by_its_original(script: Path):
    host = read_script(script)
    clone = host.node("Group1.Blur1#2")
    assert clone and clone.clone_of == "Group1.Blur1"
    assert clone.counted_as == "clone Blur"
    assert KnobValue("label", "[python {1+1}]", runs_code=True) in host.knobs(clone.name)


def test_what_a_clone_states_itself_wins(script: Path):
    host = read_script(script)
    assert [knob.value for knob in host.knobs("Group1.Blur1#2") if knob.name == "size"] == ["99"]
    assert [knob.value for knob in host.knobs("Group1.Blur1") if knob.name == "size"] == ["{frame/10}"]


def test_code_is_named_and_never_run(script: Path):
    host = read_script(script)
    group, blur = host.node("Group1"), host.node("Group1.Blur1")
    assert group and blur
    assert (group.code, blur.code) == (("onCreate", "go"), ("label",))
    assert KnobValue("go", "nuke.message('x')", runs_code=True) in host.knobs("Group1")
    assert KnobValue("size", "link to Blur1.size") in host.knobs("Group1")


def test_an_unknown_name_is_nothing(script: Path):
    host = read_script(script)
    assert host.node("Nope") is None
    assert host.node("Group1.") is None
    assert host.knobs("Nope") == ()


def test_a_file_changes_under_nobodys_hands_and_has_no_selection(script: Path):
    host = read_script(script)
    assert (host.is_live, host.selection(), host.snapshot()) == (False, (), host)


def test_no_script_is_a_host_as_well():
    host = EmptyHost()
    assert (host.kind, host.title, host.path, host.nodes(), host.node("x"), host.knobs("x")) == (
        ("none", "", None, (), None, ())
    )


def test_a_missing_file_is_said_in_plain_words(tmp_path: Path):
    assert "does not exist" in refused(tmp_path / "none.nk").why
    assert "no such file" in refused(tmp_path / "a\0b.nk").title


def test_a_folder_is_refused(tmp_path: Path):
    assert refused(tmp_path).title == "That is a folder"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_the_right_to_read_is_refused(script: Path):
    script.chmod(0)
    assert refused(script).title == "The file may not be read"
    assert not refused(script).in_content


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe.nk")
    assert "pipe" in refused(tmp_path / "pipe.nk").why


def test_a_damaged_script_is_refused_with_its_line(tmp_path: Path):
    path = tmp_path / "cut.nk"
    path.write_text(SCRIPT[: SCRIPT.index("end_group")])
    assert refused(path).line == SCRIPT[: SCRIPT.index("Group {")].count("\n") + 1
    assert "line 19" in refused(path).why


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"Nuke NC mode encrypted text \x00\x81", "script_encrypted"),
        (b"hello", "not_a_script"),
        (b"", "not_a_script"),
        (b"Blur {\n", "script_damaged"),
    ],
)
def test_what_is_no_script_is_refused(tmp_path: Path, data: bytes, kind: str):
    path = tmp_path / "x.nk"
    path.write_bytes(data)
    assert refused(path).kind == kind
    assert refused(path).in_content


async def test_a_drive_that_does_not_answer_ends_at_the_deadline(script: Path):
    async def hang(function: object, *args: object, deadline: float) -> object:
        raise TimeoutError(f"{function} {args} {deadline}")

    began = time.monotonic()
    with pytest.raises(ScriptError, match="did not answer"):
        await open_script(script, hang, deadline=5)
    assert time.monotonic() - began < 1


def test_reading_a_script_stops_nobody_for_a_collection_and_a_closed_one_is_freed(tmp_path: Path) -> None:
    path = tmp_path / "large.nk"
    path.write_text("Read {\n inputs 0\n name Read1\n}\n" + "Grade {\n white 1.2\n}\n" * 3000)
    collected: list[str] = []
    was_on = gc.isenabled()

    def note(phase: str, info: dict[str, int]) -> None:
        collected.append(phase)

    gc.callbacks.append(note)
    try:
        script = read_script(path)
    finally:
        gc.callbacks.remove(note)
    assert len(script.nodes()) == 3001
    assert collected == [] and gc.isenabled() == was_on
    gone = weakref.ref(script)
    del script
    assert gone() is None
