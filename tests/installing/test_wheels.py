"""Wheels: which ones fit Nuke's Python, which of a folder are taken, and that unpacking writes what was promised."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from pathlib import Path

import pytest
from nuke_ai_panel.installing.release import differences
from nuke_ai_panel.installing.target import Target
from nuke_ai_panel.installing.trouble import Trouble
from nuke_ai_panel.installing.wheels import Wheel, choose, unpack
from nuke_folder import make_wheel, picture

LINUX = Target("linux", "x86_64")
MAC = Target("darwin", "aarch64", (14, 2))
WINDOWS = Target("win32", "x86_64")

FITS = [
    ("py3-none-any", {LINUX, MAC, WINDOWS}),
    ("py2.py3-none-any", {LINUX, MAC, WINDOWS}),
    ("py39-none-any", {LINUX, MAC, WINDOWS}),
    ("py2-none-any", set()),
    ("py312-none-any", set()),
    ("cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64", {LINUX}),
    ("cp311-cp311-manylinux_2_28_x86_64", {LINUX}),
    ("cp311-cp311-manylinux_2_34_x86_64", set()),
    ("cp311-cp311-musllinux_1_2_x86_64", set()),
    ("cp311-cp311-manylinux_2_28_aarch64", set()),
    ("cp310-cp310-manylinux_2_28_x86_64", set()),
    ("cp312-cp312-win_amd64", set()),
    ("cp311-cp311-win_amd64", {WINDOWS}),
    ("cp311-cp311-win32", set()),
    ("cp39-abi3-win_amd64", {WINDOWS}),
    ("cp312-abi3-win_amd64", set()),
    ("cp311-none-win_amd64", {WINDOWS}),
    ("cp310-none-win_amd64", set()),
    ("cp311-cp311-macosx_11_0_arm64", {MAC}),
    ("cp311-cp311-macosx_14_0_universal2", {MAC}),
    ("cp311-cp311-macosx_15_0_arm64", set()),
    ("cp311-cp311-macosx_11_0_x86_64", set()),
    ("cp311-cp311t-win_amd64", set()),
]


@pytest.mark.parametrize(("tag", "targets"), FITS)
def test_a_wheel_fits_where_it_can_be_loaded(tag: str, targets: set[Target]) -> None:
    wheel = Wheel.at(Path(f"thing-1.0-{tag}.whl"))
    assert {target for target in (LINUX, MAC, WINDOWS) if wheel.fits(target)} == targets


@pytest.mark.parametrize(
    ("tag", "says"),
    [
        ("cp312-cp312-win_amd64", "is for Python 3.12 on Windows (win_amd64). Nuke needs it for Python 3.11 on Linux"),
        ("cp311-cp311-macosx_11_0_arm64", "is for Python 3.11 on macOS"),
        (
            "cp311-cp311-manylinux_2_34_x86_64",
            "with glibc 2.34. Nuke needs it for Python 3.11 on Linux x86_64 (glibc 2.28)",
        ),
        ("cp311-cp311-musllinux_1_2_x86_64", "Alpine Linux"),
        ("py2-none-any", "is for Python 2 on any system"),
    ],
)
def test_a_wheel_for_something_else_is_refused_by_name(tmp_path: Path, tag: str, says: str) -> None:
    make_wheel(tmp_path, "thing", {"thing.py": ""}, tag=tag)
    with pytest.raises(Trouble) as trouble:
        choose(tmp_path, LINUX)
    assert str(trouble.value).startswith(f"thing-1.0-{tag}.whl") and says in str(trouble.value)


def test_of_a_folder_for_several_systems_the_fitting_ones_are_taken(tmp_path: Path) -> None:
    for tag in (
        "cp311-cp311-win_amd64",
        "cp312-cp312-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux_2_17_x86_64",
        "py3-none-any",
    ):
        make_wheel(tmp_path, "thing", {"thing.py": ""}, tag=tag)
    make_wheel(tmp_path, "PySide6_Essentials", {"PySide6/__init__.py": ""}, tag="cp37-abi3-win_amd64")
    make_wheel(tmp_path, "shiboken6", {"shiboken6/__init__.py": ""})
    chosen, left_out = choose(tmp_path, LINUX)
    assert [wheel.path.name for wheel in chosen] == ["thing-1.0-cp311-cp311-manylinux_2_17_x86_64.whl"]
    assert left_out == ["pyside6-essentials", "shiboken6"]


def test_two_versions_of_a_package_are_refused(tmp_path: Path) -> None:
    make_wheel(tmp_path, "thing", {"thing.py": ""})
    make_wheel(tmp_path, "thing", {"thing.py": ""}, version="1.1")
    with pytest.raises(Trouble, match="thing-1.0-.* and thing-1.1-"):
        choose(tmp_path, LINUX)


@pytest.mark.parametrize("name", ["thing.whl", "a-b-c-d-e-f-g.whl"])
def test_a_file_that_is_not_named_like_a_wheel_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(Trouble, match="is not the name of a wheel"):
        choose(tmp_path, LINUX)


def test_files_go_where_python_imports_them_and_commands_stay_behind(tmp_path: Path) -> None:
    files = {"thing/a.py": "A", "thing-1.0.data/platlib/b.py": "B", "thing-1.0.data/scripts/run.sh": "rm -r /"}
    unpack(make_wheel(tmp_path / "wheels", "thing", files), tmp_path / "site")
    found = {name for name, what in picture(tmp_path / "site").items() if what != "folder"}
    assert found == {"thing/a.py", "b.py"} | {f"thing-1.0.dist-info/{name}" for name in ("METADATA", "WHEEL", "RECORD")}
    assert differences(tmp_path / "site") == []


@pytest.mark.parametrize(
    "place",
    ["../out.py", "/out.py", "a/../../out.py", "C:/out.py", "a\\..\\..\\out.py", "a//b.py", "./a.py", "a/b\0.py"],
)
def test_nothing_is_written_outside(tmp_path: Path, place: str) -> None:
    wheel = (
        make_wheel(tmp_path / "wheels", "thing", {place: "out"})
        if "\0" not in place
        else _with_raw_name(tmp_path, place)
    )
    with pytest.raises(Trouble):
        unpack(wheel, tmp_path / "site")
    assert [path for path in tmp_path.rglob("*out*")] == [] and not Path("/out.py").exists()


def _with_raw_name(folder: Path, place: str) -> Path:
    """zipfile cuts a name at its NUL when it writes; so it is put there afterwards."""
    wheel = make_wheel(folder / "wheels", "thing", {place.replace("\0", "0"): ""})
    wheel.write_bytes(wheel.read_bytes().replace(b"a/b0.py", b"a/b\0.py"))
    return wheel


def test_a_link_in_a_wheel_is_refused(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "thing", {"thing.py": "/etc/passwd"})
    with zipfile.ZipFile(wheel) as archive:
        whole = {entry: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(wheel, "w") as archive:
        for entry, data in whole.items():
            if entry.filename == "thing.py":
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, data)
    with pytest.raises(Trouble, match="holds a link"):
        unpack(wheel, tmp_path / "site")


@pytest.mark.parametrize(
    "record", ["", "thing.py,,\n", "thing.py,md5=abc,3\n", "thing.py,sha256=abc,3\nthing-1.0.dist-info/RECORD,,\n"]
)
def test_a_wheel_whose_list_is_not_true_is_refused(tmp_path: Path, record: str) -> None:
    wheel = make_wheel(tmp_path, "thing", {"thing.py": "abc"}, record=record)
    with pytest.raises(Trouble, match="thing-1.0-py3-none-any.whl: .*RECORD"):
        unpack(wheel, tmp_path / "site")


def test_a_listed_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "thing", {"thing.py": "abc"})
    with zipfile.ZipFile(wheel) as archive:
        record = archive.read("thing-1.0.dist-info/RECORD").decode()
    with pytest.raises(Trouble, match="not those that its RECORD lists"):
        unpack(
            make_wheel(tmp_path, "thing", {"thing.py": "abc"}, record=record + "more.py,sha256=abc,1\n"),
            tmp_path / "site",
        )


@pytest.mark.parametrize(
    "damage", [lambda data: data[:100], lambda data: b"not a zip", lambda data: data.replace(b"abcabc", b"abcabd")]
)
def test_a_damaged_wheel_is_told(tmp_path: Path, damage) -> None:
    wheel = make_wheel(tmp_path, "thing", {"thing.py": "abcabc"})
    wheel.write_bytes(damage(wheel.read_bytes()))
    with pytest.raises(Trouble, match="thing-1.0-py3-none-any.whl is damaged"):
        unpack(wheel, tmp_path / "site")


def test_a_record_in_hexadecimal_is_read_too(tmp_path: Path) -> None:
    """As qasync 0.28 has it."""
    wheel = make_wheel(tmp_path, "thing", {"thing.py": "abc"})
    with zipfile.ZipFile(wheel) as archive:
        names = [name for name in archive.namelist() if not name.endswith("RECORD")]
        rows = [f"{name},sha256={hashlib.sha256(archive.read(name)).hexdigest()},1" for name in names]
    unpack(make_wheel(tmp_path, "thing", {"thing.py": "abc"}, record="\n".join(rows)), tmp_path / "site")
    assert (tmp_path / "site" / "thing.py").read_text() == "abc"


def test_two_packages_may_share_a_file_only_if_it_is_the_same(tmp_path: Path) -> None:
    for name, text in (("one", "same"), ("two", "same"), ("three", "other")):
        make_wheel(tmp_path, name, {"shared/__init__.py": text})
    unpack(tmp_path / "one-1.0-py3-none-any.whl", tmp_path / "site")
    unpack(tmp_path / "two-1.0-py3-none-any.whl", tmp_path / "site")
    with pytest.raises(Trouble, match="shared/__init__.py is in another package too"):
        unpack(tmp_path / "three-1.0-py3-none-any.whl", tmp_path / "site")
