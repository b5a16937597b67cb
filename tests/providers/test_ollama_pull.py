"""A download, as Ollama tells of it line by line."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nuke_ai_panel.providers.answers.reader import Asked
from nuke_ai_panel.providers.errors import Problem, ProviderError, Service
from nuke_ai_panel.providers.messages import Progress, StreamEvent
from nuke_ai_panel.providers.ollama.pull import PullReader
from nuke_ai_panel.providers.redact import Redactor
from nuke_ai_panel.providers.wire.framing import ServerEvent

SERVICE = Service("ollama", "Ollama", "127.0.0.1:11434", local=True)
START = Progress("Downloading m")
CHECK = Progress("Checking m")
END = Progress("Downloaded m", 1.0)
SUCCESS = {"status": "success"}


def reader(model: str = "m") -> PullReader:
    return PullReader(Asked(SERVICE, Redactor(), model, 100))


def read(*lines: Any, model: str = "m") -> list[StreamEvent]:
    pull = reader(model)
    return [event for line in lines for event in pull.feed(ServerEvent(json.dumps(line)))] + list(pull.finish())


def layer(digest: str, total: Any, completed: Any = None) -> dict[str, Any]:
    said = {"status": f"pulling {digest}", "digest": digest, "total": total}
    return said if completed is None else said | {"completed": completed}


def problem_of(*lines: Any, model: str = "m") -> Problem:
    with pytest.raises(ProviderError) as error:
        read(*lines, model=model)
    return error.value.problem


def test_a_line_costs_the_same_however_many_layers_there_are() -> None:
    pull = reader()
    for number in range(10_000):
        list(pull.feed(ServerEvent(json.dumps(layer(str(number), 100)))))
    began = time.process_time()
    for number in range(1000):
        list(pull.feed(ServerEvent(json.dumps(layer("5", 100, number % 100)))))
    assert time.process_time() - began < 1  # it was 8 s


def test_a_download_begins_grows_is_checked_and_ends() -> None:
    assert read(
        {"status": "pulling manifest"},
        layer("a", 100),
        layer("a", 100, 25),
        layer("a", 100, 100),
        {"status": "verifying sha256 digest"},
        {"status": "writing manifest"},
        SUCCESS,
    ) == [
        START,
        Progress("Downloading m", 0.0),
        Progress("Downloading m", 0.25),
        Progress("Downloading m", 1.0),
        CHECK,
        END,
    ]


def test_the_layers_are_summed_up_and_the_sum_never_goes_back() -> None:
    told = read(layer("a", 100, 80), layer("b", 300, 0), layer("b", 300, 260), layer("c", 100, 100), SUCCESS)
    assert [event.fraction for event in told if isinstance(event, Progress)] == [0.8, 0.85, 0.88, 1.0]


def test_more_than_everything_is_everything() -> None:
    assert read(layer("a", 100, 250), SUCCESS)[0] == Progress("Downloading m", 1.0)


def test_a_model_that_is_there_already_is_a_success() -> None:
    assert read({"status": "pulling manifest"}, SUCCESS) == [START, END]


def test_a_download_may_be_told_in_one_piece() -> None:
    assert list(reader().whole(SUCCESS)) == [END]


def test_the_limit_of_an_answer_is_none_of_a_download() -> None:
    assert read(*({"status": f"pulling {number}"} for number in range(1000)), SUCCESS) == [START, END]


@pytest.mark.parametrize("lines", [[], [{"status": "pulling manifest"}], [layer("a", 100, 100)]])
def test_an_end_without_success_is_a_cut(lines: list[Any]) -> None:
    assert problem_of(*lines).kind == "stream_cut"


def test_a_name_that_the_registry_does_not_know_is_named() -> None:
    found = problem_of({"status": "pulling manifest"}, {"error": "pull model manifest: file does not exist"})
    assert (found.kind, found.title) == ("model_unknown", "Ollama does not know the model m")


@pytest.mark.parametrize(
    ("model", "registry"),
    [("m", "registry.ollama.ai"), ("owner/m", "registry.ollama.ai"), ("hf.co/owner/m", "hf.co")],
)
def test_without_internet_the_registry_is_named_and_not_the_server(model: str, registry: str) -> None:
    said = 'pull model manifest: Get "https://x/v2/": dial tcp: lookup x on 127.0.0.53:53: no such host'
    found = problem_of({"error": said}, model=model)
    assert found.kind == "offline" and found.why.startswith(registry)


def test_any_other_failure_is_told_with_its_words() -> None:
    found = problem_of({"status": "pulling manifest"}, layer("a", 9, 1), {"error": "write: no space left on device"})
    assert "no space left on device" in found.why


ODD = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.sampled_from(["a", "success"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
LINES = st.fixed_dictionaries({}, optional={name: ODD for name in ("status", "digest", "total", "completed", "error")})


@given(st.lists(LINES | ODD, max_size=8))
def test_whatever_stands_in_the_lines_a_fraction_stays_one_and_grows(lines: list[Any]) -> None:
    told: list[StreamEvent] = []
    pull = reader()
    try:
        for line in lines:
            told += pull.feed(ServerEvent(json.dumps(line)))
        told += pull.finish()
    except ProviderError:
        pass
    fractions = [event.fraction for event in told if isinstance(event, Progress) and event.fraction is not None]
    assert fractions == sorted(fractions) and all(0 <= fraction <= 1 for fraction in fractions)
