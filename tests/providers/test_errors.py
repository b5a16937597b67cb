"""Every problem reads well, whatever is put into it, and nobody speaks of one that does not exist."""

from __future__ import annotations

import ast
from pathlib import Path

import nuke_ai_panel.providers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers import errors
from nuke_ai_panel.providers.errors import KINDS, Service, problem

FOLDER = Path(nuke_ai_panel.providers.__file__).parent
LONG = "a-very-long-name-" * 10


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["OpenAI", "", LONG])
def test_every_problem_reads_well(kind: str, name: str) -> None:
    told = problem(kind, name=name, host=name, model=name, other=name, answered_by=name, seconds=12.0, reason=name)
    assert 0 < len(told.title) <= 60
    assert told.why and told.next
    for text in (told.title, told.why, told.next):
        assert "{" not in text and "None" not in text
    assert told.why.endswith((".", "!", "?", "…")) and told.next.endswith((".", "…"))


@pytest.mark.parametrize("kind", KINDS)
def test_every_problem_reads_well_when_nothing_is_known(kind: str) -> None:
    told = problem(kind, name="")
    assert told.title and told.why and told.next and "  " not in told.title + told.why + told.next


@given(st.sampled_from(KINDS), st.text(max_size=200), st.text(max_size=200))
def test_a_title_fits_whatever_the_names_are(kind: str, name: str, model: str) -> None:
    assert len(problem(kind, name=name, host=model, model=model, other=name, reason=name).title) <= 60


def test_the_tree_in_the_docstring_names_every_kind() -> None:
    assert errors.__doc__
    words = set(errors.__doc__.replace("*", " ").split())
    assert set(KINDS) <= words


def test_every_kind_that_is_raised_exists() -> None:
    raised = {
        (path.name, call.args[0].value)
        for path in FOLDER.rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and call.args and isinstance(call.args[0], ast.Constant)
        if getattr(call.func, "attr", getattr(call.func, "id", "")) in ("error", "problem", "Sign")
    }
    assert {(where, kind) for where, kind in raised if kind not in KINDS} == set()
    assert len(raised) > 30


def test_a_service_gives_its_own_hint() -> None:
    service = Service("ollama", "Ollama", "127.0.0.1:11434", start_hint="Run it.", key_hint="Paste it.")
    assert service.problem("server_not_running").next == "Run it."
    assert service.problem("key_missing").next == "Paste it."
    assert service.problem("server_not_running").title == "Nothing is listening at 127.0.0.1:11434"


def test_foreign_words_are_one_short_sentence() -> None:
    why = problem("unknown", name="X", reason="\n\nfirst\nsecond").why
    assert why == "first."
    assert len(problem("unknown", name="X", reason="x" * 5000).why) <= 200


@pytest.mark.parametrize("said", ["<html><h1>Bad gateway</h1></html>", '{"detail": "x"}', '[{"msg": "x"}]', "\n  <p>x"])
@pytest.mark.parametrize("kind", ["unknown", "stream_error", "filtered", "bad_parameter"])
def test_a_page_or_data_is_no_reason(kind: str, said: str) -> None:
    told = problem(kind, name="X", reason=said)
    assert "It did not say why in words." in told.why


def test_who_has_an_internal_error_is_looked_at_where_it_runs() -> None:
    assert Service("ollama", "Ollama", local=True).problem("server_error").next.endswith("the server's own log.")
    assert Service("openai", "OpenAI").problem("server_error").next.endswith("the service's status page.")
