"""Model lists on disk: what comes back, what counts as missing, and how little is kept."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.panel.models import ModelCache, ModelList, cache, cache_folder
from nuke_ai_panel.providers.base import Model
from nuke_ai_panel.providers.redact import Redactor

URL = "https://models.example/v1"
FULL = Model("m", "A model", 200_000, True, False, 8192, True, None, 3.0, 15.5, ("m-latest",))


def listed(*models: Model, provider: str = "openai", url: str = URL, taken: float = 1000.0) -> ModelList:
    return ModelList(provider, url, taken, models)


def only_file(folder: Path) -> Path:
    [path] = folder.iterdir()
    return path


def test_a_list_comes_back_as_it_was_with_its_time(tmp_path: Path) -> None:
    found = listed(FULL, Model("bare"))
    ModelCache(tmp_path / "new" / "folder", Redactor().clean).write(found)
    assert ModelCache(tmp_path / "new" / "folder", Redactor().clean).read("openai", URL) == found


def test_what_changes_by_the_minute_is_not_kept(tmp_path: Path) -> None:
    ModelCache(tmp_path, Redactor().clean).write(listed(Model("m", loaded=True)))
    assert ModelCache(tmp_path, Redactor().clean).read("openai", URL) == listed(Model("m"))


def test_another_address_or_provider_has_a_list_of_its_own(tmp_path: Path) -> None:
    kept = ModelCache(tmp_path, Redactor().clean)
    kept.write(listed(Model("a")))
    assert kept.read("openai", "https://other.example/v1") is None
    assert kept.read("mistral", URL) is None
    kept.write(listed(Model("b"), url="https://other.example/v1"))
    assert kept.read("openai", URL) == listed(Model("a"))


DAMAGED: list[Any] = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'{"version": 1}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
    {"version": 2},
    {"taken": "yesterday"},
    {"taken": None},
    {"taken": True},
    {"url": "https://evil.example/v1"},
    {"provider": "another"},
]


@pytest.mark.parametrize("damage", DAMAGED)
def test_a_damaged_file_is_as_if_it_were_not_there_and_is_replaced(tmp_path: Path, damage: Any) -> None:
    kept = ModelCache(tmp_path, Redactor().clean)
    kept.write(listed(FULL))
    path = only_file(tmp_path)
    path.write_bytes(
        damage if isinstance(damage, bytes) else json.dumps(json.loads(path.read_bytes()) | damage).encode()
    )
    assert kept.read("openai", URL) is None
    kept.write(listed(FULL))
    assert kept.read("openai", URL) == listed(FULL)


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.lists(st.text())
entries = st.dictionaries(st.sampled_from([*Model.__slots__]), values) | values


@given(st.lists(entries))
def test_entries_of_any_shape_are_read_without_harm(models: list[Any]) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        kept = ModelCache(Path(folder), Redactor().clean)
        kept.write(listed(FULL))
        path = only_file(Path(folder))
        path.write_text(json.dumps(json.loads(path.read_text()) | {"models": models}))
        found = kept.read("openai", URL)
    assert found is not None and all(isinstance(model.id, str) and model.id for model in found.models)


def test_a_directory_in_its_place_is_as_if_it_were_not_there(tmp_path: Path) -> None:
    kept = ModelCache(tmp_path, Redactor().clean)
    kept.write(listed(FULL))
    path = only_file(tmp_path)
    path.unlink()
    path.mkdir()
    assert kept.read("openai", URL) is None


def test_a_list_without_end_is_kept_up_to_a_number_and_a_heavy_one_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = ModelCache(tmp_path, Redactor().clean)
    monkeypatch.setattr(cache, "MOST_MODELS", 3)
    kept.write(listed(*(Model(f"m{number}") for number in range(9))))
    found = kept.read("openai", URL)
    assert found and [model.id for model in found.models] == ["m0", "m1", "m2"]
    monkeypatch.setattr(cache, "MOST_BYTES", 500)
    kept.write(listed(Model("x" * 1000), provider="heavy"))
    assert kept.read("heavy", URL) is None
    assert len([*tmp_path.iterdir()]) == 1


def test_files_larger_than_any_of_ours_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ModelCache(tmp_path, Redactor().clean)
    kept.write(listed(Model("x" * 1000)))
    monkeypatch.setattr(cache, "MOST_BYTES", 500)
    assert kept.read("openai", URL) is None


def test_the_lists_of_addresses_that_are_long_gone_are_removed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "MOST_FILES", 3)
    kept = ModelCache(tmp_path, Redactor().clean)
    for number in range(5):
        url = f"https://host{number}.example/v1"
        kept.write(listed(Model("m"), url=url))
        newest = kept._place("openai", url)
        os.utime(newest, (number, number))
    left = [number for number in range(5) if kept.read("openai", f"https://host{number}.example/v1")]
    assert left == [2, 3, 4] and len([*tmp_path.iterdir()]) == 3


def test_a_crash_while_writing_leaves_the_old_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = ModelCache(tmp_path, Redactor().clean)
    kept.write(listed(Model("old")))

    def crash(*_: object) -> None:
        raise OSError("no room")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError):
        kept.write(listed(Model("new")))
    assert kept.read("openai", URL) == listed(Model("old")) and len([*tmp_path.iterdir()]) == 1


def test_it_is_in_the_folder_for_what_may_be_thrown_away(tmp_path: Path) -> None:
    assert str(cache_folder()).startswith(os.environ["XDG_CACHE_HOME"])
